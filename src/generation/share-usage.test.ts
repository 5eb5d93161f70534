import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordUsage } from '../core/record.ts';
import { fc } from '../../test/kit/made-up.ts';
import { shareUsage } from './share-usage.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });

function usage(change: Partial<RecordUsage> = {}): RecordUsage {
  return { generatedImages: 3, outputTokens: 0, totalTokens: 0, cost: null, ...change };
}

const sum = (parts: readonly RecordUsage[], read: (part: RecordUsage) => number) =>
  parts.reduce((total, part) => total + read(part), 0);

test('each image has its part by its pixels', () => {
  const whole = usage({ inputTokens: 30, outputTokens: 300, totalTokens: 330, cost: usd('0.060000') });
  const parts = shareUsage(whole, [
    { width: 100, height: 100 },
    { width: 200, height: 100 },
  ]);
  assert.deepEqual(parts, [
    { generatedImages: 1, inputTokens: 10, outputTokens: 100, totalTokens: 110, cost: usd('0.020000') },
    { generatedImages: 1, inputTokens: 20, outputTokens: 200, totalTokens: 220, cost: usd('0.040000') },
  ]);
});

test('what does not divide is not lost', () => {
  const whole = usage({ outputTokens: 100, totalTokens: 101, cost: usd('0.000010') });
  const parts = shareUsage(
    whole,
    Array.from({ length: 3 }, () => ({ width: 7, height: 7 })),
  );
  assert.deepEqual(
    parts.map(({ outputTokens }) => outputTokens),
    [33, 33, 34],
  );
  assert.equal(
    sum(parts, ({ totalTokens }) => totalTokens),
    101,
  );
  assert.deepEqual(
    parts.map(({ cost }) => cost?.amount),
    ['0.000003', '0.000003', '0.000004'],
  );
});

test('what was told of others is not told again', () => {
  const whole = usage({ outputTokens: 100, totalTokens: 100, cost: usd('0.100000') });
  const told = usage({ generatedImages: 1, outputTokens: 40, totalTokens: 40, cost: usd('0.070000') });
  const [rest] = shareUsage(whole, [{ width: 1, height: 1 }], [told]);
  assert.deepEqual(rest, {
    generatedImages: 1,
    outputTokens: 60,
    totalTokens: 60,
    cost: usd('0.030000'),
  });
});

test('more told than there is leaves nothing, and nothing below that', () => {
  const told = usage({ outputTokens: 40, totalTokens: 40, cost: usd('0.070000') });
  const whole = usage({ outputTokens: 30, totalTokens: 30, cost: usd('0.050000') });
  const [rest] = shareUsage(whole, [{ width: 1, height: 1 }], [told]);
  assert.deepEqual([rest?.outputTokens, rest?.totalTokens, rest?.cost], [0, 0, usd('0.000000')]);
});

test('a cost that is not known is not known in parts, nor is the rest of another currency', () => {
  const images = [{ width: 1, height: 1 }];
  assert.equal(shareUsage(usage({ outputTokens: 5 }), images)[0]?.cost, null);
  const whole = usage({ cost: usd('0.100000') });
  assert.equal(shareUsage(whole, images, [usage({ cost: null })])[0]?.cost, null);
  const euros = usage({ cost: { amount: '0.010000', currency: 'EUR' } });
  assert.equal(shareUsage(whole, images, [euros])[0]?.cost, null);
});

test('input tokens are absent where the upstream reported none', () => {
  const [part] = shareUsage(usage({ outputTokens: 5, totalTokens: 5 }), [{ width: 1, height: 1 }]);
  assert.ok(part !== undefined && !('inputTokens' in part));
});

test('images without pixels share what there is all the same', () => {
  const parts = shareUsage(usage({ outputTokens: 9, totalTokens: 9 }), [
    { width: 0, height: 0 },
    { width: 0, height: 0 },
  ]);
  assert.equal(
    sum(parts, ({ outputTokens }) => outputTokens),
    9,
  );
});

test('parts of any whole for any images sum to it', () => {
  const side = fc.integer({ min: 1, max: 10_000 });
  const count = fc.integer({ min: 0, max: 100_000_000 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ width: side, height: side }), { minLength: 1, maxLength: 15 }),
      count,
      count,
      (images, outputTokens, micros) => {
        const cost = usd((micros / 1e6).toFixed(6));
        const parts = shareUsage(usage({ outputTokens, totalTokens: outputTokens, cost }), images);
        assert.equal(parts.length, images.length);
        assert.equal(
          sum(parts, (part) => part.outputTokens),
          outputTokens,
        );
        assert.equal(Math.round(sum(parts, (part) => Number(part.cost?.amount)) * 1e6), micros);
        assert.ok(parts.every((part) => part.outputTokens >= 0));
      },
    ),
  );
});
