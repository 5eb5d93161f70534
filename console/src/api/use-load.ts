import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { sessionCount } from '../session/session.ts';
import { useStore } from '../store.ts';
import { asApiError, isAbort, type ApiError } from './errors.ts';

/** What a screen shows of something that is fetched. `data` of an earlier load stays while the next one runs. */
export type Loaded<T> =
  | { state: 'loading'; data: T | undefined }
  | { state: 'failed'; data: T | undefined; error: ApiError }
  | { state: 'ready'; data: T };

/**
 * Fetches when the screen opens, when one of `dependencies` changes, after each sign-in, and when `reload` is called.
 * With `everyMs` it also asks again after each answer, while the page is visible.
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: readonly unknown[],
  { everyMs }: { everyMs?: number } = {},
): Loaded<T> & { reload: () => void } {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading', data: undefined });
  const [asked, setAsked] = useState(0);
  const signedIn = useStore(sessionCount);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    const leaving = new AbortController();
    setLoaded((before) => ({ state: 'loading', data: before.data }));
    const run = async (): Promise<void> => {
      try {
        const data = await latest.current(leaving.signal);
        if (!leaving.signal.aborted) setLoaded({ state: 'ready', data });
      } catch (error) {
        if (leaving.signal.aborted || isAbort(error)) return;
        setLoaded((before) => ({ state: 'failed', data: before.data, error: asApiError(error) }));
      }
    };
    void run();
    return () => leaving.abort();
  }, [...dependencies, asked, signedIn]);

  const reload = useCallback(() => setAsked((count) => count + 1), []);
  const isOver = loaded.state !== 'loading';
  useEffect(() => {
    if (everyMs === undefined || !isOver) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isOver, reload]);

  return { ...loaded, reload };
}
