import { ObjectStoreError } from '../core/object-store.ts';
import { RecordStoreError } from '../core/record-store.ts';

/**
 * What keeps the data directory or another folder from being used, in a line for the person who can change it.
 * Undefined: the error is of another kind, a mistake of the program.
 */
export function dataProblem(error: unknown, dataDir: string): string | undefined {
  if (error instanceof RecordStoreError || error instanceof ObjectStoreError)
    return `${error.message} (${dataDir}${causeOf(error)})`;
  if (!isPathError(error)) return undefined;
  const what = problemOf(error);
  if (what === undefined) return undefined;
  return `${what} ${error.path.startsWith(dataDir) ? 'Set EASEL_DATA_DIR to a folder that can be written.' : 'Choose another folder.'}`;
}

function problemOf({ code, path, syscall }: PathError): string | undefined {
  switch (code) {
    case 'EEXIST':
      return `${path} is a file, not a folder.`;
    case 'ENOTDIR':
      return `${path} cannot be a folder: a part of its name is a file.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not write ${path}.`;
    case 'EROFS':
      return `${path} is on a disk that is read-only.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk of ${path} is full.`;
    case 'ENOENT':
      return syscall === 'mkdir' ? `${path} is not there and cannot be made.` : `${path} is not there.`;
    default:
      return undefined;
  }
}

type PathError = Error & { code: string; path: string; syscall: string };

function isPathError(error: unknown): error is PathError {
  return error instanceof Error && 'code' in error && 'syscall' in error && 'path' in error;
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}
