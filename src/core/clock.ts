/** Time as it is handed in: tests may move it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real one. A sleeper keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return promise;
    }
    // Longer waits than a timer can hold would end at once.
    const timer = setTimeout(wake, Math.min(ms, 2 ** 31 - 1));
    signal?.addEventListener('abort', giveUp);

    function wake(): void {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }
    function giveUp(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      reject(signal?.reason as Error);
    }
    return promise;
  },
};
