import type { Kysely } from 'kysely';

import type { Prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

/** What the shared queries need of a database. How it opens, locks and commits stays in its own file. */
export interface Database {
  /** For reading; sees every write whose promise has resolved. */
  reader: Kysely<Schema>;
  /** The same for statements that every request runs. */
  prepared: Prepared;
  /**
   * Runs the work in a transaction that is durable when the promise resolves; work that throws leaves nothing
   * behind. The work awaits nothing but its own queries: others share the transaction. It may be run a second time,
   * when the transaction was given up for the sake of another's failure: it changes nothing but the database.
   */
  write: Write;
  /** The same for what nobody waits for: with the next write, or after a tenth of a second. */
  writeSoon: Write;
  prompts: PromptIndex;
  /** Milliseconds since 1970. */
  now: () => number;
}

export type Write = <T>(work: Work<T>) => Promise<T>;

/** `prepared`: for statements that every request runs. */
export type Work<T> = (writer: Kysely<Schema>, prepared: Prepared) => Promise<T>;

/** Finds prompts by what stands in them; each database has its own means. */
export interface PromptIndex {
  /**
   * Adds the prompts of generations that are not in it yet, oldest first and at most so many at once; true: there are
   * more. They are found without it too.
   */
  catchUp: Work<boolean>;
  remove(writer: Kysely<Schema>, number: number): Promise<void>;
  /**
   * Numbers of the key's (undefined: every key's) generations whose prompts may hold all the words (as `foldText` makes them): every
   * one of them, unless there are more than `most` or `until` (as performance.now()) comes first.
   */
  find(
    database: Pick<Database, 'reader' | 'prepared'>,
    wanted: { keyId: string | undefined; words: readonly string[]; most: number; until: number },
  ): Promise<{ numbers: number[]; end: 'all' | 'more' | 'cut' }>;
}

/** Text as searching compares it: upper and lower case, full and half width, composed and decomposed are one. */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
