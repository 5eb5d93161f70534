import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { requestOf } from '../../test/kit/provider-calls.ts';
import { quietMeter } from '../../test/kit/quiet-meter.ts';
import { routeOf } from '../../test/kit/routes.ts';
import { UpstreamFault, type FaultFacts, type FaultKind } from '../core/fault.ts';
import type { CallResult } from '../core/image-result.ts';
import type { DirectProvider, Provider, TaskProvider } from '../core/provider.ts';
import type { CallChange } from '../core/record-store.ts';
import type { Route } from '../core/route.ts';
import { collectCall, holdSlots, runCall, type CallOutcome, type CallTools } from './call.ts';
import { takeHeadStart } from './head-start.ts';
import { makeRetryBudget } from './retry-budget.ts';
import { makeRouteCalls } from './route-calls.ts';
import { makeRouteGates } from './route-gates.ts';
import { makeRouteHealth } from './route-health.ts';

const made: CallResult = { images: [{ kind: 'link', position: 0, url: 'http://127.0.0.1:9/picture' }] };

const facts = {
  defaultBaseUrl: 'http://127.0.0.1:9',
  envPrefix: 'TEST',
  credentials: ['key' as const],
  cards: [],
  authorize: () => ({}),
  readFault: () => new UpstreamFault('unknown'),
  usualMs: 1000,
};

const random = () => 0.5;

/** What the upstreams of one test do, by route name: each entry is one answer, the last one stays. */
type Script = Record<string, (FaultKind | 'works' | 'hangs' | UpstreamFault)[]>;

function bench(routes: Route[], script: Script) {
  const clock = manualClock();
  const asked: { route: string; atMs: number }[] = [];
  const startedAtMs = clock.now();

  async function answer(route: Route, signal: AbortSignal): Promise<CallResult> {
    asked.push({ route: route.name, atMs: clock.now() - startedAtMs });
    const answers = script[route.name] ?? ['works'];
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof UpstreamFault) throw next;
    if (next === 'hangs') await clock.sleep(1e9, signal);
    if (next !== 'works' && next !== 'hangs' && next !== undefined) throw new UpstreamFault(next);
    return made;
  }

  const direct: DirectProvider = {
    ...facts,
    kind: 'direct',
    name: 'direct',
    generate: (_call, { route, signal }) => answer(route, signal),
  };
  /** A task that is accepted and ends 10 s later. */
  const task: TaskProvider = {
    ...facts,
    kind: 'task',
    name: 'task',
    slotPer: 'image',
    poll: { firstMs: 10_000, everyMs: 10_000 },
    async submit(_call, { route, signal }) {
      await answer(route, signal);
      return { id: 'task' };
    },
    check: async () => ({ state: 'done', result: made }),
  };
  const providers = new Map<string, Provider>([
    ['direct', direct],
    ['task', task],
  ]);
  const draining = new AbortController();
  const stop = new AbortController();
  const lines: string[] = [];
  const hear = (facts: Record<string, unknown>, message: string) =>
    void lines.push(`${message} ${JSON.stringify(facts)}`);
  const log = { debug: hear, info: hear, warn: hear, error: hear };
  const tools: CallTools = {
    providers,
    client: { exchange: () => Promise.reject(new Error('not over the network')) },
    clock,
    random,
    log,
    health: makeRouteHealth({ now: () => clock.now(), log }),
    gates: makeRouteGates(routes, { providers, clock, random }),
    retries: makeRetryBudget(() => clock.now()),
    meter: quietMeter,
    routeCalls: makeRouteCalls({ providers, now: () => clock.now() }),
    draining: draining.signal,
  };
  const saved: CallChange[] = [];
  let calls = 0;
  const order = (over: { keyId?: string; images?: number; forMs?: number } = {}) => ({
    generationId: 'img_1',
    number: (calls += 1),
    keyId: over.keyId ?? 'key',
    request: requestOf({ model: 'model', n: over.images ?? 1 }),
    images: over.images ?? 1,
    routes,
    deadlineMs: clock.now() + (over.forMs ?? 570_000),
    signal: stop.signal,
    save: async (change: CallChange) => void saved.push(change),
  });
  const run = (over: Parameters<typeof order>[0] = {}): Promise<CallOutcome> => runCall(order(over), tools);
  /** Runs one call while the clock is moved on. */
  const runFor = async (ms: number, over: Parameters<typeof order>[0] = {}): Promise<CallOutcome> => {
    const outcome = run(over);
    await clock.advance(ms);
    return await outcome;
  };
  const names = () => asked.map(({ route }) => route);
  const times = () => asked.map(({ atMs }) => atMs);
  return { clock, asked, names, times, run, runFor, order, tools, draining, stop, saved, lines };
}

const a = routeOf({ provider: 'direct', name: 'a', baseUrl: 'http://a' });
const b = routeOf({ provider: 'direct', name: 'b', baseUrl: 'http://b' });

function faultOf(outcome: CallOutcome): UpstreamFault {
  assert.equal(outcome.kind, 'failed');
  return outcome.fault;
}

const waiting = (kind: FaultKind, waitMs: number, more: FaultFacts = {}) =>
  new UpstreamFault(kind, { waitMs, ...more });

test('a free failure is tried again by the same route after pauses of 1, 2 and 4 s, then given up', async () => {
  const { runFor, times } = bench([a], { a: ['overloaded'] });
  const outcome = await runFor(10_000);
  assert.deepEqual(times(), [0, 1000, 3000, 7000]);
  assert.equal(faultOf(outcome).kind, 'overloaded');
  assert.equal(outcome.attempts, 4);
});

test('another route is tried at once, before any pause', async () => {
  const { runFor, asked } = bench([a, b], { a: ['not_sent'], b: ['works'] });
  const outcome = await runFor(0);
  assert.equal(outcome.kind, 'made');
  assert.deepEqual(asked, [
    { route: 'a', atMs: 0 },
    { route: 'b', atMs: 0 },
  ]);
  assert.deepEqual(
    outcome.tried.map(({ route, outcome }) => [route, outcome]),
    [
      ['direct/a', 'not_sent'],
      ['direct/b', 'ok'],
    ],
  );
});

for (const kind of ['unknown', 'bad_reply', 'content', 'parameter', 'failed'] as const) {
  test(`after '${kind}' nothing is sent again, not even by another route`, async () => {
    const { runFor, names } = bench([a, b], { a: [kind] });
    assert.equal(faultOf(await runFor(600_000)).kind, kind);
    assert.deepEqual(names(), ['a']);
  });
}

for (const kind of ['auth', 'billing', 'quota', 'misconfigured'] as const) {
  test(`after '${kind}' the next route is tried, and the first is not asked by later calls`, async () => {
    const { runFor, names } = bench([a, b], { a: [kind] });
    assert.equal((await runFor(0)).kind, 'made');
    assert.equal((await runFor(0)).kind, 'made');
    assert.deepEqual(names(), ['a', 'b', 'b']);
  });
}

test('the wait an upstream asks for is kept, by every call', async () => {
  const { run, clock, times } = bench([a], { a: [waiting('throttled', 33_000), 'works'] });
  const first = run();
  await clock.advance(5000);
  const second = run();
  await clock.advance(27_999);
  assert.deepEqual(times(), [0]);
  await clock.advance(60_000);
  assert.deepEqual([(await first).kind, (await second).kind], ['made', 'made']);
  assert.equal(times()[1], 33_000);
});

test('while one route is throttled the next one is used', async () => {
  const { runFor, names } = bench([a, b], { a: [waiting('throttled', 60_000)] });
  for (let i = 0; i < 3; i += 1) assert.equal((await runFor(0)).kind, 'made');
  assert.deepEqual(names(), ['a', 'b', 'b', 'b']);
});

test('a wait that ends after the deadline is not waited for: the caller is told it', async () => {
  const { runFor, times } = bench([a], { a: [waiting('throttled', 50_000)] });
  const fault = faultOf(await runFor(0, { forMs: 40_000 }));
  assert.equal(fault.kind, 'throttled');
  assert.equal(fault.facts.waitMs, 50_000);
  assert.deepEqual(times(), [0]);
});

test('an upstream that throttles everything is asked four times by a call, not more', async () => {
  const { runFor, times } = bench([a], { a: ['throttled'] });
  const fault = faultOf(await runFor(60_000));
  assert.equal(fault.kind, 'throttled');
  assert.deepEqual(times(), [0, 1000, 3000, 7000]);
  assert.ok((fault.facts.waitMs ?? 0) >= 1000);
});

test('what a caller can wait for is told before what an operator must mend', async () => {
  const { runFor, names } = bench([a, b], { a: ['throttled'], b: ['auth'] });
  assert.equal(faultOf(await runFor(60_000)).kind, 'throttled');
  assert.deepEqual(names(), ['a', 'b', 'a', 'a', 'a']);
});

test('a call without a place until its time is over ends unsent, as throttled, before its caller is answered', async () => {
  const busy = { ...a, concurrency: 1 };
  const { run, clock, names } = bench([busy], { a: ['hangs'] });
  void run();
  const second = run({ forMs: 30_000 });
  await clock.advance(29_000);
  const outcome = await second;
  const fault = faultOf(outcome);
  assert.equal(fault.kind, 'throttled');
  assert.ok((fault.facts.waitMs ?? 0) > 0);
  assert.equal(outcome.attempts, 0);
  assert.deepEqual(names(), ['a']);
});

test('a task keeps its slots until it has ended, and a large one waits for all it needs', async () => {
  const slots = routeOf({ provider: 'task', name: 't', concurrency: 4 });
  const { run, clock, times } = bench([slots], {});
  const all = [run({ images: 3 }), run({ images: 2 }), run({ images: 4 })];
  await clock.advance(60_000);
  assert.deepEqual(
    (await Promise.all(all)).map(({ kind }) => kind),
    ['made', 'made', 'made'],
  );
  const [first = 0, second = 0, third = 0] = times();
  assert.ok(second - first >= 9000 && third - second >= 9000, String(times()));
});

test('slots come back when a step cannot be made durable', async () => {
  const one = { ...a, concurrency: 1 };
  const { tools, order, runFor } = bench([one], {});
  const broken = { ...order(), save: () => Promise.reject(new Error('disk')) };
  await assert.rejects(runCall(broken, tools), /disk/);
  assert.equal((await runFor(0)).kind, 'made');
});

test('slots come back when the work is ended from outside', async () => {
  const one = { ...a, concurrency: 1 };
  const { tools, order, runFor } = bench([one], { a: ['hangs', 'works'] });
  const ended = new AbortController();
  const running = runCall({ ...order(), signal: ended.signal }, tools);
  const next = runFor(0);
  ended.abort(new Error('given up'));
  await assert.rejects(running, /given up/);
  assert.equal((await next).kind, 'made');
});

test('a stopping server sends nothing that waits, at a gate or in a pause, and lets go on what was sent', async () => {
  const one = { ...a, concurrency: 1 };
  const { run, clock, draining, stop, names } = bench([one, b], {
    a: ['hangs'],
    b: ['overloaded'],
  });
  const running = run();
  const pausing = run();
  await clock.advance(100);
  draining.abort(new Error('stopping'));
  const outcome = await pausing;
  assert.equal(faultOf(outcome).kind, 'not_sent');
  assert.match(faultOf(outcome).facts.message ?? '', /shutting down/);
  assert.equal(faultOf(await run()).kind, 'not_sent');
  assert.deepEqual(names(), ['a', 'b']);
  stop.abort(new Error('now'));
  await assert.rejects(running, /now/);
});

test('a call that failed for free is durable as unsent while it waits, so that a restart knows', async () => {
  const { runFor, saved } = bench([a], { a: ['overloaded', 'works'] });
  await runFor(5000);
  assert.deepEqual(
    saved.map(({ state }) => state),
    ['sent', 'open', 'sent'],
  );
  assert.equal(saved[1]?.attempts, 1);
  assert.deepEqual(
    saved[2]?.tried?.map(({ outcome }) => outcome),
    ['overloaded'],
  );
});

test('each attempt has an id of its own, durable before it is sent', async () => {
  const { runFor, saved } = bench([a, b], { a: ['not_sent'] });
  await runFor(0);
  const ids = saved.flatMap(({ ourId }) => ourId ?? []);
  assert.equal(new Set(ids).size, 2);
});

test('retries of many calls in an outage are few', async () => {
  const { run, clock, asked } = bench([a], { a: ['not_sent'] });
  const calls = Array.from({ length: 100 }, () => run());
  await clock.advance(60_000);
  for (const outcome of await Promise.all(calls)) assert.equal(faultOf(outcome).kind, 'not_sent');
  assert.ok(asked.length <= 100 + 30, `${asked.length} attempts for 100 calls`);
});

test('a route that does not answer is left alone by later calls until one of them finds it well', async () => {
  const { runFor, run, clock, asked, tools } = bench([a], {
    a: ['not_sent', 'not_sent', 'not_sent', 'not_sent', 'not_sent', 'works'],
  });
  await runFor(10_000);
  await runFor(0);
  assert.equal(asked.length, 5);
  assert.equal(tools.health.markOf(a)?.kind, 'not_sent');
  assert.equal(faultOf(await runFor(0)).kind, 'not_sent');
  assert.equal(asked.length, 5, 'skipped without being asked');
  await clock.advance(5000);
  assert.equal((await run()).kind, 'made');
  assert.equal(tools.health.markOf(a), undefined);
});

test('calls that were accepted wait for the probe of their only route, then go or fail with it', async () => {
  for (const probe of ['works', 'not_sent'] as const) {
    const { run, runFor, clock, asked, tools } = bench([a], { a: ['auth', 'works'] });
    await runFor(0);
    await clock.advance(tools.health.markOf(a)?.leftMs ?? 0);
    const trial = tools.health.begin(a);
    const waiting = [run(), run()];
    await clock.advance(1000);
    assert.equal(asked.length, 1);
    trial?.end(probe === 'works' ? 'worked' : probe);
    await clock.advance(1000);
    const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
    assert.deepEqual(kinds, probe === 'works' ? ['made', 'made'] : ['failed', 'failed']);
  }
});

test('a task that was accepted brings its route back before it has ended', async () => {
  const slow = routeOf({ provider: 'task', name: 't' });
  const { run, runFor, clock, tools } = bench([slow], { t: ['auth', 'works'] });
  await runFor(0);
  await clock.advance(tools.health.markOf(slow)?.leftMs ?? 0);
  const running = run();
  await clock.advance(1);
  assert.equal(tools.health.markOf(slow), undefined);
  await clock.advance(20_000);
  assert.equal((await running).kind, 'made');
});

test('a call that goes out of a queue to a route that broke meanwhile goes to the next route', async () => {
  const one = { ...a, concurrency: 1 };
  const other = { ...b, concurrency: 1 };
  const { run, clock, names } = bench([one, other], { a: ['auth'], b: ['works'] });
  const calls = [run(), run(), run()];
  await clock.advance(1000);
  for (const outcome of await Promise.all(calls)) assert.equal(outcome.kind, 'made');
  assert.deepEqual(names(), ['a', 'b', 'b', 'b']);
});

test('what an earlier process began takes its slots before anybody new', async () => {
  const slots = routeOf({ provider: 'task', name: 't', concurrency: 4 });
  const { run, clock, order, tools, times } = bench([slots], {});
  const pass = holdSlots(slots, 4, tools);
  const collected = collectCall(
    { ...order(), route: slots, attempts: 1, tried: [], pass },
    { ticket: { id: 'task' }, ourId: 'img_1-0-1' },
    tools,
  );
  const next = run();
  await clock.advance(5000);
  assert.deepEqual(times(), []);
  await clock.advance(60_000);
  assert.deepEqual([(await collected).kind, (await next).kind], ['made', 'made']);
});

test('neither the log nor the record of a call holds a key', async () => {
  const { runFor, lines, saved } = bench([{ ...a, credential: { kind: 'key', apiKey: 'very-secret' } }], {
    a: ['auth'],
  });
  await runFor(0);
  assert.ok(lines.length >= 2);
  assert.ok(!JSON.stringify([lines, saved]).includes('very-secret'));
});

test('a call that was opened as sent is sent without a step in between', async () => {
  const { order, tools, saved, names } = bench([a], {});
  const one = order();
  const headStart = takeHeadStart(one, tools);
  assert.deepEqual(headStart?.sent, {
    state: 'sent',
    route: 'direct/a',
    ourId: 'img_1-1-1',
    attempts: 1,
    tried: [],
  });
  const outcome = await runCall({ ...one, headStart }, tools);
  assert.deepEqual([outcome.kind, names(), saved], ['made', ['a'], []]);
});

test('only a route in service that has room right now gives a head start, and gets back what is not used', async () => {
  const single = routeOf({ provider: 'direct', name: 'single', baseUrl: 'http://s', concurrency: 1 });
  const { order, tools, runFor } = bench([single], { single: ['auth'] });
  const first = takeHeadStart(order(), tools);
  assert.equal(takeHeadStart(order(), tools), undefined);
  first?.giveBack();
  first?.giveBack();
  assert.equal(tools.gates.load(single).inUse, 0);
  await runFor(0);
  assert.notEqual(tools.health.markOf(single), undefined);
  assert.equal(takeHeadStart(order(), tools), undefined);
  assert.equal(tools.gates.load(single).inUse, 0);
});

test('a call that was opened as sent and is not sent after all is recorded as open, and its slot is free', async () => {
  const late = bench([a], {});
  const tooLate = late.order({ forMs: 1_000 });
  const headStart = takeHeadStart(tooLate, late.tools);
  await late.clock.advance(1_000);
  const unsent = await runCall({ ...tooLate, headStart }, late.tools);
  assert.equal(faultOf(unsent).row.free, true);
  const drained = bench([a], {});
  const ending = drained.order();
  const given = takeHeadStart(ending, drained.tools);
  drained.draining.abort();
  assert.equal(faultOf(await runCall({ ...ending, headStart: given }, drained.tools)).kind, 'not_sent');
  for (const { names, saved, tools } of [late, drained]) {
    assert.deepEqual([names(), saved], [[], [{ state: 'open', attempts: 0 }]]);
    assert.equal(tools.gates.load(a).inUse, 0);
  }
});
