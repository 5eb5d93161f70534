import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

/** To be filled. */
export function CreateScreen(): JSX.Element {
  return (
    <div class="page">
      <h1>Create</h1>
      <Empty icon="create" title="Nothing here yet" />
    </div>
  );
}
