import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, playChaos } from './as-command.ts';

test('200 rounds of faults lose nothing that was paid for and buy nothing twice', async () => {
  const { code, output } = await playChaos(['--seed', '1', '--rounds', '200']);
  assert.equal(code, 0, output);
  assert.equal(numberOf(output, 'lost'), 0);
  assert.equal(numberOf(output, 'charged twice'), 0);
  // A run in which nothing was bought, kept or killed would show nothing.
  assert.ok(numberOf(output, 'images charged') > 200, output);
  assert.ok(numberOf(output, 'stored, readable, right hash') > 150, output);
  assert.ok(numberOf(output, 'kill') > 5, output);
});
