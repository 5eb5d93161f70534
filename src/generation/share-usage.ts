import type { Cost } from '../core/price.ts';
import type { RecordUsage, StoredImage } from '../core/record.ts';

/**
 * Each image's own part of what several took together, by their pixels, after `told` has been given to others.
 * All parts sum to the whole, unless more was told than there is.
 */
export function shareUsage(
  whole: RecordUsage,
  images: readonly Pick<StoredImage, 'width' | 'height'>[],
  told: readonly RecordUsage[] = [],
): RecordUsage[] {
  const weights = images.map(({ width, height }) => width * height);
  const rest = (read: (usage: RecordUsage) => number): number[] =>
    shares(Math.max(0, read(whole) - told.reduce((sum, usage) => sum + read(usage), 0)), weights);
  const inputs = whole.inputTokens === undefined ? undefined : rest((usage) => usage.inputTokens ?? 0);
  const outputs = rest((usage) => usage.outputTokens);
  const totals = rest((usage) => usage.totalTokens);
  const { cost } = whole;
  const isPriced = cost !== null && told.every((usage) => usage.cost?.currency === cost.currency);
  const costs = isPriced ? rest((usage) => microOf(usage.cost)) : undefined;
  return images.map((_, i) => ({
    generatedImages: 1,
    ...(inputs === undefined ? {} : { inputTokens: inputs[i] ?? 0 }),
    outputTokens: outputs[i] ?? 0,
    totalTokens: totals[i] ?? 0,
    cost:
      cost === null || costs === undefined
        ? null
        : { amount: amountOf(costs[i] ?? 0), currency: cost.currency },
  }));
}

/** Whole numbers in proportion to the weights, which sum to the total. */
function shares(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let passed = 0;
  let given = 0;
  return weights.map((weight) => {
    passed += weight;
    const upTo = sum === 0 ? total : Math.floor(total * (passed / sum));
    const share = upTo - given;
    given = upTo;
    return share;
  });
}

function microOf(cost: Cost | null): number {
  return cost === null ? 0 : Math.round(Number(cost.amount) * 1e6);
}

function amountOf(micro: number): string {
  return (micro / 1e6).toFixed(6);
}
