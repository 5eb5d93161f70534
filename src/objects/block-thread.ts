import { createHash, type Hash } from 'node:crypto';
import { closeSync, existsSync, fdatasync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';

import { NotBase64 } from '../core/object-store.ts';
import { toSystemFault, type AnswerMessage, type JobMessage, type Jobs } from './block-jobs.ts';
import { makeFolderSync } from './folder-sync.ts';
import { bytesToEncode, decodeBase64, encodeBase64 } from './simd-base64.ts';

/**
 * The thread that works on pictures' bytes: base64 either way, hashes, files. It waits for the disk where the event
 * loop may not, and its heap is so small that collecting its garbage costs next to nothing. Only syncs, which take
 * longest, are left to the thread pool, so that several pictures are synced at once.
 */
const drafts = new Map<number, Draft>();
const folderSync = makeFolderSync();
const dataSynced = promisify(fdatasync);

/**
 * Synced from so many bytes on while more of a file comes: of 6 MB synced at once the disk took 4 ms that a caller waits
 * for, of its last part 0.5 to 1.
 */
const syncEveryBytes = 768 * 1024;

/** How the disk fares with a file that is still being written, by its descriptor. */
const early = new Map<number, EarlySync>();

interface EarlySync {
  /** Bytes that no sync was asked for yet. */
  unsynced: number;
  running: Promise<void> | undefined;
  failure: unknown;
}

interface Draft {
  hash: Hash;
  /** Undefined: the disk did not take it or what came before, and it is not written until we are told where. */
  file: { descriptor: number; position: number } | undefined;
}

parentPort?.on('message', (job: JobMessage) => void work(job));

async function work(job: JobMessage): Promise<void> {
  switch (job.kind) {
    case 'take':
      return tell(job, take(job));
    case 'store':
      return tell(job, await store(job));
    case 'encode':
      return tell(job, encode(job));
    case 'forget':
      drafts.delete(job.draft);
      return tell(job, undefined);
    case 'close':
      return tell(job, await close(job));
  }
}

function tell({ number }: JobMessage, answer: AnswerMessage['answer']): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage({ number, answer } satisfies AnswerMessage);
}

function take(job: Jobs['take']['ask']): Jobs['take']['answer'] {
  const { draft: number, isFirst, isLast, encoding } = job;
  if (isFirst) drafts.set(number, { hash: createHash('sha256'), file: undefined });
  const draft = drafts.get(number);
  if (draft === undefined) return { bytes: 'lost', isWritten: false };
  const block = Buffer.from(job.memory, 0, job.length);
  let part: Buffer;
  try {
    part = encoding === 'base64' ? decodeBase64(block, isLast) : block;
  } catch (error) {
    if (!(error instanceof NotBase64)) throw error;
    return { bytes: 'broken', isWritten: false };
  }
  const bytes = part.length;
  draft.hash.update(part);
  const written = write(part, draft, job.file);
  // Its sender has to keep it. The one way that is fast into shared memory: `set` and `copy` take ten times as long.
  if (part !== block && bytes > 0 && !written.isWritten) block.fill(part, 0, bytes);
  if (!isLast) return { bytes, ...written };
  // Whoever is to store it looks at it first: the disk can have it meanwhile.
  if (draft.file !== undefined) syncEarly(draft.file.descriptor, 0, 1);
  drafts.delete(number);
  return { bytes, ...written, sha256: draft.hash.digest('hex') };
}

function write(
  part: Buffer,
  draft: Draft,
  file: Jobs['take']['ask']['file'],
): Pick<Jobs['take']['answer'], 'descriptor' | 'isWritten' | 'fault'> {
  let made: { descriptor: number } | undefined;
  try {
    if (typeof file === 'string') {
      made = { descriptor: openSync(file, 'wx+', 0o600) };
      // The number may have been another file's.
      early.delete(made.descriptor);
      draft.file = { ...made, position: 0 };
    } else if (file !== undefined) {
      draft.file = { ...file };
    }
    if (draft.file === undefined) return { isWritten: false };
    const { descriptor, position } = draft.file;
    for (let done = 0; done < part.length;) {
      done += writeSync(descriptor, part, done, part.length - done, position + done);
    }
    draft.file.position += part.length;
    syncEarly(descriptor, part.length, syncEveryBytes);
    return { ...made, isWritten: true };
  } catch (error) {
    draft.file = undefined;
    return { ...made, isWritten: false, fault: toSystemFault(error) };
  }
}

/** What the disk says of it is for whoever stores the file: the system says so once and calls all well afterwards. */
function syncEarly(descriptor: number, bytes: number, leastBytes: number): void {
  const file = early.get(descriptor) ?? { unsynced: 0, running: undefined, failure: undefined };
  early.set(descriptor, file);
  file.unsynced += bytes;
  if (file.unsynced < leastBytes || file.running !== undefined) return;
  file.unsynced = 0;
  file.running = syncOnce(descriptor, file);
}

async function syncOnce(descriptor: number, file: EarlySync): Promise<void> {
  try {
    await dataSynced(descriptor);
  } catch (error) {
    file.failure ??= error;
  }
  file.running = undefined;
}

async function store(job: Jobs['store']['ask']): Promise<Jobs['store']['answer']> {
  let isSynced = false;
  try {
    const begun = early.get(job.descriptor);
    await begun?.running;
    early.delete(job.descriptor);
    if (begun?.failure !== undefined) throw begun.failure;
    const isKnown = begun !== undefined && begun.unsynced === 0 && !job.wasWrittenBeside;
    if (!isKnown) await dataSynced(job.descriptor);
    isSynced = true;
    if (existsSync(job.target)) return { how: 'there', isSynced };
    renameSync(job.path, job.target);
    await folderSync.sync(path.dirname(job.target));
  } catch (error) {
    return { how: 'failed', isSynced, fault: toSystemFault(error) };
  }
  await close(job);
  return { how: 'stored', isSynced };
}

async function close({ descriptor }: Jobs['close']['ask']): Promise<undefined> {
  // Not while the disk is asked about it: the number could be another file's by then.
  await early.get(descriptor)?.running;
  early.delete(descriptor);
  try {
    closeSync(descriptor);
  } catch {
    // What mattered was synced before.
  }
}

function encode({ descriptor, position, length, memory }: Jobs['encode']['ask']): Jobs['encode']['answer'] {
  try {
    let bytes = 0;
    while (bytes < length) {
      const read = readSync(descriptor, bytesToEncode, bytes, length - bytes, position + bytes);
      if (read === 0) break;
      bytes += read;
    }
    const characters = encodeBase64(bytes);
    if (characters.length > 0) Buffer.from(memory).fill(characters, 0, characters.length);
    return { characters: characters.length };
  } catch (error) {
    return { characters: 0, fault: toSystemFault(error) };
  }
}
