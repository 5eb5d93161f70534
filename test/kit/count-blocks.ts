import assert from 'node:assert/strict';
import { giveBlock, hasSpareBlocks, takeBlock } from '../../src/objects/block.ts';

/** Counts the large blocks that are in use from now on. Fails when two that are taken at once are the same memory. */
export function countBlocks(): () => number {
  const atFirst = freeBlocks();
  return () => atFirst - freeBlocks();
}

function freeBlocks(): number {
  const taken = [];
  while (hasSpareBlocks()) taken.push(takeBlock());
  for (const block of taken) giveBlock(block);
  assert.equal(new Set(taken.map(({ buffer }) => buffer.buffer)).size, taken.length);
  return taken.length;
}
