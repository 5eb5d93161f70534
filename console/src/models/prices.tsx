import type { JSX } from 'preact';
import { formatMoney } from '../design/money.ts';
import type { PriceRow } from './route-words.ts';

/** What an image costs on a route, short; every row of the price is in the title. */
export function Prices(props: { rows: readonly PriceRow[]; isSandbox: boolean }): JSX.Element {
  const { rows, isSandbox } = props;
  if (isSandbox) return <span class="soft">free: sketches</span>;
  if (rows.length === 0) return <span class="soft">not configured</span>;
  const amounts = rows.flatMap(({ amount, currency }) =>
    amount === undefined ? [] : [{ amount, currency }],
  );
  const sorted = amounts.toSorted((a, b) => Number(a.amount) - Number(b.amount));
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  const tokens = rows.find(({ output }) => output !== undefined);
  const text =
    lowest !== undefined && highest !== undefined
      ? lowest.amount === highest.amount
        ? `${formatMoney(lowest)} an image`
        : `${formatMoney(lowest)} – ${formatMoney(highest)} an image`
      : tokens?.output !== undefined
        ? `${formatMoney({ amount: tokens.output, currency: tokens.currency })} per M tokens`
        : '—';
  return <span title={rows.map(rowText).join('\n')}>{text}</span>;
}

function rowText({ unit, amount, input, output, size, quality, currency }: PriceRow): string {
  const money = (amount: string): string => formatMoney({ amount, currency });
  if (amount !== undefined)
    return [money(amount), unit === 'image' ? 'an image' : unit, size ?? '', quality ?? '']
      .filter(Boolean)
      .join(' ');
  return [
    input === undefined ? '' : `${money(input)} in`,
    output === undefined ? '' : `${money(output)} out`,
    'per million tokens',
  ]
    .filter(Boolean)
    .join(' ');
}
