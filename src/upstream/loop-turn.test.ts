import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spendTurn } from './loop-turn.ts';

const megabyte = 1024 * 1024;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who reads when a turn has read enough is put off to the next one, which may read as much again', async () => {
  const wentOn: string[] = [];
  assert.equal(
    spendTurn(megabyte, () => wentOn.push('first')),
    false,
  );
  assert.equal(
    spendTurn(megabyte, () => wentOn.push('second')),
    true,
  );
  assert.equal(
    spendTurn(1, () => wentOn.push('third')),
    true,
  );
  assert.equal(wentOn.length, 0);
  await nextTurn();
  assert.deepEqual(wentOn, ['second', 'third']);
  assert.equal(
    spendTurn(megabyte, () => wentOn.push('fourth')),
    false,
  );
  await nextTurn();
  assert.deepEqual(wentOn, ['second', 'third']);
});
