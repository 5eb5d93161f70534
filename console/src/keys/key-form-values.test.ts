import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Key } from '../../../src/http/admin/wire.ts';
import { changedOnly, changeOf, fieldAt, valuesOf } from './key-form-values.ts';

const key: Key = {
  object: 'key',
  id: 'key_1',
  name: 'app',
  state: 'active',
  hint: 'abcd',
  built_in: false,
  created_at: 1,
  expires_at: 1_800_000_000,
  models: ['glm-image'],
  parameter_handling: 'lenient',
  limits: {
    requests_per_minute: 60,
    images_per_minute: null,
    concurrency: 4,
    budget: { amount: '25.000000', currency: 'EUR' },
    budget_images: null,
    budget_period: 'month',
  },
  budget_used: null,
};

test('a form that was only opened changes nothing', () => {
  const { change, errors } = changeOf(valuesOf(key));
  assert.equal(errors, undefined);
  assert.deepEqual(change, {
    name: key.name,
    models: key.models,
    expires_at: key.expires_at,
    parameter_handling: key.parameter_handling,
    limits: { ...key.limits, budget: { amount: '25.00', currency: 'EUR' } },
  });
});

test('a new key is without limits until some are typed', () => {
  const { change } = changeOf({ ...valuesOf(undefined), name: ' my app ' });
  assert.equal(change?.name, 'my app');
  assert.equal(change?.models, null);
  assert.deepEqual(new Set(Object.values(change?.limits ?? {})), new Set([null]));
});

function shown(amount: string): string {
  return valuesOf({ ...key, limits: { ...key.limits, budget: { amount, currency: 'USD' } } }).budget;
}

test('a budget keeps the decimals it needs', () => {
  assert.deepEqual(['25.000000', '0.125000', '0.500000', '3.10', '7'].map(shown), [
    '25.00',
    '0.125',
    '0.50',
    '3.10',
    '7',
  ]);
});

test('every mistake is told at its field, all together', () => {
  const { errors } = changeOf({
    ...valuesOf(undefined),
    concurrency: '1.5',
    imagesPerMinute: '0',
    budget: 'lots',
    isForAllModels: false,
  });
  assert.deepEqual(Object.keys(errors ?? {}).toSorted(), [
    'budget',
    'concurrency',
    'imagesPerMinute',
    'models',
    'name',
  ]);
});

test('a refusal is shown at the field that the server names', () => {
  assert.equal(fieldAt('limits.budget.amount'), 'budget');
  assert.equal(fieldAt('limits.budget.currency'), 'currency');
  assert.equal(fieldAt('budget_images'), 'budgetImages');
  assert.equal(fieldAt('models[2]'), 'models');
  assert.equal(fieldAt('expires_at'), 'expires');
  assert.equal(fieldAt('colour'), 'form');
  assert.equal(fieldAt(null), 'form');
});

test('only what was touched is sent', () => {
  const opened = valuesOf(key);
  const sent = (values: typeof opened) => changedOnly(changeOf(values).change ?? {}, key);
  assert.deepEqual(sent(opened), {});
  assert.deepEqual(sent({ ...opened, concurrency: '', expires: '' }), {
    expires_at: null,
    limits: { concurrency: null },
  });
  assert.deepEqual(sent({ ...opened, budget: '30' }), {
    limits: { budget: { amount: '30', currency: 'EUR' } },
  });
});
