import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CreateRequest } from './idempotency.ts';
import { makePreparations } from './preparations.ts';

function request(change: Partial<CreateRequest> & { hasHungUp?: boolean } = {}): CreateRequest {
  const { hasHungUp = false, ...rest } = change;
  return {
    keyId: 'key_one',
    endpoint: '/v1/images/generations',
    bodyHash: 'aa',
    idempotencyKey: undefined,
    isRetry: false,
    caller: { ended: Promise.withResolvers<'delivered'>().promise, hasHungUp: () => hasHungUp },
    ...rest,
  };
}

/** Whether the second request waits for the first to be accepted or refused; it goes on then. */
async function waits(first: CreateRequest, second: CreateRequest): Promise<boolean> {
  const preparations = makePreparations();
  const leaveFirst = await preparations.enter(first);
  let isIn = false;
  const entering = preparations.enter(second).then((leave) => {
    isIn = true;
    return leave;
  });
  await nextTurn();
  const waited = !isIn;
  leaveFirst();
  (await entering)();
  return waited;
}

test('a request with an Idempotency-Key waits until another with the same key is accepted or refused', async () => {
  const one = request({ idempotencyKey: 'one' });
  assert.equal(await waits(one, one), true);
  assert.equal(await waits(one, { ...one, bodyHash: 'bb' }), true);
  for (const change of [{ idempotencyKey: 'two' }, { keyId: 'key_two' }, { endpoint: '/v1/images/edits' }]) {
    assert.equal(await waits(one, { ...one, ...change }), false);
  }
});

test('without a key only a retry waits for an equal request, or one whose predecessor was given up', async () => {
  assert.equal(await waits(request(), request()), false);
  assert.equal(await waits(request(), request({ isRetry: true })), true);
  assert.equal(await waits(request({ hasHungUp: true }), request()), true);
  assert.equal(await waits(request({ hasHungUp: true }), request({ bodyHash: 'bb' })), false);
  assert.equal(await waits(request({ idempotencyKey: 'one' }), request({ isRetry: true })), false);
});

test('of many that wait one goes on at a time', async () => {
  const preparations = makePreparations();
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const leave = await preparations.enter(request({ idempotencyKey: 'one' }));
      most = Math.max(most, (inside += 1));
      await nextTurn();
      inside -= 1;
      leave();
    }),
  );
  assert.equal(most, 1);
});
