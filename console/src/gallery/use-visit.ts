import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { currentSession, sessionCount, sessionState } from '../session/session.ts';
import { useStore } from '../store.ts';
import { removedIds } from './deletions.ts';
import { makePictureList, type PictureList } from './picture-list.ts';
import { makeSource, type PictureSource } from './source.ts';

/** How often new pictures are looked for while somebody looks. */
const lookMs = 5000;

/** A list, and how it was left. Who comes back to the same one finds it so. */
export interface Visit {
  key: string;
  list: PictureList;
  source: PictureSource;
  scrollTop: number;
  activeId: string | undefined;
  close(): void;
}
let lastVisit: Visit | undefined;

function startVisit(key: string, source: PictureSource): Visit {
  const list = makePictureList(source);
  // At once and not when something is next drawn: what comes back can then have the focus.
  const follow = (): void => list.setRemoved(removedIds.get());
  const leave = removedIds.subscribe(follow);
  follow();
  const close = (): void => {
    leave();
    list.close();
  };
  return { key, list, source, scrollTop: 0, activeId: undefined, close };
}

/** The list for these filters: the one that was left, when it is the same, else a new one. */
export function useVisit(listQuery: Record<string, string | number>, isAdmin: boolean): Visit {
  const who = currentSession()?.acting_key.id ?? '';
  const key = JSON.stringify([isAdmin ? 'admin' : who, listQuery]);
  const current = useRef<Visit>(undefined);
  if (current.current?.key !== key) {
    if (lastVisit?.key !== key) {
      lastVisit?.close();
      lastVisit = startVisit(key, makeSource(listQuery));
    }
    current.current = lastVisit;
  }
  const visit = current.current;
  const hasEnded = useStore(sessionState).state === 'ended';

  // The page's own scrolling is ours: closing a picture, coming back and signing in again leave it where it was. Behind
  // the sign-in the page has no height. Whoever comes by a link begins at the top, which is the router's doing.
  useLayoutEffect(() => {
    if (hasEnded) return undefined;
    history.scrollRestoration = 'manual';
    scrollTo({ top: visit.scrollTop, behavior: 'instant' });
    const remember = (): void => {
      visit.scrollTop = scrollY;
    };
    document.addEventListener('scroll', remember, { passive: true });
    return () => {
      document.removeEventListener('scroll', remember);
      history.scrollRestoration = 'auto';
    };
  }, [visit, hasEnded]);

  const signedIn = useStore(sessionCount);
  useEffect(() => {
    const { list } = visit;
    if (list.get().phase !== 'ready') {
      void list.reload();
      return;
    }
    // Who has not begun to look is not disturbed by what is new.
    const comeBack = async (): Promise<void> => {
      await list.look();
      if (visit.scrollTop === 0) list.showNew();
    };
    void comeBack();
  }, [visit, signedIn]);

  useEffect(() => {
    if (hasEnded) return undefined;
    const look = (): void => {
      if (document.visibilityState === 'visible') void visit.list.look();
    };
    const timer = setInterval(look, lookMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [visit, hasEnded]);
  return visit;
}
