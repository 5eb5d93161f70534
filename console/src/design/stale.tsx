import type { JSX } from 'preact';
import type { Polled } from '../api/use-poll.ts';
import { Icon } from './icon.tsx';

/** Over what is shown although it could not be refreshed: that it may be out of date, and why. */
export function Stale({ polled }: { polled: Polled<unknown> }): JSX.Element {
  return (
    <div class="stale-place" role="status">
      {polled.error !== undefined && polled.data !== undefined && (
        <p class="stale">
          <Icon name="alert" />
          <span>What you see may be out of date. {polled.error.message}</span>
        </p>
      )}
    </div>
  );
}
