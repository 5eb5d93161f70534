import assert from 'node:assert/strict';
import { before, test, type TestContext } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { startLiveGateway } from '../kit/live-gateway.ts';
import { manualClock } from '../kit/manual-clock.ts';

/** GET /v1/usage, and the cost in it, in replies and in records (public-api.md sections 4.4 and 9). */

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat' };
const noon = Date.UTC(2026, 10, 22, 12);
const otherSecret = `sk-${'o'.repeat(40)}`;

interface Live {
  easel: TestGateway;
  simulator: Simulator;
}

/** One model, live, at 0.04 USD an image unless a price is given. */
async function startLive(t: TestContext, price?: unknown): Promise<Live> {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 1 });
  t.after(() => simulator.close());
  const facts = { price: price ?? { unit: 'image', amount: '0.04', currency: 'USD' } };
  const easel = await startLiveGateway(
    t,
    { 'seedream-4.5': [{ name: 'live', simulator, facts }] },
    { clock: manualClock(noon) },
  );
  return { easel, simulator };
}

async function rows(easel: TestGateway, query = '', secret?: string): Promise<unknown> {
  const headers = secret === undefined ? undefined : { authorization: `Bearer ${secret}` };
  const answer = await easel.ask('GET', `/v1/usage${query}`, undefined, headers);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.at('object'), 'list');
  return answer.at('data');
}

test('reply, record and usage give the same cost, and deleting the image leaves the usage as it was', async (t) => {
  const { easel } = await startLive(t);
  assert.deepEqual(await rows(easel), []);
  const made = await easel.ask('POST', create, { ...boat, n: 3 });
  const cost = { amount: '0.120000', currency: 'USD' };
  assert.deepEqual(made.at('usage.cost'), cost, made.text);
  const path = `/v1/images/${String(made.at('id'))}`;
  assert.deepEqual((await easel.ask('GET', path)).at('usage.cost'), cost);
  const expected = [
    {
      date: '2026-11-22',
      model: 'seedream-4.5',
      requests: 1,
      images: 3,
      failed: 0,
      unknown: 0,
      output_tokens: made.at('usage.output_tokens'),
      cost,
    },
  ];
  assert.deepEqual(await rows(easel), expected);
  assert.equal((await easel.ask('DELETE', path)).status, 200);
  assert.deepEqual(await rows(easel), expected);
});

test('what failed without a charge is told from what nobody knows', async (t) => {
  const { easel, simulator } = await startLive(t);
  simulator.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  assert.equal((await easel.ask('POST', create, boat)).status, 400);
  simulator.control.inject({ on: 'submit', kind: 'cut-after' });
  assert.equal((await easel.ask('POST', create, boat)).at('error.reason'), 'outcome_unknown');
  simulator.control.inject({ on: 'submit', kind: 'cut-after', skip: 1 });
  assert.equal((await easel.ask('POST', create, { ...boat, n: 2 })).status, 200);
  const [row] = (await rows(easel)) as Record<string, unknown>[];
  assert.deepEqual(
    [row?.['requests'], row?.['images'], row?.['failed'], row?.['unknown'], row?.['cost']],
    [3, 1, 1, 2, { amount: '0.040000', currency: 'USD' }],
  );
});

test('an image that no row of the price fits has no cost, and a tier is priced as it was asked', async (t) => {
  const { easel } = await startLive(t, [{ unit: 'image', amount: '0.08', currency: 'USD', size: '4K' }]);
  const dear = await easel.ask('POST', create, { ...boat, size: '4K' });
  assert.deepEqual(dear.at('usage.cost'), { amount: '0.080000', currency: 'USD' }, dear.text);
  assert.equal((await easel.ask('POST', create, { ...boat, size: '2K' })).at('usage.cost'), null);
  const [row] = (await rows(easel)) as Record<string, unknown>[];
  assert.deepEqual([row?.['images'], row?.['cost']], [2, null]);
});

test('sandbox images are counted and cost null', async (t) => {
  const easel = await startTestGateway({
    clock: manualClock(noon),
    sandbox: { draw: claimedDraw, delayMs: 0 },
  });
  t.after(() => easel.close());
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
  const [row] = (await rows(easel)) as Record<string, unknown>[];
  assert.deepEqual([row?.['images'], row?.['cost']], [1, null]);
});

test('a key sees its own usage only, and the days it asks for, thirty when it does not say', async (t) => {
  const { easel } = await startLive(t);
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    await createKey('other', tools, otherSecret);
  });
  assert.equal((await easel.ask('POST', create, boat)).status, 200);
  assert.deepEqual(await rows(easel, '', otherSecret), []);
  const counts = async (query: string) => ((await rows(easel, query)) as unknown[]).length;
  assert.deepEqual(
    await Promise.all(
      [
        '?from=2026-11-22',
        '?to=2026-12-21',
        '?to=2026-12-22',
        '?to=2026-11-21',
        '?from=2025-11-22&to=2026-11-22',
        '?from=2026-11-22&to=2027-11-22&colour=red',
      ].map(counts),
    ),
    [1, 1, 0, 0, 1, 1],
  );
});

for (const [query, param] of [
  ['from=2026-02-29', 'from'],
  ['from=2026-13-01', 'from'],
  ['to=yesterday', 'to'],
  ['to=2026-11-22T00:00:00Z', 'to'],
  ['from=', 'from'],
  ['from=2026-11-23', 'from'],
  ['from=2026-11-22&to=2026-11-21', 'from'],
  ['from=2025-11-21&to=2026-11-22', 'from'],
] as const) {
  test(`usage for '${query}' is refused by name`, async () => {
    assertRefused(await shared.ask('GET', `/v1/usage?${query}`), {
      status: 400,
      reason: 'invalid_value',
      param,
    });
  });
}

let shared: TestGateway;
before(async (t) => {
  shared = await startTestGateway({ clock: manualClock(noon), sandbox: { draw: claimedDraw, delayMs: 0 } });
  (t as TestContext).after(() => shared.close());
});
