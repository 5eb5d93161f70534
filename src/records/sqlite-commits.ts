import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { RecordStoreError } from '../core/record-store.ts';
import type { Work, Write } from './database.ts';
import { asRecordStoreError } from './sqlite-error.ts';
import type { WriteAheadLog } from './sqlite-log.ts';
import { toKysely, toPrepared } from './sqlite-statements.ts';

/** How long another process may hold the file before our writes fail. */
const busyMs = 5_000;
/** Writes in one commit, which runs without a pause: the loop's stall grows with them. */
const maxTogether = 32;
/** Of those that nobody waits for, which are small, so many more. */
const maxSoonTogether = 64;
/** How long those wait for a write that they can join. */
const soonMs = 100;

interface Waiting {
  work: Work<unknown>;
  /** `performance.now()` */
  askedAt: number;
  /** What the work came to, kept until the disk has it. */
  ended: { value: never } | { error: unknown } | undefined;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

export interface Commits {
  write: Write;
  writeSoon: Write;
  /** Resolves when all that was asked before is written; what comes later is refused. */
  close(): Promise<void>;
}

/**
 * Group commit. All writes that arrive within one turn share a transaction, and so do those that arrive while the disk
 * takes the one before; all are answered when the disk has them (sqlite-log.ts). One which fails must undo nothing of
 * the others. That is rare, so it costs only then: the transaction is given up and all of them run again, each within a
 * savepoint of its own.
 */
export function makeCommits(file: DatabaseSync, durable: WriteAheadLog['durable']): Commits {
  const query = toKysely(file);
  const prepared = toPrepared(file, query);
  const begin = file.prepare('begin immediate');
  const commit = file.prepare('commit');
  const waiting: Waiting[] = [];
  /** They make no commit necessary until the timer is over. */
  const soon: Waiting[] = [];
  let soonTimer: NodeJS.Timeout | undefined;
  /** To be run again, alone. */
  let again: Waiting[] = [];
  /** Groups that the disk has not taken yet. */
  let syncing = 0;
  let isDraining = false;
  let isClosed = false;
  let drained: Promise<void> = Promise.resolve();
  let settling: Promise<void> = Promise.resolve();

  /**
   * While the disk takes one group the next one gathers: it would have to wait for the disk anyway, and each commit
   * writes whole pages, most of them the same ones.
   */
  function isWorthwhile(): boolean {
    if (again.length > 0) return true;
    const due = waiting.length + (soonTimer === undefined ? soon.length : 0);
    return syncing === 0 || isClosed ? due > 0 : due >= maxTogether;
  }

  function drain(): void {
    if (isDraining || !isWorthwhile()) return;
    isDraining = true;
    drained = new Promise((resolve) => {
      const next = async (): Promise<void> => {
        await commitNext();
        if (isWorthwhile()) setImmediate(() => void next());
        else {
          isDraining = false;
          resolve();
        }
      };
      // Whoever comes within this turn of the loop joins.
      setImmediate(() => void next());
    });
  }

  /** Never throws: what goes wrong goes to those who wait. */
  async function commitNext(): Promise<void> {
    let together: Waiting[] = [];
    try {
      if (!isBegun(begin) && !(await isBegunInTime())) return;
      const isAgain = again.length > 0;
      together = isAgain ? again.splice(0) : takeNext();
      if (!(isAgain ? await runEachAlone(together) : await runAll(together))) return;
      commit.run();
    } catch (error) {
      rollBack();
      if (together.length === 0) together = [...again.splice(0), ...takeNext()];
      rejectAll(together, error);
      return;
    }
    syncing += 1;
    settling = durable()
      .then(
        () => together.forEach(settle),
        (error: unknown) => rejectAll(together, error),
      )
      .finally(() => {
        syncing -= 1;
        drain();
      });
  }

  function takeNext(): Waiting[] {
    const next = waiting.splice(0, maxTogether);
    if (soon.length > 0) next.push(...soon.splice(0, maxSoonTogether));
    return next;
  }

  /** Where another process has the lock, waits without holding up the event loop. False: nobody waits any more. */
  async function isBegunInTime(): Promise<boolean> {
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      await sleep(waitMs);
      if (isBegun(begin)) return true;
      const isOverdue = ({ askedAt }: Waiting): boolean => askedAt < performance.now() - busyMs;
      for (const queue of [waiting, soon, again]) {
        // They stand in the order in which they were asked.
        const inTime = queue.findIndex((one) => !isOverdue(one));
        rejectAll(queue.splice(0, inTime === -1 ? queue.length : inTime), busy());
      }
      if (waiting.length + soon.length + again.length === 0) return false;
    }
  }

  /** False: there is nothing to commit. */
  async function runAll(together: Waiting[]): Promise<boolean> {
    for (const one of together) {
      if (await hasWorked(one)) continue;
      rollBack();
      if (together.length === 1) settle(one);
      else again = together;
      return false;
    }
    return true;
  }

  async function runEachAlone(together: readonly Waiting[]): Promise<true> {
    for (const one of together) {
      file.exec('savepoint one');
      if (!(await hasWorked(one))) {
        // On a full disk and the like SQLite gives up the whole transaction by itself.
        if (!file.isTransaction && one.ended !== undefined && 'error' in one.ended) throw one.ended.error;
        file.exec('rollback to one');
      }
      file.exec('release one');
    }
    return true;
  }

  async function hasWorked(one: Waiting): Promise<boolean> {
    try {
      one.ended = { value: (await one.work(query, prepared)) as never };
      return true;
    } catch (error) {
      one.ended = { error };
      return false;
    }
  }

  /** A disk that fails may refuse this too; the next group's begin then fails, and tries it again. */
  function rollBack(): void {
    try {
      if (file.isTransaction) file.exec('rollback');
    } catch {
      // Those who wait are told what came first.
    }
  }

  function enter<T>(queue: Waiting[], work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      queue.push({ work, askedAt: performance.now(), ended: undefined, resolve, reject });
    });
  }

  function endSoon(): void {
    clearTimeout(soonTimer);
    soonTimer = undefined;
    drain();
  }

  return {
    write(work) {
      if (isClosed) return refused();
      const written = enter(waiting, work);
      drain();
      return written;
    },

    writeSoon(work) {
      if (isClosed) return refused();
      // It keeps no process alive that has nothing else to do.
      soonTimer ??= setTimeout(endSoon, soonMs).unref();
      return enter(soon, work);
    },

    async close() {
      isClosed = true;
      endSoon();
      await drained;
      await settling;
    },
  };
}

function refused(): Promise<never> {
  return Promise.reject(new RecordStoreError('io', 'The record store is closed.'));
}

function busy(): RecordStoreError {
  return new RecordStoreError('busy', 'Another process is writing the records; it did not finish in time.');
}

function rejectAll(all: readonly Waiting[], error: unknown): void {
  const told = asRecordStoreError(error);
  for (const one of all) one.reject(told);
}

function settle({ ended, resolve, reject }: Waiting): void {
  if (ended === undefined) return;
  if ('error' in ended) reject(ended.error);
  else resolve(ended.value);
}

/** Takes the write lock; false: another process has it. */
function isBegun(begin: StatementSync): boolean {
  try {
    begin.run();
    return true;
  } catch (error) {
    const reported = asRecordStoreError(error);
    if (reported instanceof RecordStoreError && reported.kind === 'busy') return false;
    throw reported;
  }
}
