import assert from 'node:assert/strict';
import { NotBase64, type DraftOptions, type ObjectDraft } from '../../src/core/object-store.ts';

/** A draft in memory that tells what became of it. Nobody publishes it. */
export interface MemoryDraft extends ObjectDraft {
  readonly content: Buffer;
  readonly isDiscarded: boolean;
}

/** `onWrite` sees each piece as it was given; what it throws is what the write throws. */
export function makeMemoryDraft(
  { encoding }: Pick<DraftOptions, 'encoding'> = {},
  onWrite: (piece: Uint8Array) => void | Promise<void> = () => {},
): MemoryDraft {
  let content = Buffer.alloc(0);
  let isDiscarded = false;
  return {
    async write(piece) {
      // As the port says: the sender may use its buffer again.
      const copy = Buffer.from(piece);
      await onWrite(copy);
      content = Buffer.concat([content, copy]);
    },
    async end() {
      if (encoding === undefined) return;
      const text = content.toString('latin1');
      content = Buffer.from(text, 'base64');
      // What an encoder writes, and nothing that only reads alike.
      if (content.toString('base64') !== text) throw new NotBase64();
    },
    get bytes() {
      return content.length;
    },
    readAt: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
    publish: () => assert.fail('nobody publishes it'),
    async discard() {
      isDiscarded = true;
    },
    get content() {
      return content;
    },
    get isDiscarded() {
      return isDiscarded;
    },
  };
}
