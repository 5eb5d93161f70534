import { send } from '../api/client.ts';
import { asApiError, type ApiError } from '../api/errors.ts';
import { imagesPath } from '../api/images-path.ts';
import { showToast } from '../design/toast.tsx';
import { createStore } from '../store.ts';
import { countOf } from './words.ts';

/**
 * Deleting with a way back: a picture is out of sight at once and is deleted when the time for Undo is over, also when
 * the tab is hidden or closed before. What is in here is deleted or about to be; every list leaves it out.
 */
export const removedIds = createStore<ReadonlySet<string>>(new Set());

const undoMs = 6000;
const atOnce = 4;
/** A page that goes has no later; browsers let it send 256 requests that outlive it. */
const atOnceWhenLeaving = 250;
/** Each ends the time for one Undo. */
const open = new Set<() => void>();
/** Each sends what still waits of one deletion. */
const running = new Set<() => void>();
let isLeaving = false;

/** `onUndo`: they are back in their places. */
export function deleteWithUndo(ids: readonly string[], onUndo: () => void): void {
  if (ids.length === 0) return;
  takeAway(ids);
  const close = showToast(`${countOf(ids.length, 'picture')} deleted`, {
    forMs: undoMs,
    action: {
      label: 'Undo',
      act: () => {
        open.delete(close);
        bringBack(ids);
        onUndo();
      },
    },
    onGone: () => {
      open.delete(close);
      void remove(ids);
    },
  });
  open.add(close);
  watchForLeaving();
}

/** Nothing could be undone any more once the page is gone; a hidden one may never come back. */
function endAll(): void {
  isLeaving = true;
  for (const close of open) close();
  for (const hurry of running) hurry();
  isLeaving = false;
}

let isWatching = false;
function watchForLeaving(): void {
  if (isWatching) return;
  isWatching = true;
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') endAll();
  });
  addEventListener('pagehide', endAll);
}

async function remove(ids: readonly string[]): Promise<void> {
  const waiting = [...ids];
  const failed: { id: string; error: ApiError }[] = [];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const error = await removeOne(id);
      if (error !== undefined) failed.push({ id, error });
    }
  };
  const workers: Promise<void>[] = [];
  const start = (count: number): void => {
    for (let i = 0; i < count && waiting.length > 0; i += 1) workers.push(work());
  };
  const hurry = (): void => start(atOnceWhenLeaving);
  running.add(hurry);
  start(isLeaving ? atOnceWhenLeaving : atOnce);
  // More may start while these are waited for.
  for (const worker of workers) await worker;
  running.delete(hurry);
  const [first] = failed;
  if (first === undefined) return;
  bringBack(failed.map(({ id }) => id));
  showToast(`${countOf(failed.length, 'picture')} could not be deleted. ${first.error.message}`, {
    forMs: 10_000,
  });
}

async function removeOne(id: string): Promise<ApiError | undefined> {
  try {
    await send('DELETE', `${imagesPath()}/${id}`, { keepalive: true });
    return undefined;
  } catch (thrown) {
    const error = asApiError(thrown);
    // Somebody else was faster.
    return error.status === 404 ? undefined : error;
  }
}

function takeAway(ids: readonly string[]): void {
  removedIds.set(new Set([...removedIds.get(), ...ids]));
}

function bringBack(ids: readonly string[]): void {
  const back = new Set(ids);
  removedIds.set(new Set([...removedIds.get()].filter((id) => !back.has(id))));
}
