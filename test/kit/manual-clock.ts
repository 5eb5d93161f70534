import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves it on, waking sleepers in their order, each at its own time, and lets what they wake run. */
  advance(ms: number): Promise<void>;
  /** Sets it, also back; wakes nobody. */
  set(ms: number): void;
  /** How many sleep. */
  readonly sleepers: number;
}

export function manualClock(startMs = 1_000_000): ManualClock {
  let nowMs = startMs;
  // Counted by a time of its own, so that setting the clock does not change how long a sleeper sleeps.
  let passedMs = 0;
  let sleepers: { atMs: number; wake: () => void }[] = [];

  return {
    now: () => nowMs,
    sleep(ms, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return promise;
      }
      // Whole milliseconds, as the real one tells them.
      const sleeper = { atMs: passedMs + Math.max(0, Math.ceil(ms)), wake: resolve };
      sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        reject(signal.reason as Error);
      });
      return promise;
    },
    async advance(ms) {
      const untilMs = passedMs + ms;
      await settle();
      for (;;) {
        const next = sleepers
          .filter(({ atMs }) => atMs <= untilMs)
          .reduce<(typeof sleepers)[number] | undefined>(
            (first, other) => (first === undefined || other.atMs < first.atMs ? other : first),
            undefined,
          );
        if (next === undefined) break;
        sleepers = sleepers.filter((other) => other !== next);
        nowMs += Math.max(0, next.atMs - passedMs);
        passedMs = Math.max(passedMs, next.atMs);
        next.wake();
        await settle();
      }
      nowMs += untilMs - passedMs;
      passedMs = untilMs;
      await settle();
    },
    set(ms) {
      nowMs = ms;
    },
    get sleepers() {
      return sleepers.length;
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
