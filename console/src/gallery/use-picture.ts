import { useCallback, useEffect, useState } from 'preact/hooks';
import { asApiError, isAbort, type ApiError } from '../api/errors.ts';
import { sessionCount } from '../session/session.ts';
import { useStore } from '../store.ts';
import type { PictureList } from './picture-list.ts';
import type { Picture, PictureSource } from './source.ts';

/** One record as the detail view has it. `gone`: there is none, or it is another key's; both look the same. */
export type OnePicture =
  | { state: 'loading' }
  | { state: 'ready'; picture: Picture }
  | { state: 'gone' }
  | { state: 'failed'; error: ApiError };

const progressMs = 2000;

/** From the list where it is there, else on its own; while it is being made it is asked for again and again. */
export function usePicture(
  id: string,
  list: PictureList,
  source: PictureSource,
): OnePicture & { reload: () => void } {
  const known = list.picture(id);
  const [found, setFound] = useState<{ id: string; one: OnePicture }>();
  const [asked, setAsked] = useState(0);
  const signedIn = useStore(sessionCount);
  const one: OnePicture =
    found?.id === id
      ? found.one
      : known === undefined
        ? { state: 'loading' }
        : { state: 'ready', picture: known };
  const isRunning = one.state === 'ready' && one.picture.status === 'in_progress';

  useEffect(() => {
    // What the list has was fetched lately; a reload is asked for when that does not do.
    if (asked === 0 && list.picture(id) !== undefined) return undefined;
    const leaving = new AbortController();
    const show = (one: OnePicture): void => {
      if (!leaving.signal.aborted) setFound({ id, one });
    };
    const load = async (): Promise<void> => {
      try {
        const picture = await source.picture(id, leaving.signal);
        if (picture !== undefined) list.keep(picture);
        show(picture === undefined ? { state: 'gone' } : { state: 'ready', picture });
      } catch (thrown) {
        if (!isAbort(thrown)) show({ state: 'failed', error: asApiError(thrown) });
      }
    };
    void load();
    return () => leaving.abort();
  }, [id, list, source, asked, signedIn]);

  const reload = useCallback(() => setAsked((count) => count + 1), []);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(reload, progressMs);
    return () => clearInterval(timer);
  }, [isRunning, reload]);
  return { ...one, reload };
}

/** The records before and after one in the list, also where it is not in what was loaded of it. */
export function useNeighbours(
  id: string,
  list: PictureList,
  ids: readonly string[],
  source: PictureSource,
): { newer: string | undefined; older: string | undefined } {
  const [asked, setAsked] = useState<{ id: string; newer: string | undefined; older: string | undefined }>();
  const place = ids.indexOf(id);
  const isLast = place >= 0 && place >= ids.length - 3;

  useEffect(() => {
    if (isLast) void list.loadOlder();
  }, [isLast, list]);

  useEffect(() => {
    if (place >= 0) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    Promise.all([
      source.page({ limit: 1, before: id }, signal),
      source.page({ limit: 1, after: id }, signal),
    ]).then(
      ([newer, older]) => setAsked({ id, newer: newer.pictures[0]?.id, older: older.pictures[0]?.id }),
      // Without neighbours there is nowhere to go, which is all that is lost.
      () => undefined,
    );
    return () => leaving.abort();
  }, [id, place, source]);

  if (place >= 0) return { newer: ids[place - 1], older: ids[place + 1] };
  return asked?.id === id ? asked : { newer: undefined, older: undefined };
}
