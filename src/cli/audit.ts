import { createHash } from 'node:crypto';
import { decodeTime } from 'ulid';
import type { InstalledStores } from '../compose-stores.ts';
import { readAssetObjectName, type Asset } from '../core/asset.ts';
import { readCopyObjectName } from '../core/image-copy.ts';
import { describeObject, readImageObjectName } from '../core/image-object.ts';
import { ObjectStoreError, type ObjectStore } from '../core/object-store.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { GenerationRecord, StoredImage } from '../core/record.ts';

/** Something that records and objects do not agree on. */
export type Finding =
  /** The record has a picture whose object is not there, or is not what the record says. */
  | { kind: 'lost'; record: GenerationRecord; image: StoredImage; why: Flaw }
  /** An uploaded image whose object is not there, or is not what was uploaded. */
  | { kind: 'lost_asset'; asset: Asset; why: Flaw }
  /** A whole picture of a record that has a place for it and does not name it. */
  | { kind: 'unlisted'; record: GenerationRecord; image: StoredImage }
  /** Bytes that belong to no record and no asset. */
  | { kind: 'orphan'; object: string; bytes: number }
  /** A file among the pictures that has no name of ours. */
  | { kind: 'stranger'; object: string; bytes: number };

export type Flaw = 'missing' | 'wrong_size' | 'wrong_hash' | 'unreadable';

/** How far the check has come. */
export interface Tally {
  records: number;
  inProgress: number;
  pictures: number;
  assets: number;
  bytes: number;
  objects: number;
}

export interface AuditOptions {
  /** False: bytes are not read, only their number is compared. */
  isThorough: boolean;
  onProgress(tally: Tally): void;
}

const pageRows = 200;
/** An upload's row follows its bytes; one that began so lately may be between the two. */
const uploadMs = 10 * 60_000;

export type AuditedStores = Pick<InstalledStores, 'records' | 'objects' | 'assets' | 'isGatewayRunning'>;

/**
 * Goes through all records and all objects, and gives what does not agree, one by one; whoever takes a finding
 * may repair it before the next. Right beside a running gateway: what a generation in progress has stored is
 * none's orphan, and what changed while it was looked at is looked at again.
 */
export async function* audit(
  stores: AuditedStores,
  tally: Tally,
  options: AuditOptions,
): AsyncGenerator<Finding> {
  const { records, objects } = stores;
  let after: string | undefined;
  for (;;) {
    const page = await records.page(after, pageRows);
    for (const record of page) {
      tally.records += 1;
      if (record.status === 'in_progress') tally.inProgress += 1;
      for (const image of record.images) {
        tally.pictures += 1;
        tally.bytes += image.bytes;
        const why = await flawOf(image, objects, options.isThorough);
        options.onProgress(tally);
        if (why === undefined) continue;
        // Deleted meanwhile, or changed by the repair of its sibling.
        const now = await records.get(record.id, undefined);
        if (now === undefined || !now.images.some(({ object }) => object === image.object)) continue;
        yield { kind: 'lost', record: now, image, why };
      }
    }
    after = page.at(-1)?.id;
    if (page.length < pageRows) break;
  }
  yield* auditAssets(stores, tally, options);
  for await (const { name, bytes } of objects.list()) {
    tally.objects += 1;
    options.onProgress(tally);
    const finding = await judge(name, bytes, stores);
    if (finding !== undefined) yield finding;
  }
}

async function* auditAssets(
  { assets, objects }: AuditedStores,
  tally: Tally,
  options: AuditOptions,
): AsyncGenerator<Finding> {
  let after: string | undefined;
  for (;;) {
    const page = await assets.page(after, pageRows);
    for (const asset of page) {
      tally.assets += 1;
      tally.bytes += asset.bytes;
      const why = await flawOf(asset, objects, options.isThorough);
      options.onProgress(tally);
      if (why === undefined) continue;
      // Deleted meanwhile.
      if ((await assets.find(asset.id, undefined)) === undefined) continue;
      yield { kind: 'lost_asset', asset, why };
    }
    after = page.at(-1)?.id;
    if (page.length < pageRows) return;
  }
}

async function flawOf(
  image: { object: string; bytes: number; sha256: string },
  objects: ObjectStore,
  isThorough: boolean,
): Promise<Flaw | undefined> {
  try {
    const reader = await objects.open(image.object);
    if (reader === undefined) return 'missing';
    try {
      if (reader.bytes !== image.bytes) return 'wrong_size';
      if (!isThorough) return undefined;
      const hash = createHash('sha256');
      for await (const part of reader.stream()) hash.update(part);
      return hash.digest('hex') === image.sha256 ? undefined : 'wrong_hash';
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof ObjectStoreError) return 'unreadable';
    throw error;
  }
}

async function judge(object: string, bytes: number, stores: AuditedStores): Promise<Finding | undefined> {
  const { records, objects } = stores;
  const copy = readCopyObjectName(object);
  if (copy !== undefined) return await judgeCopy(object, bytes, copy.generationId, records, objects);
  if (object.startsWith('assets/')) return await judgeAsset(object, bytes, stores);
  if (!object.startsWith('images/')) return undefined;
  const owner = readImageObjectName(object);
  if (owner === undefined) return { kind: 'stranger', object, bytes };
  // Asked after the object was seen: a picture is published only for a record that is there.
  const record = await records.get(owner.generationId, undefined);
  if (record === undefined) {
    // Its record was deleted a moment ago, or the deletion was cut off and the next start ends it.
    if ((await records.doomedObjects()).includes(object)) return undefined;
    return (await exists(object, objects)) ? { kind: 'orphan', object, bytes } : undefined;
  }
  if (record.status === 'in_progress' || record.images.some((image) => image.object === object))
    return undefined;
  if (!(await exists(object, objects))) return undefined;
  if (record.images.some((image) => image.index === owner.index)) return { kind: 'orphan', object, bytes };
  const reader = await objects.open(object);
  const found = reader === undefined ? undefined : await describeObject(reader);
  if (found === undefined) return { kind: 'orphan', object, bytes };
  const image = { index: owner.index, object, ...found, revisedPrompt: undefined };
  return { kind: 'unlisted', record, image };
}

/** Copies come and go, and are made again; those of a picture that was deleted must be gone with it. */
async function judgeCopy(
  object: string,
  bytes: number,
  generationId: string,
  records: RecordStore,
  objects: ObjectStore,
): Promise<Finding | undefined> {
  if ((await records.get(generationId, undefined)) !== undefined) return undefined;
  const doomed = await records.doomedObjects();
  if (doomed.some((name) => readImageObjectName(name)?.generationId === generationId)) return undefined;
  return (await exists(object, objects)) ? { kind: 'orphan', object, bytes } : undefined;
}

/** Without its row nobody knows whose an uploaded image was. */
async function judgeAsset(
  object: string,
  bytes: number,
  { records, objects, assets, isGatewayRunning }: AuditedStores,
): Promise<Finding | undefined> {
  const id = readAssetObjectName(object);
  if (id === undefined) return { kind: 'stranger', object, bytes };
  if ((await assets.find(id, undefined))?.object === object) return undefined;
  const ageMs = Date.now() - decodeTime(id.slice('ua_'.length));
  if (isGatewayRunning() && ageMs < uploadMs) return undefined;
  if ((await records.doomedObjects()).includes(object)) return undefined;
  return (await exists(object, objects)) ? { kind: 'orphan', object, bytes } : undefined;
}

async function exists(object: string, objects: ObjectStore): Promise<boolean> {
  const reader = await objects.open(object);
  await reader?.close();
  return reader !== undefined;
}
