/**
 * Memory that the event loop and the thread that works on bytes (block-thread.ts) both see, so that a picture's bytes
 * are handed over without being copied. One of the two has it at a time.
 */
export interface Block {
  /** All of its memory. */
  buffer: Buffer<SharedArrayBuffer>;
  /** How much of it is used, bytes. */
  filled: number;
}

/**
 * Upstream bodies come in pieces of 16 to 64 KiB: worked on one by one, 16 pictures of 6 MB at once cost thousands of
 * trips to another thread. A multiple of four, so that base64 is never cut within a group.
 */
export const blockBytes = 256 * 1024;

/** Fresh ones are zeroed by the system and cost more than what is done with them. */
const spare: Block['buffer'][] = [];
const maxSpare = 64;
let taken = 0;

/** True: so few are taken that one more is no matter. */
export function hasSpareBlocks(): boolean {
  return taken < maxSpare;
}

export function takeBlock(): Block {
  taken += 1;
  return { buffer: spare.pop() ?? Buffer.from(new SharedArrayBuffer(blockBytes)), filled: 0 };
}

/** Nobody may look at it any more. */
export function giveBlock({ buffer }: Block): void {
  taken -= 1;
  if (spare.length < maxSpare) spare.push(buffer);
}
