import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { sessionState } from '../session/session.ts';
import { useStore } from '../store.ts';

/**
 * A native dialog that is open as long as it is rendered, except while the sign-in stands in front: an open one would
 * keep that from being used. Focus goes in, and back when it ends. `isOverSignIn`: it stays in front even then.
 */
export function useModal({
  isOverSignIn = false,
}: { isOverSignIn?: boolean } = {}): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  const isAway = useStore(sessionState).state === 'ended' && !isOverSignIn;
  useLayoutEffect(() => {
    const element = dialog.current;
    if (isAway) return undefined;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [isAway]);
  return dialog;
}
