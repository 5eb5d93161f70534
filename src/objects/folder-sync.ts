import { closeSync, fsync, mkdirSync, openSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { isAbsent } from './filesystem-error.ts';

/** Makes names in folders durable: a new file survives a power cut only when its folder was synced too. */
export interface FolderSync {
  /** Resolves when every change to the folder made before the call is on the disk. */
  sync(folder: string): Promise<void>;
  /** Makes the folder (an absolute path) and those above it, durably. What was made before is not looked at again. */
  make(folder: string): Promise<void>;
  /** The same for many in one folder, which is synced once for all of them. */
  makeAll(parent: string, names: readonly string[]): Promise<void>;
  /** Looks again: somebody has taken a folder away. */
  forget(): void;
}

export function makeFolderSync(): FolderSync {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  const made = new Set<string>();

  /** One sync at a time and folder; all who come while it runs share the one after it. */
  function sync(folder: string): Promise<void> {
    const current = running.get(folder);
    if (current === undefined) return start(folder);
    let following = next.get(folder);
    if (following === undefined) {
      following = current.then(follow, follow);
      next.set(folder, following);
    }
    return following;

    function follow(): Promise<void> {
      next.delete(folder);
      return start(folder);
    }
  }

  function start(folder: string): Promise<void> {
    const work = syncNow(folder).finally(() => {
      if (running.get(folder) === work) running.delete(folder);
    });
    running.set(folder, work);
    return work;
  }

  async function make(folder: string): Promise<void> {
    if (made.has(folder)) return;
    const parent = path.dirname(folder);
    const isNew = await makeOne(folder).catch(async (error: unknown) => {
      if (!isAbsent(error) || parent === folder) throw error;
      await make(parent);
      return makeOne(folder);
    });
    // One that was there may have been made a moment ago, by a process that died before its sync.
    await sync(parent).catch((error: unknown) => {
      if (isNew) throw error;
    });
    made.add(folder);
  }

  async function makeAll(parent: string, names: readonly string[]): Promise<void> {
    await make(parent);
    const there = new Set(await readdir(parent));
    // At a start, when nobody waits for the event loop: through the thread pool a thousand take ten times as long.
    for (const name of names)
      if (!there.has(name)) mkdirSync(path.join(parent, name), { recursive: true, mode: 0o700 });
    await sync(parent);
    for (const name of names) made.add(path.join(parent, name));
  }

  return { sync, make, makeAll, forget: () => made.clear() };
}

/** True: it was not there before. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

const synced = promisify(fsync);

async function syncNow(folder: string): Promise<void> {
  // Opening and closing what was just written to is not worth a trip through the thread pool; syncing is.
  const descriptor = openSync(folder, 'r');
  try {
    await synced(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
