/** The geometry of the grid: square cells in rows of one height, so that nothing moves when pictures arrive. */
export interface GridLayout {
  columns: number;
  /** CSS pixels, like all lengths here. */
  cell: number;
  gap: number;
}

/** Cells are at least this wide, and two stand beside each other even where that is too much. */
const smallestCell = { narrow: 104, wide: 168 } as const;
const narrowBelow = 560;

/** What fits a width. */
export function layoutFor(width: number): GridLayout {
  const isNarrow = width < narrowBelow;
  const gap = isNarrow ? 6 : 12;
  const least = isNarrow ? smallestCell.narrow : smallestCell.wide;
  const columns = Math.max(2, Math.floor((width + gap) / (least + gap)));
  return { columns, gap, cell: Math.max(1, (width - gap * (columns - 1)) / columns) };
}

/** From one row's top to the next one's. */
export function rowStep({ cell, gap }: GridLayout): number {
  return cell + gap;
}

export function rowCount(count: number, { columns }: GridLayout): number {
  return Math.ceil(count / columns);
}

/** Of all rows together; 0 without any. */
export function heightOf(rows: number, layout: GridLayout): number {
  return rows === 0 ? 0 : rows * rowStep(layout) - layout.gap;
}

/** First and last row, both included; `last` below `first`: none. */
export interface RowRange {
  first: number;
  last: number;
}

/**
 * The rows to draw: those in a window that begins `top` below the grid's upper edge (negative: above it) and is
 * `height` high, and some more on either side.
 */
export function visibleRows(
  window: { top: number; height: number },
  rows: number,
  layout: GridLayout,
  more: number,
): RowRange {
  const step = rowStep(layout);
  const first = Math.floor(window.top / step) - more;
  const last = Math.ceil((window.top + window.height) / step) - 1 + more;
  return { first: Math.max(0, first), last: Math.min(rows - 1, last) };
}

/** The keys that move among cells. */
export type MoveKey =
  | 'ArrowLeft'
  | 'ArrowRight'
  | 'ArrowUp'
  | 'ArrowDown'
  | 'Home'
  | 'End'
  | 'PageUp'
  | 'PageDown';

const moveKeys: ReadonlySet<string> = new Set<MoveKey>([
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
]);

export function isMoveKey(key: string): key is MoveKey {
  return moveKeys.has(key);
}

/**
 * Where a key leads from a cell, always to one that exists. Left and right go on in the next row; Home and End stay in
 * theirs unless `isWhole`.
 */
export function move(
  from: number,
  key: MoveKey,
  count: number,
  { columns, rowsPerPage, isWhole }: { columns: number; rowsPerPage: number; isWhole: boolean },
): number {
  const last = count - 1;
  const within = (to: number): number => Math.min(last, Math.max(0, to));
  const rowStart = from - (from % columns);
  switch (key) {
    case 'ArrowLeft':
      return within(from - 1);
    case 'ArrowRight':
      return within(from + 1);
    case 'ArrowUp':
      return from - columns < 0 ? from : from - columns;
    case 'ArrowDown':
      // From the last but one row to the end of a last row that is shorter.
      return rowStart + columns > last ? from : within(from + columns);
    case 'Home':
      return isWhole ? 0 : rowStart;
    case 'End':
      return isWhole ? last : within(rowStart + columns - 1);
    case 'PageUp':
      return from - columns * Math.min(rowsPerPage, Math.floor(from / columns));
    case 'PageDown':
      return within(from + columns * rowsPerPage);
  }
}
