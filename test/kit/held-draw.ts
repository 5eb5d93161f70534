import type { Draw } from '../../src/sandbox/kit.ts';
import { claimedDraw } from './claimed-draw.ts';

/** A picture maker that a test can hold up, so that work is surely still running while it looks. */
export interface HeldDraw {
  draw: Draw;
  /** Pictures whose prompt holds these words wait from now on. */
  hold(words: string): void;
  /** Lets those go on that wait, and everything after them. */
  release(): void;
}

export function heldDraw(): HeldDraw {
  let held: { words: string; released: Promise<void>; release: () => void } | undefined;
  return {
    async draw(request) {
      if (held !== undefined && request.prompt.includes(held.words)) await held.released;
      return await claimedDraw(request);
    },
    hold(words) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { words, released: promise, release: resolve };
    },
    release() {
      held?.release();
      held = undefined;
    },
  };
}
