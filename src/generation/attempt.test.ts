import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOf } from '../../test/kit/provider-calls.ts';
import { routeOf } from '../../test/kit/routes.ts';
import type { Clock } from '../core/clock.ts';
import { UpstreamFault, type FaultKind } from '../core/fault.ts';
import type { CallResult } from '../core/image-result.ts';
import type { TaskProvider, Ticket } from '../core/provider.ts';
import { makeAttempt } from './attempt.ts';

const made: CallResult = { images: [{ kind: 'link', position: 0, url: 'http://127.0.0.1:9/picture' }] };

const quiet = (): void => {};

/**
 * A submit whose answer is lost, at an upstream that answers look-ups as told: a fault, no such task, or the task;
 * the last answer for ever. Time moves only by sleeping.
 */
function lostSubmit(lookups: readonly (FaultKind | 'absent' | 'there')[], stopAfter = Infinity) {
  let nowMs = 1_000_000;
  const waits: number[] = [];
  const saved: (Ticket | undefined)[] = [];
  const stop = new AbortController();
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      if (waits.length === stopAfter) stop.abort(new Error('the gateway is stopping'));
      signal?.throwIfAborted();
      waits.push(ms);
      nowMs += ms;
    },
  };
  let asked = 0;
  const provider: TaskProvider = {
    kind: 'task',
    name: 'task',
    defaultBaseUrl: 'http://127.0.0.1:9',
    envPrefix: 'TEST',
    credentials: ['key'],
    cards: [],
    authorize: () => ({}),
    readFault: () => new UpstreamFault('unknown'),
    usualMs: 1000,
    poll: { firstMs: 1, everyMs: 1 },
    submit: () => Promise.reject(new UpstreamFault('unknown')),
    check: async () => ({ state: 'done', result: made }),
    async find(ourId) {
      assert.equal(ourId, 'ours');
      const answer = lookups[Math.min(asked, lookups.length - 1)] ?? 'absent';
      asked += 1;
      if (answer === 'absent') return undefined;
      if (answer === 'there') return { taskId: 't1' };
      throw new UpstreamFault(answer);
    },
  };
  const ended = makeAttempt(
    {
      route: routeOf({ provider: 'task' }),
      ourId: 'ours',
      signal: stop.signal,
      save: async ({ ticket }) => void saved.push(ticket),
    },
    requestOf({ model: 'test' }),
    () => {},
    {
      providers: new Map([['task', provider]]),
      client: { exchange: () => Promise.reject(new Error('not over the network')) },
      clock,
      random: () => 0.5,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    },
  );
  return { ended, waits, saved };
}

test('a submit whose answer was lost is found by our id, and its ticket is kept', async () => {
  const { ended, saved } = lostSubmit(['absent', 'there']);
  assert.deepEqual(await ended, made);
  assert.deepEqual(saved, [{ taskId: 't1' }]);
});

test('an upstream that says three times over some seconds that it has no such task was never asked for one', async () => {
  const { ended, waits } = lostSubmit(['absent']);
  const fault = await ended;
  assert.ok(fault instanceof UpstreamFault && fault.kind === 'failed');
  assert.deepEqual(waits, [250, 1000, 3000]);
});

test('a look-up that is not answered says nothing: it is repeated for as long as it takes', async () => {
  const silence = Array.from({ length: 20 }, (): FaultKind => 'unknown');
  const { ended, waits, saved } = lostSubmit([
    'absent',
    ...silence,
    'not_sent',
    'throttled',
    'auth',
    'there',
  ]);
  assert.deepEqual(await ended, made);
  assert.deepEqual(saved, [{ taskId: 't1' }]);
  assert.ok(Math.max(...waits) <= 30_000);
});

test('a look-up that goes on being refused ends as unknown, never as free', async () => {
  const { ended } = lostSubmit(['misconfigured']);
  const fault = await ended;
  assert.ok(fault instanceof UpstreamFault && fault.kind === 'unknown');
});

test('a stop during the look-ups leaves the call to the next start', async () => {
  const { ended } = lostSubmit(['unknown'], 5);
  await assert.rejects(ended, /the gateway is stopping/);
});
