import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCatalog } from '../core/catalog.ts';
import type { KeySettings } from '../core/api-keys.ts';
import { describeSettings, readSettingWords, SettingMistake, type SettingWords } from './key-settings.ts';

const facts = { catalog: makeCatalog([]), nowMs: Date.UTC(2026, 10, 22) };
const none: KeySettings = {
  limits: {},
  models: undefined,
  expiresAtMs: undefined,
  parameterHandling: undefined,
};
const read = (words: SettingWords, before = none) => readSettingWords(words, before, facts);

const wrong: [SettingWords, RegExp][] = [
  [{ requestsPerMinute: '0' }, /--requests-per-minute/],
  [{ imagesPerMinute: 'many' }, /--images-per-minute/],
  [{ concurrency: '1.5' }, /--concurrency/],
  [{ budgetImages: '-1' }, /--budget-images/],
  [{ budget: '$5' }, /--budget takes/],
  [{ budget: '5', currency: 'euro' }, /--currency takes/],
  [{ currency: 'EUR' }, /--currency needs --budget/],
  [{ budgetPeriod: 'week' }, /--budget-period/],
  [{ models: 'dall-e' }, /no model 'dall-e'/],
  [{ expires: '2127-02-30' }, /--expires takes/],
  [{ expires: 'tomorrow' }, /--expires takes/],
  [{ expires: '2020-01-01' }, /--expires is in the past/],
  [{ lenient: true, strict: true }, /not both/],
];
for (const [words, said] of wrong) {
  test(`${JSON.stringify(words)} is refused by name`, () => {
    assert.throws(
      () => read(words),
      (error) => error instanceof SettingMistake && said.test(error.message),
    );
  });
}

test('what is not said stays, what is said changes, and each limit can be taken away', () => {
  const first = read({
    concurrency: '3',
    budget: '5.00',
    budgetPeriod: 'month',
    expires: '2027-01-01T18:00Z',
  });
  assert.deepEqual(first, {
    limits: { concurrency: 3, budget: { amount: '5.00', currency: 'USD' }, budgetPeriod: 'month' },
    models: undefined,
    expiresAtMs: Date.UTC(2027, 0, 1, 18),
    parameterHandling: undefined,
  });
  assert.deepEqual(read({}, first), first);
  assert.deepEqual(read({ budget: '6', currency: 'EUR' }, first).limits.budget, {
    amount: '6',
    currency: 'EUR',
  });
  const less = read({ concurrency: 'none', expires: 'never', lenient: true }, first);
  assert.equal(describeSettings(less), '5.00 USD a month, lenient');
  assert.deepEqual(read({ budget: 'none' }, less).limits, { budgetPeriod: 'month' });
});
