/** What has come of an answer and was not asked for yet. */
export interface ReadQueue {
  readonly bytes: number;
  /** Takes a copy. */
  add(chunk: Uint8Array): void;
  /** The next bytes, valid until `next` or `clear` is called again; undefined: there are none now. */
  next(): Uint8Array | undefined;
  clear(): void;
}

interface Block {
  buffer: Buffer;
  filled: number;
}

/** As much as a socket gives at a time (one-buffer.ts). */
const blockBytes = 64 * 1024;
/** 8 MB. */
const maxSpare = 128;

/** Memory is used again, so that reading makes no garbage. */
const spare: Buffer[] = [];

export function createReadQueue(): ReadQueue {
  const blocks: Block[] = [];
  let given: Block | undefined;
  let bytes = 0;

  function giveBack(block: Block | undefined): void {
    if (block !== undefined && spare.length < maxSpare) spare.push(block.buffer);
  }

  return {
    get bytes() {
      return bytes;
    },
    add(chunk) {
      bytes += chunk.length;
      for (let from = 0; from < chunk.length;) {
        let block = blocks.at(-1);
        if (block === undefined || block.filled === blockBytes) {
          block = { buffer: spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes), filled: 0 };
          blocks.push(block);
        }
        const part = chunk.subarray(from, from + blockBytes - block.filled);
        block.buffer.set(part, block.filled);
        block.filled += part.length;
        from += part.length;
      }
    },
    next() {
      giveBack(given);
      given = blocks.shift();
      if (given === undefined) return undefined;
      bytes -= given.filled;
      return given.buffer.subarray(0, given.filled);
    },
    clear() {
      giveBack(given);
      given = undefined;
      for (const block of blocks.splice(0)) giveBack(block);
      bytes = 0;
    },
  };
}
