/**
 * Runs `work` with a signal that ends after `ms` or with the outer signal. Whether it was the time or the outer
 * signal is seen from the outer one.
 */
export async function withTimeLimit<T>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const passOn = (): void => inner.abort(outer.reason);
  if (outer.aborted) passOn();
  const timer = setTimeout(() => inner.abort(new Error(`not done within ${ms} ms`)), ms);
  outer.addEventListener('abort', passOn);
  try {
    return await work(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', passOn);
  }
}
