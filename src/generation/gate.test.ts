import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGate } from './gate.ts';

const never = new AbortController().signal;

test('as many as allowed run at a time, the others in the order they came', async () => {
  const gate = makeGate(2);
  const started: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const runs = ends.map((end, i) =>
    gate(never, () => {
      started.push(i);
      return end.promise;
    }),
  );
  assert.deepEqual(started, [0, 1]);
  ends[1]?.resolve();
  await runs[1];
  assert.deepEqual(started, [0, 1, 2]);
  ends[0]?.resolve();
  await runs[0];
  assert.deepEqual(started, [0, 1, 2, 3]);
  for (const end of ends) end.resolve();
  await Promise.all(runs);
});

test('work that fails frees its place', async () => {
  const gate = makeGate(1);
  await assert.rejects(
    gate(never, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await gate(never, () => Promise.resolve('next')), 'next');
});

test('one whose signal ends while it waits leaves at once, never starts and holds no place', async () => {
  const gate = makeGate(1);
  const first = Promise.withResolvers<void>();
  const running = gate(never, () => first.promise);
  const leaving = new AbortController();
  let started = false;
  const waiting = gate(leaving.signal, () => {
    started = true;
    return Promise.resolve();
  });
  const last = gate(never, () => Promise.resolve('last'));
  leaving.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  first.resolve();
  assert.equal(await last, 'last');
  await running;
  assert.equal(started, false);
  await assert.rejects(
    gate(leaving.signal, () => Promise.resolve()),
    /gone/,
  );
});
