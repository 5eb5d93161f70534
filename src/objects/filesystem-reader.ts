import type { FileHandle } from 'node:fs/promises';

import { ObjectStoreError, type ObjectReader } from '../core/object-store.ts';
import { asObjectStoreError } from './filesystem-error.ts';

/** One block is being sent while the next is read: two of them are all the memory a download holds. */
const blockBytes = 256 * 1024;

/** Reads an open file; closes it at the end of its stream, when the stream's consumer leaves, or on `close`. */
export async function openReader(handle: FileHandle): Promise<ObjectReader | undefined> {
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    return undefined;
  }
  const bytes = status.size;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= handle.close());

  return {
    bytes,
    close,
    readAt: (offset, length) => readFully(handle, offset, Math.max(0, Math.min(length, bytes - offset))),
    stream({ offset, length } = { offset: 0, length: bytes }) {
      if (offset < 0 || length < 0 || offset + length > bytes) throw new RangeError('outside the object');
      return readBlocks(handle, offset, offset + length, close);
    },
  };
}

async function* readBlocks(
  handle: FileHandle,
  offset: number,
  end: number,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const read = (from: number): Promise<Uint8Array> => {
    const block = readFully(handle, from, Math.min(blockBytes, end - from));
    // It is awaited below; should the consumer leave before, its failure is nobody's.
    block.catch(() => {});
    return block;
  };
  let ahead = read(offset);
  try {
    for (let from = offset; from < end;) {
      const block = await ahead;
      if (block.length === 0) throw new ObjectStoreError('io', 'A stored object is shorter than it was.');
      from += block.length;
      if (from < end) ahead = read(from);
      yield block;
    }
  } finally {
    await ahead.catch(() => {});
    await close();
  }
}

/** Short only at the end of the file. */
export async function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  try {
    while (filled < length) {
      const { bytesRead } = await handle.read(block, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw asObjectStoreError(error, 'A stored object cannot be read.');
  }
  return filled === length ? block : block.subarray(0, filled);
}
