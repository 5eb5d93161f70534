import { existsSync } from 'node:fs';
import { copyFile, mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseFile, objectFolder } from './compose.ts';
import type { Config } from './config/load.ts';
import type { KeyTools } from './core/api-keys.ts';
import type { AssetStore } from './core/asset.ts';
import type { AuditAction } from './core/audit.ts';
import { makeSignInLink } from './core/console-session.ts';
import { makeIdMaker, type IdMaker } from './core/ids.ts';
import type { KeyStore } from './core/key-store.ts';
import type { ObjectStore } from './core/object-store.ts';
import { RecordStoreError, type RecordStore } from './core/record-store.ts';
import type { WebhookStore } from './core/webhook.ts';
import { listDrafts } from './objects/draft-files.ts';
import { openFilesystemStore } from './objects/filesystem.ts';
import { makeLinker, type Linker } from './objects/hard-link.ts';
import { lockDataDirectory } from './records/data-directory.ts';
import { copySqlite, findDamage } from './records/sqlite-copy.ts';
import { openSqlite, type Stores } from './records/sqlite.ts';

/** What an installation has stored, for commands that work beside a gateway which may be running on it. */
export interface InstalledStores {
  records: RecordStore;
  objects: ObjectStore;
  assets: Pick<AssetStore, 'page' | 'find' | 'remove'>;
  /** What is wrong inside the database, in words; nothing: sound. */
  findDamage(): string[];
  isGatewayRunning(): boolean;
  /** Files of pictures that were never finished. A running gateway's own are among them. */
  drafts(): Promise<{ file: string; bytes: number; changedAtMs: number }[]>;
  removeDraft(file: string): Promise<void>;
  /** Copies an object to where no gateway looks, for people; gives the file. */
  setAside(object: string): Promise<string>;
}

type Place = Pick<Config, 'dataDir'>;

/** Opens the stores, does the work, closes them. `no_data`: there is nothing in the folder yet. */
export async function withStores<T>(
  place: Place,
  work: (stores: InstalledStores) => Promise<T>,
  file = databaseFile(place),
): Promise<T | 'no_data'> {
  if (!existsSync(file)) return 'no_data';
  const store = await openSqlite({ file, now: Date.now });
  try {
    // A gateway's drafts are not ours to judge by their process, which may run in another container.
    const objects = await openFilesystemStore({ folder: objectFolder(place), keepDrafts: true });
    return await work({
      records: store.records,
      objects,
      assets: store.assets,
      findDamage: () => findDamage(file),
      isGatewayRunning: () => isLocked(place.dataDir),
      drafts: () => listDrafts(objectFolder(place)),
      removeDraft: (draft) => unlink(draft),
      setAside: (object) => setAside(place, object),
    });
  } finally {
    await store.close();
  }
}

/** Writes down what a command has done. */
export type Audit = (action: AuditAction, target?: string, detail?: string) => Promise<void>;

/**
 * The keys of an installation, beside a gateway that may be running on it; undefined where there is none yet.
 * What `work` changes holds from the gateway's next request on.
 */
export async function withKeys(
  place: Place,
  work: (tools: KeyTools, audit: Audit) => Promise<void>,
): Promise<'done' | 'no_data'> {
  return await withDatabase(place, async (store, audit, ids) => {
    await work({ keys: store.keys, ids, now: Date.now }, audit);
  });
}

/** Like `withKeys`, with the messages to webhooks and the secrets they are signed with. */
export async function withWebhooks(
  place: Place,
  work: (webhooks: WebhookStore, keys: KeyStore, audit: Audit) => Promise<void>,
): Promise<'done' | 'no_data'> {
  return await withDatabase(place, async (store, audit) => {
    await work(store.webhooks, store.keys, audit);
  });
}

async function withDatabase(
  place: Place,
  work: (store: Stores, audit: Audit, ids: IdMaker) => Promise<void>,
): Promise<'done' | 'no_data'> {
  const file = databaseFile(place);
  if (!existsSync(file)) return 'no_data';
  const store = await openSqlite({ file, now: Date.now });
  const ids = makeIdMaker(Date.now);
  const audit: Audit = (action, target, detail) =>
    store.audit.add({ id: ids('aud'), atMs: Date.now(), actor: 'command line', action, target, detail });
  try {
    await work(store, audit, ids);
  } finally {
    await store.close();
  }
  return 'done';
}

/** Like `withKeys`, with what makes one-time links to the console. */
export async function withSignInLinks(
  place: Place,
  work: (makeLink: (base: string) => Promise<string>, audit: Audit) => Promise<void>,
): Promise<'done' | 'no_data'> {
  return await withDatabase(place, async (store, audit) => {
    await work((base) => makeSignInLink(base, store.sessions, Date.now()), audit);
  });
}

/** The database as it is now, into a new file. */
export async function copyDatabase(
  place: Place,
  target: string,
  onProgress: (done: { pages: number; ofPages: number }) => void,
): Promise<void> {
  await copySqlite(databaseFile(place), target, onProgress);
}

/** Second names for objects, in another data directory on the same disk. */
export function linkObjects(from: Place, to: Place): Linker {
  return makeLinker(objectFolder(from), objectFolder(to));
}

function isLocked(dataDir: string): boolean {
  try {
    lockDataDirectory(dataDir).release();
    return false;
  } catch (error) {
    if (error instanceof RecordStoreError && error.kind === 'taken') return true;
    throw error;
  }
}

async function setAside(place: Place, object: string): Promise<string> {
  const folder = join(place.dataDir, 'damaged');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, object.replaceAll('/', '_'));
  await copyFile(join(objectFolder(place), object), file);
  return file;
}
