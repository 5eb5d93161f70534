import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ownLink } from '../api/own-link.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { Icon } from '../design/icon.tsx';
import { Failed, Loading } from '../design/notice.tsx';
import { useModal } from '../design/use-modal.ts';
import { createFromLink, pictureLink } from '../links.ts';
import { sessionState } from '../session/session.ts';
import { copyText } from '../design/copy-text.ts';
import { DownloadForm } from './download-form.tsx';
import { PictureFacts } from './picture-facts.tsx';
import type { ListState, PictureList } from './picture-list.ts';
import type { Picture, PictureSource } from './source.ts';
import { Thumbnail } from './thumbnail.tsx';
import { useAttempts } from './use-attempts.ts';
import { useNeighbours, usePicture } from './use-picture.ts';
import { useSwipe } from './use-swipe.ts';
import { placesOf, shorten, type Place } from './words.ts';

interface DetailProps {
  id: string;
  /** The place of an image in the record; undefined: the first that was made. */
  index: number | undefined;
  list: PictureList;
  state: ListState;
  source: PictureSource;
  onShow: (id: string, index?: number) => void;
  onClose: () => void;
  onDelete: (id: string) => void;
}

/** One record, large, over the grid. It has an address of its own. */
export function PictureDetail(props: DetailProps): JSX.Element {
  const { id, list, state, source, onShow, onClose, onDelete } = props;
  const dialog = useModal();
  const titleId = useId();
  const { newer, older } = useNeighbours(id, list, state.ids, source);
  const one = usePicture(id, list, source);

  const step = (to: 'newer' | 'older'): void => {
    const next = to === 'newer' ? newer : older;
    if (next !== undefined) onShow(next);
  };

  useKeys((event) => {
    const { target } = event;
    const isTyping = target instanceof HTMLElement && target.closest('input, select, textarea') !== null;
    if (isTyping || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === 'ArrowLeft') step('newer');
    else if (event.key === 'ArrowRight') step('older');
    else if (event.key === 'Delete' && one.state === 'ready') onDelete(id);
    else return;
    event.preventDefault();
  });

  return (
    <dialog
      ref={dialog}
      class="detail"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="detail-head">
        <h2 id={titleId}>Picture</h2>
        <div class="detail-moves">
          <Button
            kind="quiet"
            icon="left"
            label="Newer picture"
            aria-keyshortcuts="ArrowLeft"
            disabled={newer === undefined}
            onClick={() => step('newer')}
          />
          <Button
            kind="quiet"
            icon="right"
            label="Older picture"
            aria-keyshortcuts="ArrowRight"
            disabled={older === undefined}
            onClick={() => step('older')}
          />
        </div>
        <Button kind="quiet" icon="close" label="Close" onClick={onClose} />
      </div>
      {one.state === 'loading' && <Loading what="the picture" />}
      {one.state === 'failed' && <Failed error={one.error} onRetry={one.reload} />}
      {one.state === 'gone' && (
        <div class="notice">
          <Icon name="image" />
          <p>There is no such picture here. It may have been deleted, or belong to another key.</p>
        </div>
      )}
      {one.state === 'ready' && (
        <Opened key={id} {...props} picture={one.picture} onBroken={one.reload} onStep={step} />
      )}
    </dialog>
  );
}

interface OpenedProps extends DetailProps {
  picture: Picture;
  onBroken: () => void;
  onStep: (to: 'newer' | 'older') => void;
}

function Opened(props: OpenedProps): JSX.Element {
  const { picture, onShow, onDelete, onBroken, onStep } = props;
  const stage = useRef<HTMLDivElement>(null);
  useSwipe(stage, onStep);
  const { id } = picture;
  const places = placesOf(picture);
  const place =
    places.find(({ index }) => index === props.index) ??
    places.find(({ kind }) => kind === 'image') ??
    places[0];
  const image = place?.kind === 'image' ? place.image : undefined;
  return (
    <div class="detail-body">
      <div ref={stage} class="detail-stage">
        {image !== undefined ? (
          <LargePicture key={image.index} picture={picture} image={image} onBroken={onBroken} />
        ) : (
          <NoPicture picture={picture} place={place} />
        )}
        {places.length > 1 && (
          <div class="strip" role="group" aria-label="Images of this request">
            {places.map((other) => (
              <button
                key={other.index}
                type="button"
                class="strip-part"
                aria-label={`Image ${other.index + 1}${other.kind === 'failed' ? ', failed' : ''}`}
                aria-pressed={other.index === place?.index ? 'true' : 'false'}
                onClick={() => onShow(id, other.index)}
              >
                {other.kind === 'image' ? (
                  <Thumbnail url={other.image.thumbnail_url} alt="" onBroken={onBroken} />
                ) : (
                  <Icon name="alert" />
                )}
              </button>
            ))}
          </div>
        )}
      </div>
      <div class="detail-side">
        <div class="detail-prompt">
          {/* One that is so long that it scrolls must be reached by the keys that scroll it. */}
          <p class="foreign-text" dir="auto" tabIndex={picture.prompt.length > 300 ? 0 : undefined}>
            {picture.prompt}
          </p>
          <CopyButton icon="copy" text={picture.prompt} label="Copy prompt" />
        </div>
        <div class="detail-acts">
          {image !== undefined && (
            <LinkButton kind="primary" size="small" icon="pen" href={createFromLink(id, image.index)}>
              Edit in Create
            </LinkButton>
          )}
          <CopyButton
            icon="link"
            text={`${location.origin}${pictureLink(id, place?.index ?? 0)}`}
            label="Copy link"
            isLabelled
          />
          {picture.status !== 'in_progress' && (
            <Button kind="danger" size="small" icon="trash" onClick={() => onDelete(id)}>
              Delete
            </Button>
          )}
        </div>
        {image !== undefined && <DownloadForm key={image.index} id={id} image={image} />}
        <PictureFacts picture={picture} image={image} />
      </div>
    </div>
  );
}

const waitsMs = [0, 1500];

/** The small picture stands in its place, in its shape, until the large one has come. */
function LargePicture({
  picture,
  image,
  onBroken,
}: {
  picture: Picture;
  image: Picture['images'][number];
  onBroken: () => void;
}): JSX.Element {
  const { width, height, url, thumbnail_url: small } = image;
  const { state, attempt, onError } = useAttempts(onBroken, waitsMs);
  if (state === 'over')
    return (
      <div class="stage-message">
        <Icon name="alert" />
        <p>This picture cannot be shown. It can still be downloaded.</p>
      </div>
    );
  return (
    <a
      class="stage-picture"
      href={ownLink(url)}
      target="_blank"
      rel="noreferrer"
      title="Open in full size, in a new tab"
      style={{
        aspectRatio: `${width} / ${height}`,
        maxWidth: `${width}px`,
        '--ratio': String(width / height),
      }}
    >
      <img class="stage-small" src={ownLink(small)} alt="" />
      <img
        key={attempt}
        class="stage-large"
        src={ownLink(url)}
        width={width}
        height={height}
        alt={shorten(picture.prompt, 300)}
        onError={onError}
      />
    </a>
  );
}

function NoPicture({ picture, place }: { picture: Picture; place: Place | undefined }): JSX.Element {
  if (picture.status === 'in_progress')
    return (
      <div class="stage-message" role="status">
        <span class="spinner" />
        <p>It is being made.</p>
      </div>
    );
  const error = place?.kind === 'failed' ? place.error : picture.error;
  return (
    <div class="stage-message stage-message-bad">
      <Icon name="alert" />
      <h3>{place?.kind === 'failed' ? `Image ${place.index + 1} failed` : 'It failed'}</h3>
      <p class="foreign-text" dir="auto">
        {error?.message ?? 'No reason is known.'}
      </p>
      {error && <code>{error.reason}</code>}
    </div>
  );
}

/** Says for a moment that it did; said inside the dialog, as everything outside is out of reach then. */
function CopyButton(props: {
  text: string;
  icon: 'copy' | 'link';
  label: string;
  /** Shows its name, and not only the icon. */
  isLabelled?: boolean;
}): JSX.Element {
  const { text, icon, label, isLabelled } = props;
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(() => setSaid(undefined), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  const look = { size: 'small', icon: said === 'Copied' ? 'check' : icon } as const;
  const copy = async (): Promise<void> => {
    setSaid((await copyText(text)) ? 'Copied' : 'Not allowed here');
  };
  return (
    <>
      {isLabelled ? (
        <Button {...look} onClick={() => void copy()}>
          {said ?? label}
        </Button>
      ) : (
        <Button {...look} kind="quiet" label={label} onClick={() => void copy()} />
      )}
      <span class="visually-hidden" role="status">
        {said ?? ''}
      </span>
    </>
  );
}

/** Keys wherever the focus is: what had it may be gone with the picture before. Not while the sign-in is in front. */
function useKeys(onKeyDown: (event: KeyboardEvent) => void): void {
  const latest = useRef(onKeyDown);
  latest.current = onKeyDown;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (sessionState.get().state === 'signed_in') latest.current(event);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
