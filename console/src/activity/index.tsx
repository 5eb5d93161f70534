import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

/** To be filled. */
export function ActivityScreen(): JSX.Element {
  return (
    <div class="page">
      <h1>Activity</h1>
      <Empty icon="activity" title="Nothing here yet" />
    </div>
  );
}
