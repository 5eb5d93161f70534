import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { UpstreamFault, type FaultFacts, type FaultKind } from '../core/fault.ts';
import type { ProviderContext, TaskState } from '../core/provider.ts';
import { pollTask } from './poll.ts';

const done: TaskState = { state: 'done', result: { images: [] } };
const running: TaskState = { state: 'running' };

/** Polls a task that answers as told, the last answer for ever; time moves only by sleeping. */
function poll(
  answers: readonly (TaskState | Error)[],
  options: { random?: () => number; signal?: AbortSignal; stopAfter?: number } = {},
) {
  let nowMs = 1_000_000;
  const waits: number[] = [];
  const stop = new AbortController();
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      if (waits.length === options.stopAfter) stop.abort(new Error('deadline'));
      signal?.throwIfAborted();
      waits.push(Math.round(ms));
      nowMs += ms;
    },
  };
  let asked = 0;
  const log: string[] = [];
  const ended = pollTask(
    {
      name: 'test',
      poll: { firstMs: 500, everyMs: 2000 },
      check: async (ticket) => {
        assert.deepEqual(ticket, { id: 't1' });
        const answer = answers[Math.min(asked, answers.length - 1)] ?? running;
        asked += 1;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    { id: 't1' },
    { signal: options.signal ?? stop.signal } as ProviderContext,
    {
      clock,
      random: options.random ?? (() => 0.5),
      log: {
        debug: () => {},
        info: () => {},
        warn: () => void log.push('warn'),
        error: () => void log.push('error'),
      },
    },
  );
  return { ended, waits, log, asked: () => asked };
}

function fault(kind: FaultKind, facts: FaultFacts = {}): UpstreamFault {
  return new UpstreamFault(kind, facts);
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

test('asks soon at first, then with the pacing, and returns the end', async () => {
  const { ended, waits } = poll([...times(6, running), done]);
  assert.deepEqual(await ended, done);
  assert.deepEqual(waits, [500, 500, 500, 750, 1125, 1688, 2000]);
  const failure: TaskState = { state: 'failed', fault: fault('content') };
  assert.deepEqual(await poll([failure]).ended, failure);
});

test('asks a slow task less often, up to five times the pacing', async () => {
  const { ended, waits } = poll([...times(60, running), done]);
  await ended;
  assert.ok(waits.every((wait, i) => wait >= (waits[i - 1] ?? 0)));
  assert.equal(waits.at(-1), 10_000);
  // Never more than a tenth of what had passed, where that is more than the pacing.
  let passed = 0;
  for (const wait of waits) {
    assert.ok(wait <= Math.max(2000, passed / 10 + 1), `${wait} after ${passed}`);
    passed += wait;
  }
});

test('spreads its questions by chance', async () => {
  const early = poll([running, done], { random: () => 0 });
  const late = poll([running, done], { random: () => 0.999 });
  await Promise.all([early.ended, late.ended]);
  assert.deepEqual(early.waits, [450, 450]);
  assert.ok((late.waits[0] ?? 0) > 549 && (late.waits[1] ?? 0) > 549);
});

test('asks on through failures that pass, with growing pauses, as long as they last', async () => {
  for (const kind of ['not_sent', 'unknown', 'bad_reply', 'throttled', 'overloaded'] as const) {
    const { ended, waits } = poll([...times(40, fault(kind)), running, done]);
    assert.deepEqual(await ended, done);
    assert.deepEqual(waits.slice(0, 9), [500, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    // The task's end is then asked for with a tenth of the time passed, as before.
    assert.equal(waits.at(-1), 10_000);
  }
});

test('waits as long as the upstream says', async () => {
  const { ended, waits } = poll([
    fault('throttled', { waitMs: 90_000 }),
    fault('throttled', { waitMs: 1 }),
    done,
  ]);
  await ended;
  assert.deepEqual(waits, [500, 90_000, 4000]);
});

test('goes on slowly while the credential is refused, since it may be replaced', async () => {
  for (const kind of ['auth', 'billing', 'quota'] as const) {
    const { ended, waits } = poll([...times(30, fault(kind)), done]);
    assert.deepEqual(await ended, done);
    assert.deepEqual(waits.slice(0, 5), [500, 15_000, 30_000, 60_000, 60_000]);
  }
});

test('gives a task up, its outcome unknown, only when the question is refused again and again', async () => {
  for (const kind of ['parameter', 'misconfigured', 'failed', 'content'] as const) {
    const { ended, asked, log } = poll([fault(kind, { details: 'no such task' })]);
    const end = await ended;
    assert.equal(end.state, 'failed');
    assert.equal(end.state === 'failed' && end.fault.kind, 'unknown');
    assert.equal(asked(), 6);
    assert.equal(log.at(-1), 'error');
    // Anything else in between starts the count again.
    const saved = poll([...times(5, fault(kind)), fault('unknown'), ...times(5, fault(kind)), done]);
    assert.deepEqual(await saved.ended, done);
  }
});

test('ends with the reason of the signal, and passes on what is no fault', async () => {
  const { ended, asked } = poll([running], { stopAfter: 5 });
  await assert.rejects(ended, new Error('deadline'));
  assert.equal(asked(), 5);

  const reason = new Error('stopping');
  const abort = new AbortController();
  const cut = poll([fault('unknown')], { signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(cut.ended, reason);

  const bug = new TypeError('a bug');
  await assert.rejects(poll([bug]).ended, bug);
});

test('an end that cannot be read is asked for again, and believed the third time', async () => {
  const unreadable: TaskState = { state: 'failed', fault: fault('bad_reply') };
  const once = poll([unreadable, running, unreadable, done]);
  assert.deepEqual(await once.ended, done);
  const always = poll([unreadable]);
  assert.deepEqual(await always.ended, unreadable);
  assert.equal(always.asked(), 3);
  // A plain failure stands at once.
  const failed = poll([{ state: 'failed', fault: fault('failed') }]);
  await failed.ended;
  assert.equal(failed.asked(), 1);
});
