import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import type { KeyLimits } from '../../src/core/key-store.ts';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { startGatewayProcess } from '../kit/gateway-process.ts';
import { startTestGateway, type Answered, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { startLiveGateway, submitsOf } from '../kit/live-gateway.ts';
import { manualClock, type ManualClock } from '../kit/manual-clock.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

/** What a key may take: requests and images per minute, generations at once, budgets (public-api.md section 9). */

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat' };
const noon = Date.UTC(2026, 10, 22, 12);
const price = { unit: 'image', amount: '0.04', currency: 'USD' };
const rateLimited = { status: 429, reason: 'rate_limited' };
const usedUp = { status: 402, reason: 'insufficient_balance', type: 'insufficient_balance' };

interface Bench {
  easel: TestGateway;
  clock: ManualClock;
}

async function startSandbox(t: TestContext, limits: KeyLimits): Promise<Bench> {
  const clock = manualClock(noon);
  const easel = await startTestGateway({ clock, sandbox: { draw: claimedDraw, delayMs: 0 } });
  t.after(() => easel.close());
  await limit(easel, limits);
  return { easel, clock };
}

async function limit({ dataDir }: TestGateway, limits: KeyLimits): Promise<void> {
  await withKeys({ dataDir }, async ({ keys }) => {
    const key = await keys.find('env');
    assert.ok(key !== undefined && (await keys.change(key.id, { limits })));
  });
}

/** `limit/remaining/reset` as the headers have them; undefined: none of them is there. */
function rate({ headers }: Answered, what: 'requests' | 'images'): string | undefined {
  const values = ['limit', 'remaining', 'reset'].map((part) => headers.get(`x-ratelimit-${part}-${what}`));
  return values.every((value) => value === null) ? undefined : values.join('/');
}

function statuses(answers: readonly Answered[]): Record<number, number> {
  return Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );
}

test('a key without limits is told of none', async (t) => {
  const { easel } = await startSandbox(t, {});
  const answer = await easel.ask('POST', create, boat);
  assert.deepEqual([rate(answer, 'requests'), rate(answer, 'images')], [undefined, undefined]);
});

test('requests per minute: every keyed reply says what is left, and one too many is 429 with the wait', async (t) => {
  const { easel, clock } = await startSandbox(t, { requestsPerMinute: 3 });
  const first = await easel.ask('GET', '/v1/models');
  assert.equal(rate(first, 'requests'), '3/2/1m0s');
  await clock.advance(1500);
  assert.equal(rate(await easel.ask('GET', '/v1/nowhere'), 'requests'), '3/1/1m0s');
  const made = await easel.ask('POST', create, boat);
  assert.deepEqual([made.status, rate(made, 'requests'), rate(made, 'images')], [200, '3/0/1m0s', undefined]);
  await clock.advance(500);
  // Before the body is looked at.
  const refused = await easel.ask('POST', create, 'no JSON');
  assertRefused(refused, rateLimited);
  assert.equal(rate(refused, 'requests'), '3/0/59.5s');
  const waits = ['retry-after', 'retry-after-ms', 'x-should-retry'].map((name) => refused.headers.get(name));
  assert.deepEqual(waits, ['58', '58000', 'true']);
  assertRefused(await easel.ask('GET', '/v1/nowhere'), rateLimited);
  // Links carry their own right, and are not counted.
  assert.equal((await fetch(String(made.at('data.0.url')))).status, 200);
  await clock.advance(57_999);
  assertRefused(await easel.ask('GET', '/v1/models'), rateLimited);
  await clock.advance(1);
  assert.equal((await easel.ask('GET', '/v1/models')).status, 200);
});

test('of many requests at once as many are served as the limit allows', async (t) => {
  const { easel } = await startSandbox(t, { requestsPerMinute: 7 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => easel.ask('GET', '/v1/models')));
  assert.deepEqual(statuses(answers), { 200: 7, 429: 13 });
});

test('images per minute: what one request may not have is 400 on n, what must wait 429, what did not come is free', async (t) => {
  const { easel, clock } = await startSandbox(t, { imagesPerMinute: 4 });
  const simulator = easel.gateway.sandbox?.simulators.get('ark');
  assert.ok(simulator !== undefined);
  assertRefused(await easel.ask('POST', create, { ...boat, n: 5 }), {
    status: 400,
    reason: 'invalid_value',
    param: 'n',
  });
  const group = { sequential_image_generation: 'auto' };
  assertRefused(await easel.ask('POST', create, { ...boat, ...group }), {
    status: 400,
    reason: 'invalid_value',
    param: 'sequential_image_generation_options.max_images',
  });
  const three = await easel.ask('POST', create, { ...boat, n: 3 });
  assert.deepEqual([three.status, rate(three, 'images')], [200, '4/1/1m0s'], three.text);
  await clock.advance(10_000);
  simulator.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  const failed = await easel.ask('POST', create, boat);
  assert.deepEqual([failed.status, rate(failed, 'images')], [400, '4/1/50s']);
  const refused = await easel.ask('POST', create, { ...boat, n: 2 });
  assertRefused(refused, rateLimited);
  assert.deepEqual([rate(refused, 'images'), refused.headers.get('retry-after')], ['4/1/50s', '50']);
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
  await clock.advance(50_000);
  assert.equal(rate(await easel.ask('POST', create, { ...boat, n: 2 }), 'images'), '4/1/1m0s');
});

test('limits are looked at after the input images and before a route is chosen', async (t) => {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 1 });
  t.after(() => simulator.close());
  const easel = await startLiveGateway(t, { 'seedream-4.5': [{ name: 'live', simulator }] });
  await limit(easel, { imagesPerMinute: 1, budgetImages: 0 });
  const images = ['data:image/png;base64,iVBORw0KGgo='];
  assertRefused(await easel.ask('POST', create, { ...boat, n: 2, images }), {
    status: 400,
    reason: 'invalid_image',
    param: 'images[0]',
  });
  // No route serves it here.
  const elsewhere = { ...boat, model: 'glm-image' };
  assertRefused(await easel.ask('POST', create, { ...elsewhere, n: 2 }), {
    status: 400,
    reason: 'invalid_value',
    param: 'n',
  });
  assertRefused(await easel.ask('POST', create, elsewhere), usedUp);
  await limit(easel, {});
  assertRefused(await easel.ask('POST', create, elsewhere), { status: 503, reason: 'model_unavailable' });
});

test('a replay counts against requests per minute only', async (t) => {
  const { easel } = await startSandbox(t, { requestsPerMinute: 3, imagesPerMinute: 1, budgetImages: 1 });
  const keyed = { 'idempotency-key': 'order 66' };
  const answers: Answered[] = [];
  for (let i = 0; i < 4; i += 1) answers.push(await easel.ask('POST', create, boat, keyed));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 429],
  );
  assert.equal(answers[2]?.headers.get('idempotency-replayed'), 'true');
});

test('concurrency: while as many are under way as may be the next is refused, and a place is free at once after', async (t) => {
  const held = heldDraw();
  const easel = await startTestGateway({ sandbox: { draw: held.draw, delayMs: 0 } });
  t.after(() => easel.close());
  await limit(easel, { concurrency: 2 });
  held.hold('boat');
  const running = [1, 2].map(() => easel.ask('POST', create, boat));
  const simulator = easel.gateway.sandbox?.simulators.get('ark');
  await until(() => simulator !== undefined && submitsOf(simulator) === 2);
  const refused = await easel.ask('POST', create, boat);
  assertRefused(refused, rateLimited);
  assert.equal(refused.headers.get('retry-after'), '2');
  held.release();
  assert.deepEqual(statuses(await Promise.all(running)), { 200: 2 });
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
});

test('a budget in money is never exceeded by requests at once, and what they cost stays spent', async (t) => {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const route = { name: 'live', simulator, facts: { price } };
  const easel = await startLiveGateway(t, { 'seedream-4.5': [route] });
  await limit(easel, { budget: { amount: '0.20', currency: 'USD' } });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => easel.ask('POST', create, { ...boat, n: 2 })),
  );
  assert.deepEqual(statuses(answers), { 200: 2, 402: 10 });
  assert.equal(submitsOf(simulator), 4);
  assertRefused(await easel.ask('POST', create, { ...boat, n: 2 }), usedUp);
  for (const { text } of answers.filter(({ status }) => status === 200))
    await easel.ask('DELETE', `/v1/images/${(JSON.parse(text) as { id: string }).id}`);
  // 0.16 of 0.20 are spent: one more, and that was all.
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
  const last = await easel.ask('POST', create, boat);
  assertRefused(last, usedUp);
  assert.equal(last.headers.get('x-should-retry'), 'false');
});

test('what nobody knows to have been made is released, and shown as unknown', async (t) => {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 1 });
  t.after(() => simulator.close());
  const easel = await startLiveGateway(t, {
    'seedream-4.5': [{ name: 'live', simulator, facts: { price } }],
  });
  await limit(easel, { budget: { amount: '0.04', currency: 'USD' } });
  simulator.control.inject({ on: 'submit', kind: 'cut-after' });
  assert.equal((await easel.ask('POST', create, boat)).at('error.reason'), 'outcome_unknown');
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
  const usage = await easel.ask('GET', '/v1/usage');
  assert.deepEqual([usage.at('data.0.unknown'), usage.at('data.0.images')], [1, 1]);
});

test('a key with a budget in money is refused a route without a price, and sent by one that has it', async (t) => {
  const [dear, free] = await Promise.all(
    [1, 2].map(() => startArkSimulator({ draw: claimedDraw, delayMs: 1 })),
  );
  assert.ok(dear !== undefined && free !== undefined);
  t.after(() => Promise.all([dear.close(), free.close()]));
  const easel = await startLiveGateway(t, {
    'seedream-4.5': [
      { name: 'unpriced', simulator: free },
      { name: 'priced', simulator: dear, facts: { price } },
    ],
    'seedream-4.0': [{ name: 'unpriced', simulator: free }],
  });
  await limit(easel, { budget: { amount: '5', currency: 'USD' } });
  assertRefused(await easel.ask('POST', create, { ...boat, model: 'seedream-4.0' }), usedUp);
  const made = await easel.ask('POST', create, boat);
  assert.deepEqual([made.status, made.headers.get('x-served-by')], [200, 'ark/priced']);
  await limit(easel, { budget: { amount: '5', currency: 'EUR' } });
  assertRefused(await easel.ask('POST', create, boat), usedUp);
  await limit(easel, {});
  assert.equal((await easel.ask('POST', create, { ...boat, model: 'seedream-4.0' })).status, 200);
  assert.deepEqual([submitsOf(dear), submitsOf(free)], [1, 1]);
});

test('the sandbox counts against no budget in money, but against one in images', async (t) => {
  const { easel } = await startSandbox(t, { budget: { amount: '0.01', currency: 'USD' }, budgetImages: 3 });
  assert.equal((await easel.ask('POST', create, { ...boat, n: 2 })).status, 200);
  assertRefused(await easel.ask('POST', create, { ...boat, n: 2 }), usedUp);
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
});

test('after kill -9 what runs is still held, and when it has ended the ledger has it once', async (t) => {
  const simulator = await startKlingSimulator({ draw: claimedDraw, delayMs: 1500 });
  t.after(() => simulator.close());
  const dataDir = await temporaryFolder(t);
  const kling = { model: 'kling-image-o1', prompt: 'a paper boat' };
  const live = [{ model: kling.model, provider: 'kling', simulator }];
  const easel = await startGatewayProcess(dataDir, live);
  t.after(() => easel.kill());
  const set = await easelCommand(dataDir, 'keys', 'set', 'env', '--budget-images', '3', '--concurrency', '9');
  assert.equal(set.code, 0, set.error);
  const asked = assert.rejects(easel.post(create, { ...kling, n: 2 }));
  await until(() => simulator.control.requests().some(({ on }) => on === 'poll'));
  await easel.kill();
  await asked;
  const next = await startGatewayProcess(dataDir, live);
  t.after(() => next.kill());
  assertRefused(await next.post(create, { ...kling, prompt: 'another', n: 2 }), usedUp);
  // Joins what is resumed, which ends with the two it held.
  const joined = await next.post(create, { ...kling, n: 2 }, { 'x-stainless-retry-count': '1' });
  assert.deepEqual([joined.status, joined.at('usage.generated_images')], [200, 2], joined.text);
  assertRefused(await next.post(create, { ...kling, n: 2 }), usedUp);
  assert.equal((await next.post(create, kling)).status, 200);
  assertRefused(await next.post(create, kling), usedUp);
  assert.equal(simulator.control.ledger().length, 3);
});
