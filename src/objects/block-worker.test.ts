import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { largeBytes } from './block.ts';
import { makeBlockWorker } from './block-worker.ts';

/** Of this process; Node and V8 have threads of other names, which come when they are needed. */
async function workerThreads(): Promise<number> {
  const numbers = await readdir('/proc/self/task');
  const names = numbers.map((number) => readFile(`/proc/self/task/${number}/comm`, 'utf8').catch(() => ''));
  return (await Promise.all(names)).filter((name) => name === 'WorkerThread\n').length;
}

test('a job that the end cuts off is over when its thread is, which may be in its memory until then', async () => {
  assert.equal(await workerThreads(), 0);
  const worker = makeBlockWorker();
  await worker.do('forget', { draft: 1 });
  assert.equal(await workerThreads(), 1);
  const job = worker.do('forget', { draft: 1 });
  const closed = worker.close();
  await Promise.allSettled([job]);
  assert.equal(await workerThreads(), 0);
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
