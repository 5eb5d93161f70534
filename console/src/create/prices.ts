import type { Model } from '../api/wire.ts';
import { formatMoney } from '../design/money.ts';
import { takes, type Values } from './parameters.ts';

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

/**
 * What one press of the button will cost by the prices per image, e.g. `$0.12`; undefined where that cannot be known
 * beforehand: priced by tokens, in several currencies, or a group whose size the model decides.
 */
export function estimateOf(models: readonly Model[], values: Values): string | undefined {
  if (values['sequential_image_generation'] === 'auto') return undefined;
  let sum = 0;
  let currency: string | undefined;
  for (const model of models) {
    if (model.sandbox) continue;
    const value = (name: string): unknown =>
      takes(model, name, values[name]) ? values[name] : model.parameters[name]?.['default'];
    const row = model.pricing.find(
      (row) =>
        row.unit === 'image' &&
        (row.size === undefined || row.size === value('size')) &&
        (row.quality === undefined || row.quality === value('quality')),
    );
    if (row?.unit !== 'image' || (currency ?? row.currency) !== row.currency) return undefined;
    currency = row.currency;
    const count = value('n');
    sum += Number(row.amount) * (typeof count === 'number' ? count : 1);
  }
  return currency === undefined ? undefined : formatMoney({ amount: sum.toFixed(6), currency });
}
