import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { asApiError, isAbort } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { showToast } from '../design/toast.tsx';
import type { PictureList } from './picture-list.ts';
import { downloadPictures, type Missing, type ZipProgress } from './picture-zip.ts';
import type { PictureSource } from './source.ts';
import { countOf } from './words.ts';

/** What can be done with the pictures that are chosen. */
export function SelectionBar(props: {
  /** In the order of the list. */
  ids: readonly string[];
  list: PictureList;
  source: PictureSource;
  onClear: () => void;
  onDelete: () => void;
}): JSX.Element {
  const { ids, list, source, onClear, onDelete } = props;
  const [progress, setProgress] = useState<ZipProgress>();
  const [missing, setMissing] = useState<readonly Missing[]>([]);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const download = async (): Promise<void> => {
    const work = new AbortController();
    running.current = work;
    setProgress({ done: 0, total: ids.length });
    try {
      const result = await downloadPictures({
        ids,
        find: async (id, signal) => list.picture(id) ?? (await source.picture(id, signal)),
        onProgress: setProgress,
        signal: work.signal,
      });
      setMissing(result.missing);
      if (result.missing.length === 0) showToast(`${countOf(result.packed, 'image')} downloaded`);
    } catch (thrown) {
      if (!isAbort(thrown)) showToast(asApiError(thrown).message);
    }
    setProgress(undefined);
  };

  return (
    <>
      {ids.length > 0 && (
        <div class="selection-bar" role="toolbar" aria-label="Chosen pictures">
          <span class="selection-count number" role="status">
            {ids.length.toLocaleString('en')} chosen
          </span>
          {progress === undefined ? (
            <>
              <Button size="small" icon="download" onClick={() => void download()}>
                Download ZIP
              </Button>
              <Button size="small" kind="danger" icon="trash" onClick={onDelete}>
                Delete
              </Button>
              <Button size="small" kind="quiet" icon="close" label="Choose none" onClick={onClear} />
            </>
          ) : (
            <>
              <progress aria-label="Packing" max={progress.total} value={progress.done} />
              <span class="number">
                {progress.done} of {progress.total}
              </span>
              <Button size="small" onClick={() => running.current?.abort()}>
                Cancel
              </Button>
            </>
          )}
        </div>
      )}
      {missing.length > 0 && (
        <Dialog title={`${countOf(missing.length, 'image')} not in the ZIP`} onClose={() => setMissing([])}>
          <p>The others were packed. These could not be had:</p>
          <ul class="missing-list">
            {missing.map(({ name, why }) => (
              <li key={name}>
                <code>{name}</code>{' '}
                <span class="foreign-text" dir="auto">
                  {why}
                </span>
              </li>
            ))}
          </ul>
          <DialogActions>
            <Button kind="primary" onClick={() => setMissing([])}>
              Close
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
