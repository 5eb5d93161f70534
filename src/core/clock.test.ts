import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { systemClock } from './clock.ts';

test('sleeping ends with the time or with the reason of the signal, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const before = performance.now();
  await systemClock.sleep(20, signal);
  assert.ok(performance.now() - before >= 18);
  assert.equal(getEventListeners(signal, 'abort').length, 0);

  const abort = new AbortController();
  const reason = new Error('enough');
  const sleeping = systemClock.sleep(60_000, abort.signal);
  abort.abort(reason);
  await assert.rejects(sleeping, reason);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  await assert.rejects(systemClock.sleep(60_000, abort.signal), reason);
});
