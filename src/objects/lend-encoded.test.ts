import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { hasSpareBlocks } from './block.ts';
import { lendEncoded } from './lend-encoded.ts';

test('who leaves while a part is being made waits for it with the file, and its block is free again', async () => {
  // More often than there are large blocks.
  for (let times = 0; times < 100; times += 1) {
    const made = Promise.withResolvers<{ characters: number }>();
    const lent = lendEncoded({
      descriptor: -1,
      bytes: 30_000,
      isHot: () => true,
      worker: { do: () => made.promise, close: () => Promise.resolve() },
      readInto: () => assert.fail('the worker reads'),
    });
    const asked = lent
      .blocks(
        () => 0,
        () => {},
      )
      .next();
    let isOver = false;
    const left = lent.giveBack().then(() => (isOver = true));
    await nextTurn();
    assert.equal(isOver, false);
    made.resolve({ characters: 40_000 });
    await Promise.all([asked, left]);
  }
  assert.equal(hasSpareBlocks(), true);
});

test('nothing is read of a file that was given back before its first part was asked for', async () => {
  const lent = lendEncoded({
    descriptor: -1,
    bytes: 30_000,
    isHot: () => false,
    worker: undefined,
    readInto: () => assert.fail('the number may be another file by now'),
  });
  await lent.giveBack();
  const parts = lent.blocks(
    () => 0,
    () => assert.fail('nothing was read'),
  );
  assert.deepEqual(await parts.next(), { done: true, value: undefined });
});
