import type { Picture } from './source.ts';

/** `1 picture`, `3 pictures`, `1,200 pictures`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** One place of a record: the image that stands there, or that it failed. */
export type Place =
  | { kind: 'image'; index: number; image: Picture['images'][number] }
  | { kind: 'failed'; index: number; error: Picture['failed_images'][number]['error'] };

/** All places of a record in their order. Empty: it failed as a whole, or is still being made. */
export function placesOf(picture: Picture): readonly Place[] {
  return [
    ...picture.images.map((image): Place => ({ kind: 'image', index: image.index, image })),
    ...picture.failed_images.map(({ index, error }): Place => ({ kind: 'failed', index, error })),
  ].toSorted((a, b) => a.index - b.index);
}

/** What a cell of the grid is called by those who cannot see it. */
export function labelOf(picture: Picture): string {
  const { prompt, status, model, images, failed_images: failed, error, created_at: at } = picture;
  const made = formatTime(at);
  const state =
    status === 'in_progress'
      ? 'in progress'
      : status === 'failed'
        ? `failed: ${error?.message ?? 'no reason is known'}`
        : images.length + failed.length === 1
          ? undefined
          : `${countOf(images.length, 'image')}${failed.length === 0 ? '' : `, ${failed.length} failed`}`;
  return [shorten(prompt, 160), state, model, made].filter((part) => part !== undefined).join(', ');
}

// Made once: making one costs more than everything else that is done for a cell.
const timeFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** Unix seconds as a day and a time. */
export function formatTime(seconds: number): string {
  return timeFormat.format(seconds * 1000);
}

/** At most so many characters, never half of one. */
export function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
