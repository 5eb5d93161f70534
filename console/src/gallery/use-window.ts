import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { layoutFor, rowStep, visibleRows, type GridLayout, type RowRange } from './grid-layout.ts';

/** Rows drawn beyond the window on either side, so that a flick of the wheel finds them there. */
const moreRows = 3;
/** Faster than this part of a window per frame, pictures would be fetched for nobody. */
const flyingPart = 0.8;
const restMs = 180;

/** Of the grid that was drawn last: who comes back finds the page as high as it was, before anything is measured. */
let lastWidth = 800;

export interface GridWindow {
  layout: GridLayout;
  rows: RowRange;
  /** Rows that fit the window, at least one. */
  rowsPerPage: number;
  /** The list flies by. */
  isFlying: boolean;
}

/**
 * Which rows of a grid are near the browser's window. The page itself scrolls, so that a phone's bars behave. When the
 * number of columns changes, what stood at the window's top stays there.
 */
export function useGridWindow(
  root: RefObject<HTMLElement | null>,
  rowCount: (layout: GridLayout) => number,
): GridWindow {
  const [width, setWidth] = useState(lastWidth);
  const [isFlying, setFlying] = useState(false);
  const [, redraw] = useState(0);
  const layout = layoutFor(width);
  const place = useRef({ top: 0, height: innerHeight });
  const rows = visibleRows(place.current, rowCount(layout), layout, moreRows);
  const drawn = useRef({ layout, rowCount, rows });
  drawn.current = { layout, rowCount, rows };
  const topItem = useRef(0);

  useLayoutEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      // Hidden behind the sign-in it has no width; it will be what it was.
      measure(entry?.contentRect.width ?? 0);
    });
    const measure = (next: number): void => {
      if (next === 0) return;
      lastWidth = next;
      setWidth(next);
    };
    observer.observe(element);
    measure(element.getBoundingClientRect().width);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    let frame = 0;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const read = (isFirst: boolean): void => {
      frame = 0;
      const box = root.current?.getBoundingClientRect();
      if (box === undefined || box.width === 0) return;
      const before = place.current;
      place.current = { top: -box.top, height: innerHeight };
      const { layout, rowCount, rows } = drawn.current;
      topItem.current = Math.max(0, Math.floor(-box.top / rowStep(layout))) * layout.columns;
      if (!isFirst && Math.abs(before.top + box.top) > innerHeight * flyingPart) {
        setFlying(true);
        clearTimeout(rest);
        rest = setTimeout(() => setFlying(false), restMs);
      }
      // Most frames move no row in or out: then nothing is drawn anew.
      const next = visibleRows(place.current, rowCount(layout), layout, moreRows);
      if (next.first !== rows.first || next.last !== rows.last) redraw((count) => count + 1);
    };
    const onMove = (): void => {
      frame ||= requestAnimationFrame(() => read(false));
    };
    document.addEventListener('scroll', onMove, { passive: true });
    addEventListener('resize', onMove);
    read(true);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      document.removeEventListener('scroll', onMove);
      removeEventListener('resize', onMove);
    };
  }, []);

  const columns = useRef(layout.columns);
  useLayoutEffect(() => {
    if (columns.current === layout.columns) return;
    columns.current = layout.columns;
    const { top } = place.current;
    if (top <= 0) return;
    const shift = Math.floor(topItem.current / layout.columns) * rowStep(layout) - top;
    scrollBy({ top: shift, behavior: 'instant' });
  }, [layout.columns]);

  return {
    layout,
    rows,
    rowsPerPage: Math.max(1, Math.floor(place.current.height / rowStep(layout))),
    isFlying,
  };
}
