import { asApiError, isAbort, type ApiError } from '../api/errors.ts';
import type { Picture, PicturePage, PictureSource } from './source.ts';

/** What the grid draws. A new object after each change. */
export interface ListState {
  /** Newest first, without those that are being deleted. */
  ids: readonly string[];
  /** `failed`: nothing could be loaded at all. */
  phase: 'loading' | 'ready' | 'failed';
  error: ApiError | undefined;
  /** Older ones exist that are not in `ids` yet. */
  hasOlder: boolean;
  /** Why the last attempt to load older ones failed. */
  olderError: ApiError | undefined;
  /** Found since, and not in `ids` until `showNew`. */
  newCount: number;
}

/**
 * The list behind the grid: as many ids as have been walked past, and the records near the place that is looked at.
 * Others are forgotten and fetched again by their place, so that a long list takes little memory. Ids sort by time, which
 * is what the cursors are.
 */
export interface PictureList {
  get(): ListState;
  subscribe(listener: () => void): () => void;
  /** Undefined: not here now; `need` fetches it. */
  picture(id: string): Picture | undefined;
  /** It has left the list since it was loaded; its place stays, so that nothing moves. */
  isGone(id: string): boolean;
  /** Forgets everything and begins at the newest. */
  reload(): Promise<void>;
  /** The next page; again while one is on its way: the same one. */
  loadOlder(): Promise<void>;
  /** Places `from` to `to` of `ids` are about to be seen: fetches what is not here or whose links are over. */
  need(from: number, to: number): Promise<void>;
  /** The links of this record do not work: fetches it, with others that say so at the same time. */
  renew(id: string): Promise<void>;
  /** Looks for new ones, for what has become of the newest, and for what is missing where one looks. Never throws. */
  look(): Promise<void>;
  /** Puts the new ones into `ids`. */
  showNew(): void;
  /** What is deleted, or is about to be, is out of sight; what is not named any more comes back to its place. */
  setRemoved(ids: ReadonlySet<string>): void;
  /** A record that was fetched on its own. */
  keep(picture: Picture): void;
  close(): void;
}

const pageSize = 100;
/** How many of the newest are compared in one look. */
const lookSize = 30;
/** Records that are kept whole, about 2 KB each. */
const maxKept = 1200;
const keptAround = 400;
/** A link is renewed before it ends under somebody's eyes. */
const spareSeconds = 60;
/** Tiles that fail together are renewed in one request. */
const gatherMs = 40;

export function makePictureList(source: PictureSource, nowMs: () => number = Date.now): PictureList {
  /** Also the removed ones: they hold their places. */
  let spine: string[] = [];
  let fresh: string[] = [];
  const kept = new Map<string, Picture>();
  let removed: ReadonlySet<string> = new Set();
  const gone = new Set<string>();
  const broken = new Set<string>();
  let shown = { from: 0, to: pageSize };
  let phase: ListState['phase'] = 'loading';
  let error: ApiError | undefined;
  let olderError: ApiError | undefined;
  let hasOlder = false;
  let newReachesList = true;
  let shownOf: { spine: readonly string[]; removed: ReadonlySet<string>; ids: readonly string[] } | undefined;
  let state: ListState = snapshot();
  let older: Promise<void> | undefined;
  let renewing: Promise<void> | undefined;
  const listeners = new Set<() => void>();
  let leaving = new AbortController();
  const asking = new Set<string>();

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    picture: (id) => kept.get(id),
    isGone: (id) => gone.has(id),
    reload,
    loadOlder() {
      if (!hasOlder || phase !== 'ready') return Promise.resolve();
      older ??= walkOn().finally(() => {
        older = undefined;
      });
      return older;
    },
    async need(from, to) {
      shown = { from, to };
      await fetchShown();
    },
    renew(id) {
      broken.add(id);
      renewing ??= renewBroken();
      return renewing;
    },
    async look() {
      if (phase !== 'ready') return;
      const { signal } = leaving;
      const page = await source.page({ limit: lookSize }, signal).catch(() => undefined);
      if (page === undefined || signal.aborted) return;
      compare(page);
      // What could not be had while the gateway did not answer.
      await fetchShown();
    },
    showNew() {
      // Without a common record there may be others between the new ones and the old: the old are walked to again.
      spine = newReachesList ? [...new Set([...fresh, ...spine])].toSorted(newestFirst) : [...fresh];
      if (!newReachesList) hasOlder = true;
      fresh = [];
      tell();
    },
    setRemoved(ids) {
      removed = ids;
      tell();
    },
    keep(picture) {
      if (spine.includes(picture.id)) kept.set(picture.id, picture);
      tell();
    },
    close() {
      leaving.abort();
      listeners.clear();
    },
  };

  async function reload(): Promise<void> {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    phase = spine.length === 0 ? 'loading' : phase;
    error = undefined;
    tell();
    try {
      const page = await source.page({ limit: pageSize }, signal);
      if (signal.aborted) return;
      kept.clear();
      gone.clear();
      fresh = [];
      spine = take(page);
      hasOlder = page.hasMore;
      olderError = undefined;
      phase = 'ready';
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) return;
      error = asApiError(thrown);
      phase = 'failed';
    }
    tell();
  }

  async function walkOn(): Promise<void> {
    const { signal } = leaving;
    const last = spine.at(-1);
    olderError = undefined;
    try {
      const page = await source.page(
        { limit: pageSize, ...(last === undefined ? {} : { after: last }) },
        signal,
      );
      if (signal.aborted) return;
      const known = new Set(spine);
      spine = [...spine, ...take(page).filter((id) => !known.has(id))];
      hasOlder = page.hasMore && page.pictures.length > 0;
      forgetFar();
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) return;
      olderError = asApiError(thrown);
    }
    tell();
  }

  async function fetchShown(): Promise<void> {
    const places = state.ids.slice(Math.max(0, shown.from), shown.to + 1);
    await fetchAgain(places.filter((id) => !gone.has(id) && isMissingOrOver(id)));
  }

  async function renewBroken(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    renewing = undefined;
    const ids = [...broken].toSorted(newestFirst);
    broken.clear();
    await fetchAgain(ids);
  }

  /** Records by their ids, newest first; those that do not come are gone. A failure is left to the next attempt. */
  async function fetchAgain(ids: readonly string[]): Promise<void> {
    const { signal } = leaving;
    const wanted = ids.filter((id) => !asking.has(id));
    for (const id of wanted) asking.add(id);
    try {
      for (const run of runs(wanted)) {
        const [first, last] = [run[0], run.at(-1)];
        if (first === undefined || last === undefined) continue;
        const page = await source.page({ limit: pageSize, after: justNewer(first) }, signal);
        if (signal.aborted) return;
        const came = new Set(take(page, (id) => id >= last));
        for (const id of run) {
          if (came.has(id)) continue;
          gone.add(id);
          kept.delete(id);
        }
        forgetFar();
        tell();
      }
    } catch {
      // The tiles stay as they are, and are asked for again with the next look.
    } finally {
      for (const id of wanted) asking.delete(id);
    }
  }

  /** Parts of the spine that one page can hold. */
  function runs(ids: readonly string[]): string[][] {
    const places = new Map(spine.map((id, place) => [id, place]));
    const found: string[][] = [];
    for (const id of ids) {
      const run = found.at(-1);
      const start = run?.[0];
      const place = places.get(id);
      if (place === undefined) continue;
      // Records that arrived in between since take places too: not the whole page is used.
      if (run !== undefined && start !== undefined && place - (places.get(start) ?? 0) < pageSize - 20)
        run.push(id);
      else found.push([id]);
    }
    return found;
  }

  function compare(page: PicturePage): void {
    const known = new Set(spine);
    const last = spine.at(-1);
    const isInReach = (id: string): boolean => last === undefined || !hasOlder || id > last;
    const found = page.pictures.map(({ id }) => id).filter((id) => !known.has(id));
    const isTouching = page.pictures.some(({ id }) => known.has(id)) || !page.hasMore;
    take(page, (id) => known.has(id) || isInReach(id));
    noteMissing(page);
    fresh = (isTouching ? found.filter(isInReach) : found).toSorted(newestFirst);
    newReachesList = isTouching;
    if (spine.length === 0) {
      // Nobody's look is disturbed.
      spine = fresh;
      fresh = [];
      hasOlder = page.hasMore;
    }
    tell();
  }

  /** Those that should stand in a page of the newest and do not: deleted elsewhere, or the filters fit no more. */
  function noteMissing({ pictures, hasMore }: PicturePage): void {
    const there = new Set(pictures.map(({ id }) => id));
    const end = pictures.at(-1)?.id;
    for (const id of spine) {
      if (hasMore && (end === undefined || id < end)) break;
      if (there.has(id)) gone.delete(id);
      else {
        gone.add(id);
        kept.delete(id);
      }
    }
  }

  /** Remembers the records of a page; gives their ids. */
  function take(page: PicturePage, isWanted: (id: string) => boolean = () => true): string[] {
    const ids: string[] = [];
    for (const picture of page.pictures) {
      if (!isWanted(picture.id)) continue;
      kept.set(picture.id, picture);
      ids.push(picture.id);
    }
    return ids;
  }

  function forgetFar(): void {
    if (kept.size <= maxKept) return;
    const near = new Set([
      ...spine.slice(Math.max(0, shown.from - keptAround), shown.to + keptAround),
      // What has just come is about to be looked at.
      ...spine.slice(-pageSize),
      ...fresh,
    ]);
    for (const id of kept.keys()) if (!near.has(id)) kept.delete(id);
  }

  function isMissingOrOver(id: string): boolean {
    const picture = kept.get(id);
    if (picture === undefined) return true;
    const [image] = picture.images;
    const ends = image === undefined ? undefined : expiryOf(image.thumbnail_url);
    return ends !== undefined && ends - spareSeconds < nowMs() / 1000;
  }

  function snapshot(): ListState {
    // The same array as long as nothing in it changes: what depends on it is not done again.
    if (shownOf?.spine !== spine || shownOf.removed !== removed)
      shownOf = { spine, removed, ids: spine.filter((id) => !removed.has(id)) };
    return {
      ids: shownOf.ids,
      phase,
      error,
      hasOlder,
      olderError,
      newCount: fresh.filter((id) => !removed.has(id)).length,
    };
  }

  function tell(): void {
    state = snapshot();
    for (const listener of listeners) listener();
  }
}

/** When a signed link ends, in Unix seconds; undefined for one that does not say. */
export function expiryOf(url: string): number | undefined {
  const text = /[?&]exp=(\d+)/.exec(url)?.[1];
  return text === undefined ? undefined : Number(text);
}

function newestFirst(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The least id above this one: a page that follows it begins with this one. */
export function justNewer(id: string): string {
  const characters = id.split('');
  for (let at = characters.length - 1; at > 'img_'.length; at -= 1) {
    const value = alphabet.indexOf(characters[at] ?? '');
    if (value < alphabet.length - 1) {
      characters[at] = alphabet[value + 1] ?? 'Z';
      return characters.join('');
    }
    characters[at] = '0';
  }
  return id;
}
