import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { TextField } from '../design/field.tsx';
import { Icon } from '../design/icon.tsx';
import type { Store } from '../store.ts';
import { GalleryPicker } from './gallery-picker.tsx';
import { addUrl, moveInput, removeInput } from './inputs.ts';
import type { Draft, InputImage } from './workspace.ts';

/** The input images, in the order in which the model gets them. */
export function InputStrip({
  draft,
  inputs,
}: {
  draft: Store<Draft>;
  inputs: readonly InputImage[];
}): JSX.Element | null {
  if (inputs.length === 0) return null;
  return (
    <ol class="input-strip" aria-label="Input images">
      {inputs.map((input, i) => (
        <li key={input.id} class="input-image">
          <Thumbnail input={input} />
          <span class="input-place" aria-hidden="true">
            {i + 1}
          </span>
          <div class="input-tools">
            <Button
              size="small"
              icon="left"
              label={`Move ${input.name} forward`}
              disabled={i === 0}
              onClick={() => moveInput(draft, input.id, -1)}
            />
            <Button
              size="small"
              icon="right"
              label={`Move ${input.name} back`}
              disabled={i === inputs.length - 1}
              onClick={() => moveInput(draft, input.id, 1)}
            />
            <Button
              size="small"
              icon="close"
              label={`Remove ${input.name}`}
              onClick={() => removeInput(draft, input.id)}
            />
          </div>
          {input.source.kind === 'upload' && input.source.problem !== null && (
            <p class="field-error input-problem foreign-text" role="alert" dir="auto">
              {input.source.problem}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Thumbnail({ input }: { input: InputImage }): JSX.Element {
  const isUploading = input.source.kind === 'upload' && input.source.problem === null;
  return (
    <div class="input-thumbnail" aria-busy={isUploading ? 'true' : 'false'}>
      {input.thumbnail === null ? (
        <span class="input-faceless foreign-text">
          <Icon name={input.source.kind === 'url' ? 'link' : 'image'} />
          {input.name}
        </span>
      ) : (
        <img src={input.thumbnail} alt={input.name} />
      )}
      {isUploading && <span class="spinner" role="status" aria-label={`Uploading ${input.name}`} />}
    </div>
  );
}

/** The ways to add an image. `room`: how many more the model takes. */
export function InputTools(props: {
  draft: Store<Draft>;
  room: number;
  /** The model takes none at all. */
  isTextOnly: boolean;
  onFiles: (files: readonly File[]) => void;
}): JSX.Element {
  const { draft, room, isTextOnly, onFiles } = props;
  const file = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState<'gallery' | 'url'>();
  const why = isTextOnly ? ': this model takes text only' : room <= 0 ? ': no more fit' : '';
  const isFull = isTextOnly || room <= 0;
  return (
    <>
      <Button
        kind="quiet"
        icon="upload"
        label={`Add images from files${why}`}
        disabled={isFull}
        onClick={() => file.current?.click()}
      />
      <input
        ref={file}
        class="visually-hidden"
        type="file"
        accept="image/*"
        multiple
        tabIndex={-1}
        aria-label="Input image files"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          // The same file may be chosen again.
          event.currentTarget.value = '';
        }}
      />
      <Button
        kind="quiet"
        icon="gallery"
        label={`Add an image from the gallery${why}`}
        disabled={isFull}
        onClick={() => setOpen('gallery')}
      />
      <Button
        kind="quiet"
        icon="link"
        label={`Add an image by its address${why}`}
        disabled={isFull}
        onClick={() => setOpen('url')}
      />
      {open === 'gallery' && <GalleryPicker draft={draft} onClose={() => setOpen(undefined)} />}
      {open === 'url' && <UrlDialog draft={draft} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function UrlDialog({ draft, onClose }: { draft: Store<Draft>; onClose: () => void }): JSX.Element {
  const [url, setUrl] = useState('');
  const [error, setError] = useState<string | null>(null);
  return (
    <Dialog title="Add an image by its address" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const typed = url.trim();
          if (!/^https?:\/\/./.test(typed) || !URL.canParse(typed)) {
            setError('Give a whole address, such as https://example.org/picture.jpg');
            return;
          }
          addUrl(draft, typed);
          onClose();
        }}
      >
        <TextField
          label="Address of the image"
          hint="The gateway fetches it when the picture is made. It must be public."
          error={error}
          inputMode="url"
          value={url}
          onValue={setUrl}
          autoFocus
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit">
            Add image
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
