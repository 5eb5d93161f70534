import { createHash } from 'node:crypto';
import { closeSync, fdatasync, open, write } from 'node:fs';
import { unlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { NotBase64, ObjectStoreError, type DraftOptions, type ObjectDraft } from '../core/object-store.ts';
import { fromSystemFault } from './block-jobs.ts';
import type { BlockWorker } from './block-worker.ts';
import { giveBlock, hasSpareBlocks, largeBytes, takeBlock, type Block } from './block.ts';
import { ignoreAbsent, newDraftPath } from './draft-files.ts';
import { asObjectStoreError, isAbsent } from './filesystem-error.ts';
import { openReader, readFully, readNow } from './filesystem-reader.ts';
import type { FolderSync } from './folder-sync.ts';
import type { HeldMemory } from './held-memory.ts';
import { checkName } from './object-name.ts';

/** An open file in the folder of drafts. */
interface DraftFile {
  path: string;
  descriptor: number;
}

/** Names being published now, by their full path: `rename` would silently replace another's file. */
const claimed = new Set<string>();
let draftsMade = 0;

/** Blocks of one draft that the thread may have before the sender waits for it. */
const maxUnderWay = 4;

export interface DraftPlace {
  folder: string;
  folderSync: FolderSync;
  worker: BlockWorker;
  /** Where blocks stay that the disk does not take; undefined: the write fails instead. */
  memory: HeldMemory | undefined;
  encoding: DraftOptions['encoding'];
  /** It was published or discarded, and needs looking after no more. */
  onEnd: () => void;
  onPublished: (name: string, bytes: number) => void;
}

/**
 * What is written is put into blocks, which another thread decodes, hashes and writes (block-thread.ts). While there
 * are few blocks in all, a draft does not wait for the thread; else it holds two, one that fills while the other is
 * worked on. What the disk refuses stays where it is, in order, and every later block and `publish` offers it again.
 */
export function createDraft(place: DraftPlace): ObjectDraft {
  const { folder, folderSync, worker, memory, encoding } = place;
  draftsMade += 1;
  const draft = draftsMade;
  let file: DraftFile | undefined;
  let sha256: string | undefined;
  /** What the disk said last; undefined: all is well. */
  let failure: unknown;
  /** What was written is no base64, or the thread has lost it: nothing helps. */
  let isBroken: Error | undefined;
  let filling: Block | undefined;
  /** Blocks that were worked on and that the disk does not have yet, in order. */
  const waiting: Block[] = [];
  /** Which of them have their place in memory. */
  const held = new Set<Block>();
  let received = 0;
  /** Characters at the end of a text that stand for no byte. */
  let padding = 0;
  let isFirst = true;
  /** Of threads, when the one began that knows what the disk said of the file. */
  let deathsBefore = 0;
  /** We wrote what waited: the thread is to be told where it goes on. */
  let isMoved = false;
  let wasWrittenBeside = false;
  /** Blocks the thread has. */
  let underWay = 0;
  /** Bytes the disk has taken. */
  let onDisk = 0;
  let draining: Promise<void> = Promise.resolve();
  /** The disk said that it could not make the file durable: what it says afterwards proves nothing. */
  let isDoubtful = false;
  let isWriting = false;
  let isComplete = false;
  let isEnded = false;
  const ending = new AbortController();

  /** Has the block worked on; what the disk does not take of it waits. Never rejects: see `failure` and `isBroken`. */
  async function take(block: Block, isLast: boolean): Promise<void> {
    const path = isFirst ? newDraftPath(folder) : undefined;
    const moved = isMoved && file !== undefined ? { ...file, position: onDisk } : undefined;
    const ask = {
      draft,
      isFirst,
      isLast,
      memory: block.buffer.buffer,
      length: block.filled,
      encoding,
      file: path ?? moved,
    };
    if (isFirst) deathsBefore = worker.deaths;
    isFirst = false;
    isMoved = false;
    underWay += 1;
    try {
      const taken = await worker.do('take', ask);
      if (path !== undefined && taken.descriptor !== undefined) file = { path, descriptor: taken.descriptor };
      if (taken.bytes === 'broken') throw new NotBase64();
      if (taken.bytes === 'lost')
        throw new ObjectStoreError('lost', 'The thread that stores pictures has ended.');
      block.filled = taken.bytes;
      sha256 = taken.sha256;
      if (taken.isWritten) {
        onDisk += taken.bytes;
        giveBlock(block);
      } else {
        waiting.push(block);
        if (memory !== undefined) isAllHeld(memory);
      }
      if (taken.fault !== undefined)
        failure = asObjectStoreError(fromSystemFault(taken.fault), 'An object cannot be written.');
    } catch (error) {
      isBroken ??= error instanceof Error ? error : new Error(String(error));
      giveBlock(block);
    } finally {
      underWay -= 1;
    }
  }

  /** Offers the disk what waits. Never rejects: what it says is in `failure`. */
  async function drain(): Promise<void> {
    try {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        file ??= await makeFile(folder);
        wasWrittenBeside = true;
        await writeFully(file.descriptor, next.buffer.subarray(0, next.filled), onDisk);
        onDisk += next.filled;
        waiting.shift();
        release(next);
      }
      isMoved = true;
      failure = undefined;
    } catch (error) {
      failure = asObjectStoreError(error, 'An object cannot be written.');
    }
  }

  /** Hands the filled block over, behind those before it, which the thread works on in order. */
  function handOver(isLast: boolean): void {
    if (filling === undefined) return;
    const [before, taken] = [draining, take(filling, isLast)];
    filling = undefined;
    draining = before.then(() => taken);
  }

  /** Waits while the thread is behind, and for the disk where it refuses: blocks gather only up to a bound. */
  async function makeRoom(): Promise<void> {
    const isBehind = underWay > 0 && (underWay >= maxUnderWay || !hasSpareBlocks());
    if (failure === undefined && isBroken === undefined && !isBehind) return;
    await holdWaiting();
  }

  /** Blocks that the disk refused may stay in memory; where that is full the sender waits for either. */
  async function holdWaiting(): Promise<void> {
    await draining;
    // Discarded meanwhile: its blocks are given back, or will be next.
    if (isEnded) throw ended();
    if (isBroken !== undefined) throw isBroken;
    if (failure === undefined) return;
    if (memory === undefined) throw failure;
    draining = drain();
    await draining;
    const untilMs = memory.clock.now() + memory.waitMs;
    for (let pauseMs = 100; !isAllHeld(memory); pauseMs = Math.min(pauseMs * 2, 5000)) {
      if (memory.clock.now() >= untilMs || isEnded || memory.signal.aborted) throw failure;
      const signal = AbortSignal.any([memory.signal, ending.signal]);
      await memory.clock.sleep(pauseMs, signal).catch(() => {});
      if (isEnded) throw failure;
      draining = drain();
      await draining;
    }
  }

  /** True: every block that waits has its place in memory. */
  function isAllHeld(memory: HeldMemory): boolean {
    return waiting.every((block) => {
      if (!held.has(block) && memory.take(block.buffer.length)) held.add(block);
      return held.has(block);
    });
  }

  function release(block: Block): void {
    if (held.delete(block)) memory?.give(block.buffer.length);
    giveBlock(block);
  }

  /** The last block is worked on: what was written is complete. Throws NotBase64 and the like, not over the disk. */
  async function complete(): Promise<void> {
    if (isEnded) throw ended();
    if (!isComplete) {
      isComplete = true;
      filling ??= takeBlock();
      if (encoding === 'base64') padding = paddingOf(filling);
      handOver(true);
    }
    await draining;
    if (isEnded) throw ended();
    if (isBroken !== undefined) throw isBroken;
  }

  /** Resolves when the disk has taken all that was written; throws when it does not. */
  async function flush(): Promise<void> {
    await complete();
    if (waiting.length === 0) return;
    draining = drain();
    await draining;
    if (failure !== undefined) throw failure;
  }

  /** Linux forgets what it could not write once it has said so: the bytes are read back, compared and written anew. */
  async function renew(old: DraftFile): Promise<DraftFile> {
    const fresh = await makeFile(folder);
    const check = createHash('sha256');
    try {
      for (let at = 0; at < onDisk;) {
        const part = await readFully(old.descriptor, at, Math.min(largeBytes, onDisk - at));
        if (part.length === 0) break;
        check.update(part);
        await writeFully(fresh.descriptor, part, at);
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
    file ??= await makeFile(folder);
    if (isDoubtful || worker.deaths !== deathsBefore) {
      file = await renew(file);
      wasWrittenBeside = true;
    }
    await folderSync.make(path.dirname(target));
    isDoubtful = true;
    deathsBefore = worker.deaths;
    const { how, isSynced, fault } = await worker.do('store', { ...file, target, wasWrittenBeside });
    isDoubtful = !isSynced;
    if (fault !== undefined) throw fromSystemFault(fault);
    if (how === 'stored') {
      file = undefined;
      return;
    }
    const existing = await hashOf(target);
    if (existing !== sha256) throw new ObjectStoreError('taken', 'An object of this name holds other bytes.');
    await unlink(file.path).catch(ignoreAbsent);
    await folderSync.sync(path.dirname(target));
  }

  async function close(): Promise<void> {
    isEnded = true;
    ending.abort();
    await draining;
    for (const block of [...waiting.splice(0), ...(filling === undefined ? [] : [filling])]) release(block);
    filling = undefined;
    if (!isFirst && sha256 === undefined) await worker.do('forget', { draft }).catch(() => {});
    if (file !== undefined) await worker.do('close', file).catch(() => {});
    place.onEnd();
  }

  function bytesSoFar(): number {
    return encoding === 'base64' ? (received / 4) * 3 - padding : received;
  }

  return {
    get bytes() {
      return bytesSoFar();
    },

    end: complete,

    async write(chunk) {
      if (isEnded || isComplete) throw ended();
      if (isWriting) throw new Error('the write before has not returned');
      isWriting = true;
      try {
        for (let from = 0; from < chunk.length;) {
          // A full one waits for what follows it: the last of a text is decoded as its last.
          if (filling !== undefined && filling.filled === filling.buffer.length) {
            await makeRoom();
            if (isEnded) throw ended();
            handOver(false);
          }
          filling ??= takeBlock();
          const part = chunk.subarray(from, from + filling.buffer.length - filling.filled);
          // The one way that copies into shared memory as fast as into any other: `set` and `copy` take ten times as long.
          filling.buffer.fill(part, filling.filled, filling.filled + part.length);
          filling.filled += part.length;
          received += part.length;
          from += part.length;
        }
        if (isBroken !== undefined) throw isBroken;
        if (failure !== undefined && memory === undefined) throw failure;
      } finally {
        isWriting = false;
      }
    },

    async readAt(offset, length) {
      if (isEnded) throw ended();
      await draining;
      const end = Math.min(offset + length, bytesSoFar());
      if (end <= offset) return new Uint8Array();
      const parts: Uint8Array[] = [];
      if (offset < onDisk && file !== undefined) {
        const onDiskPart = await readBack(file.descriptor, offset, Math.min(end, onDisk) - offset);
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
      if (sha256 === undefined) throw new Error('a complete draft has its hash');
      if (claimed.has(target)) throw new ObjectStoreError('taken', 'The name is being written by another.');
      claimed.add(target);
      try {
        await store(target);
      } catch (error) {
        if (isAbsent(error)) {
          // Somebody took the draft or its folder away; our descriptor still has the bytes.
          isDoubtful = true;
          folderSync.forget();
        }
        throw asObjectStoreError(error, 'An object cannot be stored.');
      } finally {
        claimed.delete(target);
      }
      const published = { bytes: bytesSoFar(), sha256 };
      await close();
      place.onPublished(name, published.bytes);
      return published;
    },

    async discard() {
      if (isEnded) return;
      await close();
      if (file !== undefined) await unlink(file.path).catch(() => {});
    },
  };
}

function ended(): Error {
  return new Error('the draft is published or discarded');
}

/** A look at what was just written is not worth a trip through the thread pool: it is in memory. */
function readBack(descriptor: number, offset: number, length: number): Promise<Uint8Array> | Uint8Array {
  return length > largeBytes
    ? readFully(descriptor, offset, length)
    : readNow(descriptor, offset, Buffer.allocUnsafe(length));
}

const opened = promisify(open);
const written = promisify(write);
const dataSynced = promisify(fdatasync);

async function makeFile(folder: string): Promise<DraftFile> {
  const path = newDraftPath(folder);
  return { path, descriptor: await opened(path, 'wx+', 0o600) };
}

async function remove(file: DraftFile): Promise<void> {
  closeQuietly(file);
  await unlink(file.path).catch(() => {});
}

function closeQuietly({ descriptor }: DraftFile): void {
  try {
    closeSync(descriptor);
  } catch {
    // What mattered was synced before.
  }
}

async function writeFully(descriptor: number, part: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < part.length;) {
    const { bytesWritten } = await written(descriptor, part, done, part.length - done, position + done);
    done += bytesWritten;
  }
}

/** Of the one to four characters that end a text, those that stand for no byte. */
function paddingOf({ buffer, filled }: Block): number {
  if (filled < 4 || buffer[filled - 1] !== 0x3d) return 0;
  return buffer[filled - 2] === 0x3d ? 2 : 1;
}

/** Undefined: no such object. What is there is synced: the process that wrote it may have died before. */
async function hashOf(target: string): Promise<string | undefined> {
  const descriptor = await opened(target, 'r').catch(ignoreAbsent);
  if (descriptor === undefined) return undefined;
  await dataSynced(descriptor).catch((error: unknown) => {
    closeSync(descriptor);
    throw error;
  });
  const reader = await openReader(descriptor);
  if (reader === undefined) throw new ObjectStoreError('taken', 'The name belongs to a folder.');
  const hash = createHash('sha256');
  for await (const block of reader.stream()) hash.update(block);
  return hash.digest('hex');
}
