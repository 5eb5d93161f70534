import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/kit/made-up.ts';
import { goDuration } from './rate-headers.ts';
import { makeRequestRate } from './request-rate.ts';

test('no sixty seconds hold more requests than the limit, whenever they come, and a wait that is told is enough', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 40 }),
      async (limit, gaps) => {
        const rate = makeRequestRate();
        const taken: number[] = [];
        let nowMs = 1_000_000;
        for (const gap of gaps) {
          nowMs += gap;
          const { isAllowed, waitMs, remaining } = await rate.take('key', limit, nowMs);
          const live = taken.filter((atMs) => atMs > nowMs - 60_000).length;
          assert.equal(isAllowed, live < limit);
          assert.equal(remaining, Math.max(0, limit - live - (isAllowed ? 1 : 0)));
          if (isAllowed) {
            taken.push(nowMs);
            continue;
          }
          assert.ok(waitMs > 0 && waitMs <= 60_000);
          nowMs += waitMs;
          assert.equal((await rate.take('key', limit, nowMs)).isAllowed, true);
          taken.push(nowMs);
        }
      },
    ),
  );
});

test('keys are counted apart, a lowered limit holds at once, and a clock set back makes nobody wait for longer', async () => {
  const rate = makeRequestRate();
  for (let i = 0; i < 3; i += 1) assert.equal((await rate.take('one', 3, 1000 + i)).isAllowed, true);
  assert.equal((await rate.take('two', 1, 1000)).isAllowed, true);
  const lowered = await rate.take('one', 1, 2000);
  assert.deepEqual(lowered, { isAllowed: false, remaining: 0, resetMs: 59_002, waitMs: 59_002 });
  assert.equal((await rate.take('one', 3, -900_000)).waitMs, 60_000);
});

test('waits are written as Go writes them', () => {
  const written = [0, 0.2, 120, 999, 1000, 58_891, 59_999.5, 60_000, 61_500].map(goDuration);
  assert.deepEqual(written, ['0s', '1ms', '120ms', '999ms', '1s', '58.891s', '1m0s', '1m0s', '1m1.5s']);
});
