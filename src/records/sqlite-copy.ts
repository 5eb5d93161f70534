import { closeSync, openSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';

import { asRecordStoreError } from './sqlite-error.ts';

/** Pages copied between two looks at the clock: 4 MiB. */
const pagesAtOnce = 1024;

/**
 * Copies a database while others write to it: as it was at one moment, into a new file that only its owner can
 * read. The moment is held by a read transaction, which in WAL mode nobody waits for; without it SQLite would
 * begin again with every write of another process. Throws RecordStoreError.
 */
export async function copySqlite(
  file: string,
  target: string,
  onProgress: (done: { pages: number; ofPages: number }) => void,
): Promise<void> {
  closeSync(openSync(target, 'wx', 0o600));
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file, { timeout: 5_000, readOnly: true });
    source.exec('begin');
    source.prepare('select count(*) from migrations').get();
    await backup(source, target, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) =>
        onProgress({ pages: totalPages - remainingPages, ofPages: totalPages }),
    });
  } catch (error) {
    throw asRecordStoreError(error);
  } finally {
    source?.close();
  }
}

/** What is wrong inside a database file, in SQLite's words; nothing: sound. */
export function findDamage(file: string): string[] {
  try {
    const opened = new DatabaseSync(file, { timeout: 5_000, readOnly: true });
    try {
      const rows = opened.prepare('pragma integrity_check(20)').all();
      const words = rows.flatMap((row) => Object.values(row).map(String));
      return words.filter((word) => word !== 'ok');
    } finally {
      opened.close();
    }
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
