import { GatewayError } from '../core/errors.ts';

/** The generations this process is working on: counted, bounded, and waited for when the process ends. */
export interface InFlight {
  /** Takes a place. Throws GatewayError `queue_full`, or `draining` once the process is ending. */
  enter(): Place;
  readonly count: number;
  /** No new places from now on. */
  drain(): void;
  /** Resolves when nothing is in flight any more. */
  empty(): Promise<void>;
}

/** One taken place. */
export interface Place {
  /** Does the work and gives the place back when it ends. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Gives the place back without any work. */
  leave(): void;
}

/** The process is ending: what was not accepted is refused, and free. */
export function refusedWhileDraining(): GatewayError {
  return new GatewayError(
    'draining',
    'This server is shutting down; nothing was generated. Send the request again.',
    { retryAfterMs: 2000 },
  );
}

export function makeInFlight(maxCount: number): InFlight {
  let count = 0;
  let isDraining = false;
  let waiting: (() => void)[] = [];
  const leave = (): void => {
    count -= 1;
    if (count > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    get count() {
      return count;
    },
    enter() {
      if (isDraining) {
        throw refusedWhileDraining();
      }
      if (count >= maxCount) {
        throw new GatewayError(
          'queue_full',
          `This server is working on ${count} generations, the most it takes at once; nothing was generated. Try again in a few seconds.`,
          { retryAfterMs: 5000 },
        );
      }
      count += 1;
      return {
        leave,
        async run(work) {
          try {
            return await work();
          } finally {
            leave();
          }
        },
      };
    },
    drain() {
      isDraining = true;
    },
    empty: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
