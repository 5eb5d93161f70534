import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGeminiSimulator } from '../../src/providers/gemini/simulator.ts';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import { signIn, testAdminKey } from '../kit/console-client.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { startLiveGateway } from '../kit/live-gateway.ts';
import { until } from '../kit/until.ts';

/** GET /admin/models: how each route is doing, and what can be done about it. */

const env = { EASEL_ADMIN_KEY: testAdminKey };

interface Route {
  label: string;
  state: string;
  mark: { fault: string; until: number } | null;
  in_flight: number;
  slots: number | null;
  recent: Record<string, number | null>;
  pricing: object[];
  last_errors: { at: number; reason: string; message: string; advice: string | null }[];
}
interface Model {
  id: string;
  available: boolean;
  sandbox: boolean;
  routes: Route[];
}

const modelsOf = (text: string): Model[] => (JSON.parse(text) as { data: Model[] }).data;

test('a route that is out of service says why, until when, and what its operator can do', async (t) => {
  const simulator = await startKlingSimulator({ draw: fastDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const clock = fastClock(10);
  const kling = 'kling-image-o1';
  const price = { unit: 'image', amount: '0.028', currency: 'USD' };
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator, facts: { concurrency: 4, price } }] },
    { clock, env },
  );
  const admin = await signIn(easel);
  const routeNow = async () => {
    const model = modelsOf((await admin.ask('GET', '/admin/models')).text).find(({ id }) => id === kling);
    const [route] = model?.routes ?? [];
    assert.ok(model !== undefined && route !== undefined);
    return { model, route };
  };
  const make = () => easel.ask('POST', '/v1/images/generations', { model: kling, prompt: 'a boat' });

  assert.equal((await make()).status, 200);
  const well = await routeNow();
  const { latency_p50_ms: p50, latency_p95_ms: p95, ...counts } = well.route.recent;
  assert.ok(typeof p50 === 'number' && p50 > 0 && p50 === p95);
  assert.deepEqual(counts, { calls: 1, failed: 0 });
  assert.deepEqual([well.model.available, well.model.sandbox], [true, false]);
  assert.deepEqual(
    [well.route.label, well.route.state, well.route.mark, well.route.in_flight, well.route.slots],
    ['kling/main', 'ready', null, 0, 4],
  );
  assert.deepEqual(well.route.pricing, [price]);
  assert.deepEqual(well.route.last_errors, []);

  simulator.control.inject({ on: 'submit', kind: 'status', error: 'quota' });
  assert.equal((await make()).status, 502);
  const ill = await routeNow();
  assert.equal(ill.model.available, false);
  assert.equal(ill.route.state, 'out_of_service');
  assert.equal(ill.route.mark?.fault, 'billing');
  assert.ok(ill.route.mark.until > clock.now() / 1000);
  assert.deepEqual([ill.route.recent['calls'], ill.route.recent['failed']], [2, 1]);
  const [error] = ill.route.last_errors;
  assert.equal(error?.reason, 'billing');
  assert.match(error?.message ?? '', /code 1102/);
  assert.equal(error?.advice, 'Kling: resource pack used up or expired. Buy one for this model there.');
});

test('what a route does at this moment is told: its slots, and the one call that tries it again', async (t) => {
  const pictures = heldDraw();
  t.after(() => pictures.release());
  const simulator = await startGeminiSimulator({ draw: pictures.draw, delayMs: 5 });
  t.after(() => simulator.close());
  const clock = fastClock(10);
  const model = 'nano-banana-pro';
  const easel = await startLiveGateway(t, { [model]: [{ name: 'main', simulator }] }, { clock, env });
  const admin = await signIn(easel);
  const routeNow = async () =>
    modelsOf((await admin.ask('GET', '/admin/models')).text).find(({ id }) => id === model)?.routes[0];
  const make = () => easel.ask('POST', '/v1/images/generations', { model, prompt: 'a boat' });

  simulator.control.inject({ on: 'submit', kind: 'status', error: 'auth' });
  assert.equal((await make()).status, 502);
  assert.match((await routeNow())?.last_errors[0]?.advice ?? '', /^Google does not take the credential/);
  clock.skip(10 * 60_000);
  pictures.hold('boat');
  const probe = make();
  await until(async () => (await routeNow())?.state === 'probing');
  assert.equal((await routeNow())?.in_flight, 1);
  pictures.release();
  assert.equal((await probe).status, 200);
  assert.deepEqual([(await routeNow())?.state, (await routeNow())?.in_flight], ['ready', 0]);
});

test('sandbox routes are shown as such, without a price', async (t) => {
  const easel = await startTestGateway({ env, sandbox: { draw: fastDraw, delayMs: 1 } });
  t.after(() => easel.close());
  const models = modelsOf((await (await signIn(easel)).ask('GET', '/admin/models')).text);
  assert.ok(models.length >= 6);
  for (const { sandbox, routes } of models.filter(({ routes }) => routes.length > 0)) {
    assert.equal(sandbox, true);
    assert.match(routes[0]?.label ?? '', /^sandbox\//);
    assert.deepEqual(routes[0]?.pricing, []);
  }
});
