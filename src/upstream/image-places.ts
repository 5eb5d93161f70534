import type { CallImage } from '../core/image-result.ts';

/** The place that the upstream says, unless another image has it: then, and where none is said, the next free one. */
export function freePlace(said: number | null | undefined, images: readonly CallImage[]): number {
  const taken = new Set(images.map(({ position }) => position));
  let place = typeof said === 'number' && !taken.has(said) ? said : 0;
  while (taken.has(place)) place += 1;
  return place;
}

/** The places of so many that no image has. */
export function missingPlaces(images: readonly CallImage[], count: number): number[] {
  const taken = new Set(images.map(({ position }) => position));
  return Array.from({ length: count }, (_, position) => position).filter((position) => !taken.has(position));
}
