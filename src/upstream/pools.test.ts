import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { httpAnswer, startRawServer } from '../../test/kit/raw-server.ts';
import type { PoolOptions } from './pools.ts';
import { createPools } from './pools.ts';
import { send } from './send.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function makePools(options: Partial<PoolOptions>) {
  const pools = createPools({ connections: 1, connectTimeoutMs: 1000, ...options });
  closers.push(() => pools.close());
  return pools;
}

test('keeps one pool per origin and drops it when nobody used it for a while', () => {
  let nowMs = 0;
  const pools = makePools({ idleMs: 1000, now: () => nowMs });
  const a = pools.get('http://a.example');
  const b = pools.get('http://b.example');
  nowMs = 900;
  assert.equal(pools.get('http://a.example'), a);
  nowMs = 1500;
  // Only b was unused for longer than a second.
  assert.equal(pools.get('http://a.example'), a);
  assert.equal(b.destroyed, true);
  assert.notEqual(pools.get('http://b.example'), b);
});

test('holds no more pools than allowed, but drops none that is in use', async () => {
  const arrived = Promise.withResolvers<() => void>();
  const server = await startRawServer((socket) => arrived.resolve(() => socket.write(httpAnswer(200, '{}'))));
  closers.push(() => server.close());
  const pools = makePools({ maxOrigins: 2 });
  const busy = pools.get(server.origin);
  const running = send(
    busy,
    {
      method: 'GET',
      url: new URL(server.origin),
      headers: {},
      headersTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
    },
    new AbortController().signal,
  );
  const answer = await arrived.promise;
  const oldest = pools.get('http://a.example');
  const older = pools.get('http://b.example');
  const newest = pools.get('http://c.example');
  assert.deepEqual(
    [busy, oldest, older, newest].map((pool) => pool.destroyed),
    [false, true, true, false],
  );
  answer();
  const incoming = await running;
  assert.equal(incoming.status, 200);
  incoming.cancel();
});
