import type { JSX } from 'preact';
import { formatMoney } from '../design/money.ts';

/** One row of a price, as /v1 and /admin have it: per image, or per million tokens that come out. */
export interface PriceRow {
  unit: string;
  currency: string;
  amount?: string | undefined;
  /** What comes out, where /v1 tells it apart from what goes in. */
  output?: string | undefined;
  size?: string | undefined;
  quality?: string | undefined;
}

/** What an image costs on a route, short; every row of the price is in the title. */
export function Prices(props: { rows: readonly PriceRow[]; isSandbox: boolean }): JSX.Element {
  const { rows, isSandbox } = props;
  if (isSandbox) return <span class="soft">free: sketches</span>;
  if (rows.length === 0) return <span class="soft">not configured</span>;
  const perImage = rows
    .filter(({ unit }) => unit === 'image')
    .toSorted((a, b) => Number(amountOf(a)) - Number(amountOf(b)));
  const [lowest, highest] = [perImage[0], perImage.at(-1)];
  if (lowest === undefined || highest === undefined)
    return <span title={rows.map(rowText).join('\n')}>{rows[0] && rowText(rows[0])}</span>;
  const range =
    amountOf(lowest) === amountOf(highest) ? moneyOf(lowest) : `${moneyOf(lowest)} – ${moneyOf(highest)}`;
  return <span title={rows.map(rowText).join('\n')}>{range} an image</span>;
}

function rowText(row: PriceRow): string {
  const unit = row.unit === 'image' ? 'an image' : row.unit === 'million_tokens' ? 'per M tokens' : row.unit;
  return [moneyOf(row), unit, row.size, row.quality].filter(Boolean).join(' ');
}

function moneyOf(row: PriceRow): string {
  return formatMoney({ amount: amountOf(row), currency: row.currency });
}

function amountOf({ amount, output }: PriceRow): string {
  return amount ?? output ?? '0';
}
