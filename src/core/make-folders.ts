import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and those above it, for their owner only unless `mode` says otherwise. Throws the system's error.
 * Node's own `recursive` goes round for ever where a parent is there and still nothing can be made in it, as in
 * /proc (ENOENT), so each is made once here.
 */
export function makeFolders(folder: string, mode = 0o700): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = path.dirname(path.resolve(folder));
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    makeFolders(parent, mode);
    makeFolders(folder, mode);
  }
}
