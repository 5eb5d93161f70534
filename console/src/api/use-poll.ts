import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { sessionCount } from '../session/session.ts';
import { useStore } from '../store.ts';
import { asApiError, isAbort, type ApiError } from './errors.ts';

/** What is known now: the last answer, and what went wrong since, if anything did. */
export interface Polled<T> {
  data: T | undefined;
  /** Undefined as soon as an answer comes again. */
  error: ApiError | undefined;
  /** Asks at once, whatever the wait. */
  refresh: () => void;
}

const longestWaitMs = 30_000;

/**
 * Asks again and again while the page is visible, and at once when it becomes so. Each failure in a row doubles the
 * wait. Unlike `useLoad` it has no loading state after the first answer, so that nothing flickers.
 */
export function usePoll<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: readonly unknown[],
  { everyMs }: { everyMs: number },
): Polled<T> {
  const [polled, setPolled] = useState<Pick<Polled<T>, 'data' | 'error'>>({
    data: undefined,
    error: undefined,
  });
  const signedIn = useStore(sessionCount);
  const latest = useRef(load);
  latest.current = load;
  const askNow = useRef<() => void>(() => undefined);

  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    let isAskedAgain = false;
    let failures = 0;

    async function ask(): Promise<void> {
      clearTimeout(timer);
      // The answer on its way may be older than what made somebody ask.
      isAskedAgain = isAsking;
      if (isAsking || leaving.signal.aborted || document.visibilityState === 'hidden') return;
      isAsking = true;
      try {
        const data = await latest.current(leaving.signal);
        failures = 0;
        if (!leaving.signal.aborted) setPolled({ data, error: undefined });
      } catch (thrown) {
        failures += 1;
        if (!leaving.signal.aborted && !isAbort(thrown))
          setPolled((before) => ({ data: before.data, error: asApiError(thrown) }));
      }
      isAsking = false;
      if (leaving.signal.aborted) return;
      const waitMs = isAskedAgain ? 0 : Math.min(longestWaitMs, everyMs * 2 ** failures);
      timer = setTimeout(() => void ask(), waitMs);
    }

    const onVisible = (): void => void ask();
    askNow.current = onVisible;
    document.addEventListener('visibilitychange', onVisible);
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [...dependencies, everyMs, signedIn]);

  const refresh = useCallback(() => askNow.current(), []);
  return { ...polled, refresh };
}
