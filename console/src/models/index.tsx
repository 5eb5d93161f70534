import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

/** To be filled. */
export function ModelsScreen(): JSX.Element {
  return (
    <div class="page">
      <h1>Models</h1>
      <Empty icon="models" title="Nothing here yet" />
    </div>
  );
}
