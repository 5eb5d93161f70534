import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, playChaos } from './as-command.ts';

// Schedules aimed at what is broken. They wait more than they work, so they run side by side.
const kills = ['--rounds', '24', '--upsets', 'kill'];
/** They take half a minute each, on a busy machine one, and a test file has five. */
const maxSchedules = 5;
const mild = ['--rounds', '24', '--upsets', 'gateway-clock'];
const runs = {
  'ticket-not-saved': playUntil('lost', ['--break', 'ticket-not-saved', '--models', 'glm-image', ...kills]),
  'links-not-saved': playUntil('lost', ['--break', 'links-not-saved', '--models', 'seedream-4.0', ...kills]),
  'resend-after-cut': playUntil('charged twice', ['--break', 'resend-after-cut', ...mild]),
  'key-forgotten': playUntil('charged twice', [
    '--break',
    'key-forgotten',
    '--models',
    'nano-banana-pro',
    ...kills,
  ]),
};

/**
 * Plays schedule after schedule until one shows the fault: a kill has to hit the moment that is broken, and on a busy
 * machine the kills of one schedule in eight all missed it. A sound build shows it in none.
 */
async function playUntil(fault: string, options: readonly string[]): ReturnType<typeof playChaos> {
  for (let seed = 1; ; seed += 1) {
    const played = await playChaos([...options, '--seed', String(seed)]);
    if (numberOf(played.output, fault) > 0 || seed === maxSchedules) return played;
  }
}

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
