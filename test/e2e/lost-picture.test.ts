import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../kit/gateway.ts';

test('a paid picture whose file is gone is never answered with a status that clients buy again on', async (t) => {
  const easel = await startTestGateway();
  t.after(() => easel.close());
  const ask = () =>
    easel.ask(
      'POST',
      '/v1/images/generations',
      { model: 'seedream-4.0', prompt: 'a lost boat', size: '1K', response_format: 'b64_json' },
      { 'idempotency-key': 'lost-1' },
    );
  const made = await ask();
  assert.equal(made.status, 200, made.text);
  await rm(join(easel.dataDir, 'objects', 'images'), { recursive: true });
  const again = await ask();
  assert.equal(again.status, 424, again.text);
  assert.equal(again.at('error.reason'), 'outcome_unknown');
  assert.equal(again.headers.get('x-should-retry'), 'false');
  assert.match(String(again.at('error.message')), /easel -- check/);
});
