import { createHash } from 'node:crypto';

/** Draws that depend on the seed alone. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number;
  /** Both ends included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** By weight. */
  weigh<T extends string>(weights: Readonly<Record<T, number>>): T;
}

/** mulberry32: small, fast and the same everywhere; the seed's text is hashed, so that seeds side by side have nothing in common. */
export function makeRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (from) => from[integer(0, from.length - 1)] ?? from[0],
    weigh<T extends string>(weights: Readonly<Record<T, number>>): T {
      const entries = Object.entries<number>(weights) as [T, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      let chosen: T | undefined;
      for (const [name, weight] of entries) {
        chosen = name;
        left -= weight;
        if (left < 0) break;
      }
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
  };
}
