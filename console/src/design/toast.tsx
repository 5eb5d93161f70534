import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { createStore, useStore } from '../store.ts';
import { Button } from './button.tsx';

interface Toast {
  id: number;
  text: string;
  action: { label: string; act: () => void } | undefined;
}

const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

/**
 * Says something in the corner for `forMs`. `onGone` is called once when it has gone without its action (e.g. Undo)
 * having been pressed. The result takes it away at once, which counts as gone.
 */
export function showToast(
  text: string,
  {
    action,
    onGone,
    forMs = 6000,
  }: { action?: { label: string; act: () => void }; onGone?: () => void; forMs?: number } = {},
): () => void {
  const id = ++lastId;
  let isOver = false;
  const end = (then: (() => void) | undefined): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    toasts.set(toasts.get().filter((toast) => toast.id !== id));
    then?.();
  };
  const timer = setTimeout(() => end(onGone), forMs);
  const shown = action && { label: action.label, act: () => end(action.act) };
  toasts.set([...toasts.get(), { id, text, action: shown }]);
  return () => end(onGone);
}

/** Where toasts appear; once per page. */
export function Toasts(): JSX.Element {
  const shown = useStore(toasts);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Above a dialog that has been opened since: what is shown last is uppermost.
    if (shown.length === 0 || document.querySelector('dialog[open]') === null) return;
    place.current?.hidePopover();
    place.current?.showPopover();
  }, [shown]);
  return (
    <div ref={place} class="toasts" popover="manual" role="status" aria-live="polite">
      {shown.map(({ id, text, action }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          {action && (
            <Button size="small" onClick={action.act}>
              {action.label}
            </Button>
          )}
        </div>
      ))}
    </div>
  );
}
