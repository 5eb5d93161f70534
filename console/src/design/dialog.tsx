import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { sessionState } from '../session/session.ts';
import { Button } from './button.tsx';
import { useModal } from './use-modal.ts';

interface DialogProps {
  title: string;
  /** Escape, the cross and a click beside it. Absent: only what stands in it closes it. */
  onClose?: (() => void) | undefined;
  wide?: boolean;
  /** It stays in front when the session ends, and the sign-in waits behind it. */
  isOverSignIn?: boolean;
  children: ComponentChildren;
}

/** A native dialog over the page, open as long as it is rendered. Focus goes in, and back when it closes. */
export function Dialog({ title, onClose, wide, isOverSignIn = false, children }: DialogProps): JSX.Element {
  const dialog = useModal({ isOverSignIn });
  const titleId = useId();
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
        // A browser may close it without asking; where we did, it is open again, away or gone by now.
        const element = dialog.current;
        if (element?.isConnected !== true || element.open) return;
        if (sessionState.get().state === 'ended' && !isOverSignIn) return;
        if (onClose) onClose();
        else element.showModal();
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
