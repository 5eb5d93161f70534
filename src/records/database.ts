import type { Kysely } from 'kysely';

import type { Schema } from './schema.ts';

/** What the shared queries need of a database. How it opens, locks and commits stays in its own file. */
export interface Database {
  /** For reading; sees every write whose promise has resolved. */
  reader: Kysely<Schema>;
  /**
   * Runs the work in a transaction that is durable when the promise resolves; work that throws leaves nothing
   * behind. The work awaits nothing but its own queries through `writer`: others share the transaction.
   */
  write: Write;
  prompts: PromptIndex;
  /** Milliseconds since 1970. */
  now: () => number;
}

export type Write = <T>(work: (writer: Kysely<Schema>) => Promise<T>) => Promise<T>;

/** Finds prompts by what stands in them; each database has its own means. */
export interface PromptIndex {
  add(writer: Kysely<Schema>, generation: { number: number; keyId: string; prompt: string }): Promise<void>;
  remove(writer: Kysely<Schema>, number: number): Promise<void>;
  /**
   * Numbers of the key's (undefined: every key's) generations whose prompts may hold all the words (as `foldText` makes them): every
   * one of them, unless there are more than `most` or `until` (as performance.now()) comes first.
   */
  find(
    reader: Kysely<Schema>,
    wanted: { keyId: string | undefined; words: readonly string[]; most: number; until: number },
  ): Promise<{ numbers: number[]; end: 'all' | 'more' | 'cut' }>;
}

/** Text as searching compares it: upper and lower case, full and half width, composed and decomposed are one. */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
