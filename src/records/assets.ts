import type { Selectable } from 'kysely';
import type { Asset, AssetStore } from '../core/asset.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { Database } from './database.ts';
import type { AssetsTable } from './schema.ts';

export function makeAssetStore({ reader, write, now }: Database): AssetStore {
  const all = () => reader.selectFrom('assets').selectAll();

  return {
    add: (asset) =>
      write(async (writer) => {
        await writer.insertInto('assets').values(toRow(asset)).execute();
      }),

    async find(id, keyId) {
      const own = all().where('id', '=', id);
      const row = await (keyId === undefined ? own : own.where('key_id', '=', keyId)).executeTakeFirst();
      return row === undefined ? undefined : toAsset(row);
    },

    async list(keyId, { offset, limit }) {
      const own = all().where('key_id', '=', keyId);
      const rows = await own.orderBy('id', 'desc').offset(offset).limit(limit).execute();
      const counted = await reader
        .selectFrom('assets')
        .select((row) => row.fn.countAll<number>().as('total'))
        .where('key_id', '=', keyId)
        .executeTakeFirstOrThrow();
      return { assets: rows.map(toAsset), total: counted.total };
    },

    async page(after, limit) {
      const rows = await all()
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toAsset);
    },

    noteUsed: (id, atMs) =>
      write(async (writer) => {
        await writer
          .updateTable('assets')
          .set({ last_used_at_ms: atMs })
          .where('id', '=', id)
          .where('last_used_at_ms', '<', atMs)
          .execute();
      }),

    remove: (id, keyId) =>
      write(async (writer) => {
        const row = await writer
          .deleteFrom('assets')
          .where('id', '=', id)
          .where('key_id', '=', keyId)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        await writer
          .insertInto('doomed_objects')
          .values({ object: row.object, doomed_at_ms: now() })
          .execute();
        return toAsset(row);
      }),

    async unused(sinceMs, limit) {
      const rows = await all()
        .where('last_used_at_ms', '<', sinceMs)
        .orderBy('last_used_at_ms')
        .limit(limit)
        .execute();
      return rows.map(toAsset);
    },
  };
}

function toRow(asset: Asset): Selectable<AssetsTable> {
  return {
    id: asset.id,
    key_id: asset.keyId,
    name: asset.name,
    group_id: asset.groupId ?? null,
    file_name: asset.fileName ?? null,
    object: asset.object,
    format: asset.format,
    width: asset.width,
    height: asset.height,
    bytes: asset.bytes,
    sha256: asset.sha256,
    created_at_ms: asset.createdAtMs,
    last_used_at_ms: asset.lastUsedAtMs,
  };
}

function toAsset(row: Selectable<AssetsTable>): Asset {
  return {
    id: row.id,
    keyId: row.key_id,
    name: row.name,
    groupId: row.group_id ?? undefined,
    fileName: row.file_name ?? undefined,
    object: row.object,
    format: row.format as ImageFormat,
    width: row.width,
    height: row.height,
    bytes: row.bytes,
    sha256: row.sha256,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
