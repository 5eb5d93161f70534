import { closeSync, fdatasync, fstat, openSync, realpathSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { RecordStoreError } from '../core/record-store.ts';

/**
 * The write-ahead log of a database that is open with `synchronous = normal`, where a commit puts its pages into the
 * log and does not wait for the disk. This waits for it, off the event loop: with `full` each group of writes stalled
 * the loop for as long as the disk took, 0.2 ms as a rule and up to 29 ms beside other work.
 */
export interface WriteAheadLog {
  /** Resolves when all that was committed before is on the disk; throws RecordStoreError `io` when that failed. */
  durable: () => Promise<void>;
  close(): Promise<void>;
}

/** Folded into the database from this size on, bytes; SQLite's own measure. */
const foldBytes = 4 * 1024 * 1024;
/** From here on writers are held back while the log is emptied, bytes: it would grow under constant writing. */
const emptyBytes = 32 * 1024 * 1024;
/** The size is looked at once in so many syncs. */
const looksEvery = 64;

const statusOf = promisify(fstat);

/** `file` must be open and used, so that the log is there. `sync` waits for the disk, as fdatasync does. */
export function openWriteAheadLog(
  file: string,
  writer: DatabaseSync,
  sync: (descriptor: number) => Promise<void> = promisify(fdatasync),
): WriteAheadLog {
  // SQLite's locks are on the other files: opening and closing this one drops none.
  const log = openSync(`${realpathSync(file)}-wal`, 'r+');
  const folder = makeFolder(file);
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let syncs = 0;
  /** What the system could not write it reports once and calls clean afterwards: no later sync proves anything. */
  let isDoubtful = false;

  /** One sync at a time; all who come while it runs share the one after it. */
  function durable(): Promise<void> {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  }

  function start(): Promise<void> {
    next = undefined;
    const work = syncNow().finally(() => {
      if (running === work) running = undefined;
    });
    running = work;
    syncs += 1;
    if (syncs % looksEvery === 0) void look();
    return work;
  }

  async function syncNow(): Promise<void> {
    let cause: unknown;
    if (!isDoubtful) {
      try {
        return await sync(log);
      } catch (error) {
        isDoubtful = true;
        cause = error;
      }
    }
    try {
      // The system still has the bytes it could not write: another way to the disk, and an empty log.
      if (!isFoldedIn(writer)) throw new Error('the log is in use and cannot be folded in');
      await sync(log);
      isDoubtful = false;
    } catch (error) {
      throw new RecordStoreError('io', 'The disk did not take what was written.', cause ?? error);
    }
  }

  async function look(): Promise<void> {
    const bytes = await statusOf(log).then(
      ({ size }) => size,
      () => 0,
    );
    if (bytes >= foldBytes) folder.fold(bytes >= emptyBytes ? 'empty' : 'fold');
  }

  return {
    durable,
    async close() {
      await (next ?? running)?.catch(() => {});
      await folder.close();
      closeSync(log);
    },
  };
}

/** Puts the whole log into the database, durably, and empties it. False: somebody else is at it. */
function isFoldedIn(writer: DatabaseSync): boolean {
  // Who is kept from it is told in a row, not by an error.
  return writer.prepare('pragma wal_checkpoint(truncate)').get()?.['busy'] === 0;
}

/** Folds the log into the database in a thread of its own, which waits for the disk twice. Started when first needed. */
function makeFolder(file: string): { fold(how: 'fold' | 'empty'): void; close(): Promise<void> } {
  let worker: Worker | undefined;
  let isFolding = false;
  return {
    fold(how) {
      if (isFolding) return;
      isFolding = true;
      if (worker === undefined) {
        worker = new Worker(new URL('sqlite-fold.ts', import.meta.url), { workerData: file });
        worker.unref();
        worker.on('message', () => {
          isFolding = false;
        });
        // It is tried again by a new one when the log is looked at next.
        worker.once('error', () => {
          worker = undefined;
          isFolding = false;
        });
      }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(how);
    },
    async close() {
      await worker?.terminate();
    },
  };
}
