import { ObjectStoreError, type ObjectStoreFault } from '../core/object-store.ts';

/** What the system says -> what the port says. The rest is `io`. */
const faults: Readonly<Record<string, ObjectStoreFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
};

const advice: Record<ObjectStoreFault, string> = {
  full: 'The disk is full.',
  read_only: 'The folder cannot be written.',
  taken: 'The name is taken.',
  lost: 'The disk lost what it had taken.',
  io: 'The disk failed.',
};

/** A system error in the port's words; mistakes of the program (RangeError and the like) stay what they are. */
export function asObjectStoreError(error: unknown, message: string): unknown {
  if (!isSystemError(error)) return error;
  const kind = faults[error.code] ?? 'io';
  return new ObjectStoreError(kind, `${message} ${advice[kind]}`, error);
}

/** True: no such file. */
export function isAbsent(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
