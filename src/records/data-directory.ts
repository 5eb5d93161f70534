import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { makeFolders } from '../core/make-folders.ts';
import { RecordStoreError } from '../core/record-store.ts';
import { asRecordStoreError, inPortWords } from './sqlite-error.ts';

/**
 * Makes this process the only one that runs a gateway on the data directory. The lock is the operating
 * system's, through an empty SQLite file, because Node has no lock of its own: it ends with the process,
 * however that ends, and no stale file can be in the way. (POSIX: nothing in this process may open and close
 * `easel.lock` besides, or the lock is gone.) Throws RecordStoreError `taken` when another process holds it, and the
 * system's error where the folder cannot be made or written.
 */
export function lockDataDirectory(folder: string): { release(): void } {
  makeFolders(folder);
  accessSync(folder, constants.W_OK | constants.X_OK);
  const file = inPortWords(() => new DatabaseSync(path.join(folder, 'easel.lock'), { timeout: 0 }));
  try {
    file.exec('begin exclusive');
  } catch (error) {
    file.close();
    const reported = asRecordStoreError(error);
    if (!(reported instanceof RecordStoreError && reported.kind === 'busy')) throw reported;
    throw new RecordStoreError(
      'taken',
      `Another Easel is running on the data directory ${path.resolve(folder)}. Stop it, or give this one ` +
        'another directory.',
      error,
    );
  }
  return {
    release: () => {
      if (file.isOpen) file.close();
    },
  };
}
