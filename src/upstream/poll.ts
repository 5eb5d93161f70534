import type { Clock } from '../core/clock.ts';
import { UpstreamFault, type FaultKind } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { ProviderContext, TaskProvider, TaskState, Ticket } from '../core/provider.ts';

export interface PollTools {
  clock: Clock;
  /** 0 <= x < 1 */
  random: () => number;
  log: Log;
}

/** What a failed question says about the task. */
type Meaning =
  /** Nothing: ask again. */
  | 'passing'
  /** Nothing, and somebody has to act first, e.g. replace a key: ask again, but seldom. */
  | 'held_up'
  /** The question itself is refused; if that goes on, the task is not to be had. */
  | 'refused';

const meanings: Record<FaultKind, Meaning> = {
  not_sent: 'passing',
  unknown: 'passing',
  bad_reply: 'passing',
  throttled: 'passing',
  overloaded: 'passing',
  quota: 'held_up',
  billing: 'held_up',
  auth: 'held_up',
  misconfigured: 'refused',
  content: 'refused',
  parameter: 'refused',
  failed: 'refused',
};

/** True: the upstream refuses the question itself, and will go on doing so. */
export function isRefusedQuestion({ kind }: UpstreamFault): boolean {
  return meanings[kind] === 'refused';
}

/** A refused question is asked this often in a row before the task is given up. */
const maxRefusals = 6;
/** An end that cannot be read (done, and no picture named) is taken for true when it is told this often. */
const maxUnreadableEnds = 3;
const heldUpMs = 15_000;
const maxPauseMs = 60_000;

/**
 * Asks for a task's state until it has ended. The work may have been paid for, so no failed question ends it:
 * connections, 5xx, 429 and broken answers are asked again with growing pauses, a refused key more slowly, until
 * the context's signal ends (then its reason is thrown). Only when the upstream keeps refusing the question
 * itself the task counts as failed, with an unknown outcome. An end that cannot be read is asked for again, too.
 *
 * The first pauses are short and grow with the time waited, so that a quick task is not kept waiting by its
 * poller; then pauses follow the provider's pacing and grow to a tenth of the time already waited, at most five times the
 * pacing: a slow task costs few questions, and knowing its end costs it at most a tenth more time.
 */
export async function pollTask(
  provider: Pick<TaskProvider, 'poll' | 'check' | 'name'>,
  ticket: Ticket,
  context: ProviderContext,
  tools: PollTools,
): Promise<Exclude<TaskState, { state: 'running' }>> {
  const { clock, log } = tools;
  const { firstMs, everyMs } = provider.poll;
  const startedAtMs = clock.now();
  let failures = 0;
  let refusals = 0;
  let unreadableEnds = 0;
  let pauseMs = firstMs;
  for (;;) {
    await clock.sleep(jittered(pauseMs, tools.random), context.signal);
    try {
      const state = await provider.check(ticket, context);
      if (state.state === 'failed' && state.fault.kind === 'bad_reply') {
        unreadableEnds += 1;
        if (unreadableEnds < maxUnreadableEnds) throw state.fault;
      }
      if (state.state !== 'running') return state;
      failures = 0;
      refusals = 0;
      const waitedMs = clock.now() - startedAtMs;
      const settledMs = Math.min(Math.max(everyMs, waitedMs / 10), 5 * everyMs);
      pauseMs = waitedMs < 2 * everyMs ? Math.max(firstMs, waitedMs / 2) : settledMs;
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof UpstreamFault)) throw error;
      const meaning = meanings[error.kind];
      failures += 1;
      refusals = meaning === 'refused' ? refusals + 1 : 0;
      const facts = { provider: provider.name, fault: error.kind, details: error.facts.details, failures };
      if (refusals === maxRefusals) {
        log.error(facts, 'a task is given up: the upstream refuses to tell its state');
        return { state: 'failed', fault: givenUp(error) };
      }
      log.warn(facts, 'the state of a task could not be asked; it is asked again');
      const leastMs = meaning === 'held_up' ? Math.max(everyMs, heldUpMs) : everyMs;
      pauseMs = Math.max(
        Math.min(leastMs * 2 ** Math.min(failures - 1, 10), maxPauseMs),
        error.facts.waitMs ?? 0,
      );
    }
  }
}

/** Up to a tenth more or less, so that tasks begun together are not asked for together. */
function jittered(ms: number, random: () => number): number {
  return ms * (0.9 + 0.2 * random());
}

function givenUp(fault: UpstreamFault): UpstreamFault {
  return new UpstreamFault('unknown', {
    message:
      'The image service accepted the request but no longer tells what became of it. It may have charged for the work.',
    details: `task given up: ${fault.kind}: ${fault.facts.details ?? ''}`,
    cause: fault,
  });
}
