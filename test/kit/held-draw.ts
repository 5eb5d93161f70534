import type { Draw } from '../../src/sandbox/kit.ts';
import { claimedDraw } from './claimed-draw.ts';

/** A picture maker that a test can hold up, so that work is surely still running while it looks. */
export interface HeldDraw {
  draw: Draw;
  /** Pictures whose prompt holds these words wait from now on, all but the next `free`. */
  hold(words: string, free?: number): void;
  /** Lets those go on that wait, and everything after them. */
  release(): void;
}

/** `draw` makes the pictures: files without pixels unless told. */
export function heldDraw(draw: Draw = claimedDraw): HeldDraw {
  let held: { words: string; free: number; released: Promise<void>; release: () => void } | undefined;
  return {
    async draw(request) {
      if (held !== undefined && request.prompt.includes(held.words)) {
        held.free -= 1;
        if (held.free < 0) await held.released;
      }
      return await draw(request);
    },
    hold(words, free = 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { words, free, released: promise, release: resolve };
    },
    release() {
      held?.release();
      held = undefined;
    },
  };
}
