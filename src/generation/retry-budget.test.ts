import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { makeRetryBudget } from './retry-budget.ts';

function bench() {
  const clock = manualClock();
  const budget = makeRetryBudget(() => clock.now());
  const takeAll = (route: string): number => {
    let taken = 0;
    while (taken < 1000 && budget.takeRetry(route)) taken += 1;
    return taken;
  };
  return { clock, budget, takeAll };
}

test('a quiet route may retry ten times a minute', async () => {
  const { clock, takeAll } = bench();
  assert.equal(takeAll('a'), 10);
  assert.equal(takeAll('a'), 0);
  await clock.advance(30_000);
  assert.equal(takeAll('a'), 5);
});

test('a busy route may retry one call in five besides, and saves up at most fifty', () => {
  const { budget, takeAll } = bench();
  for (let i = 0; i < 100; i += 1) budget.noteCall('a');
  assert.equal(takeAll('a'), 30);
  for (let i = 0; i < 10_000; i += 1) budget.noteCall('a');
  assert.equal(takeAll('a'), 50);
});

test('an outage of one route leaves the retries of another alone', () => {
  const { takeAll } = bench();
  assert.equal(takeAll('a'), 10);
  assert.equal(takeAll('b'), 10);
});

test('a clock that is set back neither gives nor takes retries', () => {
  const { clock, takeAll } = bench();
  assert.equal(takeAll('a'), 10);
  clock.set(clock.now() - 3_600_000);
  assert.equal(takeAll('a'), 0);
});
