import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { faultTable, type FaultKind } from '../core/fault.ts';
import { makeCircuitBreaker, type Trial, type TrialEnd } from './circuit-breaker.ts';

function bench() {
  const clock = manualClock();
  const changes: string[] = [];
  const breaker = makeCircuitBreaker(
    () => clock.now(),
    ({ state, kind }) => void changes.push(`${state}: ${kind}`),
  );
  const begin = (): Trial => {
    const trial = breaker.begin();
    assert.ok(trial !== undefined);
    return trial;
  };
  const call = (...ends: TrialEnd[]): void => {
    for (const end of ends) begin().end(end);
  };
  const leftMs = (): number => breaker.mark()?.leftMs ?? 0;
  return { clock, breaker, changes, begin, call, leftMs };
}

const fiveFailures: FaultKind[] = ['not_sent', 'overloaded', 'not_sent', 'not_sent', 'not_sent'];

test('five failures in a row take a route out of service, four do not', () => {
  const { breaker, call, changes } = bench();
  call(...fiveFailures.slice(1));
  assert.equal(breaker.mark(), undefined);
  call('not_sent');
  assert.deepEqual(breaker.mark(), { kind: 'not_sent', leftMs: 5000 });
  assert.equal(breaker.begin(), undefined);
  assert.deepEqual(changes, ['opened: not_sent']);
});

test('half of the last twenty calls failing takes a route out of service, although others work in between', () => {
  const { breaker, call } = bench();
  for (let i = 0; i < 9; i += 1) call('worked', 'not_sent');
  assert.equal(breaker.mark(), undefined);
  call('worked', 'not_sent');
  assert.equal(breaker.mark()?.kind, 'not_sent');
});

for (const kind of Object.keys(faultTable) as FaultKind[]) {
  const opens = faultTable[kind].free && !['content', 'parameter', 'failed', 'throttled'].includes(kind);
  test(`thirty calls ending '${kind}' ${opens ? 'take a route out of service' : 'leave a route in service'}`, () => {
    const { breaker } = bench();
    for (let i = 0; i < 30; i += 1) breaker.begin()?.end(kind);
    assert.equal(breaker.mark() !== undefined, opens);
  });
}

for (const kind of ['auth', 'billing', 'misconfigured', 'quota'] as const) {
  test(`one '${kind}' is enough, and its probes come at growing distances up to its row's`, async () => {
    const { clock, breaker, call, leftMs } = bench();
    call(kind);
    const distances = [leftMs()];
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(leftMs());
      assert.equal(breaker.mark(), undefined);
      call(kind);
      distances.push(leftMs());
    }
    const { markMs } = faultTable[kind];
    assert.deepEqual(
      distances,
      [1 / 8, 1 / 4, 1 / 2, 1, 1, 1].map((part) => part * markMs),
    );
  });
}

test('after the cool-down one call is let through and nobody else until it has ended', async () => {
  const { clock, breaker, begin, call } = bench();
  call(...fiveFailures);
  await clock.advance(4999);
  assert.equal(breaker.begin(), undefined);
  await clock.advance(1);
  assert.equal(breaker.mark(), undefined, 'the next request is wanted: it is the probe');
  const probe = begin();
  assert.ok(breaker.isProbed());
  assert.equal(breaker.begin(), undefined);
  probe.end('worked');
  assert.equal(breaker.mark(), undefined);
  call('worked', ...fiveFailures.slice(1));
  assert.equal(breaker.mark(), undefined, 'what was before is forgotten');
});

test('a probe that fails doubles the cool-down, up to two minutes', async () => {
  const { clock, call, changes, leftMs } = bench();
  call(...fiveFailures);
  const coolDowns = [leftMs()];
  for (let i = 0; i < 6; i += 1) {
    await clock.advance(leftMs());
    call('not_sent');
    coolDowns.push(leftMs());
  }
  assert.deepEqual(coolDowns, [5000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
  assert.deepEqual(changes, ['opened: not_sent'], 'told once');
});

for (const end of ['unknown', 'bad_reply'] as const) {
  test(`a probe that ends '${end}' does not bring the route back`, async () => {
    const { clock, call, leftMs } = bench();
    call(...fiveFailures);
    await clock.advance(5000);
    call(end);
    assert.equal(leftMs(), 10_000);
  });
}

for (const end of ['content', 'parameter', 'throttled', 'failed'] as const) {
  test(`a probe that ends '${end}' shows that the upstream answers`, async () => {
    const { clock, breaker, call, changes } = bench();
    call(...fiveFailures);
    await clock.advance(5000);
    call(end);
    assert.equal(breaker.mark(), undefined);
    assert.deepEqual(changes, ['opened: not_sent', 'closed: not_sent']);
  });
}

test('a probe that says nothing about the route gives its leave to the next call', async () => {
  const { clock, breaker, begin, call, leftMs } = bench();
  call(...fiveFailures);
  await clock.advance(5000);
  begin().end('abandoned');
  assert.equal(breaker.mark(), undefined);
  call('not_sent');
  assert.equal(leftMs(), 10_000);
});

test('a probe that takes longer than a minute lets another pass, and may still bring the route back', async () => {
  const { clock, breaker, begin, call } = bench();
  call(...fiveFailures);
  await clock.advance(5000);
  const slow = begin();
  await clock.advance(60_000);
  const second = begin();
  slow.end('not_sent');
  assert.ok(breaker.isProbed(), 'an old failure says nothing about the new probe');
  assert.equal(breaker.begin(), undefined);
  second.end('unknown');
  assert.ok(breaker.mark() !== undefined);
});

test('calls that began before do not move an open breaker', () => {
  const { breaker, begin, call, leftMs } = bench();
  const earlier = [begin(), begin()];
  call(...fiveFailures);
  earlier[0]?.end('worked');
  earlier[1]?.end('not_sent');
  assert.equal(breaker.begin(), undefined);
  assert.equal(leftMs(), 5000);
});

test('only the first end of a call counts', () => {
  const { breaker, begin } = bench();
  const trial = begin();
  trial.end('worked');
  for (let i = 0; i < 10; i += 1) trial.end('not_sent');
  assert.equal(breaker.mark(), undefined);
});

test('a clock that is set back does not keep a route out of service', async () => {
  const { clock, breaker, call } = bench();
  call(...fiveFailures);
  clock.set(clock.now() - 3_600_000);
  assert.equal(breaker.mark()?.leftMs, 5000);
  await clock.advance(5000);
  assert.equal(breaker.mark(), undefined);
});
