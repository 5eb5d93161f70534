import { ObjectStoreError } from '../core/object-store.ts';
import { fromSystemFault } from './block-jobs.ts';
import type { BlockWorker } from './block-worker.ts';
import { giveBlock, hasSpareBlocks, takeBlock, type Block } from './block.ts';
import { asObjectStoreError } from './filesystem-error.ts';

export interface EncodeTools {
  descriptor: number;
  /** Of the whole file. */
  bytes: number;
  /** The file is in the system's memory, so that reading it does not hold the worker up. */
  isHot: () => boolean;
  /** Undefined: it is encoded here. */
  worker: BlockWorker | undefined;
  readInto: (offset: number, block: Buffer) => Promise<Uint8Array>;
}

/** So little is encoded at once, without a trip to another thread. */
const fewBytes = 16 * 1024;
/** Encoded at a time here: whole groups of three, and a string that is small enough for the heap's young space. */
const pieceBytes = 48 * 1024;
/** Parts that are made before they are asked for: a trip to the other thread takes as long as making one. */
const maxAhead = 3;

/** A file as base64, as the port has it (core/object-store.ts `lendBase64`). */
export interface LentBlocks {
  blocks(unsentBytes: () => number, onEnd: (bytesRead: number) => void): AsyncGenerator<Uint8Array>;
  /** What was lent is not in use any more. */
  giveBack(): Promise<void>;
}

export function lendEncoded({ descriptor, bytes, isHot, worker, readInto }: EncodeTools): LentBlocks {
  /** All that were taken: a block may be on its way from one place below to the next. */
  const own = new Set<Block>();
  /** Given out, and perhaps still being sent. */
  const lent: Block[] = [];
  /** Being made, in order. */
  const ahead: Promise<Block>[] = [];
  /** Being waited for. */
  let part: Promise<Block> | undefined;
  let isOver = false;
  /** So much of the file has been asked for. */
  let begun = 0;

  async function encode(from: number, length: number, block: Block): Promise<Block> {
    if (worker !== undefined && length > fewBytes && isHot()) {
      const memory = block.buffer.buffer;
      const { characters, fault } = await worker.do('encode', { descriptor, position: from, length, memory });
      if (fault !== undefined)
        throw asObjectStoreError(fromSystemFault(fault), 'A stored object cannot be read.');
      block.filled = characters;
    } else {
      const part = await readInto(from, Buffer.allocUnsafe(length));
      block.filled = encodeInto(block.buffer, Buffer.from(part.buffer, part.byteOffset, part.length));
    }
    if (block.filled === Math.ceil(length / 3) * 4) return block;
    throw new ObjectStoreError('io', 'A stored object is shorter than it was.');
  }

  function take(): Block {
    const block = takeBlock();
    own.add(block);
    return block;
  }

  function give(block: Block): void {
    if (own.delete(block)) giveBlock(block);
  }

  /** Has the next part made, in this block; false: there is none. */
  function begin(block: Block): boolean {
    if (begun === bytes) return false;
    const length = Math.min((block.buffer.length / 4) * 3, bytes - begun);
    const made = encode(begun, length, block);
    // It is awaited later; should the consumer leave before, its failure is nobody's.
    made.catch(() => {});
    ahead.push(made);
    begun += length;
    return true;
  }

  function beginAhead(): void {
    const most = hasSpareBlocks() ? maxAhead : 1;
    while (ahead.length < most && begun < bytes) begin(take());
  }

  /**
   * The block that was given out first is not needed any more. Whoever asks for more has handed on all but the last one
   * given out, and what was handed on is sent in order.
   */
  function isSent(unsentBytes: number): boolean {
    const between = lent.slice(1, -1).reduce((sum, { filled }) => sum + filled, 0);
    return lent.length > 1 && unsentBytes <= between;
  }

  return {
    async *blocks(unsentBytes, onEnd) {
      if (isOver) return;
      beginAhead();
      for (part = ahead.shift(); part !== undefined; part = ahead.shift()) {
        const free = isSent(unsentBytes()) ? lent.shift() : undefined;
        if (free !== undefined && !begin(free)) give(free);
        beginAhead();
        const block: Block = await part;
        // All may have been given back meanwhile.
        if (isOver) return;
        lent.push(block);
        yield block.buffer.subarray(0, block.filled);
        if (isOver) return;
      }
      onEnd(bytes);
    },
    async giveBack() {
      isOver = true;
      // They are still being filled, from a file that is closed next.
      await Promise.allSettled([part, ...ahead]);
      for (const block of own) give(block);
    },
  };
}

/** Writes the bytes' base64 to the beginning of `target`, and returns how many characters they became. */
function encodeInto(target: Buffer, bytes: Buffer): number {
  let characters = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const text = bytes.toString('base64', from, Math.min(from + pieceBytes, bytes.length));
    characters += target.write(text, characters, 'latin1');
  }
  return characters;
}
