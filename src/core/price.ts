import { z } from 'zod';

/**
 * What a route costs. Amounts are decimal strings, never floats: `"0.040"`.
 * No price at all means unknown, and then a cost is null, never 0 (public-api.md section 4.4).
 */
const amountSchema = z.string().regex(/^\d{1,6}(\.\d{1,9})?$/, 'a decimal such as "0.040"');
const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as "USD"');

const perImageSchema = z.strictObject({
  unit: z.literal('image'),
  amount: amountSchema,
  currency: currencySchema,
  /** Holds only for images of this tier or size, e.g. "4K" or "1024x1024". */
  size: z.string().optional(),
  /** Holds only for this quality, e.g. "hd". */
  quality: z.string().optional(),
});

const perTokensSchema = z.strictObject({
  unit: z.literal('million_tokens'),
  input: amountSchema.optional(),
  output: amountSchema,
  /** The most that one image can cost, inputs included: what a budget holds for it until it is made. */
  ceiling: amountSchema.optional(),
  currency: currencySchema,
});

export const priceRowSchema = z.discriminatedUnion('unit', [perImageSchema, perTokensSchema]);

/** One row, or several that differ by size or quality; the first that fits an image counts. */
export const priceSchema = z.union([
  priceRowSchema.transform((row) => [row]),
  z.array(priceRowSchema).min(1),
]);
export type PriceRow = z.infer<typeof priceRowSchema>;
export type Price = readonly PriceRow[];

/** Money as it stands on the wire: six decimals. */
export interface Cost {
  amount: string;
  currency: string;
}

/** What is known of one call for the purpose of its price. */
export interface PricedWork {
  /** Per image made: the tier or WxH it was asked as, and its true WxH. */
  images: readonly { sizes: readonly string[]; quality?: string }[];
  inputTokens?: number;
  outputTokens?: number;
}

/** The cost of the work, or null where the price does not say. */
export function costOf(price: Price | undefined, work: PricedWork): Cost | null {
  if (price === undefined) return null;
  const tokens = price.find((row) => row.unit === 'million_tokens');
  if (tokens !== undefined && work.outputTokens !== undefined) {
    // What went in has a price and nobody counted it: the rest would be too low.
    if (tokens.input !== undefined && work.inputTokens === undefined) return null;
    const nano =
      BigInt(work.outputTokens) * toNano(tokens.output) +
      BigInt(work.inputTokens ?? 0) * toNano(tokens.input ?? '0');
    return { amount: fromNano(nano / 1_000_000n), currency: tokens.currency };
  }
  let sum = 0n;
  let currency: string | undefined;
  for (const image of work.images) {
    const row = price.find(
      (row) =>
        row.unit === 'image' &&
        (row.size === undefined || image.sizes.includes(row.size)) &&
        (row.quality === undefined || row.quality === image.quality),
    );
    if (row?.unit !== 'image' || (currency !== undefined && row.currency !== currency)) return null;
    sum += toNano(row.amount);
    currency = row.currency;
  }
  return currency === undefined ? null : { amount: fromNano(sum), currency };
}

/**
 * The most that this many images can cost on one route, in this currency; undefined where the price does not say, and
 * for one in another currency, which cannot be compared.
 */
export function highestCost(price: Price | undefined, images: number, currency: string): Cost | undefined {
  if (price === undefined || price.some((row) => row.currency !== currency)) return undefined;
  const each = price.map((row) => (row.unit === 'image' ? row.amount : row.ceiling));
  if (each.includes(undefined)) return undefined;
  const highest = each.reduce((most, amount) => {
    const nano = toNano(amount ?? '0');
    return nano > most ? nano : most;
  }, 0n);
  return { amount: fromMicros(Number((highest * BigInt(images) + 999n) / 1000n)), currency };
}

/** The sum of costs, or null as soon as one is unknown or in another currency. */
export function sumCosts(costs: readonly (Cost | null)[]): Cost | null {
  let sum = 0n;
  let currency: string | undefined;
  for (const cost of costs) {
    if (cost === null || (currency !== undefined && cost.currency !== currency)) return null;
    sum += toNano(cost.amount);
    currency = cost.currency;
  }
  return currency === undefined ? null : { amount: fromNano(sum), currency };
}

/** Whole millionths, which is what the wire shows; a part of one counts as a whole. */
export function toMicros(amount: string): number {
  return Number((toNano(amount) + 999n) / 1000n);
}

export function fromMicros(micros: number): string {
  return fromNano(BigInt(micros) * 1000n);
}

function toNano(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

function fromNano(nano: bigint): string {
  const micro = (nano + 500n) / 1000n;
  return `${micro / 1_000_000n}.${String(micro % 1_000_000n).padStart(6, '0')}`;
}
