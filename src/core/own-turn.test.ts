import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ownTurn } from './own-turn.ts';

test('of large pictures one has its turn in each turn of the loop, in order; small ones do not wait', async () => {
  const begun: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    void ownTurn(1024 * 1024).then(() => begun.push(name));
  }
  void ownTurn(1024).then(() => begun.push('small'));
  await Promise.resolve();
  assert.deepEqual(begun, ['small']);
  for (const known of [1, 2, 3]) {
    while (begun.length < 1 + known) await nextTurn();
    assert.deepEqual(begun.slice(1), ['first', 'second', 'third'].slice(0, known));
  }
});
