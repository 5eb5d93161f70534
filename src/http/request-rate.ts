/** Counts the requests of keys, so that none takes more a minute than it may (public-api.md section 9). */
export interface RequestRate {
  /** Counts one more, unless the last sixty seconds hold the limit already: what is refused is not counted. */
  take(keyId: string, limit: number, nowMs: number): Promise<RateState>;
}

export interface RateState {
  isAllowed: boolean;
  remaining: number;
  /** Until nothing counts any more. */
  resetMs: number;
  /** Until one more is allowed. */
  waitMs: number;
}

const minuteMs = 60_000;

/** Within this process, which alone serves its data directory; gone when it ends. */
export function makeRequestRate(): RequestRate {
  /** When each request of the last minute came, oldest first. */
  const timesOf = new Map<string, number[]>();
  return {
    take(keyId, limit, nowMs) {
      const times = timesOf.get(keyId) ?? [];
      timesOf.set(keyId, times);
      const live = times.findIndex((atMs) => atMs > nowMs - minuteMs);
      times.splice(0, live < 0 ? times.length : live);
      const isAllowed = times.length < limit;
      if (isAllowed) times.push(nowMs);
      // The one that must go before one more can come; the limit may have been lowered since.
      const first = times[times.length - limit];
      return Promise.resolve({
        isAllowed,
        remaining: Math.max(0, limit - times.length),
        resetMs: left(times.at(-1), nowMs),
        waitMs: left(first, nowMs),
      });
    },
  };
}

/** A clock that was set back must not make anybody wait for longer. */
function left(atMs: number | undefined, nowMs: number): number {
  return atMs === undefined ? 0 : Math.min(minuteMs, Math.max(0, atMs + minuteMs - nowMs));
}
