import type { JSX } from 'preact';
import { Icon } from '../design/icon.tsx';
import type { Picture } from './source.ts';
import { Thumbnail } from './thumbnail.tsx';
import { placesOf, shorten, type Place } from './words.ts';

/** Images of one record that a cell shows beside each other. */
const maxParts = 4;

/** What a cell shows of a record. Its name for those who cannot see it is the cell's own. */
export function PictureTile({
  picture,
  isGone,
  isPlain,
  onBroken,
}: {
  picture: Picture | undefined;
  isGone: boolean;
  /** While the list flies by: nothing that has to be fetched. */
  isPlain: boolean;
  onBroken: () => Promise<void> | void;
}): JSX.Element {
  if (isGone) return <Message icon="trash" text="No longer in this list" />;
  if (picture === undefined) return <span class="tile-waits" />;
  if (picture.status === 'in_progress')
    return <Message text="In progress" isRunning prompt={picture.prompt} />;
  const places = placesOf(picture);
  if (picture.status === 'failed' || picture.images.length === 0)
    return (
      <Message
        icon="alert"
        text={shorten(picture.error?.message ?? 'It failed; no reason is known.', 120)}
        prompt={picture.prompt}
        isBad
      />
    );
  const shown = places.slice(0, maxParts);
  const failed = picture.failed_images.length;
  return (
    <>
      <span class={`tile-parts tile-parts-${shown.length}`}>
        {shown.map((place) => (
          <Part key={place.index} place={place} isPlain={isPlain} onBroken={onBroken} />
        ))}
      </span>
      <span class="tile-words">
        <span class="tile-prompt foreign-text" dir="auto">
          {shorten(picture.prompt, 120)}
        </span>
      </span>
      {(places.length > 1 || failed > 0) && (
        <span class="tile-counts">
          {places.length > 1 && (
            <span class="tile-count number">
              <Icon name="gallery" />
              {picture.images.length}
            </span>
          )}
          {failed > 0 && <span class="tile-count tile-count-bad number">{failed} failed</span>}
        </span>
      )}
    </>
  );
}

function Part({
  place,
  isPlain,
  onBroken,
}: {
  place: Place;
  isPlain: boolean;
  onBroken: () => Promise<void> | void;
}): JSX.Element {
  if (place.kind === 'failed')
    return (
      <span class="tile-part-failed">
        <Icon name="alert" />
      </span>
    );
  if (isPlain) return <span class="thumbnail-waits" />;
  return <Thumbnail url={place.image.thumbnail_url} alt="" onBroken={onBroken} />;
}

function Message(props: {
  text: string;
  icon?: 'alert' | 'trash';
  isRunning?: boolean;
  isBad?: boolean;
  prompt?: string;
}): JSX.Element {
  const { text, icon, isRunning, isBad, prompt } = props;
  return (
    <span class={isBad ? 'tile-message tile-message-bad' : 'tile-message'}>
      {isRunning && <span class="spinner" />}
      {icon && <Icon name={icon} />}
      <span class="foreign-text tile-message-text" dir="auto">
        {text}
      </span>
      {prompt && (
        <span class="tile-message-prompt foreign-text" dir="auto">
          {shorten(prompt, 100)}
        </span>
      )}
    </span>
  );
}
