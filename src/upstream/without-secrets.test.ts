import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpstreamFault } from '../core/fault.ts';
import { withoutSecrets } from './without-secrets.ts';

const apiKey = 'key-of-the-operator-0123456789';
const sent = ['key', apiKey, `Bearer ${apiKey}`];

function cleaned(details: string): UpstreamFault {
  const fault = withoutSecrets(new UpstreamFault('auth', { details, param: 'prompt' }), sent);
  assert.ok(fault instanceof UpstreamFault);
  return fault;
}

test('a key that the upstream repeats is in no part of the fault', () => {
  const fault = cleaned(`Incorrect key ${apiKey}. You sent Bearer ${apiKey}.`);
  assert.equal(fault.facts.details, 'Incorrect key [secret]. You sent Bearer [secret].');
  assert.equal(fault.kind, 'auth');
  assert.equal(fault.facts.param, 'prompt');
  assert.ok(!`${fault.stack} ${JSON.stringify(fault)}`.includes(apiKey));
  assert.equal(fault.cause, undefined);
});

test('the beginning of a key, where the text was shortened, is gone too', () => {
  assert.equal(cleaned(`said: ${apiKey.slice(0, 20)}`).facts.details, 'said: [secret]');
});

test('a fault without a secret, and what is no fault, stay the very same', () => {
  for (const thrown of [
    new UpstreamFault('auth', { details: 'Bearer of bad news, wrong key' }),
    new UpstreamFault('auth'),
    new Error(apiKey),
    'text',
  ]) {
    assert.equal(withoutSecrets(thrown, sent), thrown);
  }
});
