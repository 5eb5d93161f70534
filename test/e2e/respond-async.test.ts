import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { heldDraw, type HeldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat' };
const later = { prefer: 'respond-async' };

async function start(t: TestContext): Promise<TestGateway & { held: HeldDraw; bought(): number }> {
  const held = heldDraw();
  const easel = await startTestGateway({ sandbox: { draw: held.draw, delayMs: 1 } });
  t.after(async () => {
    held.release();
    await easel.close();
  });
  const simulators = () => [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  return { ...easel, held, bought: () => simulators().flatMap(({ control }) => control.ledger()).length };
}

test('a caller who prefers it is answered at once with the record, which has the images later', async (t) => {
  const easel = await start(t);
  easel.held.hold('boat');
  const accepted = await easel.ask('POST', create, { ...boat, n: 2 }, later);
  assert.equal(accepted.status, 202);
  assert.equal(accepted.at('status'), 'in_progress');
  assert.equal(accepted.at('prompt'), boat.prompt);
  assert.equal(accepted.at('url'), null);
  assert.equal(accepted.headers.get('preference-applied'), 'respond-async');
  const place = accepted.headers.get('location') ?? '';
  assert.equal(place, `/v1/images/${String(accepted.at('id'))}`);
  assert.equal(accepted.headers.get('x-image-id'), accepted.at('id'));

  assert.equal((await easel.ask('GET', place)).at('status'), 'in_progress');
  easel.held.release();
  await until(async () => (await easel.ask('GET', place)).at('status') === 'completed');
  const record = await easel.ask('GET', place);
  assert.equal(record.at('usage.generated_images'), 2);
  assert.equal((await fetch(String(record.at('url')))).status, 200);
  assert.equal(record.at('late'), undefined);
});

test('the preference is understood among others and in any case; others are passed over', async (t) => {
  const easel = await start(t);
  const mixed = await easel.ask('POST', create, boat, { prefer: 'wait=5, Respond-Async; foo="a"' });
  assert.equal(mixed.status, 202);
  const other = await easel.ask('POST', create, boat, { prefer: 'respond-async-please, return=minimal' });
  assert.equal(other.status, 200);
  assert.equal(other.headers.get('preference-applied'), null);
});

test('a refusal before acceptance and a bad body are ordinary errors', async (t) => {
  const easel = await start(t);
  const refused = await easel.ask('POST', create, { ...boat, n: 99 }, later);
  assert.equal(refused.status, 400);
  assert.equal(refused.headers.get('location'), null);
  assert.equal(easel.bought(), 0);
});

test('a generation that fails later shows its error in the record', async (t) => {
  const easel = await start(t);
  const accepted = await easel.ask('POST', create, { ...boat, prompt: 'a boat sim:moderated' }, later);
  assert.equal(accepted.status, 202);
  const place = `/v1/images/${String(accepted.at('id'))}`;
  await until(async () => (await easel.ask('GET', place)).at('status') !== 'in_progress');
  const record = await easel.ask('GET', place);
  assert.equal(record.at('status'), 'failed');
  assert.equal(record.at('error.reason'), 'content_policy');
});

test('with an Idempotency-Key the same record is answered again, while it runs and when it has ended', async (t) => {
  const easel = await start(t);
  easel.held.hold('boat');
  const once = { ...later, 'idempotency-key': 'one' };
  const first = await easel.ask('POST', create, boat, once);
  const second = await easel.ask('POST', create, boat, once);
  assert.equal(second.status, 202);
  assert.equal(second.at('id'), first.at('id'));
  assert.equal(second.headers.get('idempotency-replayed'), 'true');
  assert.equal(second.at('status'), 'in_progress');
  easel.held.release();
  const place = `/v1/images/${String(first.at('id'))}`;
  await until(async () => (await easel.ask('GET', place)).at('status') === 'completed');
  const third = await easel.ask('POST', create, boat, once);
  assert.equal(third.status, 202);
  assert.equal(third.at('id'), first.at('id'));
  assert.equal(third.at('status'), 'completed');
  assert.equal((await fetch(String(third.at('url')))).status, 200);
  // The preference belongs to what was asked.
  const waiting = await easel.ask('POST', create, boat, { 'idempotency-key': 'one' });
  assert.equal(waiting.at('error.reason'), 'idempotency_key_reused');
  assert.equal(easel.bought(), 1);
});
