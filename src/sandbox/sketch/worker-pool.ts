import { Worker } from 'node:worker_threads';

/** Runs one job at a time in each of a few threads, the others waiting in line. */
export interface WorkerPool<Job, Result> {
  /** Rejects when the job throws, when its worker dies, or when the pool is closed first. */
  run(job: Job): Promise<Result>;
  close(): Promise<void>;
}

export interface WorkerPoolOptions {
  /** A module that answers each message `{ id, job }` with `{ id, result }` or `{ id, error }`. */
  readonly entry: URL;
  readonly workers: number;
  /** Names the work in errors: "The sandbox picture". */
  readonly what: string;
}

export type WorkerReply<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: string };

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Thread<Job, Result> {
  readonly worker: Worker;
  current: Waiting<Job, Result> | undefined;
}

/**
 * Threads are started one by one as work piles up. A thread at work holds the process open, an idle one does not. One
 * that dies fails the job it had, with its reason, and the next job gets a new one.
 */
export function startWorkerPool<Job, Result>({
  entry,
  workers,
  what,
}: WorkerPoolOptions): WorkerPool<Job, Result> {
  const threads = new Set<Thread<Job, Result>>();
  const line: Waiting<Job, Result>[] = [];
  let isClosed = false;
  let lastId = 0;

  const startThread = (): Thread<Job, Result> => {
    // Flags of the process (a test's, an inline script's) are none of the workers' business.
    const thread: Thread<Job, Result> = { worker: new Worker(entry, { execArgv: [] }), current: undefined };
    const settle = (end: (job: Waiting<Job, Result>) => void) => {
      const job = thread.current;
      thread.current = undefined;
      thread.worker.unref();
      if (job) end(job);
    };
    const lose = (reason: Error) => {
      if (!threads.delete(thread)) return;
      settle((job) => job.reject(reason));
      next();
    };
    thread.worker.on('message', (reply: WorkerReply<Result>) => {
      settle((job) =>
        'error' in reply
          ? job.reject(new Error(`${what} could not be made: ${reply.error}`))
          : job.resolve(reply.result),
      );
      next();
    });
    thread.worker.on('error', (cause) =>
      lose(new Error(`${what} could not be made: its worker failed.`, { cause })),
    );
    thread.worker.on('messageerror', (cause) =>
      lose(new Error(`${what} could not be made: its worker's answer could not be read.`, { cause })),
    );
    thread.worker.on('exit', (code) =>
      lose(
        new Error(
          isClosed
            ? `${what} was given up: its maker was closed.`
            : `${what} could not be made: its worker ended with code ${code}.`,
        ),
      ),
    );
    threads.add(thread);
    return thread;
  };

  const next = () => {
    if (isClosed) return;
    for (let waiting = line[0]; waiting; waiting = line[0]) {
      const thread =
        [...threads].find(({ current }) => !current) ?? (threads.size < workers ? startThread() : undefined);
      if (!thread) return;
      line.shift();
      thread.current = waiting;
      thread.worker.ref();
      thread.worker.postMessage({ id: ++lastId, job: waiting.job }, []);
    }
  };

  return {
    run: async (job) =>
      await new Promise<Result>((resolve, reject) => {
        if (isClosed) {
          reject(new Error(`${what} was refused: its maker is closed.`));
          return;
        }
        line.push({ job, resolve, reject });
        next();
      }),
    async close() {
      isClosed = true;
      for (const { reject } of line.splice(0))
        reject(new Error(`${what} was given up: its maker was closed.`));
      await Promise.all([...threads].map(async ({ worker }) => await worker.terminate()));
    },
  };
}
