import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, playChaos } from './as-command.ts';

// Schedules aimed at what is broken. They wait more than they work, so they run side by side.
const seed = ['--seed', '1'];
const kills = ['--rounds', '24', '--upsets', 'kill', ...seed];
const mild = ['--rounds', '24', '--upsets', 'gateway-clock', ...seed];
const runs = {
  'ticket-not-saved': playChaos(['--break', 'ticket-not-saved', '--models', 'glm-image', ...kills]),
  'links-not-saved': playChaos(['--break', 'links-not-saved', '--models', 'seedream-4.0', ...kills]),
  'resend-after-cut': playChaos(['--break', 'resend-after-cut', ...mild]),
  'key-forgotten': playChaos(['--break', 'key-forgotten', '--models', 'nano-banana-pro', ...kills]),
};

test('a build that does not save its tickets is found to lose images', async () => {
  const { code, output } = await runs['ticket-not-saved'];
  assert.equal(code, 1, output);
  assert.ok(numberOf(output, 'lost') > 0, output);
});

test('a build that does not save links before it fetches them is found to lose images', async () => {
  const { code, output } = await runs['links-not-saved'];
  assert.equal(code, 1, output);
  assert.ok(numberOf(output, 'lost') > 0, output);
});

test('a build that resends what may have been charged is found to buy twice', async () => {
  const { code, output } = await runs['resend-after-cut'];
  assert.equal(code, 1, output);
  assert.ok(numberOf(output, 'charged twice') > 0, output);
});

test('a build that forgets the key of an unknown outcome is found to buy twice', async () => {
  const { code, output } = await runs['key-forgotten'];
  assert.equal(code, 1, output);
  assert.ok(numberOf(output, 'charged twice') > 0, output);
});
