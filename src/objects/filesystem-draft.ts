import { randomBytes, createHash } from 'node:crypto';
import { open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { ObjectStoreError, type ObjectDraft } from '../core/object-store.ts';
import { asObjectStoreError, isAbsent } from './filesystem-error.ts';
import { openReader, readFully } from './filesystem-reader.ts';
import type { FolderSync } from './folder-sync.ts';
import { checkName } from './object-name.ts';

/**
 * Drafts are `<folder>/.drafts/<process id>-<start>-<number>.draft`: `start` is random and the same for all
 * drafts of one process, so that a later process with the same id is not taken for it. Nothing in the name
 * says whether the draft is whole: only the record of its generation can.
 */
export function draftFolder(folder: string): string {
  return path.join(folder, '.drafts');
}

const processMark = randomBytes(6).toString('hex');
let draftsMade = 0;

/** Removes the drafts of processes that are no more. */
export async function removeLeftDrafts(folder: string): Promise<void> {
  for (const name of await readdir(draftFolder(folder))) {
    const [pid, mark] = name.split('-');
    const isLive = Number(pid) === process.pid ? mark === processMark : isProcessAlive(Number(pid));
    if (isLive || !name.endsWith('.draft')) continue;
    await unlink(path.join(draftFolder(folder), name)).catch(ignoreAbsent);
  }
}

function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * What one write to the disk takes. Upstream bodies come in pieces of 16 to 64 KiB: written one by one, 16
 * pictures of 6 MB at once cost thousands of trips through the thread pool.
 */
const blockBytes = 256 * 1024;
const spareBlocks: Buffer[] = [];
const maxSpareBlocks = 32;

/** Names being published now, by their full path: `rename` would silently replace another's file. */
const claimed = new Set<string>();

/** A draft holds at most two blocks: one that fills while the other is written. */
export async function createDraft(
  folder: string,
  folderSync: FolderSync,
  onEnd: () => void,
): Promise<ObjectDraft> {
  const file = path.join(draftFolder(folder), `${process.pid}-${processMark}-${draftsMade++}.draft`);
  const handle = await open(file, 'wx+', 0o600);
  const hash = createHash('sha256');
  let sha256: string | undefined;
  let block: Buffer | undefined;
  let filled = 0;
  /** Bytes given to the disk. */
  let flushed = 0;
  let flushing: Promise<void> = Promise.resolve();
  let failure: unknown;
  let isWriting = false;
  let isEnded = false;

  /** Hands the block to the disk once the one before has arrived there. */
  async function flush(): Promise<void> {
    await flushing;
    if (failure !== undefined) throw failure;
    if (block === undefined || filled === 0) return;
    const full = block;
    const part = full.subarray(0, filled);
    hash.update(part);
    flushing = writeFully(handle, part, flushed).then(
      () => release(full),
      (error: unknown) => {
        failure = asObjectStoreError(error, 'An object cannot be written.');
      },
    );
    flushed += filled;
    block = undefined;
    filled = 0;
  }

  async function flushAll(): Promise<void> {
    if (isEnded) throw new Error('the draft is published or discarded');
    await flush();
    await flushing;
    if (failure !== undefined) throw failure;
  }

  async function end(): Promise<void> {
    isEnded = true;
    await flushing;
    await handle.close();
    if (block !== undefined) release(block);
    block = undefined;
    onEnd();
  }

  return {
    get bytes() {
      return flushed + filled;
    },

    async write(chunk) {
      if (isEnded) throw new Error('the draft is published or discarded');
      if (isWriting) throw new Error('the write before has not returned');
      if (failure !== undefined) throw failure;
      isWriting = true;
      try {
        for (let from = 0; from < chunk.length;) {
          block ??= spareBlocks.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
          const part = chunk.subarray(from, from + blockBytes - filled);
          block.set(part, filled);
          filled += part.length;
          from += part.length;
          if (filled === blockBytes) await flush();
        }
      } finally {
        isWriting = false;
      }
    },

    async readAt(offset, length) {
      await flushAll();
      return readFully(handle, offset, Math.max(0, Math.min(length, flushed - offset)));
    },

    async publish(name) {
      const target = path.join(folder, checkName(name));
      await flushAll();
      sha256 ??= hash.digest('hex');
      if (claimed.has(target)) throw new ObjectStoreError('taken', 'The name is being written by another.');
      claimed.add(target);
      try {
        await handle.datasync();
        await folderSync.make(path.dirname(target));
        const existing = await hashOf(target);
        if (existing === undefined) await rename(file, target);
        else if (existing === sha256) await unlink(file).catch(ignoreAbsent);
        else throw new ObjectStoreError('taken', 'An object of this name holds other bytes.');
        await folderSync.sync(path.dirname(target));
      } catch (error) {
        throw asObjectStoreError(error, 'An object cannot be stored.');
      } finally {
        claimed.delete(target);
      }
      await end();
      return { bytes: flushed, sha256 };
    },

    async discard() {
      if (isEnded) return;
      await end();
      await unlink(file).catch(() => {});
    },
  };
}

async function writeFully(handle: FileHandle, part: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < part.length;) {
    const { bytesWritten } = await handle.write(part, done, part.length - done, position + done);
    done += bytesWritten;
  }
}

/** Undefined: no such object. What is there is synced: the process that wrote it may have died before. */
async function hashOf(target: string): Promise<string | undefined> {
  const handle = await open(target, 'r').catch(ignoreAbsent);
  if (handle === undefined) return undefined;
  try {
    const reader = await openReader(handle);
    if (reader === undefined) throw new ObjectStoreError('taken', 'The name belongs to a folder.');
    await handle.datasync();
    const hash = createHash('sha256');
    for await (const block of reader.stream()) hash.update(block);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function release(block: Buffer): void {
  if (spareBlocks.length < maxSpareBlocks) spareBlocks.push(block);
}
