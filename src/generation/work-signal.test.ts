import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { withinLimit } from './work-signal.ts';

test('work ends with the stop, with its reason', async () => {
  const stop = new AbortController();
  const ended = withinLimit(
    stop.signal,
    60_000,
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error(String(signal.reason))));
      }),
  );
  stop.abort('the process ends');
  await assert.rejects(ended, /the process ends/);
});

test('work ends when its time is over', async () => {
  const never = new AbortController().signal;
  // The timer alone keeps no process alive; here something else has to.
  const alive = setInterval(() => undefined, 1000);
  const ended = withinLimit(
    never,
    5,
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error(String(signal.reason))));
      }),
  );
  await assert.rejects(ended, /too long/);
  clearInterval(alive);
});

test('nothing of ended work stays on the stop signal', async () => {
  const stop = new AbortController();
  for (let i = 0; i < 20; i += 1) await withinLimit(stop.signal, 60_000, async () => i);
  await assert.rejects(
    withinLimit(stop.signal, 60_000, () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});
