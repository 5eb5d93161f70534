import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { startGatewayProcess, type GatewayProcess } from '../kit/gateway-process.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';
const kling = { model: 'kling-image-o1', prompt: 'a paper boat', n: 2 };
const ark = { model: 'seedream-4.5', prompt: 'a paper boat' };
const keyed = { 'idempotency-key': 'order 66' };

interface Bench {
  simulator: Simulator;
  /** Starts a gateway on the same data as the one before. */
  start(): Promise<GatewayProcess>;
  /** A create that is cut by kill -9 once the upstream has seen `on`. */
  askAndKill(body: object, headers: Record<string, string>, on: 'submit' | 'poll'): Promise<void>;
}

async function startBench(t: TestContext, model: string, simulator: Simulator): Promise<Bench> {
  t.after(() => simulator.close());
  const dataDir = await temporaryFolder(t);
  const start = async (): Promise<GatewayProcess> => {
    const easel = await startGatewayProcess(dataDir, [{ model, provider: simulator.name, simulator }]);
    t.after(() => easel.kill());
    return easel;
  };
  return {
    simulator,
    start,
    async askAndKill(body, headers, on) {
      const easel = await start();
      const asked = assert.rejects(easel.post(create, body, headers));
      await until(() => simulator.control.requests().some((request) => request.on === on));
      await easel.kill();
      await asked;
    },
  };
}

function submits({ control }: Simulator): number {
  return control.requests().filter(({ on }) => on === 'submit').length;
}

test('a request cut by kill -9 while Kling works is bought once: its repeat gets the images', async (t) => {
  const simulator = await startKlingSimulator({ draw: claimedDraw, delayMs: 800 });
  const bench = await startBench(t, kling.model, simulator);
  await bench.askAndKill(kling, keyed, 'poll');
  const easel = await bench.start();
  const answers = await Promise.all([1, 2].map(() => easel.post(create, kling, keyed)));
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    assert.equal(answer.at('usage.generated_images'), 2);
  }
  assert.equal(answers[0]?.at('id'), answers[1]?.at('id'));
  assert.deepEqual([submits(simulator), simulator.control.ledger().length], [1, 2]);
});

test('a request cut by kill -9 before Kling answered is found again by our id and bought once', async (t) => {
  const simulator = await startKlingSimulator({ draw: claimedDraw, delayMs: 50 });
  simulator.control.inject({ on: 'submit', kind: 'hang-after' });
  const bench = await startBench(t, kling.model, simulator);
  await bench.askAndKill(kling, keyed, 'submit');
  const easel = await bench.start();
  const answer = await easel.post(create, kling, keyed);
  assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed')], [200, 'true'], answer.text);
  assert.deepEqual([submits(simulator), simulator.control.ledger().length], [1, 2]);
});

test('a request cut by kill -9 while Ark works is not bought again: its repeats hear that nobody knows', async (t) => {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 600 });
  const bench = await startBench(t, ark.model, simulator);
  await bench.askAndKill(ark, keyed, 'submit');
  for (let restart = 0; restart < 2; restart += 1) {
    const easel = await bench.start();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const answer = await easel.post(create, ark, keyed);
      assert.deepEqual([answer.status, answer.at('error.reason')], [424, 'outcome_unknown'], answer.text);
      assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    }
    const other = await easel.post(create, { ...ark, n: 2 }, keyed);
    assert.equal(other.at('error.reason'), 'idempotency_key_reused');
    await easel.kill();
  }
  assert.equal(submits(simulator), 1);
});

test('a client without a key that lost its connection by kill -9 and sends again joins what is resumed', async (t) => {
  const simulator = await startKlingSimulator({ draw: claimedDraw, delayMs: 800 });
  const bench = await startBench(t, kling.model, simulator);
  await bench.askAndKill(kling, {}, 'poll');
  const easel = await bench.start();
  const answer = await easel.post(create, kling);
  assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed')], [200, 'joined'], answer.text);
  assert.equal(submits(simulator), 1);
});

test('a reply that was delivered before kill -9 is not joined afterwards', async (t) => {
  const simulator = await startArkSimulator({ draw: claimedDraw, delayMs: 5 });
  const bench = await startBench(t, ark.model, simulator);
  const before = await bench.start();
  const first = await before.post(create, ark);
  assert.equal(first.status, 200, first.text);
  // A later write of the same store is acknowledged only with the ones before it.
  assert.equal((await before.post(create, { ...ark, prompt: 'another' })).status, 200);
  await before.kill();
  const easel = await bench.start();
  const next = await easel.post(create, ark, { 'x-stainless-retry-count': '1' });
  assert.deepEqual([next.status, next.headers.get('idempotency-replayed')], [200, null]);
  assert.notEqual(next.at('id'), first.at('id'));
});
