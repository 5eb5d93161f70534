/**
 * Memory that the event loop and the thread that works on bytes (block-thread.ts) both see, so that a picture's bytes
 * are handed over without being copied. One of the two has it at a time.
 */
export interface Block {
  /** All of its memory: a multiple of four bytes, so that base64 is never cut within a group. */
  buffer: Buffer<SharedArrayBuffer>;
  /** How much of it is used, bytes. */
  filled: number;
}

/**
 * Upstream bodies come in pieces of 16 to 64 KiB: worked on one by one, 16 pictures of 6 MB at once cost thousands of
 * trips to another thread. Where so many are at once that large blocks would be felt in memory, there are small ones.
 */
export const largeBytes = 256 * 1024;
const smallBytes = 64 * 1024;
/** 20 MiB in all. */
const maxLarge = 80;
const maxSpareSmall = 128;

/** Fresh ones are zeroed by the system and cost more than what is done with them. */
const spare = { large: [] as Block['buffer'][], small: [] as Block['buffer'][] };
let largeTaken = 0;

/** True: few are taken, so that one more is no matter. */
export function hasSpareBlocks(): boolean {
  return largeTaken < maxLarge;
}

export function takeBlock(): Block {
  const isLarge = hasSpareBlocks();
  if (isLarge) largeTaken += 1;
  const known = isLarge ? spare.large.pop() : spare.small.pop();
  return {
    buffer: known ?? Buffer.from(new SharedArrayBuffer(isLarge ? largeBytes : smallBytes)),
    filled: 0,
  };
}

/** Nobody may look at it any more. */
export function giveBlock({ buffer }: Block): void {
  if (buffer.length === largeBytes) {
    largeTaken -= 1;
    spare.large.push(buffer);
  } else if (spare.small.length < maxSpareSmall) {
    spare.small.push(buffer);
  }
}
