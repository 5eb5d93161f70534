import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRateText, faultText, retryText } from './route-words.ts';

test('when a route is tried again is said in seconds, then in minutes, and never as a time gone by', () => {
  const nowMs = 1_000_000_500;
  assert.deepEqual(
    [1_000_033, 1_000_240, 1_000_000, 999_000, null].map((until) => retryText(until, nowMs)),
    ['in 33 s', 'in 4 min', 'with the next request', 'with the next request', 'with the next request'],
  );
});

test('a rate is exact where it is small, and nobody asked is not none failed', () => {
  const rates = [
    { calls: 0, failed: 0 },
    { calls: 10, failed: 0 },
    { calls: 200, failed: 5 },
    { calls: 3, failed: 1 },
    { calls: 4, failed: 4 },
  ];
  assert.deepEqual(rates.map(errorRateText), ['—', '0 %', '2.5 %', '33 %', '100 %']);
});

test('a fault without words of its own is still told', () => {
  assert.match(faultText('billing'), /billing/);
  assert.equal(faultText('some_new_fault'), 'some new fault');
});
