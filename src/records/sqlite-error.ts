import { RecordStoreError, type RecordStoreFault } from '../core/record-store.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html) -> what the port says. The rest is `io`. */
const faults: Readonly<Record<number, [RecordStoreFault, string]>> = {
  5: ['busy', 'Another process is writing the records; it did not finish in time.'],
  6: ['busy', 'Another process is writing the records; it did not finish in time.'],
  8: ['read_only', 'The records cannot be written: the file or its folder is read-only.'],
  13: ['full', 'The records cannot be written: the disk is full.'],
  14: ['io', 'The file of the records cannot be opened.'],
  26: ['io', 'The file of the records is not a database.'],
};

const foreignKey = 787;
const constraint = 19;

/** A driver's error in the port's words; anything else stays what it is. */
export function asRecordStoreError(error: unknown): unknown {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return error;
  const { errcode } = error;
  if (errcode === foreignKey) return new RecordStoreError('missing', 'There is no such record.', error);
  const primary = errcode & 0xff;
  if (primary === constraint) return new RecordStoreError('taken', 'It is there already.', error);
  const [kind, message] = faults[primary] ?? ['io', 'The records cannot be read or written.'];
  return new RecordStoreError(kind, message, error);
}

/** Runs it; what the driver throws comes out in the port's words. */
export function inPortWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asRecordStoreError(error);
  }
}
