import type { RunningProcess } from '../processes.ts';

/** Somebody who answers the same request, in the run's one or another way. */
export interface Contestant {
  /** As the tables name it. */
  name: string;
  /** Where OpenAI's API is served, without a trailing slash, e.g. http://127.0.0.1:1234/v1. */
  baseUrl: string;
  headers: Record<string, string>;
  /** Undefined: it has none of its own (direct). */
  process: RunningProcess | undefined;
}

/** What a contestant needs to start. */
export interface Place {
  /** Where OpenAI's API of the mock upstream is served. */
  upstream: { origin: string; port: number };
  /** For settings, data and logs of this contestant alone; there already. */
  folder: string;
  /** Of the pictures. */
  pictures: string;
  /** The build of Easel to start, and more arguments for its Node. */
  easel: { program: string; nodeArgs: readonly string[] };
}
