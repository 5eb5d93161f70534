import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

/** To be filled. */
export function GalleryScreen(): JSX.Element {
  return (
    <div class="page">
      <h1>Gallery</h1>
      <Empty icon="gallery" title="Nothing here yet" />
    </div>
  );
}
