import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import { readSettings } from '../../src/compose.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { startGeminiSimulator } from '../../src/providers/gemini/simulator.ts';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/sandbox/kit.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import type { Answered, TestGateway } from '../kit/gateway.ts';
import { startLiveGateway, submitsOf } from '../kit/live-gateway.ts';
import { manualClock } from '../kit/manual-clock.ts';
import { closedOrigin } from '../kit/provider-bench.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

/** Routes as an operator configures them, over simulators that stand outside the gateway. */

type Start = (options: SimulatorOptions) => Promise<Simulator>;

async function started(
  t: TestContext,
  start: Start,
  options: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  const simulator = await start({ draw: fastDraw, delayMs: 5, ...options });
  t.after(() => simulator.close());
  return simulator;
}

const kling = 'kling-image-o1';
const seedream = 'seedream-4.0';

function make(
  easel: TestGateway,
  model: string,
  facts: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answered> {
  const body = { model, prompt: 'a paper boat', ...facts };
  return easel.ask('POST', '/v1/images/generations', body, headers);
}

function isAvailable(easel: TestGateway, model: string): Promise<unknown> {
  return easel.ask('GET', `/v1/models/${model}`).then((answer) => answer.at('available'));
}

async function isInProgress(easel: TestGateway): Promise<boolean> {
  return (await easel.ask('GET', '/v1/images?status=in_progress')).at('data.0') !== undefined;
}

/** What Kling was asked to make at once, task by task. */
function taskSizes(simulator: Simulator): unknown[] {
  return simulator.control
    .requests()
    .filter(({ on }) => on === 'submit')
    .map(({ body }) => (body as { n?: number }).n);
}

test('nine images over four Kling slots are tasks of at most four, and none is refused', async (t) => {
  const simulator = await started(t, startKlingSimulator, { capacity: 4 });
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator, facts: { concurrency: 4 } }] },
    { clock: fastClock(10) },
  );
  const answer = await make(easel, kling, { n: 9 });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.at('usage.generated_images'), 9);
  assert.deepEqual(new Set(taskSizes(simulator)), new Set([4, 1]));
  assert.equal(submitsOf(simulator), 3);
  assert.equal(simulator.control.ledger().length, 9);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.equal(record.at('attempts'), 3);
});

test('twenty callers over four Kling slots all get their picture, and Kling never has to refuse one', async (t) => {
  const simulator = await started(t, startKlingSimulator, { capacity: 4, delayMs: 200 });
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator, facts: { concurrency: 4 } }] },
    { clock: fastClock(10) },
  );
  const answers = await Promise.all(Array.from({ length: 20 }, () => make(easel, kling)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(submitsOf(simulator), 20);
  assert.equal(simulator.control.ledger().length, 20);
});

test('an account whose slots nobody told is learnt: all twenty callers get their picture', async (t) => {
  const simulator = await started(t, startKlingSimulator, { capacity: 4, delayMs: 200 });
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator }] },
    { clock: fastClock(20) },
  );
  const answers = await Promise.all(Array.from({ length: 20 }, () => make(easel, kling)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(simulator.control.ledger().length, 20);
  assert.ok(submitsOf(simulator) < 60, `${submitsOf(simulator)} submits`);
});

test('one key with twenty requests does not keep another one waiting behind them', async (t) => {
  const simulator = await started(t, startKlingSimulator, { capacity: 1, delayMs: 20 });
  const dataDir = await temporaryFolder(t);
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator, facts: { concurrency: 1 } }] },
    { clock: fastClock(20), dataDir },
  );
  const secret = `sk-${'u'.repeat(40)}`;
  await withKeys(readSettings({ EASEL_DATA_DIR: dataDir }), async (tools) => {
    await createKey('second', tools, secret);
  });
  const first = Array.from({ length: 20 }, (_, i) => make(easel, kling, { prompt: `first ${i}` }));
  await until(() => submitsOf(simulator) > 0);
  const second = Array.from({ length: 3 }, (_, i) =>
    make(easel, kling, { prompt: `second ${i}` }, { authorization: `Bearer ${secret}` }),
  );
  for (const answer of await Promise.all([...first, ...second]))
    assert.equal(answer.status, 200, answer.text);
  const order = simulator.control.ledger().map(({ prompt }) => prompt.split(' ')[0]);
  const places = order.flatMap((key, place) => (key === 'second' ? [place] : []));
  assert.equal(places.length, 3);
  // In turns with the first key's, wherever the first of them came in.
  assert.ok((places[2] ?? 99) - (places[0] ?? 0) <= 4 && (places[2] ?? 99) < 15, order.join(' '));
});

test('no more images than a route may make in a minute are sent, the others wait', async (t) => {
  const clock = manualClock();
  const simulator = await started(t, startArkSimulator, { capacity: 5, now: () => clock.now() });
  const easel = await startLiveGateway(
    t,
    { [seedream]: [{ name: 'main', simulator, facts: { imagesPerMinute: 5 } }] },
    { clock },
  );
  const answers = Array.from({ length: 12 }, () => make(easel, seedream));
  for (const sent of [5, 10, 12]) {
    await until(() => simulator.control.ledger().length === sent);
    await clock.advance(60_000);
    assert.equal(submitsOf(simulator), sent);
    await clock.advance(1_000);
  }
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200, answer.text);
});

test('weights share the calls among their routes', async (t) => {
  const simulators = await Promise.all([1, 2].map(() => started(t, startArkSimulator)));
  const [heavy, light] = simulators;
  assert.ok(heavy !== undefined && light !== undefined);
  // Each call draws twice: which of two comes first, and the one left.
  let draws = 0;
  const easel = await startLiveGateway(
    t,
    {
      [seedream]: [
        { name: 'heavy', simulator: heavy, facts: { weight: 3 } },
        { name: 'light', simulator: light, facts: { weight: 1 } },
      ],
    },
    { random: () => (Math.floor(draws++ / 2) % 8) / 8 },
  );
  const answer = await make(easel, seedream, { n: 8 });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([submitsOf(heavy), submitsOf(light)], [6, 2]);
});

test('a route that cannot be reached is passed over at once, and the record says what was tried', async (t) => {
  const simulator = await started(t, startArkSimulator);
  const baseUrl = await closedOrigin();
  const easel = await startLiveGateway(t, {
    [seedream]: [
      { name: 'gone', simulator, facts: { baseUrl } },
      { name: 'spare', simulator },
    ],
  });
  const answer = await make(easel, seedream);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('x-served-by'), 'ark/spare');
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.equal(record.at('attempts'), 2);
  const ended = easel.logged.find(({ message }) => message === 'A generation ended.');
  assert.deepEqual(ended?.facts['tried'], ['ark/gone: not_sent', 'ark/spare: ok']);
});

for (const error of ['billing', 'auth', 'quota'] as const) {
  test(`after '${error}' the next route makes the picture, and the first is not asked again`, async (t) => {
    const [first, second] = [await started(t, startArkSimulator), await started(t, startArkSimulator)];
    const easel = await startLiveGateway(t, {
      [seedream]: [
        { name: 'first', simulator: first },
        { name: 'second', simulator: second },
      ],
    });
    first.control.inject({ on: 'submit', kind: 'status', error, times: 100 });
    for (let i = 0; i < 3; i += 1) {
      const answer = await make(easel, seedream);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get('x-served-by'), 'ark/second');
    }
    assert.equal(submitsOf(first), 1);
    assert.equal(await isAvailable(easel, seedream), true);
    assert.equal(easel.logged.filter(({ message }) => message.includes('out of service')).length, 1);
  });
}

for (const fault of ['cut-after', 'refuse', 'cut-body'] as const) {
  test(`after '${fault}' the picture may have been paid for: no other route is asked`, async (t) => {
    const [first, second] = [await started(t, startArkSimulator), await started(t, startArkSimulator)];
    const easel = await startLiveGateway(t, {
      [seedream]: [
        { name: 'first', simulator: first },
        { name: 'second', simulator: second },
      ],
    });
    first.control.inject({ on: 'submit', kind: fault });
    const answer = await make(easel, seedream);
    assert.equal(answer.status, 424, answer.text);
    assert.equal(answer.at('error.reason'), 'outcome_unknown');
    assert.equal(answer.headers.get('x-should-retry'), 'false');
    assert.deepEqual([submitsOf(first), submitsOf(second)], [1, 0]);
  });
}

test("a daily quota at the only route is told as one that no wait helps, then as 503 with the probe's time", async (t) => {
  const simulator = await started(t, startGeminiSimulator);
  const easel = await startLiveGateway(t, { 'nano-banana-pro': [{ name: 'main', simulator }] });
  simulator.control.inject({ on: 'submit', kind: 'status', error: 'quota', times: 100 });
  const first = await make(easel, 'nano-banana-pro');
  assert.deepEqual([first.status, first.at('error.reason')], [429, 'upstream_throttled']);
  assert.equal(first.headers.get('x-should-retry'), 'false');
  const second = await make(easel, 'nano-banana-pro');
  assert.deepEqual([second.status, second.at('error.reason')], [503, 'model_unavailable']);
  assert.equal(second.headers.get('x-should-retry'), 'true');
  assert.equal(second.headers.get('retry-after'), '60');
  assert.equal(await isAvailable(easel, 'nano-banana-pro'), false);
  assert.equal(submitsOf(simulator), 1);
});

test("Gemini's own wait is kept before it is asked again", async (t) => {
  const clock = fastClock(20);
  const simulator = await started(t, startGeminiSimulator, { now: () => clock.now() });
  const easel = await startLiveGateway(t, { 'nano-banana-pro': [{ name: 'main', simulator }] }, { clock });
  simulator.control.inject({ on: 'submit', kind: 'status', error: 'throttled' });
  const answer = await make(easel, 'nano-banana-pro');
  assert.equal(answer.status, 200, answer.text);
  const [refused, made] = simulator.control.requests().filter(({ on }) => on === 'submit');
  assert.ok((made?.at ?? 0) - (refused?.at ?? 0) >= 1500, 'RetryInfo said 1.5 s');
});

test('a wait that is longer than the time left is passed on to the caller', async (t) => {
  const simulator = await started(t, startArkSimulator);
  const easel = await startLiveGateway(
    t,
    { [seedream]: [{ name: 'main', simulator }] },
    { env: { EASEL_DEADLINE_MS: '20000' } },
  );
  simulator.control.inject({
    on: 'submit',
    kind: 'status',
    error: 'throttled',
    headers: { 'retry-after': '25' },
  });
  const answer = await make(easel, seedream);
  assert.deepEqual([answer.status, answer.at('error.reason')], [429, 'upstream_throttled']);
  assert.equal(answer.headers.get('x-should-retry'), 'true');
  assert.ok(Math.abs(Number(answer.headers.get('retry-after')) - 25) <= 1);
  assert.equal(submitsOf(simulator), 1);
  // The whole account waits, so the next caller is told so without asking.
  const next = await make(easel, seedream);
  assert.equal(next.at('error.reason'), 'upstream_throttled');
  assert.equal(submitsOf(simulator), 1);
});

test('a caller whose time is over before there is room is told that nothing was sent, not that it may still come', async (t) => {
  const clock = manualClock();
  const simulator = await started(t, startKlingSimulator, { delayMs: 2500, now: () => clock.now() });
  const easel = await startLiveGateway(
    t,
    { [kling]: [{ name: 'main', simulator, facts: { concurrency: 1 } }] },
    { clock, env: { EASEL_DEADLINE_MS: '2000' } },
  );
  // The sender of webhooks.
  await until(() => clock.sleepers === 1);
  const first = make(easel, kling);
  // Its deadline and its poll.
  await until(() => clock.sleepers === 3);
  const waiting = make(easel, kling);
  // Its deadline, and how long it waits for room.
  await until(() => clock.sleepers === 5);
  // It is told a twentieth of its time before that is over.
  await clock.advance(1_900);
  const second = await waiting;
  assert.deepEqual([second.status, second.at('error.reason')], [429, 'upstream_throttled'], second.text);
  assert.ok(Number(second.headers.get('retry-after')) >= 1);
  const record = await easel.ask('GET', `/v1/images/${second.headers.get('x-image-id')}`);
  assert.deepEqual([record.at('status'), record.at('attempts')], ['failed', 0]);
  await clock.advance(100);
  assert.equal((await first).at('error.reason'), 'generation_timeout');
  assert.equal(submitsOf(simulator), 1);
  // Nothing is left to be waited for at the end.
  await until(async () => {
    await clock.advance(500);
    return simulator.control.ledger().length === 1 && !(await isInProgress(easel));
  });
});

test('a route that is down is skipped without being asked, and comes back by one probe', async (t) => {
  // No faster: the cool-down of 5 s must outlast two requests on a busy machine.
  const clock = fastClock(10);
  const down = await startArkSimulator({ draw: fastDraw });
  const port = Number(new URL(down.baseUrl).port);
  const easel = await startLiveGateway(t, { [seedream]: [{ name: 'main', simulator: down }] }, { clock });
  await down.close();
  const failed = [await make(easel, seedream), await make(easel, seedream)];
  for (const answer of failed) {
    assert.deepEqual([answer.status, answer.at('error.reason')], [502, 'upstream_unavailable']);
    assert.equal(answer.headers.get('x-should-retry'), 'true');
  }
  assert.equal(await isAvailable(easel, seedream), false);
  const refused = await make(easel, seedream);
  assert.deepEqual([refused.status, refused.at('error.reason')], [503, 'model_unavailable']);
  assert.ok(refused.headers.has('retry-after'));
  const up = await started(t, startArkSimulator, { port });
  clock.skip(5_000);
  assert.equal(await isAvailable(easel, seedream), true);
  // Its pictures are at a new origin of the simulator's.
  const answer = await make(easel, seedream, { response_format: 'b64_json' });
  assert.notEqual(answer.status, 503);
  assert.equal(submitsOf(up), 1);
  assert.equal(await isAvailable(easel, seedream), true);
  assert.ok(easel.logged.some(({ message }) => message.includes('in service again')));
});

test('a stop answers what still waits as unsent, refuses new requests, and finishes what runs', async (t) => {
  let nowMs = Date.now();
  const simulator = await started(t, startKlingSimulator, { delayMs: 700, now: () => nowMs });
  const easel = await startLiveGateway(t, {
    [kling]: [{ name: 'main', simulator, facts: { concurrency: 1 } }],
  });
  const running = make(easel, kling);
  await until(() => submitsOf(simulator) === 1);
  const waiting = [make(easel, kling), make(easel, kling, { n: 2 })];
  await until(async () => {
    const list = await easel.ask('GET', '/v1/images?status=in_progress');
    return list.at('data.2') !== undefined;
  });
  const closed = easel.gateway.close();
  for (const answer of await Promise.all(waiting)) {
    assert.deepEqual([answer.status, answer.at('error.reason')], [502, 'upstream_unavailable'], answer.text);
    assert.equal(answer.headers.get('x-should-retry'), 'true');
  }
  const refused = await make(easel, kling);
  assert.deepEqual([refused.status, refused.at('error.reason')], [503, 'draining']);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  nowMs += 700;
  assert.equal((await running).status, 200);
  await closed;
  assert.equal(submitsOf(simulator), 1);
});

test('tasks of an earlier process have their slots before anybody new is sent', async (t) => {
  const simulator = await started(t, startKlingSimulator, { capacity: 2, delayMs: 600 });
  const dataDir = await temporaryFolder(t);
  const routes = { [kling]: [{ name: 'main', simulator, facts: { concurrency: 2 } }] };
  const first = await startLiveGateway(t, routes, { dataDir, env: { EASEL_DRAIN_MS: '0' } });
  const left = make(first, kling, { n: 2 }).catch(() => undefined);
  await until(() => submitsOf(simulator) === 1);
  await first.gateway.close();
  await left;
  const second = await startLiveGateway(t, routes, { dataDir });
  const answer = await make(second, kling, { n: 2 });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(submitsOf(simulator), 2, 'none was refused');
  assert.equal(simulator.control.ledger().length, 4);
  const list = await second.ask('GET', '/v1/images');
  assert.deepEqual([list.at('data.0.status'), list.at('data.1.status')], ['completed', 'completed']);
});
