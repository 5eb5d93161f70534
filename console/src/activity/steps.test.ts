import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elapsedText, steps, stepState } from './steps.ts';

function seen(at: Parameters<typeof stepState>[1]): string {
  return steps.map((step) => stepState(step, at)).join(' ');
}

test('a call has left the steps before its own behind', () => {
  assert.equal(seen('open'), 'now to_come to_come to_come');
  assert.equal(seen('waiting'), 'past past now to_come');
  assert.equal(seen('done'), 'past past past past');
  assert.equal(seen('failed'), 'to_come to_come to_come to_come');
});

test('elapsed time is never negative, whatever the clocks say', () => {
  assert.deepEqual(
    [elapsedText(100, 99_000), elapsedText(100, 107_900), elapsedText(100, 165_000)],
    ['0 s', '7 s', '1 min 5 s'],
  );
});
