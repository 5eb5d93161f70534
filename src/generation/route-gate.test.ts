import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/kit/made-up.ts';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { makeRouteGate, type Demand, type GateLimits, type Pass } from './route-gate.ts';

let arrivals = 0;

function demandOf(facts: Partial<Demand> = {}): Demand {
  return { keyId: 'key', arrival: (arrivals += 1), slots: 1, images: 1, ...facts };
}

function bench(limits: Partial<GateLimits> = {}) {
  const clock = manualClock();
  const gate = makeRouteGate(
    { slots: undefined, imagesPerMinute: undefined, ...limits },
    { clock, random: () => 0.5 },
  );
  const admitted: string[] = [];
  const passes: Pass[] = [];
  /** Waits under a name; what is returned ends the waiting. */
  const wait = (name: string, facts: Partial<Demand> = {}) =>
    gate.wait(demandOf(facts), (pass) => {
      admitted.push(name);
      passes.push(pass);
    });
  const enter = (facts: Partial<Demand> = {}): Pass => {
    const pass = gate.tryEnter(demandOf(facts));
    assert.ok(pass !== undefined);
    return pass;
  };
  return { clock, gate, admitted, passes, wait, enter };
}

test('no more than its slots go at once, and the next goes when one is given back', () => {
  const { gate, admitted, wait, enter } = bench({ slots: 2 });
  const first = enter();
  enter();
  assert.equal(gate.tryEnter(demandOf()), undefined);
  wait('third');
  assert.deepEqual(admitted, []);
  first.leave('used');
  assert.deepEqual(admitted, ['third']);
});

test('giving slots back twice gives them back once', () => {
  const { gate, enter } = bench({ slots: 1 });
  const first = enter();
  first.leave('used');
  first.leave('used');
  enter();
  assert.equal(gate.tryEnter(demandOf()), undefined);
});

test('a call that needs many slots is not overtaken by those that need one', () => {
  const { admitted, passes, wait, enter } = bench({ slots: 4 });
  const running = enter();
  wait('four', { slots: 4 });
  wait('one', { keyId: 'other' });
  assert.deepEqual(admitted, []);
  running.leave('used');
  assert.deepEqual(admitted, ['four']);
  passes[0]?.leave('used');
  assert.deepEqual(admitted, ['four', 'one']);
});

test('a call that needs more slots than there are goes alone', () => {
  const { gate, enter } = bench({ slots: 2 });
  enter({ slots: 9 });
  assert.equal(gate.tryEnter(demandOf()), undefined);
});

test('keys take turns, and within a key the first to come goes first, also when it comes again', () => {
  const { admitted, passes, wait, enter } = bench({ slots: 1 });
  const running = enter();
  for (let i = 0; i < 100; i += 1) wait(`a${i}`, { keyId: 'a', arrival: 1000 + i });
  wait('b0', { keyId: 'b', arrival: 2000 });
  wait('b1', { keyId: 'b', arrival: 2001 });
  wait('a first', { keyId: 'a', arrival: 999 });
  running.leave('used');
  for (let i = 0; i < 5; i += 1) passes.at(-1)?.leave('used');
  assert.deepEqual(admitted, ['a first', 'b0', 'a0', 'b1', 'a1', 'a2']);
});

test('one that stops waiting makes room for who stood behind it', () => {
  const { admitted, wait, enter } = bench({ slots: 2 });
  enter();
  const leave = wait('two', { slots: 2 });
  wait('one', { keyId: 'other' });
  assert.deepEqual(admitted, []);
  leave();
  assert.deepEqual(admitted, ['one']);
});

test('slots of tasks that run already are taken even where there are none', () => {
  const { gate, admitted, wait } = bench({ slots: 2 });
  const held = [gate.hold(2), gate.hold(2)];
  wait('next');
  held[0]?.leave('used');
  assert.deepEqual(admitted, []);
  held[1]?.leave('used');
  assert.deepEqual(admitted, ['next']);
});

test('no minute sees more images than its limit, whatever comes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ images: fc.integer({ min: 1, max: 5 }), pauseMs: fc.integer({ min: 0, max: 40_000 }) }),
        {
          minLength: 1,
          maxLength: 25,
        },
      ),
      async (calls) => {
        const { clock, gate } = bench({ imagesPerMinute: 5 });
        const sent: { atMs: number; images: number }[] = [];
        for (const { images, pauseMs } of calls) {
          gate.wait(demandOf({ images }), (pass) => {
            sent.push({ atMs: clock.now(), images });
            pass.leave('used');
          });
          await clock.advance(pauseMs);
        }
        await clock.advance(calls.length * 61_000);
        assert.equal(sent.length, calls.length, 'all go in the end');
        for (const { atMs } of sent) {
          const inMinute = sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 60_000);
          assert.ok(inMinute.reduce((sum, { images }) => sum + images, 0) <= 5);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('images that were surely not sent do not count', () => {
  const { gate, enter } = bench({ imagesPerMinute: 4 });
  enter({ images: 4 }).leave('unused');
  assert.equal(gate.leastWaitMs(4), 0);
  enter({ images: 4 }).leave('used');
  assert.equal(gate.leastWaitMs(1), 61_000);
});

test('a clock that is set back makes nobody wait for the difference', async () => {
  const { clock, gate, admitted, wait, enter } = bench({ imagesPerMinute: 1 });
  enter().leave('used');
  clock.set(clock.now() - 3_600_000);
  assert.equal(gate.leastWaitMs(1), 61_000);
  wait('next');
  await clock.advance(61_000);
  assert.deepEqual(admitted, ['next']);
});

test('a throttling answer keeps everybody back for the wait it asks for, then the first goes', async () => {
  const { clock, gate, admitted, wait, enter } = bench();
  enter().leave({ throttledForMs: 33_000 });
  assert.equal(gate.tryEnter(demandOf()), undefined);
  wait('next');
  await clock.advance(32_999);
  assert.deepEqual(admitted, []);
  await clock.advance(1);
  assert.deepEqual(admitted, ['next']);
});

test('without a wait asked for, pauses begin at a second, double, and start again after a success', async () => {
  const { clock, gate, enter } = bench();
  const pauses: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    enter().leave({ throttledForMs: undefined });
    pauses.push(gate.leastWaitMs(1));
    await clock.advance(gate.leastWaitMs(1));
  }
  enter().leave('used');
  enter().leave({ throttledForMs: undefined });
  assert.deepEqual([...pauses, gate.leastWaitMs(1)], [1000, 2000, 4000, 8000, 1000]);
});

test('a burst of throttling answers is one, and teaches how many go at once', async () => {
  const { clock, gate, admitted, wait, enter } = bench();
  const burst = Array.from({ length: 20 }, () => enter());
  for (const pass of burst.slice(4)) pass.leave({ throttledForMs: undefined });
  assert.equal(gate.leastWaitMs(1), 1000);
  wait('fifth');
  await clock.advance(2000);
  assert.deepEqual(admitted, [], 'the four that were let through still run');
  burst[0]?.leave('used');
  assert.deepEqual(admitted, ['fifth']);
});

test('what was learnt grows again, by half every quarter of a minute', async () => {
  const { clock, admitted, wait, enter } = bench();
  const burst = Array.from({ length: 20 }, () => enter());
  for (const pass of burst.slice(4)) pass.leave({ throttledForMs: undefined });
  for (let i = 0; i < 10; i += 1) wait(String(i));
  await clock.advance(14_999);
  assert.equal(admitted.length, 0);
  await clock.advance(1);
  assert.equal(admitted.length, 2, '6 at once');
  await clock.advance(15_000);
  assert.equal(admitted.length, 5, '9 at once');
});

test('what is learnt never goes beyond the slots that were configured', async () => {
  const { clock, gate, enter } = bench({ slots: 3 });
  enter();
  enter().leave({ throttledForMs: 1000 });
  await clock.advance(3_600_000);
  enter();
  enter();
  assert.equal(gate.tryEnter(demandOf()), undefined);
});

test('no slot is ever lost or given twice, whoever comes, leaves, gives up or is throttled', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('wait' as const),
      slots: fc.integer({ min: 1, max: 4 }),
      keyId: fc.constantFrom('a', 'b', 'c'),
    }),
    fc.record({
      do: fc.constant('leave' as const),
      how: fc.constantFrom('used' as const, 'unused' as const),
      nth: fc.nat(20),
    }),
    fc.record({ do: fc.constant('throttled' as const), nth: fc.nat(20) }),
    fc.record({ do: fc.constant('give up' as const), nth: fc.nat(20) }),
    fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, gate } = bench({ slots: 4, imagesPerMinute: 20 });
      const waiting: (() => void)[] = [];
      const inside: { pass: Pass; slots: number }[] = [];
      let admitted = 0;
      let givenUp = 0;
      let asked = 0;
      for (const each of steps) {
        if (each.do === 'wait') {
          asked += 1;
          const { slots, keyId } = each;
          let isIn = false;
          const withdraw = gate.wait(demandOf({ slots, keyId, images: slots }), (pass) => {
            isIn = true;
            admitted += 1;
            inside.push({ pass, slots });
          });
          waiting.push(() => {
            if (!isIn) givenUp += 1;
            withdraw();
          });
        } else if (each.do === 'time') {
          await clock.advance(each.ms);
        } else if (each.do === 'give up') {
          waiting.splice(each.nth, 1)[0]?.();
        } else {
          const leaving = inside.splice(each.nth, 1)[0]?.pass;
          leaving?.leave(each.do === 'throttled' ? { throttledForMs: 500 } : each.how);
        }
        assert.ok(inside.reduce((sum, { slots }) => sum + slots, 0) <= 4);
      }
      for (let round = 0; round <= steps.length; round += 1) {
        for (const { pass } of inside.splice(0)) pass.leave('used');
        await clock.advance(61_000);
      }
      for (const { pass } of inside.splice(0)) pass.leave('used');
      assert.equal(admitted + givenUp, asked, 'everybody went or gave up');
      await clock.advance(3_600_000);
      assert.ok(gate.tryEnter(demandOf({ slots: 4 })) !== undefined, 'all four are free');
      assert.equal(gate.tryEnter(demandOf()), undefined);
      assert.equal(clock.sleepers, 0, 'nobody is waited for any more');
    }),
    { numRuns: 150 },
  );
});
