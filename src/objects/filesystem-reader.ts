import { closeSync, fstat, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

import { ObjectStoreError, type ObjectReader } from '../core/object-store.ts';
import { asObjectStoreError } from './filesystem-error.ts';
import { lendEncoded, type EncodeTools } from './lend-encoded.ts';

/** One block is being sent while the next is read: two of them are all the memory a download holds. */
const blockBytes = 256 * 1024;

/** What is known of an object's being in the system's memory, and who encodes what is there. */
export interface ReadMemory extends Pick<EncodeTools, 'worker'> {
  /** It is there now. */
  isHot: () => boolean;
  /** All of it has been read, and so it is. */
  onRead: (bytes: number) => void;
}

const statusOf = promisify(fstat);
const readPart = promisify(read);

/**
 * Reads an open file; closes it at the end of its stream, when the stream's consumer leaves, or on `close`. What is in
 * the system's memory (`isHot`) is read without a trip through the thread pool, which costs five times the reading.
 * Undefined: it is no file, and is closed.
 */
export async function openReader(descriptor: number, memory?: ReadMemory): Promise<ObjectReader | undefined> {
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    closeSync(descriptor);
  };
  const status = await statusOf(descriptor).catch((error: unknown) => {
    close();
    throw error;
  });
  if (!status.isFile()) {
    close();
    return undefined;
  }
  const bytes = status.size;
  const isHot = (): boolean => memory?.isHot() === true;
  const ended = (bytesRead: number): void => {
    if (bytesRead === bytes) memory?.onRead(bytes);
  };
  const readInto = (offset: number, block: Buffer): Promise<Uint8Array> =>
    isHot() ? Promise.resolve(readNow(descriptor, offset, block)) : readLater(descriptor, offset, block);
  const lent = lendEncoded({ descriptor, bytes, isHot, worker: memory?.worker, readInto });

  return {
    bytes,
    readAt: (offset, length) => readFully(descriptor, offset, Math.max(0, Math.min(length, bytes - offset))),
    stream({ offset, length } = { offset: 0, length: bytes }) {
      if (offset < 0 || length < 0 || offset + length > bytes) throw new RangeError('outside the object');
      return readBlocks({ offset, end: offset + length }, readInto, (bytesRead) => {
        ended(bytesRead);
        close();
      });
    },
    lendBase64: (unsentBytes) => lent.blocks(unsentBytes, ended),
    async close() {
      await lent.giveBack();
      close();
    },
  };
}

async function* readBlocks(
  { offset, end }: { offset: number; end: number },
  readInto: (from: number, block: Buffer) => Promise<Uint8Array>,
  ended: (bytesRead: number) => void,
): AsyncGenerator<Uint8Array> {
  const read = (from: number): Promise<Uint8Array> => {
    const block = readInto(from, Buffer.allocUnsafe(Math.min(blockBytes, end - from)));
    // It is awaited below; should the consumer leave before, its failure is nobody's.
    block.catch(() => {});
    return block;
  };
  let ahead = read(offset);
  let bytesRead = 0;
  try {
    for (let from = offset; from < end;) {
      const block = await ahead;
      if (block.length === 0) throw tooShort();
      from += block.length;
      bytesRead += block.length;
      if (from < end) ahead = read(from);
      yield block;
    }
  } finally {
    await ahead.catch(() => {});
    ended(bytesRead);
  }
}

function tooShort(): ObjectStoreError {
  return new ObjectStoreError('io', 'A stored object is shorter than it was.');
}

/** Short only at the end of the file. */
export function readFully(descriptor: number, offset: number, length: number): Promise<Uint8Array> {
  return readLater(descriptor, offset, Buffer.allocUnsafe(length));
}

/** The same without waiting, for what the system has in memory. */
export function readNow(descriptor: number, offset: number, block: Buffer): Uint8Array {
  try {
    const bytesRead = readSync(descriptor, block, 0, block.length, offset);
    return bytesRead === block.length ? block : block.subarray(0, bytesRead);
  } catch (error) {
    throw asObjectStoreError(error, 'A stored object cannot be read.');
  }
}

async function readLater(descriptor: number, offset: number, block: Buffer): Promise<Uint8Array> {
  let filled = 0;
  try {
    while (filled < block.length) {
      const { bytesRead } = await readPart(descriptor, block, filled, block.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw asObjectStoreError(error, 'A stored object cannot be read.');
  }
  return filled === block.length ? block : block.subarray(0, filled);
}
