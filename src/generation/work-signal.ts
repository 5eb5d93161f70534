/**
 * Runs one piece of long work under a signal that is aborted with `stop`, or after `limitMs`. Made by hand: an
 * AbortSignal.any over AbortSignal.timeout keeps about a kilobyte each until its timer ends, here most of a day.
 */
export async function withinLimit<T>(
  stop: AbortSignal,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const onStop = (): void => ending.abort(stop.reason);
  const timer = setTimeout(
    () => ending.abort(new DOMException('The work took too long.', 'TimeoutError')),
    limitMs,
  );
  timer.unref();
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  try {
    return await work(ending.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}
