// A thread that folds the write-ahead log into its database, see sqlite-log.ts.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * How long emptying the log waits for those who read it, ms. Writers wait as long, so it is short: a backup reads for
 * minutes, and each try beside it would hold up everybody.
 */
const patienceMs = 50;

const file = new DatabaseSync(workerData as string, { timeout: patienceMs });

parentPort?.on('message', (how: 'fold' | 'empty') => {
  try {
    // Nobody waits for this; it leaves little to do while writers do.
    file.exec('pragma wal_checkpoint(passive)');
    if (how === 'empty') file.exec('pragma wal_checkpoint(truncate)');
  } catch {
    // Busy, or the disk fails: the log stays as it is and is looked at again.
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage('done');
});
