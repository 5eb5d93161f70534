import { Worker } from 'node:worker_threads';

import { ObjectStoreError } from '../core/object-store.ts';
import type { AnswerMessage, Jobs } from './block-jobs.ts';

/** Has work on bytes done off the event loop (block-thread.ts). Its thread starts with the first job. */
export interface BlockWorker {
  /** Throws ObjectStoreError when the thread has died. A block is the job's until it is answered. */
  do<Kind extends keyof Jobs>(kind: Kind, ask: Jobs[Kind]['ask']): Promise<Jobs[Kind]['answer']>;
  /** How many threads have died: what they knew of a file is gone. */
  readonly deaths: number;
  /** Jobs that are under way fail. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: never): void;
  reject(error: unknown): void;
}

export function makeBlockWorker(): BlockWorker {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let jobs = 0;
  let deaths = 0;

  function start(): Worker {
    const started = new Worker(new URL('block-thread.ts', import.meta.url), {
      // Files are opened by one thread and closed by the other: at its end it would close a number that is another's.
      trackUnmanagedFds: false,
      // What the process was started with is not for this one, e.g. a program on its command line.
      execArgv: [],
    });
    started.on('message', ({ number, answer }: AnswerMessage) => {
      const asked = waiting.get(number);
      waiting.delete(number);
      // A process with nothing else to do ends.
      if (waiting.size === 0) started.unref();
      asked?.resolve(answer as never);
    });
    started.once('error', (cause) => end(started, cause));
    started.once('exit', () => end(started, undefined));
    return started;
  }

  /** The next job starts another one. */
  function end(ended: Worker, cause: unknown): void {
    if (thread !== ended) return;
    thread = undefined;
    deaths += 1;
    const error = new ObjectStoreError('io', 'The thread that stores pictures has ended.', cause);
    for (const asked of waiting.values()) asked.reject(error);
    waiting.clear();
  }

  return {
    get deaths() {
      return deaths;
    },
    do(kind, ask) {
      return new Promise((resolve, reject) => {
        thread ??= start();
        if (waiting.size === 0) thread.ref();
        jobs += 1;
        waiting.set(jobs, { resolve, reject });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        thread.postMessage({ number: jobs, kind, ...ask });
      });
    },
    async close() {
      // Its jobs fail when it has ended, not before: their blocks are another's then.
      await thread?.terminate();
    },
  };
}
