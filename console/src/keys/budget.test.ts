import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Key } from '../../../src/http/admin/wire.ts';
import { budgetsOf } from './budget.ts';

function budgets(limits: Partial<Key['limits']>, used: Key['budget_used']) {
  const none = {
    requests_per_minute: null,
    images_per_minute: null,
    concurrency: null,
    budget: null,
    budget_images: null,
    budget_period: null,
  };
  return budgetsOf({ limits: { ...none, ...limits }, budget_used: used } as Key);
}

test('a key without a budget has no bar', () => {
  assert.deepEqual(budgets({}, null), []);
});

test('a bar says how much of what is used, and when it is nearly or wholly used up', () => {
  const budget = { amount: '25.000000', currency: 'USD' };
  const at = (amount: string) =>
    budgets({ budget, budget_period: 'month' }, { images: 1, cost: { amount, currency: 'USD' } })[0];
  assert.deepEqual(at('3.200000'), {
    kind: 'money',
    share: 0.128,
    text: '$3.20 of $25.00 this month',
    level: 'fine',
  });
  assert.equal(at('20.000000')?.level, 'near');
  assert.equal(at('24.999999')?.level, 'near');
  assert.equal(at('25.000000')?.level, 'used_up');
});

test('both budgets have a bar, and a budget of nothing is used up', () => {
  const both = budgets(
    { budget: { amount: '0', currency: 'USD' }, budget_images: 2000 },
    { images: 1500, cost: { amount: '0', currency: 'USD' } },
  );
  assert.deepEqual(
    both.map(({ text, level }) => [text, level]),
    [
      ['$0.00 of $0.00 in all', 'used_up'],
      ['1,500 of 2,000 images in all', 'fine'],
    ],
  );
});
