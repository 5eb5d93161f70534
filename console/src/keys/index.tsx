import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

/** To be filled. */
export function KeysScreen(): JSX.Element {
  return (
    <div class="page">
      <h1>Keys</h1>
      <Empty icon="key" title="Nothing here yet" />
    </div>
  );
}
