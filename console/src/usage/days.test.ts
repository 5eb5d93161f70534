import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOf, isDay, presetRanges, rangeProblem, shortDay } from './days.ts';

test('a range holds both its ends, across months and leap days', () => {
  assert.deepEqual(daysOf({ from: '2028-02-28', to: '2028-03-01' }), [
    '2028-02-28',
    '2028-02-29',
    '2028-03-01',
  ]);
  assert.deepEqual(daysOf({ from: '2026-03-02', to: '2026-03-01' }), []);
});

test('the presets end today', () => {
  const ranges = presetRanges(Date.UTC(2026, 10, 22, 23, 59));
  assert.deepEqual(ranges['7 days'], { from: '2026-11-16', to: '2026-11-22' });
  assert.deepEqual(ranges['This month'], { from: '2026-11-01', to: '2026-11-22' });
  assert.equal(daysOf(ranges['90 days'] ?? { from: '', to: '' }).length, 90);
});

test('a range that the server would refuse is told before it is asked', () => {
  assert.equal(rangeProblem({ from: '2026-11-01', to: '2026-11-22' }), undefined);
  assert.equal(rangeProblem({ from: '2025-11-22', to: '2026-11-22' }), undefined);
  assert.match(rangeProblem({ from: '2025-11-21', to: '2026-11-22' }) ?? '', /366/);
  assert.match(rangeProblem({ from: '2026-11-23', to: '2026-11-22' }) ?? '', /after/);
  assert.equal(isDay('2026-02-29'), false);
});

test('a day is named as it is in UTC, wherever the browser stands', () => {
  assert.equal(shortDay('2026-11-01'), '1 Nov');
});
