import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminUsageRow } from '../../../src/http/admin/wire.ts';
import { currenciesOf, foldGroups, groupUsage, maxGroups, seriesOf, totalOf } from './sum-usage.ts';

function row(facts: Partial<AdminUsageRow> = {}): AdminUsageRow {
  return {
    date: '2026-11-22',
    key: { id: 'key_a', name: 'app' },
    model: 'seedream-4.5',
    requests: 1,
    images: 1,
    failed: 0,
    unknown: 0,
    output_tokens: 100,
    cost: { amount: '0.040000', currency: 'USD' },
    latency_p50_ms: 1000,
    latency_p95_ms: 2000,
    ...facts,
  };
}

test('an unknown cost is not counted as nothing', () => {
  const total = totalOf([row(), row({ images: 3, cost: null }), row({ images: 0, failed: 1, cost: null })]);
  assert.deepEqual([...total.costs], [['USD', 40_000n]]);
  assert.equal(total.unpricedImages, 3);
  assert.equal(total.images, 4);
  assert.equal(total.failed, 1);
});

test('currencies are never added up', () => {
  const rows = [row(), row(), row({ cost: { amount: '1.5', currency: 'CNY' } })];
  assert.deepEqual(
    [...totalOf(rows).costs],
    [
      ['USD', 80_000n],
      ['CNY', 1_500_000n],
    ],
  );
  assert.deepEqual(currenciesOf(rows), ['USD', 'CNY']);
});

test('latency is weighted by requests and null where nothing was measured', () => {
  assert.equal(totalOf([row({ requests: 3 }), row({ latency_p50_ms: 5000 })]).latencyP50Ms, 2000);
  assert.equal(totalOf([row({ latency_p50_ms: null })]).latencyP50Ms, null);
});

test('groups come by their images, and a day without rows has no value', () => {
  const rows = [row(), row({ model: 'glm-image', images: 5, date: '2026-11-20' })];
  const groups = groupUsage(rows, 'model');
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['glm-image', 'seedream-4.5'],
  );
  assert.deepEqual(
    seriesOf(groups, ['2026-11-20', '2026-11-21', '2026-11-22'], (total) => total.images),
    [
      [5, null, null],
      [null, null, 1],
    ],
  );
});

test('keys of one name stay apart, and one that is gone is said to be', () => {
  const groups = groupUsage(
    [row(), row({ key: { id: 'key_b', name: 'app' } }), row({ key: { id: 'key_c', name: null } })],
    'key',
  );
  assert.equal(groups.length, 3);
  assert.ok(groups.some(({ name }) => name === 'deleted key'));
});

test('more groups than colours are drawn as one, and no image is lost', () => {
  const rows = Array.from({ length: 9 }, (_, i) => row({ model: `model-${i}`, images: i + 1 }));
  const folded = foldGroups(groupUsage(rows, 'model'));
  assert.equal(folded.length, maxGroups);
  assert.equal(folded.at(-1)?.name, '4 others');
  assert.equal(
    folded.reduce((sum, { total }) => sum + total.images, 0),
    totalOf(rows).images,
  );
});
