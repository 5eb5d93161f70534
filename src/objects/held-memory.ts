import type { Clock } from '../core/clock.ts';

/** The memory of a process for bytes that its disk does not take: counted over all drafts, and bounded. */
export interface HeldMemory {
  readonly bytes: number;
  /** False: no room. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  clock: Clock;
  /** How long a sender waits for room before its write fails, ms. */
  waitMs: number;
  /** Ends the waiting when the process ends. */
  signal: AbortSignal;
}

export function makeHeldMemory(
  options: Pick<HeldMemory, 'clock' | 'waitMs' | 'signal'> & { maxBytes: number },
): HeldMemory {
  let held = 0;
  const { clock, waitMs, signal } = options;
  return {
    clock,
    waitMs,
    signal,
    get bytes() {
      return held;
    },
    take(bytes) {
      if (held + bytes > options.maxBytes) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}
