import { createHash } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { ObjectStoreError, type ObjectDraft } from '../core/object-store.ts';
import { ignoreAbsent, makeDraftFile, type DraftFile } from './draft-files.ts';
import { asObjectStoreError, isAbsent } from './filesystem-error.ts';
import { openReader, readFully, readNow } from './filesystem-reader.ts';
import type { FolderSync } from './folder-sync.ts';
import type { HeldMemory } from './held-memory.ts';
import { checkName } from './object-name.ts';

/** A draft the store has to look after until it is published or discarded. */
export interface LiveDraft extends ObjectDraft {
  /** Resolves when the disk has taken all that was written; throws when it does not. */
  flush(): Promise<void>;
}

/**
 * What one write to the disk takes. Upstream bodies come in pieces of 16 to 64 KiB: written one by one, 16
 * pictures of 6 MB at once cost thousands of trips through the thread pool.
 */
const blockBytes = 256 * 1024;
const spareBlocks: Buffer[] = [];
const maxSpareBlocks = 32;

/** Bytes on their way to the disk. */
interface Block {
  buffer: Buffer;
  filled: number;
  /** It stays in memory because the disk did not take it, and counts there. */
  isHeld: boolean;
}

/** Names being published now, by their full path: `rename` would silently replace another's file. */
const claimed = new Set<string>();

export interface DraftPlace {
  folder: string;
  folderSync: FolderSync;
  /** Where blocks stay that the disk does not take; undefined: the write fails instead. */
  memory: HeldMemory | undefined;
  onEnd: () => void;
  onPublished: (name: string, bytes: number) => void;
}

/**
 * While the disk works a draft holds at most two blocks: one that fills while the other is written. What the
 * disk refuses stays where it is, in order, and every later block and `publish` offers it again.
 */
export async function createDraft({
  folder,
  folderSync,
  memory,
  onEnd,
  onPublished,
}: DraftPlace): Promise<LiveDraft> {
  const hash = createHash('sha256');
  let sha256: string | undefined;
  let failure: unknown;
  let file: DraftFile | undefined;
  try {
    file = await makeDraftFile(folder);
  } catch (error) {
    failure = asObjectStoreError(error, 'A new object cannot be started.');
    if (memory === undefined) throw failure;
  }
  let filling: Block | undefined;
  /** Full blocks that the disk does not have yet, in order. */
  const waiting: Block[] = [];
  let received = 0;
  /** Bytes the disk has taken. */
  let onDisk = 0;
  let draining: Promise<void> = Promise.resolve();
  /** The disk said that it could not make the file durable: what it says afterwards proves nothing. */
  let isDoubtful = false;
  let isWriting = false;
  let isEnded = false;
  const ending = new AbortController();

  /** Offers the disk what waits. Never rejects: what it says is in `failure`. */
  async function drain(): Promise<void> {
    try {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        file ??= await makeDraftFile(folder);
        await writeFully(file.handle, next.buffer.subarray(0, next.filled), onDisk);
        onDisk += next.filled;
        waiting.shift();
        release(next, memory);
      }
      failure = undefined;
    } catch (error) {
      failure = asObjectStoreError(error, 'An object cannot be written.');
    }
  }

  /** Hands the block to the disk once the one before has arrived there. */
  async function handOver(): Promise<void> {
    await draining;
    if (filling === undefined) return;
    hash.update(filling.buffer.subarray(0, filling.filled));
    waiting.push(filling);
    filling = undefined;
    draining = drain();
  }

  /** Blocks that the disk refused may stay in memory; where that is full the sender waits for either. */
  async function holdWaiting(): Promise<void> {
    await draining;
    if (failure === undefined) return;
    if (memory === undefined) throw failure;
    const untilMs = memory.clock.now() + memory.waitMs;
    for (let pauseMs = 100; !isHeld(waiting, memory); pauseMs = Math.min(pauseMs * 2, 5000)) {
      if (memory.clock.now() >= untilMs || isEnded || memory.signal.aborted) throw failure;
      const signal = AbortSignal.any([memory.signal, ending.signal]);
      await memory.clock.sleep(pauseMs, signal).catch(() => {});
      draining = drain();
      await draining;
    }
  }

  async function flush(): Promise<void> {
    if (isEnded) throw new Error('the draft is published or discarded');
    await handOver();
    await draining;
    if (waiting.length === 0) return;
    draining = drain();
    await draining;
    if (failure !== undefined) throw failure;
  }

  /** Linux forgets what it could not write once it has said so: the bytes are read back, compared and written anew. */
  async function renew(old: DraftFile): Promise<DraftFile> {
    const fresh = await makeDraftFile(folder);
    const check = createHash('sha256');
    try {
      for (let at = 0; at < onDisk;) {
        const part = await readFully(old.handle, at, Math.min(blockBytes, onDisk - at));
        if (part.length === 0) break;
        check.update(part);
        await writeFully(fresh.handle, part, at);
        at += part.length;
      }
      if (check.digest('hex') !== sha256)
        throw new ObjectStoreError('lost', 'The disk gives other bytes back than it was given.');
    } catch (error) {
      await remove(fresh);
      throw error;
    }
    await remove(old);
    return fresh;
  }

  async function store(target: string): Promise<void> {
    file ??= await makeDraftFile(folder);
    if (isDoubtful) file = await renew(file);
    isDoubtful = true;
    await file.handle.datasync();
    isDoubtful = false;
    await folderSync.make(path.dirname(target));
    const existing = await hashOf(target);
    if (existing === undefined) await rename(file.path, target);
    else if (existing === sha256) await unlink(file.path).catch(ignoreAbsent);
    else throw new ObjectStoreError('taken', 'An object of this name holds other bytes.');
    await folderSync.sync(path.dirname(target));
  }

  async function end(): Promise<void> {
    isEnded = true;
    ending.abort();
    await draining;
    for (const block of [...waiting.splice(0), ...(filling === undefined ? [] : [filling])]) {
      release(block, memory);
    }
    filling = undefined;
    // What mattered was synced before.
    await file?.handle.close().catch(() => {});
    onEnd();
  }

  return {
    get bytes() {
      return received;
    },

    flush,

    async write(chunk) {
      if (isEnded) throw new Error('the draft is published or discarded');
      if (isWriting) throw new Error('the write before has not returned');
      isWriting = true;
      try {
        for (let from = 0; from < chunk.length;) {
          filling ??= {
            buffer: spareBlocks.pop() ?? Buffer.allocUnsafeSlow(blockBytes),
            filled: 0,
            isHeld: false,
          };
          const part = chunk.subarray(from, from + blockBytes - filling.filled);
          filling.buffer.set(part, filling.filled);
          filling.filled += part.length;
          received += part.length;
          from += part.length;
          if (filling.filled < blockBytes) break;
          await holdWaiting();
          await handOver();
        }
        if (failure !== undefined && memory === undefined) throw failure;
      } finally {
        isWriting = false;
      }
    },

    async readAt(offset, length) {
      if (isEnded) throw new Error('the draft is published or discarded');
      await draining;
      const end = Math.min(offset + length, received);
      if (end <= offset) return new Uint8Array();
      const parts: Uint8Array[] = [];
      if (offset < onDisk && file !== undefined) {
        const onDiskPart = await readBack(file.handle, offset, Math.min(end, onDisk) - offset);
        if (end <= onDisk) return onDiskPart;
        parts.push(onDiskPart);
      }
      let from = onDisk;
      for (const { buffer, filled } of filling === undefined ? waiting : [...waiting, filling]) {
        const [first, last] = [Math.max(offset, from), Math.min(end, from + filled)];
        if (first < last) parts.push(buffer.subarray(first - from, last - from));
        from += filled;
      }
      return Buffer.concat(parts);
    },

    async publish(name) {
      const target = path.join(folder, checkName(name));
      await flush();
      sha256 ??= hash.digest('hex');
      if (claimed.has(target)) throw new ObjectStoreError('taken', 'The name is being written by another.');
      claimed.add(target);
      try {
        await store(target);
      } catch (error) {
        if (isAbsent(error)) {
          // Somebody took the draft or its folder away; our handle still has the bytes.
          isDoubtful = true;
          folderSync.forget();
        }
        throw asObjectStoreError(error, 'An object cannot be stored.');
      } finally {
        claimed.delete(target);
      }
      await end();
      onPublished(name, received);
      return { bytes: received, sha256 };
    },

    async discard() {
      if (isEnded) return;
      await end();
      if (file !== undefined) await unlink(file.path).catch(() => {});
    },
  };
}

/** True: every block that waits has its place in memory. */
function isHeld(waiting: readonly Block[], memory: HeldMemory): boolean {
  return waiting.every((block) => (block.isHeld ||= memory.take(blockBytes)));
}

function release(block: Block, memory: HeldMemory | undefined): void {
  if (block.isHeld) memory?.give(blockBytes);
  if (spareBlocks.length < maxSpareBlocks) spareBlocks.push(block.buffer);
}

/** A look at a few bytes that were just written is not worth a trip through the thread pool: they are in memory. */
const lookBytes = 4096;

async function readBack(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  return length > lookBytes
    ? await readFully(handle, offset, length)
    : readNow(handle, offset, Buffer.allocUnsafe(length), length);
}

async function remove(file: DraftFile): Promise<void> {
  await file.handle.close().catch(() => {});
  await unlink(file.path).catch(() => {});
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
