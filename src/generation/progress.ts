import type { PublicError } from '../core/errors.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { RecordUsage, StoredImage, Warning } from '../core/record.ts';

/** What happens in a generation that callers may follow (public-api.md section 4.7). */
export type Step =
  /** An image before it is done; only for those who follow at that moment. */
  | { kind: 'preview'; index: number; number: number; bytes: Uint8Array; format: ImageFormat; size: string }
  /** Kept; `usage` is its own part of the whole. */
  | { kind: 'image'; image: StoredImage; usage: RecordUsage; warnings: readonly Warning[] }
  | { kind: 'failed'; index: number; error: PublicError };

/** What is under way, told to any number of followers, who may come late and leave. */
export interface Progress {
  tell(step: Step): void;
  /** Nothing more is told. */
  end(): void;
  /** Everything but previews from the beginning on, then each step as it comes, until the end or the signal's. */
  follow(signal: AbortSignal): AsyncGenerator<Step>;
}

/** Previews that wait for a slow follower; the next ones are passed over. */
const maxWaitingPreviews = 4;

interface Follower {
  waiting: Step[];
  wake: () => void;
}

export function makeProgress(): Progress {
  const told: Step[] = [];
  const followers = new Set<Follower>();
  let isOver = false;
  return {
    tell(step) {
      if (step.kind !== 'preview') told.push(step);
      for (const follower of followers) {
        const isCrowded =
          step.kind === 'preview' &&
          follower.waiting.filter(({ kind }) => kind === 'preview').length >= maxWaitingPreviews;
        if (!isCrowded) follower.waiting.push(step);
        follower.wake();
      }
    },
    end() {
      isOver = true;
      for (const { wake } of followers) wake();
    },
    async *follow(signal) {
      const follower: Follower = { waiting: [...told], wake: () => undefined };
      const leave = (): void => follower.wake();
      signal.addEventListener('abort', leave);
      followers.add(follower);
      try {
        for (;;) {
          const step = follower.waiting.shift();
          if (step !== undefined) yield step;
          else if (isOver || signal.aborted) return;
          else {
            await new Promise<void>((resolve) => {
              follower.wake = resolve;
            });
          }
        }
      } finally {
        followers.delete(follower);
        signal.removeEventListener('abort', leave);
      }
    },
  };
}
