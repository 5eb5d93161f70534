import type { RunningProcess } from './processes.ts';

/** What every reply of a job must be, to its last byte. */
export type Expected =
  /** JSON with the picture of the request's number as base64 behind this mark. */
  | { kind: 'base64'; mark: string; pictureBytes: number }
  /** The file of this picture. */
  | { kind: 'file'; pictureBytes: number; variant: number }
  /** A text that holds these. */
  | { kind: 'text'; holds: readonly string[] };

/** Requests that are sent one after the other on so many connections, until the count or the time is reached. */
export interface LoadJob {
  origin: string;
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  /** `#N` stands for the request's number. */
  body?: string;
  firstNumber: number;
  expected: Expected;
  connections: number;
  maxRequests: number;
  /** After this nothing new is sent; what runs is waited for. */
  maxMs: number;
  /** So many texts of replies come back. */
  keepReplies?: number;
}

export interface LoadResult {
  latenciesMs: number[];
  /** From the first request to the end of the last reply. */
  elapsedMs: number;
  receivedBytes: number;
  failures: number;
  /** The first few. */
  failureTexts: string[];
  replies: { number: number; text: string }[];
}

/** The load generator's process, which plays one job at a time. */
export interface LoadGenerator {
  readonly pid: number;
  play(job: LoadJob): Promise<LoadResult>;
  /** A number no other request of the run has. */
  nextNumber(count: number): number;
}

export function makeLoadGenerator(process: RunningProcess): LoadGenerator {
  let next = 1;
  return {
    pid: process.pid,
    play: (job) => process.ask<LoadResult>(job),
    nextNumber(count) {
      const number = next;
      next += count;
      return number;
    },
  };
}
