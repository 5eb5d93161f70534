import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.tsx';

interface DialogProps {
  title: string;
  /** Escape, the cross and a click beside it. Absent: only what stands in it closes it. */
  onClose?: (() => void) | undefined;
  wide?: boolean;
  children: ComponentChildren;
}

/** A native dialog over the page, open as long as it is rendered. Focus goes in, and back when it closes. */
export function Dialog({ title, onClose, wide, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        // Before the browser sees it: at a second Escape it would no longer ask.
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onClose?.();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClose={() => {
        // A browser's own way back may close it without asking; ours has taken it out of the page before.
        if (dialog.current?.isConnected !== true) return;
        if (onClose) onClose();
        else dialog.current.showModal();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose?.();
      }}
    >
      <div class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        {onClose && <Button kind="quiet" size="small" icon="close" label="Close" onClick={onClose} />}
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** A row of buttons at the end of a dialog; the main one last. */
export function DialogActions({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="dialog-actions">{children}</div>;
}
