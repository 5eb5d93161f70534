import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A finger that goes this far, and twice as far sideways as up or down, means it. */
const leastPx = 48;

/** Calls back when one finger is drawn sideways over an element: `older` to the left, `newer` to the right. */
export function useSwipe(
  root: RefObject<HTMLElement | null>,
  onSwipe: (to: 'newer' | 'older') => void,
): void {
  const latest = useRef(onSwipe);
  latest.current = onSwipe;
  useEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    let start: Touch | undefined;
    const begin = ({ touches, target }: TouchEvent): void => {
      // A row of small pictures is scrolled sideways itself.
      const isOnStrip = target instanceof Element && target.closest('.strip') !== null;
      start = touches.length === 1 && !isOnStrip ? touches[0] : undefined;
    };
    const end = ({ changedTouches: [touch] }: TouchEvent): void => {
      if (start === undefined || touch === undefined) return;
      const [across, along] = [touch.clientX - start.clientX, touch.clientY - start.clientY];
      start = undefined;
      if (Math.abs(across) < leastPx || Math.abs(across) < 2 * Math.abs(along)) return;
      latest.current(across < 0 ? 'older' : 'newer');
    };
    const stop = (): void => {
      start = undefined;
    };
    element.addEventListener('touchstart', begin, { passive: true });
    element.addEventListener('touchend', end, { passive: true });
    element.addEventListener('touchcancel', stop, { passive: true });
    return () => {
      element.removeEventListener('touchstart', begin);
      element.removeEventListener('touchend', end);
      element.removeEventListener('touchcancel', stop);
    };
  }, []);
}
