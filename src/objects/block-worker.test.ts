import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { test } from 'node:test';

import { largeBytes } from './block.ts';
import { makeBlockWorker } from './block-worker.ts';

/** Of this process. */
async function threadCount(): Promise<number> {
  return (await readdir('/proc/self/task')).length;
}

test('a job that the end cuts off is over when its thread is, which may be in its memory until then', async () => {
  // Makes the system's own threads.
  await Promise.all(Array.from({ length: 16 }, () => stat('/')));
  const before = await threadCount();
  const worker = makeBlockWorker();
  await worker.do('forget', { draft: 1 });
  assert.equal(await threadCount(), before + 1);
  const job = worker.do('forget', { draft: 1 });
  const closed = worker.close();
  await Promise.allSettled([job]);
  assert.equal(await threadCount(), before);
  await closed;
});

test('a thread that dies fails the jobs it has, and the next job gets another', async (t) => {
  const worker = makeBlockWorker();
  t.after(() => worker.close());
  const memory = new SharedArrayBuffer(largeBytes);
  const mistake = worker.do('encode', { descriptor: -1, position: 0, length: 1, memory });
  const behind = worker.do('forget', { draft: 1 });
  await assert.rejects(mistake, { name: 'ObjectStoreError', kind: 'io' });
  await behind.catch(() => {});
  await worker.do('forget', { draft: 1 });
});
