import { createHash } from 'node:crypto';

/** A stream of random numbers that is the same for the same seed on every machine. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  between(low: number, high: number): number;
  /** A whole number, both ends included. */
  whole(low: number, high: number): number;
  pick<const List extends readonly [unknown, ...unknown[]]>(list: List): List[number];
  chance(probability: number): boolean;
  /** A stream of its own: what one part of the picture draws from it does not move another part. */
  fork(label: string): Random;
}

/** Seeds from a text, so that one letter more is another picture. */
export function createRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  let state = digest.readInt32LE(0);
  // mulberry32: 32 bits of state are plenty for a picture, and it is five operations a number.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    chance: (probability) => next() < probability,
    fork: (label) => createRandom(`${digest.toString('hex')} ${label}`),
  };
}
