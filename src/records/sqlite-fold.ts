// A thread that folds the write-ahead log into its database, see sqlite-log.ts.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const file = new DatabaseSync(workerData as string, { timeout: 1000 });

parentPort?.on('message', (how: 'passive' | 'restart') => {
  try {
    file.exec(`pragma wal_checkpoint(${how})`);
  } catch {
    // Busy, or the disk fails: the log stays as it is and is looked at again.
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage('done');
});
