import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway } from '../kit/gateway.ts';

test('a picture that comes as a data: URI inside a text is delivered and kept as any other', async (t) => {
  const easel = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  t.after(() => easel.close());
  const body = { model: 'nano-banana-pro', prompt: 'a fox sim:data-uri-text' };
  const answer = await easel.ask('POST', '/v1/images/generations', body);
  assert.equal(answer.status, 200, answer.text);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  const [charged] = easel.gateway.sandbox?.simulators.get('gemini')?.control.ledger() ?? [];
  assert.equal(record.at('images.0.sha256'), charged?.sha256);
  assert.equal((await fetch(String(answer.at('data.0.url')))).status, 200);
  assert.ok(!JSON.stringify(easel.logged).includes(';base64,'), 'the picture is in the log');
});
