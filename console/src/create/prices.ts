import type { Model } from '../api/wire.ts';
import { formatMoney } from '../design/figures.tsx';

/** A model's price in a few words, e.g. `$0.134–0.24 an image`. */
export function priceOf({ pricing, sandbox }: Pick<Model, 'pricing' | 'sandbox'>): string {
  if (sandbox) return 'free sketch';
  const perImage = pricing.flatMap((row) => (row.unit === 'image' ? [row] : []));
  const sorted = perImage.toSorted((a, b) => Number(a.amount) - Number(b.amount));
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least !== undefined && most !== undefined) {
    const from = formatMoney(least);
    return least.amount === most.amount
      ? `${from} an image`
      : `${from}–${formatMoney(most).replace(/^\D+/, '')} an image`;
  }
  const tokens = pricing.find((row) => row.unit === 'million_tokens');
  return tokens === undefined ? 'price unknown' : 'priced by tokens';
}
