import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { Icon } from '../design/icon.tsx';
import { heightOf, isMoveKey, move, rowCount, rowStep } from './grid-layout.ts';
import type { ListState, PictureList } from './picture-list.ts';
import { PictureTile } from './picture-tile.tsx';
import type { Picture } from './source.ts';
import { extend, nothingSelected, selectAll, toggle, type Selection } from './selection.ts';
import { useGridWindow } from './use-window.ts';
import { labelOf } from './words.ts';

/** Grey rows at the end while there are more: the page that comes fits in without moving anything. */
const waitingRows = 4;

interface GridProps {
  list: PictureList;
  state: ListState;
  /** The cell that keys go on from; undefined: the first. */
  activeId: string | undefined;
  selection: Selection;
  onActive: (id: string) => void;
  onOpen: (id: string) => void;
  onSelection: (selection: Selection) => void;
  onDelete: (ids: readonly string[]) => void;
  /** Counts up when the active cell is to have the focus. */
  focusAsked: number;
}

/** Thousands of cells, of which only those near the window exist. One of them is a stop of the tab key. */
export function PictureGrid(props: GridProps): JSX.Element {
  const { list, state, selection, onActive, onOpen, onSelection, onDelete, focusAsked } = props;
  const { ids, hasOlder } = state;
  const root = useRef<HTMLDivElement>(null);
  const places = useMemo(() => new Map(ids.map((id, place) => [id, place])), [ids]);
  const active = Math.max(0, places.get(props.activeId ?? '') ?? 0);
  const { layout, rows, rowsPerPage, isFlying } = useGridWindow(
    root,
    (layout) => rowCount(ids.length, layout) + (hasOlder ? waitingRows : 0),
  );
  const { columns, cell, gap } = layout;
  const realRows = rowCount(ids.length, layout);
  const allRows = realRows + (hasOlder ? waitingRows : 0);

  const from = rows.first * columns;
  const to = Math.min(ids.length, (rows.last + 1) * columns) - 1;
  useEffect(() => {
    if (isFlying) return;
    if (to >= from) void list.need(from, to);
    if (hasOlder && rows.last >= realRows - 2 * rowsPerPage && state.olderError === undefined)
      void list.loadOlder();
  }, [list, from, to, isFlying, hasOlder, realRows, ids]);

  const wantsFocus = useRef(false);
  if (useChanged(focusAsked)) wantsFocus.current = true;
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    const found = root.current?.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]');
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: 'nearest' });
  });
  const go = (place: number): void => {
    const id = ids[place];
    if (id === undefined) return;
    wantsFocus.current = true;
    onActive(id);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const id = ids[active];
    if (id === undefined || event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isMoveKey(event.key)) {
      const next = move(active, event.key, ids.length, { columns, rowsPerPage, isWhole: isCommand });
      const nextId = ids[next];
      if (event.shiftKey && nextId !== undefined) {
        const begun = selection.anchor === undefined ? toggle(selection, id) : selection;
        onSelection(extend(begun, nextId, ids));
      }
      go(next);
    } else if (event.key === 'Enter') onOpen(id);
    else if (event.key === ' ')
      onSelection(event.shiftKey ? extend(selection, id, ids) : toggle(selection, id));
    else if (event.key === 'Delete' || event.key === 'Backspace')
      onDelete(selection.ids.size > 0 ? ids.filter((id) => selection.ids.has(id)) : [id]);
    else if (event.key === 'a' && isCommand) onSelection(selectAll(ids));
    else if (event.key === 'Escape' && selection.ids.size > 0) onSelection(nothingSelected);
    else return;
    event.preventDefault();
  };

  const onCellClick = (event: MouseEvent, id: string): void => {
    const isOnCheck = event.target instanceof Element && event.target.closest('.cell-check') !== null;
    onActive(id);
    if (event.shiftKey) onSelection(extend(selection, id, ids));
    else if (isOnCheck || event.ctrlKey || event.metaKey || selection.ids.size > 0)
      onSelection(toggle(selection, id));
    else onOpen(id);
  };

  const drawCell = (place: number): JSX.Element => {
    const id = ids[place];
    const column = place % columns;
    const position = { left: `${column * (cell + gap)}px`, width: `${cell}px`, height: `${cell}px` };
    if (id === undefined) return <div key={`waits ${place}`} class="cell cell-waits" style={position} />;
    const picture = list.picture(id);
    const isSelected = selection.ids.has(id);
    return (
      <div
        key={id}
        role="gridcell"
        class={isSelected ? 'cell cell-selected' : 'cell'}
        style={position}
        aria-colindex={column + 1}
        aria-selected={isSelected ? 'true' : 'false'}
        aria-label={nameOf(picture, list.isGone(id))}
        tabIndex={place === active ? 0 : -1}
        data-id={id}
        onClick={(event) => onCellClick(event, id)}
        onFocus={() => {
          if (place !== active) onActive(id);
        }}
      >
        <PictureTile
          picture={picture}
          isGone={list.isGone(id)}
          isPlain={isFlying}
          onBroken={() => list.renew(id)}
        />
        <span class="cell-check">
          <Icon name="check" />
        </span>
      </div>
    );
  };

  const drawRow = (row: number): JSX.Element => {
    const isWaiting = row >= realRows;
    const cells = Array.from({ length: columns }, (_, column) => row * columns + column).filter(
      (place) => place < ids.length || hasOlder,
    );
    return (
      <div
        key={row}
        class="grid-row"
        role={isWaiting ? 'presentation' : 'row'}
        aria-rowindex={isWaiting ? undefined : row + 1}
        style={{ transform: `translateY(${row * rowStep(layout)}px)` }}
      >
        {cells.map(drawCell)}
      </div>
    );
  };

  const drawn = Array.from({ length: Math.max(0, rows.last - rows.first + 1) }, (_, i) => rows.first + i);
  // The cell with the focus stays, however far one scrolls away from it.
  const activeRow = Math.floor(active / columns);
  if (activeRow < rows.first && realRows > 0) drawn.unshift(activeRow);
  if (activeRow > rows.last && activeRow < realRows) drawn.push(activeRow);
  return (
    <div
      ref={root}
      class={selection.ids.size > 0 ? 'grid grid-selecting' : 'grid'}
      role="grid"
      aria-label="Pictures"
      aria-description="Arrows move, Enter opens, Space chooses, Delete deletes."
      aria-multiselectable="true"
      aria-rowcount={hasOlder ? -1 : realRows}
      aria-colcount={columns}
      style={{ height: `${heightOf(allRows, layout)}px` }}
      onKeyDown={onKeyDown}
    >
      {drawn.map(drawRow)}
    </div>
  );
}

function nameOf(picture: Picture | undefined, isGone: boolean): string {
  if (isGone) return 'No longer in this list';
  return picture === undefined ? 'Loading' : labelOf(picture);
}

/** True in the first drawing after the value became another one. */
function useChanged(value: number): boolean {
  const last = useRef(value);
  const hasChanged = last.current !== value;
  last.current = value;
  return hasChanged;
}
