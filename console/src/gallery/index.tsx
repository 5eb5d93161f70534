import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { withQuery } from '../api/client.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { Empty, Failed } from '../design/notice.tsx';
import { currentSession } from '../session/session.ts';
import { deleteWithUndo } from './deletions.ts';
import { FilterBar } from './filter-bar.tsx';
import { filtersToList, filtersToQuery, isNarrowed, readFilters } from './filters.ts';
import { PictureDetail } from './picture-detail.tsx';
import { PictureGrid } from './picture-grid.tsx';
import type { ListState, PictureList } from './picture-list.ts';
import { nothingSelected, onlyShown, type Selection } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { useVisit } from './use-visit.ts';
import { countOf } from './words.ts';
import './gallery.css';

/** Pictures as a grid, and one of them large when the address names it. */
export function GalleryScreen(): JSX.Element {
  const { url, path, route } = useLocation();
  const query = useMemo(() => new URL(url, location.origin).searchParams, [url]);
  const filters = useMemo(() => readFilters(query), [query]);
  const isAdmin = currentSession()?.role === 'admin';
  const visit = useVisit(filtersToList(filters, isAdmin), isAdmin);
  const { list, source } = visit;
  const state = useList(list);
  const [activeId, setActiveId] = useState(visit.activeId);
  const [chosen, setChosen] = useState<Selection>(nothingSelected);
  const [focusAsked, setFocusAsked] = useState(0);
  const selection = useMemo(() => onlyShown(chosen, state.ids), [chosen, state.ids]);
  // /gallery/img_... is the short form of a link.
  const openId = query.get('image') ?? /^\/gallery\/(img_\w+)$/.exec(path)?.[1];
  const openIndex = /^\d{1,4}$/.test(query.get('index') ?? '') ? Number(query.get('index')) : undefined;
  const cameFromGrid = useRef(false);
  visit.activeId = activeId;
  useEffect(() => {
    document.title = 'Gallery · Easel';
  }, []);

  const focusOn = (id: string | undefined): void => {
    setActiveId(id);
    setFocusAsked((count) => count + 1);
  };
  const addressOf = (image?: string, index?: number): string =>
    withQuery('/gallery', { ...filtersToQuery(filters), image, index });
  const open = (id: string): void => {
    cameFromGrid.current = true;
    setActiveId(id);
    route(addressOf(id));
  };
  const close = (): void => {
    // One step back where it was one step here, so that Back does not open it again.
    if (cameFromGrid.current) history.back();
    else route(addressOf(), true);
    cameFromGrid.current = false;
  };
  useClosed(openId, (id) => focusOn(state.ids.includes(id) ? id : activeId));

  const remove = (ids: readonly string[]): void => {
    const going = new Set(ids);
    const last = Math.max(...ids.map((id) => state.ids.indexOf(id)));
    const isStaying = (id: string): boolean => !going.has(id);
    const next =
      state.ids.slice(last + 1).find(isStaying) ?? state.ids.slice(0, last + 1).findLast(isStaying);
    setChosen(nothingSelected);
    focusOn(next);
    deleteWithUndo(ids, () => focusOn(ids[0]));
  };

  const isNothing = state.phase === 'ready' && state.ids.length === 0 && !state.hasOlder;
  return (
    <div class="page gallery">
      <div class="page-head">
        <h1>Gallery</h1>
      </div>
      <FilterBar
        filters={filters}
        isAdmin={isAdmin}
        onFilters={(next, isTyping) => {
          setChosen(nothingSelected);
          route(withQuery('/gallery', filtersToQuery(next)), isTyping && filters.q !== '');
        }}
      />
      <div class="gallery-above">
        {state.newCount > 0 && (
          <Button
            kind="primary"
            size="small"
            onClick={() => {
              list.showNew();
              scrollTo({ top: 0, behavior: 'instant' });
              focusOn(list.get().ids[0]);
            }}
          >
            {state.newCount.toLocaleString('en')} new
          </Button>
        )}
      </div>
      <p class="visually-hidden" role="status">
        {state.phase === 'ready' && sayCount(state.ids.length, state.hasOlder)}
      </p>
      {state.phase === 'loading' && <Waiting />}
      {state.phase === 'failed' && state.error !== undefined && (
        <Failed error={state.error} onRetry={() => void list.reload()} />
      )}
      {isNothing && <Nothing isNarrowed={isNarrowed(filters)} onClear={() => route('/gallery')} />}
      {state.phase === 'ready' && !isNothing && (
        <>
          <PictureGrid
            list={list}
            state={state}
            activeId={activeId}
            selection={selection}
            onActive={setActiveId}
            onOpen={open}
            onSelection={setChosen}
            onDelete={remove}
            focusAsked={focusAsked}
          />
          {state.olderError !== undefined && (
            <Failed error={state.olderError} onRetry={() => void list.loadOlder()} />
          )}
          {!state.hasOlder && <p class="gallery-end">{countOf(state.ids.length, 'picture')}</p>}
        </>
      )}
      <div class="gallery-below">
        <SelectionBar
          ids={state.ids.filter((id) => selection.ids.has(id))}
          list={list}
          source={source}
          onClear={() => {
            setChosen(nothingSelected);
            focusOn(activeId);
          }}
          onDelete={() => remove(state.ids.filter((id) => selection.ids.has(id)))}
        />
      </div>
      {openId !== undefined && (
        <PictureDetail
          id={openId}
          index={openIndex}
          list={list}
          state={state}
          source={source}
          onShow={(id, index) => route(addressOf(id, index), true)}
          onClose={close}
          onDelete={(id) => {
            close();
            remove([id]);
          }}
        />
      )}
    </div>
  );
}

/** What the list holds now, without what is deleted or about to be. */
function useList(list: PictureList): ListState {
  const [, redraw] = useState(0);
  useLayoutEffect(() => list.subscribe(() => redraw((count) => count + 1)), [list]);
  return list.get();
}

/** Calls back with the picture that was open when none is any more. */
function useClosed(openId: string | undefined, onClosed: (id: string) => void): void {
  const last = useRef(openId);
  useEffect(() => {
    if (openId === undefined && last.current !== undefined) onClosed(last.current);
    last.current = openId;
  }, [openId]);
}

function sayCount(count: number, hasOlder: boolean): string {
  // The same words while one scrolls on: each page is not worth saying.
  return hasOlder ? 'Pictures, and more further down' : countOf(count, 'picture');
}

/** The grid's own shape, in grey. */
function Waiting(): JSX.Element {
  return (
    <div role="status">
      <span class="visually-hidden">Loading pictures…</span>
      <div class="grid-waits" aria-hidden="true">
        {Array.from({ length: 24 }, (_, i) => (
          <span key={i} class="tile-waits" />
        ))}
      </div>
    </div>
  );
}

function Nothing({ isNarrowed, onClear }: { isNarrowed: boolean; onClear: () => void }): JSX.Element {
  if (isNarrowed)
    return (
      <Empty icon="search" title="No picture matches">
        <p>Fewer words or filters find more.</p>
        <Button onClick={onClear}>Show all pictures</Button>
      </Empty>
    );
  return (
    <Empty icon="gallery" title="No pictures yet">
      <p>Everything that is made here or through the API is kept, and appears in this place.</p>
      <LinkButton kind="primary" icon="create" href="/">
        Make the first one
      </LinkButton>
    </Empty>
  );
}
