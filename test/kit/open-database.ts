import { DatabaseSync } from 'node:sqlite';

/** Far above what another process takes for a write, also on a busy machine. */
const timeoutMs = 15_000;

/**
 * A SQLite file that a gateway or another handle may have open too: a statement waits while somebody else has the file
 * locked, as the gateway does between two of its steps. Closed by whoever asks for it.
 */
export function openDatabase(file: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  return new DatabaseSync(file, { ...options, timeout: timeoutMs });
}
