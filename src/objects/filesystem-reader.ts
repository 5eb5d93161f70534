import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

import { ObjectStoreError, type ObjectReader } from '../core/object-store.ts';
import { asObjectStoreError } from './filesystem-error.ts';

/**
 * One block is being sent while the next is read: two of them are all the memory a download holds. Whole pages, and
 * whole groups of three bytes, so that base64 of a block needs nothing of the one before.
 */
const blockBytes = 240 * 1024;
/** Blocks to be lent again: fresh ones are zeroed by the system and cost more than what is done with them. */
const spareBlocks: Buffer[] = [];
const maxSpareBlocks = 64;

/** What is known of an object's being in the system's memory. */
export interface ReadMemory {
  /** It is there now. */
  isHot: () => boolean;
  /** All of it has been read, and so it is. */
  onRead?: (bytes: number) => void;
}

/**
 * Reads an open file; closes it at the end of its stream, when the stream's consumer leaves, or on `close`. What is in
 * the system's memory (`isHot`) is read without a trip through the thread pool, which costs five times the reading.
 */
export async function openReader(
  handle: FileHandle,
  { isHot, onRead }: ReadMemory = { isHot: () => false },
): Promise<ObjectReader | undefined> {
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    return undefined;
  }
  const bytes = status.size;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= handle.close());
  const ended = (bytesRead: number): Promise<void> => {
    if (bytesRead === bytes) onRead?.(bytes);
    return close();
  };

  return {
    bytes,
    close,
    readAt: (offset, length) => readFully(handle, offset, Math.max(0, Math.min(length, bytes - offset))),
    stream({ offset, length } = { offset: 0, length: bytes }) {
      if (offset < 0 || length < 0 || offset + length > bytes) throw new RangeError('outside the object');
      return readBlocks(handle, { offset, end: offset + length, isLent: false, isHot }, ended);
    },
    lend: () => readBlocks(handle, { offset: 0, end: bytes, isLent: true, isHot }, ended),
  };
}

async function* readBlocks(
  handle: FileHandle,
  { offset, end, isLent, isHot }: { offset: number; end: number; isLent: boolean; isHot: () => boolean },
  close: (bytesRead: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const lent: Buffer[] = [];
  let turn = 0;
  const nextBuffer = (length: number): Buffer => {
    if (!isLent) return Buffer.allocUnsafe(length);
    turn += 1;
    return (lent[turn % 2] ??= spareBlocks.pop() ?? Buffer.allocUnsafeSlow(blockBytes));
  };
  const readOne = async (from: number): Promise<Uint8Array> => {
    const length = Math.min(blockBytes, end - from);
    const buffer = nextBuffer(length);
    return isHot() ? readNow(handle, from, buffer, length) : await readInto(handle, from, buffer, length);
  };
  const read = (from: number): Promise<Uint8Array> => {
    const block = readOne(from);
    // It is awaited below; should the consumer leave before, its failure is nobody's.
    block.catch(() => {});
    return block;
  };
  let ahead = read(offset);
  let bytesRead = 0;
  try {
    for (let from = offset; from < end;) {
      const block = await ahead;
      if (block.length === 0) throw new ObjectStoreError('io', 'A stored object is shorter than it was.');
      from += block.length;
      bytesRead += block.length;
      if (from < end) ahead = read(from);
      yield block;
    }
  } finally {
    await ahead.catch(() => {});
    for (const buffer of lent) if (spareBlocks.length < maxSpareBlocks) spareBlocks.push(buffer);
    await close(bytesRead);
  }
}

/** Short only at the end of the file. */
export function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  return readInto(handle, offset, Buffer.allocUnsafe(length), length);
}

/** The same without waiting, for what the system has in memory. */
export function readNow(handle: FileHandle, offset: number, block: Buffer, length: number): Uint8Array {
  try {
    const bytesRead = readSync(handle.fd, block, 0, length, offset);
    return bytesRead === block.length ? block : block.subarray(0, bytesRead);
  } catch (error) {
    throw asObjectStoreError(error, 'A stored object cannot be read.');
  }
}

async function readInto(
  handle: FileHandle,
  offset: number,
  block: Buffer,
  length: number,
): Promise<Uint8Array> {
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
  return filled === block.length ? block : block.subarray(0, filled);
}
