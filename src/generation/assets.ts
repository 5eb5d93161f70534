import { assetObjectName, type Asset, type AssetStore } from '../core/asset.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { IdMaker } from '../core/ids.ts';
import { readStructure } from '../core/image-structure.ts';
import type { Log } from '../core/log.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { RecordStore } from '../core/record-store.ts';
import { loadInputImages, type InputDependencies } from './input-images.ts';
import { Upload } from './input-references.ts';

/** Uploaded images: their rows and their bytes, which come and go together. */
export interface Assets extends Pick<AssetStore, 'list'> {
  find(id: string, keyId: string): Promise<Asset | undefined>;
  /** Checks an uploaded image like any input image and keeps it as it is. Throws GatewayError on `file`. */
  keep(
    file: Pick<Upload, 'bytes' | 'read'>,
    facts: Pick<Asset, 'keyId' | 'name' | 'groupId' | 'fileName'>,
  ): Promise<Asset>;
  /** Its bytes, and it counts as used now. Undefined: the key has no such asset. */
  read(id: string, keyId: string): Promise<Uint8Array | undefined>;
  remove(id: string, keyId: string): Promise<boolean>;
  /** Forgets, now and from time to time, what was not used for the retention time, until the signal. */
  sweep(signal: AbortSignal): Promise<void>;
}

export interface AssetTools {
  store: AssetStore;
  objects: ObjectStore;
  records: Pick<RecordStore, 'forgetObjects'>;
  ids: IdMaker;
  clock: Clock;
  log: Log;
  /** Undefined: kept until deleted. */
  retentionDays: number | undefined;
  inputs(keyId: string): InputDependencies;
}

const dayMs = 24 * 60 * 60 * 1000;
const sweepEveryMs = 60 * 60 * 1000;
const sweptAtOnce = 100;

/** Every model takes something else; what it does not take is converted when the asset is used. */
const anyImage = {
  max: 1,
  formats: ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff', 'bmp', 'heic'] as const,
};

export function makeAssets(tools: AssetTools): Assets {
  const { store, objects, records, ids, clock, log } = tools;

  return {
    find: (id, keyId) => store.find(id, keyId),
    list: (keyId, page) => store.list(keyId, page),

    async keep(file, facts) {
      const upload = new Upload(file.bytes, () => file.read());
      const reference = { field: 'file', param: 'file', reference: { kind: 'upload' as const, upload } };
      const rules = { ...anyImage, formats: [...anyImage.formats] };
      await loadInputImages([reference], rules, tools.inputs(facts.keyId));
      const bytes = await file.read();
      const structure = await readStructure(
        (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
        bytes.length,
      );
      if ('broken' in structure)
        throw new GatewayError('invalid_image', 'The file is no image.', { param: 'file' });
      const { format, width, height } = structure;
      const id = ids('ua');
      const object = assetObjectName(id, format);
      const stored = await publish(bytes, object);
      const nowMs = clock.now();
      const asset = {
        ...facts,
        ...stored,
        id,
        object,
        format,
        width,
        height,
        createdAtMs: nowMs,
        lastUsedAtMs: nowMs,
      };
      await store.add(asset);
      return asset;
    },

    async read(id, keyId) {
      const asset = await store.find(id, keyId);
      if (asset === undefined) return undefined;
      const reader = await objects.open(asset.object);
      if (reader === undefined) return undefined;
      try {
        await store.noteUsed(id, clock.now());
        return await reader.readAt(0, reader.bytes);
      } finally {
        await reader.close();
      }
    },

    remove: async (id, keyId) => await remove(id, keyId),

    async sweep(signal) {
      const { retentionDays } = tools;
      if (retentionDays === undefined) return;
      while (!signal.aborted) {
        try {
          await sweepOnce(clock.now() - retentionDays * dayMs, signal);
        } catch (error) {
          log.warn({ error }, 'Assets that nobody used could not be removed; it is tried again.');
        }
        await clock.sleep(sweepEveryMs, signal).catch(() => undefined);
      }
    },
  };

  async function publish(bytes: Uint8Array, object: string): Promise<{ bytes: number; sha256: string }> {
    const draft = await objects.create();
    try {
      await draft.write(bytes);
      return await draft.publish(object);
    } finally {
      await draft.discard();
    }
  }

  /** The row first: bytes without a row are removed by the next start, a row without bytes would be a lie. */
  async function remove(id: string, keyId: string): Promise<boolean> {
    const asset = await store.remove(id, keyId);
    if (asset === undefined) return false;
    await objects.remove(asset.object);
    await records.forgetObjects([asset.object]);
    return true;
  }

  async function sweepOnce(sinceMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const unused = await store.unused(sinceMs, sweptAtOnce);
      for (const { id, keyId } of unused) {
        if (signal.aborted) return;
        await remove(id, keyId);
      }
      if (unused.length < sweptAtOnce) return;
    }
  }
}
