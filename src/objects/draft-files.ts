import { randomBytes } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';

import { isAbsent } from './filesystem-error.ts';

/**
 * Drafts are `<folder>/.drafts/<process id>-<start>-<number>.draft`: `start` is random and the same for all
 * drafts of one process, so that a later process with the same id is not taken for it. Nothing in the name
 * says whose picture it is, or whether it is whole: a picture becomes findable by being published, before
 * any record is changed for it.
 */
export function draftFolder(folder: string): string {
  return path.join(folder, '.drafts');
}

const processMark = randomBytes(6).toString('hex');
let filesMade = 0;

/** For a new draft; whoever uses it makes the file, which must not be there yet. */
export function newDraftPath(folder: string): string {
  return path.join(draftFolder(folder), `${process.pid}-${processMark}-${filesMade++}.draft`);
}

/** Removes the drafts of processes that are no more. */
export async function removeLeftDrafts(folder: string): Promise<void> {
  for (const name of await readdir(draftFolder(folder))) {
    const [pid, mark] = name.split('-');
    const isLive = Number(pid) === process.pid ? mark === processMark : isProcessAlive(Number(pid));
    if (isLive || !name.endsWith('.draft')) continue;
    await unlink(path.join(draftFolder(folder), name)).catch(ignoreAbsent);
  }
}

/** Every draft there is, of whatever process. */
export async function listDrafts(
  folder: string,
): Promise<{ file: string; bytes: number; changedAtMs: number }[]> {
  const names = (await readdir(draftFolder(folder)).catch(ignoreAbsent)) ?? [];
  const drafts = names.map(async (name) => {
    const file = path.join(draftFolder(folder), name);
    const status = await stat(file).catch(ignoreAbsent);
    return status?.isFile() === true ? [{ file, bytes: status.size, changedAtMs: status.mtimeMs }] : [];
  });
  return (await Promise.all(drafts)).flat();
}

function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** For `catch`: what is not there is undefined. */
export function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
