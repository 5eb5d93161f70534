import { link } from 'node:fs/promises';
import path from 'node:path';

import { asObjectStoreError, isAbsent } from './filesystem-error.ts';
import { makeFolderSync } from './folder-sync.ts';
import { checkName } from './object-name.ts';

/** Gives objects of one folder a second name in another; they are never changed, so both stay right. */
export interface Linker {
  /** `impossible`: another disk, or one without links; copy instead. */
  link(name: string): Promise<'linked' | 'absent' | 'impossible'>;
  /** Resolves when the names that were given survive a power cut. */
  sync(): Promise<void>;
}

/** Other file systems, and those that have no links or have given all of a file away. */
const impossible = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

export function makeLinker(from: string, to: string): Linker {
  const folderSync = makeFolderSync();
  const changed = new Set<string>();
  return {
    async link(name) {
      const [source, target] = [path.join(from, checkName(name)), path.join(to, name)].map((each) =>
        path.resolve(each),
      ) as [string, string];
      try {
        await folderSync.make(path.dirname(target));
        await link(source, target);
        changed.add(path.dirname(target));
        return 'linked';
      } catch (error) {
        if (isAbsent(error)) return 'absent';
        if (codeOf(error) === 'EEXIST') return 'linked';
        if (impossible.has(codeOf(error))) return 'impossible';
        throw asObjectStoreError(error, 'An object cannot be linked.');
      }
    },
    async sync() {
      for (const folder of changed) await folderSync.sync(folder);
      changed.clear();
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
