import { systemClock, type Clock } from '../../src/core/clock.ts';

/** A clock that runs `factor` times as fast, and may be moved on. Waits and times agree with each other, as on the real one. */
export interface FastClock extends Clock {
  /** Puts the clock ahead; what sleeps is not woken earlier. */
  skip(ms: number): void;
}

/** Settings for a gateway on a fast clock: its deadlines and links must not end while a busy machine takes its time. */
export const unhurried = { EASEL_DEADLINE_MS: '3600000', EASEL_URL_TTL_SECONDS: '604800' };

/** Pauses between polls and before retries cost a test next to nothing. */
export function fastClock(factor: number): FastClock {
  const startedAt = Date.now();
  let skippedMs = 0;
  return {
    now: () => startedAt + skippedMs + Math.floor((Date.now() - startedAt) * factor),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    skip(ms) {
      skippedMs += ms;
    },
  };
}
