import type { UpstreamFault } from '../core/fault.ts';
import type { CallImage, TokenUsage } from '../core/image-result.ts';
import type { PendingLink, StoredImage } from '../core/record.ts';
import type { Route } from '../core/route.ts';

export type Kept = { image: StoredImage } | { index: number; fault: UpstreamFault };

/** Images of one call that its upstream hands over before the whole answer is there. */
export interface EarlyImages {
  /** Begins to keep it. Called by the provider, in the midst of the answer. */
  take(image: CallImage, usage: TokenUsage | undefined, route: Route): void;
  /** The one at this place, where it was taken; settled when it is kept or cannot be. */
  at(index: number): Promise<Kept> | undefined;
  /** All that were taken. */
  all(): Promise<Kept[]>;
  /** No links are on their way into the records any more: what is saved next is not overtaken by fewer. */
  saved(): Promise<void>;
}

export function makeEarlyImages(
  call: { firstIndex: number; images: number },
  steps: {
    /** Makes the links durable that have come so far, so that a restart fetches them. */
    saveLinks(links: readonly PendingLink[]): Promise<void>;
    keep(index: number, image: CallImage, route: Route): Promise<Kept>;
    /** It is kept, and the call's answer may still be on its way. */
    onKept(image: StoredImage, usage: TokenUsage | undefined, route: Route): Promise<void>;
  },
): EarlyImages {
  const taken = new Map<number, Promise<Kept>>();
  const links: PendingLink[] = [];
  let saving: Promise<void> = Promise.resolve();
  return {
    take(image, usage, route) {
      // More than were asked for, and what failed, wait for the whole answer.
      if (image.kind === 'failed' || image.position >= call.images) return;
      const index = call.firstIndex + image.position;
      if (taken.has(index)) return;
      const keeping = keepOne(index, image, usage, route);
      keeping.catch(() => undefined);
      taken.set(index, keeping);
    },
    at: (index) => taken.get(index),
    all: () => Promise.all(taken.values()),
    saved: () => saving,
  };

  async function keepOne(
    index: number,
    image: CallImage,
    usage: TokenUsage | undefined,
    route: Route,
  ): Promise<Kept> {
    if (image.kind === 'link') {
      links.push({
        index,
        url: image.url,
        ...(image.revisedPrompt === undefined ? {} : { revisedPrompt: image.revisedPrompt }),
      });
      const soFar = [...links];
      saving = saving.then(() => steps.saveLinks(soFar));
      await saving;
    }
    const kept = await steps.keep(index, image, route);
    if ('image' in kept) void steps.onKept(kept.image, usage, route);
    return kept;
  }
}
