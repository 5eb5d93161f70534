import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { layoutFor, rowStep, visibleRows, type GridLayout, type RowRange } from './grid-layout.ts';

/** Rows drawn beyond the window on either side, so that a flick of the wheel finds them there. */
const moreRows = 3;
/** Faster than this part of a window per event, pictures would be fetched for nobody. */
const flyingPart = 0.8;
const restMs = 120;

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
  const [width, setWidth] = useState(0);
  const [place, setPlace] = useState({ top: 0, height: 800 });
  const [isFlying, setFlying] = useState(false);
  const layout = layoutFor(width === 0 ? 800 : width);
  const topItem = useRef(0);
  const placed = useRef(layout);

  useLayoutEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      // Hidden behind the sign-in it has no width; it will be what it was.
      const next = entry?.contentRect.width ?? 0;
      if (next > 0) setWidth(next);
    });
    observer.observe(element);
    setWidth(element.getBoundingClientRect().width);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    let frame = 0;
    let lastTop = 0;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      frame = 0;
      const box = root.current?.getBoundingClientRect();
      if (box === undefined || box.width === 0) return;
      const height = innerHeight;
      const top = -box.top;
      if (Math.abs(top - lastTop) > height * flyingPart) {
        setFlying(true);
        clearTimeout(rest);
        rest = setTimeout(() => setFlying(false), restMs);
      }
      lastTop = top;
      setPlace({ top, height });
    };
    const onMove = (): void => {
      frame ||= requestAnimationFrame(read);
    };
    document.addEventListener('scroll', onMove, { passive: true });
    addEventListener('resize', onMove);
    read();
    setFlying(false);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      document.removeEventListener('scroll', onMove);
      removeEventListener('resize', onMove);
    };
  }, []);

  useLayoutEffect(() => {
    const before = placed.current;
    placed.current = layout;
    if (before.columns === layout.columns || place.top <= 0) return;
    const shift = Math.floor(topItem.current / layout.columns) * rowStep(layout) - place.top;
    scrollBy({ top: shift, behavior: 'instant' });
  }, [layout.columns]);
  topItem.current = Math.max(0, Math.floor(place.top / rowStep(placed.current))) * placed.current.columns;

  return {
    layout,
    rows: visibleRows(place, rowCount(layout), layout, moreRows),
    rowsPerPage: Math.max(1, Math.floor(place.height / rowStep(layout))),
    isFlying,
  };
}
