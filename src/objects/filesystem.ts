import { open, openSync } from 'node:fs';
import { opendir, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { systemClock, type Clock } from '../core/clock.ts';
import type { DraftOptions, ObjectDraft, ObjectStore } from '../core/object-store.ts';
import { makeBlockWorker } from './block-worker.ts';
import { draftFolder, newDraftPath, removeLeftDrafts } from './draft-files.ts';
import { createDraft } from './filesystem-draft.ts';
import { asObjectStoreError, isAbsent } from './filesystem-error.ts';
import { openReader } from './filesystem-reader.ts';
import { makeFolderSync } from './folder-sync.ts';
import { makeHeldMemory } from './held-memory.ts';
import { makeHotObjects } from './hot-objects.ts';
import { checkName } from './object-name.ts';

export interface FilesystemOptions {
  /** Made when it is not there. */
  folder: string;
  /**
   * True: leaves the drafts of other processes alone, for a second process that may not see the first one's
   * id (a container beside it). Otherwise drafts whose process is dead are removed.
   */
  keepDrafts?: boolean;
  /**
   * Folders that objects will lie in, to be there from the beginning: each one that is made with its first object costs
   * that object another wait for the disk.
   */
  folders?: readonly string[];
  /** Where only copies stay while the disk does not take them. */
  held?: Partial<HeldOptions>;
}

export interface HeldOptions {
  /** In all drafts together. Default 512 MiB. */
  maxBytes: number;
  /** How long a sender waits when that is used up. Default ten minutes. */
  waitMs: number;
  clock: Clock;
  /** Ends the waiting. */
  signal: AbortSignal;
}

const defaultHeld: HeldOptions = {
  maxBytes: 512 * 1024 * 1024,
  waitMs: 10 * 60 * 1000,
  clock: systemClock,
  signal: new AbortController().signal,
};

/** Objects as files: `<folder>/<name>`, readable by their owner only. */
export async function openFilesystemStore(options: FilesystemOptions): Promise<ObjectStore> {
  const folder = path.resolve(options.folder);
  const live = new Set<ObjectDraft>();
  const folderSync = makeFolderSync();
  const hot = makeHotObjects();
  const worker = makeBlockWorker();
  const memory = makeHeldMemory({ ...defaultHeld, ...options.held });
  await reporting('The folder for objects cannot be opened.', async () => {
    await folderSync.make(draftFolder(folder));
    if (options.keepDrafts !== true) await removeLeftDrafts(folder);
    const byParent = Map.groupBy(options.folders ?? [], (name) => path.dirname(checkName(name)));
    for (const [parent, names] of byParent) {
      await folderSync.makeAll(
        path.join(folder, parent),
        names.map((name) => path.basename(name)),
      );
    }
  });

  function startDraft({ isOnlyCopy, encoding }: DraftOptions): ObjectDraft {
    const draft = createDraft({
      folder,
      folderSync,
      worker,
      memory: isOnlyCopy === true ? memory : undefined,
      encoding,
      onEnd: () => live.delete(draft),
      onPublished: hot.add,
    });
    live.add(draft);
    return draft;
  }

  return {
    create: (options = {}) => Promise.resolve(startDraft(options)),

    get heldBytes() {
      return memory.bytes;
    },

    open: (name) =>
      reporting('A stored object cannot be opened.', async () => {
        const file = pathOf(folder, name);
        const isHot = (): boolean => hot.has(name);
        const descriptor = isHot() ? openNow(file) : await opened(file, 'r').catch(undefinedIfAbsent);
        if (descriptor === undefined) return undefined;
        return openReader(descriptor, { isHot, onRead: (bytes) => hot.add(name, bytes), worker });
      }),

    remove: (name) =>
      reporting('A stored object cannot be removed.', async () => {
        const file = pathOf(folder, name);
        const removed = await unlink(file).then(() => true, undefinedIfAbsent);
        // Removed means removed, also after a power cut.
        if (removed === true) await folderSync.sync(path.dirname(file));
        return removed === true;
      }),

    async *list(prefix = '') {
      const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      if (start !== '') checkName(start.slice(0, -1));
      try {
        yield* listFolder(folder, start, prefix.slice(start.length));
      } catch (error) {
        throw asObjectStoreError(error, 'The stored objects cannot be listed.');
      }
    },

    /** Not with a draft: the thread that writes those takes 15 MB, and a server is asked before it has made anything. */
    check: () =>
      reporting('An object cannot be written.', async () => {
        const file = newDraftPath(folder);
        try {
          await writeFile(file, new Uint8Array(1), { flag: 'wx', mode: 0o600 });
        } finally {
          await unlink(file).catch(() => {});
        }
      }),

    async close() {
      await Promise.all([...live].map((draft) => draft.discard()));
      await worker.close();
    },
  };
}

/** What lies under `prefix`, which ends where a folder does; with `begins`, only names that begin so there. */
async function* listFolder(
  folder: string,
  prefix: string,
  begins = '',
): AsyncGenerator<{ name: string; bytes: number }> {
  const entries = await opendir(path.join(folder, prefix)).catch(undefinedIfAbsent);
  if (entries === undefined) return;
  for await (const entry of entries) {
    // Drafts, and whatever else is not ours.
    if (entry.name.startsWith('.') || !entry.name.startsWith(begins)) continue;
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) yield* listFolder(folder, `${name}/`);
    if (!entry.isFile()) continue;
    // Gone since the folder was read: not listed.
    const status = await stat(path.join(folder, name)).catch(undefinedIfAbsent);
    if (status !== undefined) yield { name, bytes: status.size };
  }
}

const opened = promisify(open);

/** The same without waiting, for what the system has in memory. */
function openNow(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    return undefinedIfAbsent(error);
  }
}

function pathOf(folder: string, name: string): string {
  return path.join(folder, checkName(name));
}

/** Not found is an answer, not an error. */
function undefinedIfAbsent(error: unknown): undefined {
  if (isAbsent(error)) return undefined;
  throw error;
}

async function reporting<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asObjectStoreError(error, message);
  }
}
