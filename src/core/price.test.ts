import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, fromMicros, highestCost, priceSchema, sumCosts, toMicros } from './price.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });
const image = (...sizes: string[]) => ({ sizes });

test('the first row that fits an image by size and quality gives its cost', () => {
  const price = priceSchema.parse([
    { unit: 'image', amount: '0.24', currency: 'USD', size: '4K' },
    { unit: 'image', amount: '0.2', currency: 'USD', quality: 'hd' },
    { unit: 'image', amount: '0.134', currency: 'USD' },
  ]);
  const images = [image('4096x4096', '4K'), { ...image('1K'), quality: 'hd' }, image('1024x1024', '1K')];
  assert.deepEqual(costOf(price, { images }), usd('0.574000'));
});

test('a cost is null, never 0, without a price, where no row fits, and for tokens that nobody counted', () => {
  const images = [image('1K')];
  const only4k = priceSchema.parse({ unit: 'image', amount: '0.24', currency: 'USD', size: '4K' });
  const tokens = priceSchema.parse({ unit: 'million_tokens', output: '30', currency: 'USD' });
  const both = priceSchema.parse({ unit: 'million_tokens', input: '5', output: '30', currency: 'USD' });
  assert.equal(costOf(undefined, { images }), null);
  assert.equal(costOf(only4k, { images }), null);
  assert.equal(costOf(only4k, { images: [image('4K'), ...images] }), null);
  assert.equal(costOf(tokens, { images }), null);
  assert.equal(costOf(both, { images, outputTokens: 1000 }), null);
  assert.deepEqual(costOf(both, { images, inputTokens: 100, outputTokens: 1000 }), usd('0.030500'));
});

test('costs add up to the last digit, and to nothing when one is unknown or in another currency', () => {
  assert.deepEqual(sumCosts(Array.from({ length: 10 }, () => usd('0.100000'))), usd('1.000000'));
  assert.equal(sumCosts([usd('1.000000'), null]), null);
  assert.equal(sumCosts([usd('1.000000'), { amount: '1.000000', currency: 'EUR' }]), null);
  assert.equal(sumCosts([]), null);
});

test('millionths hold what the wire shows, and a part of one counts as a whole', () => {
  assert.equal(toMicros('999999.123456'), 999_999_123_456);
  assert.equal(fromMicros(toMicros('999999.123456')), '999999.123456');
  assert.equal(toMicros('0.0000001'), 1);
});

test('the highest cost is the dearest row for each image, and none where a row says no bound', () => {
  const price = priceSchema.parse([
    { unit: 'image', amount: '0.134', currency: 'USD' },
    { unit: 'image', amount: '0.24', currency: 'USD', size: '4K' },
  ]);
  assert.deepEqual(highestCost(price, 3, 'USD'), usd('0.720000'));
  assert.equal(highestCost(price, 3, 'EUR'), undefined);
  assert.equal(highestCost(undefined, 1, 'USD'), undefined);
  const tokens = { unit: 'million_tokens', output: '30', currency: 'USD' };
  assert.equal(highestCost(priceSchema.parse(tokens), 1, 'USD'), undefined);
  assert.deepEqual(
    highestCost(priceSchema.parse({ ...tokens, ceiling: '0.0000005' }), 3, 'USD'),
    usd('0.000002'),
  );
});
