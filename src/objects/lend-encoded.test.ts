import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { countBlocks } from '../../test/kit/count-blocks.ts';
import { ObjectStoreError } from '../core/object-store.ts';
import { lendEncoded } from './lend-encoded.ts';

/** A file of several parts, whose reads each wait until they are let through. */
function lendSlowly() {
  const reads: ((failure?: Error) => void)[] = [];
  const lent = lendEncoded({
    descriptor: -1,
    bytes: 12 * 192 * 1024,
    isHot: () => false,
    worker: undefined,
    readInto: (_, block) =>
      new Promise((resolve, reject) => {
        reads.push((failure) => (failure === undefined ? resolve(block) : reject(failure)));
      }),
  });
  const blocks = lent.blocks(
    () => 0,
    () => {},
  );
  return { lent, blocks, reads, readAll: () => reads.splice(0).forEach((read) => read()) };
}

test('a consumer who leaves while it waits for more gives every block back once', async () => {
  const blocksInUse = countBlocks();
  const { lent, blocks, reads, readAll } = lendSlowly();
  const first = blocks.next();
  readAll();
  await first;
  await blocks.next();
  await blocks.next();
  await blocks.next();
  const waiting = blocks.next();
  let isGiven = false;
  const giveBack = async (): Promise<void> => {
    await lent.giveBack();
    isGiven = true;
  };
  const given = giveBack();
  const [read, ...later] = reads.splice(0);
  for (const one of later) one();
  await setImmediate();
  assert.equal(isGiven, false, 'a block is still being filled');
  read?.();
  await Promise.all([waiting, given]);
  assert.equal(reads.length, 0, 'nothing more is read');
  assert.equal(blocksInUse(), 0);
  assert.equal((await blocks.next()).done, true);
  await lent.giveBack();
  assert.equal(blocksInUse(), 0);
});

test('a consumer who leaves between two blocks is given nothing more, and they come back once', async () => {
  const blocksInUse = countBlocks();
  const { lent, blocks, reads, readAll } = lendSlowly();
  const first = blocks.next();
  readAll();
  await first;
  readAll();
  await lent.giveBack();
  assert.equal((await blocks.next()).done, true);
  await lent.giveBack();
  assert.equal(reads.length, 0);
  assert.equal(blocksInUse(), 0);
});

test('a file that cannot be read takes no block with it', async () => {
  const blocksInUse = countBlocks();
  const { lent, blocks, reads } = lendSlowly();
  const first = blocks.next();
  for (const read of reads.splice(0)) read(new ObjectStoreError('io', 'It failed.'));
  await assert.rejects(first, { kind: 'io' });
  await lent.giveBack();
  assert.equal(blocksInUse(), 0);
});
