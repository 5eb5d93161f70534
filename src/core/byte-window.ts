/** The bytes are not a whole image of their format. `message` is for the caller. */
export class BrokenImage extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokenImage';
  }
}

/** Reads `length` bytes from `offset`; short at the end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Looks into a file through one block at a time, so that a walk over thousands of small chunks costs a read
 * per block, a jump over big ones nothing, and memory stays at one block whatever the file says.
 */
export interface ByteWindow {
  /** Of the whole file. */
  readonly bytes: number;
  /** Exactly these bytes; throws BrokenImage when the file ends before them. */
  at(offset: number, length: number): Promise<DataView>;
  /** The same where no read is needed, else undefined; saves loops over single bytes a promise each. */
  held(offset: number, length: number): DataView | undefined;
  /** The first place of this byte from `offset` on; undefined when there is none. */
  find(byte: number, offset: number): Promise<number | undefined>;
}

/** For what is read on and on. */
const blockBytes = 128 * 1024;
/**
 * For what is jumped to. PNG writers cut their data into chunks of 8 KiB: read in blocks all of it passed by, which
 * was a tenth of the CPU of a 6 MB reply.
 */
const glanceBytes = 512;
/** A jump is at least so far. */
const jumpBytes = 4096;

export function openWindow(readAt: ReadAt, bytes: number): ByteWindow {
  let block: Uint8Array = new Uint8Array(0);
  let start = 0;
  /** Where what was asked for last ended. */
  let last = 0;

  async function load(offset: number, length: number, least: number): Promise<void> {
    const wanted = Math.min(Math.max(length, least), bytes - offset);
    block = await readAt(offset, wanted);
    start = offset;
  }

  function held(offset: number, length: number): DataView | undefined {
    if (offset < start || offset + length > start + block.length) return undefined;
    return new DataView(block.buffer, block.byteOffset + offset - start, length);
  }

  return {
    bytes,
    held,
    async at(offset, length) {
      if (offset + length > bytes) throw new BrokenImage(endsEarly);
      const isJump = Math.abs(offset - last) >= jumpBytes;
      last = offset + length;
      const present = held(offset, length);
      if (present !== undefined) return present;
      await load(offset, length, isJump ? glanceBytes : blockBytes);
      const loaded = held(offset, length);
      if (loaded === undefined) throw new BrokenImage(endsEarly);
      return loaded;
    },
    async find(byte, offset) {
      for (let from = offset; from < bytes;) {
        if (from < start || from >= start + block.length) await load(from, 1, blockBytes);
        if (block.length === 0) return undefined;
        const found = block.indexOf(byte, from - start);
        if (found >= 0) return start + found;
        from = start + block.length;
      }
      return undefined;
    },
  };
}

const endsEarly = 'the file ends before the image does';
