/** Lets `most` run at a time, the others wait in order; one whose signal ends meanwhile leaves at once and never starts. */
export function makeGate(most: number): <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting = new Set<() => void>();

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(start);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- as the signal says it
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(start);
    });
  }

  return async (signal, work) => {
    signal.throwIfAborted();
    if (running < most) running++;
    else await turn(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      // The place is handed on, not freed, so nobody slips in between.
      const [next] = waiting;
      if (next === undefined) running--;
      else {
        waiting.delete(next);
        next();
      }
    }
  };
}
