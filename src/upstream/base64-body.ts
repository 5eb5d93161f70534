import { UpstreamFault } from '../core/fault.ts';
import { NotBase64, type ObjectDraft } from '../core/object-store.ts';
import { createHeldScanner } from './held-scanner.ts';

export interface JsonBodyOptions {
  /** String values under these names, at any depth, are base64 pictures. */
  heldKeys: readonly string[];
  /** Opens a draft for the next picture, which is written to it as base64 text. */
  create(): Promise<ObjectDraft>;
  /** Of the whole body as it arrives. */
  maxBytes: number;
  /** Of the body without its pictures. Default 32 MiB. */
  maxTextBytes?: number;
}

export interface JsonBody {
  /** The parsed JSON; a held picture stands in it as `{ held: k }`, k being its place in `held`. */
  body: unknown;
  held: ObjectDraft[];
}

/**
 * Reads a JSON body while it arrives and hands its pictures straight on to drafts, which decode them, so that memory
 * does not grow with the picture. Accepts nothing that JSON.parse and a strict base64 decoder would refuse (a BOM is
 * skipped, as fetch does); besides, nesting is limited to 200, pictures to 100, and an object with a member `held` is
 * refused where a picture belongs.
 *
 * Throws UpstreamFault `bad_reply` for a body that cannot be read; what `chunks` or a draft throws comes through
 * as it is. No draft outlives an error.
 */
export async function readJsonBody(
  /** A chunk is not looked at any more when the next one is asked for. */
  chunks: AsyncIterable<Uint8Array>,
  options: JsonBodyOptions,
): Promise<JsonBody> {
  const scanner = createHeldScanner({
    heldKeys: options.heldKeys,
    maxTextBytes: options.maxTextBytes ?? 32 * 1024 * 1024,
    maxDepth: 200,
    maxHeld: 100,
  });
  const drafts: ObjectDraft[] = [];
  /** Pictures that have come whole and are being decoded. */
  const ends: Promise<void>[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > options.maxBytes) {
        throw new UpstreamFault('bad_reply', {
          details: `unreadable answer: larger than ${options.maxBytes} bytes`,
        });
      }
      for (const piece of scanner.push(chunk)) {
        const draft = drafts.at(-1);
        if (piece.kind === 'open') {
          drafts.push(await options.create());
        } else if (piece.kind === 'text') {
          await draft?.write(piece.text);
        } else if (draft !== undefined) {
          const end = draft.end();
          end.catch(() => {});
          ends.push(end);
        }
      }
    }
    await Promise.all(ends);
    const { body, kept } = scanner.end();
    await discardAll(drafts.filter((_, number) => !kept.includes(number)));
    return { body, held: drafts.filter((_, number) => kept.includes(number)) };
  } catch (error) {
    await Promise.allSettled(ends);
    await discardAll(drafts);
    if (!(error instanceof NotBase64)) throw error;
    throw new UpstreamFault('bad_reply', { details: 'unreadable answer: a picture is not base64' });
  }
}

/** Forgets drafts; one that cannot be forgotten does not hide why it was to be. */
export async function discardAll(drafts: readonly ObjectDraft[]): Promise<void> {
  await Promise.allSettled(drafts.map((draft) => draft.discard()));
}
