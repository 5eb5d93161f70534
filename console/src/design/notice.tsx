import type { ComponentChildren, JSX } from 'preact';
import type { ApiError } from '../api/errors.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';

/** Nothing is here yet: what would be, and how it gets here. */
export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="notice">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** `what` is coming, e.g. "models". */
export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div class="notice" role="status">
      <div class="spinner" />
      <p>Loading {what}…</p>
    </div>
  );
}

/** It did not come: why, and a button to try again. */
export function Failed({ error, onRetry }: { error: ApiError; onRetry?: () => void }): JSX.Element {
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="alert" />
      <p class="foreign-text" dir="auto">
        {error.message}
      </p>
      {onRetry && (
        <Button icon="redo" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
