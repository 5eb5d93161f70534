import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Kysely } from 'kysely';

import { RecordStoreError } from '../core/record-store.ts';
import type { Write } from './database.ts';
import type { Schema } from './schema.ts';
import type { WriteAheadLog } from './sqlite-log.ts';
import { asRecordStoreError, inPortWords } from './sqlite-error.ts';

/** How long another process may hold the file before our writes fail. */
const busyMs = 5_000;
/** Writes in one commit, which runs without a pause: the loop's stall grows with them, by 0.2 ms each. */
const maxTogether = 16;

interface Waiting {
  /** Does the work; its result is kept until `settle`. */
  run(): Promise<void>;
  /** Tells the one who waits; a failure of the commit is everybody's. */
  settle(failure?: unknown): void;
}

export interface Commits {
  write: Write;
  /** Resolves when all that was asked before is written; what comes later is refused. */
  close(): Promise<void>;
}

/**
 * Group commit. All writes that arrive within one turn share a transaction: each within a savepoint of its own, so
 * that one which fails undoes nothing of the others. All are answered when the disk has them (sqlite-log.ts).
 */
export function makeCommits(
  file: DatabaseSync,
  writer: Kysely<Schema>,
  durable: WriteAheadLog['durable'],
): Commits {
  const waiting: Waiting[] = [];
  let isDraining = false;
  let isClosed = false;
  let drained: Promise<void> = Promise.resolve();
  let settling: Promise<void> = Promise.resolve();

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      // Whoever comes within this turn of the loop joins.
      await nextTurn();
      await commit(waiting.splice(0, maxTogether));
    }
    isDraining = false;
  }

  /** Never throws: what goes wrong goes to those who wait. */
  async function commit(together: readonly Waiting[]): Promise<void> {
    try {
      await begin(file);
      // A single one has the transaction for itself, and needs no savepoint.
      if (together.length > 1) for (const one of together) await runAlone(one);
      else if (!(await runOnly(together))) return;
      inPortWords(() => file.exec('commit'));
    } catch (error) {
      rollBack();
      for (const one of together) one.settle(asRecordStoreError(error));
      return;
    }
    // The next group is written while the disk takes this one.
    settling = durable().then(
      () => settleAll(together),
      (error: unknown) => settleAll(together, asRecordStoreError(error)),
    );
  }

  function settleAll(together: readonly Waiting[], failure?: unknown): void {
    for (const one of together) one.settle(failure);
  }

  /** A disk that fails may refuse this too; the next group's begin then fails, and tries it again. */
  function rollBack(): void {
    try {
      if (file.isTransaction) file.exec('rollback');
    } catch {
      // Those who wait are told what came first.
    }
  }

  /** False: it failed, has been told so, and nothing of it is left. */
  async function runOnly([only]: readonly Waiting[]): Promise<boolean> {
    try {
      await only?.run();
      return true;
    } catch {
      rollBack();
      only?.settle();
      return false;
    }
  }

  async function runAlone(one: Waiting): Promise<void> {
    file.exec('savepoint one');
    try {
      await one.run();
    } catch (error) {
      // On a full disk and the like SQLite gives up the whole transaction by itself.
      if (!file.isTransaction) throw error;
      file.exec('rollback to one');
    }
    file.exec('release one');
  }

  return {
    write<T>(work: (writer: Kysely<Schema>) => Promise<T>): Promise<T> {
      if (isClosed) return Promise.reject(new RecordStoreError('io', 'The record store is closed.'));
      return new Promise<T>((resolve, reject) => {
        let tell: () => void;
        waiting.push({
          async run() {
            try {
              const value = await work(writer);
              tell = () => resolve(value);
            } catch (error) {
              // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it was thrown as it is
              tell = () => reject(error);
              throw error;
            }
          },
          settle(failure) {
            // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it was thrown as it is
            if (failure !== undefined) reject(failure);
            else tell();
          },
        });
        if (isDraining) return;
        isDraining = true;
        drained = drain();
      });
    },

    async close() {
      isClosed = true;
      await drained;
      await settling;
    },
  };
}

/** Takes the write lock; where another process has it, waits without holding up the event loop. */
async function begin(file: DatabaseSync): Promise<void> {
  const deadline = performance.now() + busyMs;
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    try {
      file.exec('begin immediate');
      return;
    } catch (error) {
      const reported = asRecordStoreError(error);
      const isBusy = reported instanceof RecordStoreError && reported.kind === 'busy';
      if (!isBusy || performance.now() > deadline) throw reported;
    }
    await sleep(waitMs);
  }
}
