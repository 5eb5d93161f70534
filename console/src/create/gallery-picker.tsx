import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { ownLink } from '../api/own-link.ts';
import { useLoad } from '../api/use-load.ts';
import type { ImageList } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import type { Store } from '../store.ts';
import { addPicture } from './inputs.ts';
import type { Draft } from './workspace.ts';

const pageSize = 24;

/** Pictures made before, to be picked as an input image; the latest first, page by page. */
export function GalleryPicker({ draft, onClose }: { draft: Store<Draft>; onClose: () => void }): JSX.Element {
  // The cursors of the pages walked through, so that one can go back.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const after = cursors.at(-1);
  const page = useLoad(
    (signal) =>
      ask<ImageList>('GET', '/v1/images', { query: { limit: pageSize, status: 'completed', after }, signal }),
    [after],
  );
  const { data } = page;
  return (
    <Dialog title="Add an image from the gallery" onClose={onClose} wide>
      {page.state === 'failed' && <Failed error={page.error} onRetry={page.reload} />}
      {page.state === 'loading' && data === undefined && <Loading what="your pictures" />}
      {data?.data.length === 0 && (
        <Empty icon="gallery" title="No pictures yet">
          <p>What you make is kept here.</p>
        </Empty>
      )}
      <ul class="picks">
        {data?.data.flatMap(({ id, prompt, images }) =>
          images.map(({ index, thumbnail_url: thumbnailUrl }) => (
            <li key={`${id} ${index}`}>
              <button
                type="button"
                class="pick"
                onClick={() => {
                  void addPicture(draft, { imageId: id, index, name: prompt.slice(0, 60), thumbnailUrl });
                  onClose();
                }}
              >
                <img src={ownLink(thumbnailUrl)} alt={prompt} loading="lazy" />
              </button>
            </li>
          )),
        )}
      </ul>
      {data !== undefined && (cursors.length > 0 || data.has_more) && (
        <div class="dialog-actions">
          <Button
            icon="left"
            disabled={cursors.length === 0}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Newer
          </Button>
          <Button
            disabled={!data.has_more || data.last_id === null}
            onClick={() => data.last_id !== null && setCursors([...cursors, data.last_id])}
          >
            Older
          </Button>
        </div>
      )}
    </Dialog>
  );
}
