// Loaded into a process ahead of its program (`node --import`): its parent asks over the channel how long the event
// loop stood still at worst. The program itself is not changed and knows nothing of it.
//
// A machine with more work than cores lets the thread wait, which is no fault of the program: Linux counts that time
// (schedstat), and it is taken off for the second figure. Reading it costs 5 microseconds.
import { openSync, readSync } from 'node:fs';

export interface LoopAnswer {
  /** By the clock. */
  worstMs: number;
  /** Without what the thread waited for a core; the same where the system does not say. */
  worstOwnMs: number;
}

/** A timer that should fire this often; what it is late by is the stall. */
const everyMs = 5;

const schedstat = openSchedstat();
const text = Buffer.alloc(96);
let seen: LoopAnswer = { worstMs: 0, worstOwnMs: 0 };
let lastMs = performance.now();
let lastWaitedMs = waitedMs();

setInterval(() => {
  const nowMs = performance.now();
  const nowWaitedMs = waitedMs();
  const lateMs = nowMs - lastMs - everyMs;
  seen.worstMs = Math.max(seen.worstMs, lateMs);
  seen.worstOwnMs = Math.max(seen.worstOwnMs, lateMs - (nowWaitedMs - lastWaitedMs));
  lastMs = nowMs;
  lastWaitedMs = nowWaitedMs;
}, everyMs).unref();

process.on('message', (message: { kind?: string }) => {
  if (message.kind !== 'loop') return;
  process.send?.({ kind: 'answer', result: seen });
  seen = { worstMs: 0, worstOwnMs: 0 };
});
process.on('disconnect', () => {
  // A program without an ear for it would outlive a run that was killed.
  setTimeout(() => process.exit(1), 10_000).unref();
});
// The listener alone must not keep a process alive that could not start.
process.channel?.unref();

/** Of the main thread: computed, waited for a core (both in nanoseconds), and how often it had one. */
function openSchedstat(): number | undefined {
  try {
    return openSync('/proc/self/schedstat', 'r');
  } catch {
    return undefined;
  }
}

function waitedMs(): number {
  if (schedstat === undefined) return 0;
  const length = readSync(schedstat, text, 0, text.length, 0);
  return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
}
