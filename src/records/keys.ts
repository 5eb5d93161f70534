import { sql, type Kysely, type Selectable } from 'kysely';

import type { ApiKey, KeyLimits, KeyStore } from '../core/key-store.ts';
import type { Database } from './database.ts';
import { statement } from './prepared.ts';
import type { ApiKeysTable, Schema } from './schema.ts';

export function makeKeyStore({ reader, prepared, write }: Database): KeyStore {
  return {
    add: (key) =>
      write(async (writer) => {
        const { id, ...rest } = toRow(key);
        // A name is checked here and not by the index, whose refusal would not tell it from a secret's.
        const taken = await writer
          .selectFrom('api_keys')
          .select('id')
          .where('name', '=', key.name)
          .where('state', '<>', 'deleted')
          .executeTakeFirst();
        if (taken !== undefined && key.state !== 'deleted') return 'name_taken';
        await writer
          .insertInto('api_keys')
          .values({ id, ...rest })
          .execute();
        return 'added';
      }),

    async findByHash(secretHash) {
      const row = await prepared.first(bySecret, { secretHash });
      return row === undefined ? undefined : toKey(row);
    },

    async find(nameOrId) {
      const row = (await prepared.first(byId, { nameOrId })) ?? (await prepared.first(byName, { nameOrId }));
      return row === undefined ? undefined : toKey(row);
    },

    async list() {
      return (await living(reader).orderBy('id').execute()).map(toKey);
    },

    change: (id, change) =>
      write(async (writer) => {
        const found = await writer
          .selectFrom('api_keys')
          .selectAll()
          .where('id', '=', id)
          .where('state', '<>', 'deleted')
          .executeTakeFirst();
        if (found === undefined) return false;
        await writer
          .updateTable('api_keys')
          .set(toRow({ ...toKey(found), ...change }))
          .where('id', '=', id)
          .execute();
        return true;
      }),
  };
}

/** Written out, not bound: SQLite takes the indexes of living keys only then without planning anew each time. */
const deleted = sql.lit<'deleted'>('deleted');

const living = (query: Kysely<Schema>) =>
  query.selectFrom('api_keys').selectAll().where('state', '<>', deleted);

const bySecret = statement((query, { secretHash }: { secretHash: string }) =>
  living(query).where('secret_hash', '=', secretHash),
);
const byId = statement((query, { nameOrId }: { nameOrId: string }) =>
  living(query).where('id', '=', nameOrId),
);
const byName = statement((query, { nameOrId }: { nameOrId: string }) =>
  living(query).where('name', '=', nameOrId),
);

function toRow(key: ApiKey): Selectable<ApiKeysTable> {
  return {
    id: key.id,
    name: key.name,
    state: key.state,
    secret_hash: key.secretHash,
    hint: key.hint,
    created_at_ms: key.createdAtMs,
    expires_at_ms: key.expiresAtMs ?? null,
    models: key.models === undefined ? null : JSON.stringify(key.models),
    parameter_handling: key.parameterHandling ?? null,
    limits: JSON.stringify(key.limits),
  };
}

function toKey(row: Selectable<ApiKeysTable>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    secretHash: row.secret_hash,
    hint: row.hint,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    models: row.models === null ? undefined : (JSON.parse(row.models) as string[]),
    parameterHandling: row.parameter_handling ?? undefined,
    limits: JSON.parse(row.limits) as KeyLimits,
  };
}
