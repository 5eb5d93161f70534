import type { Migration } from './migration.ts';

/** Images that callers have uploaded. Kept until deleted, or until not used for long. */
export const assets: Migration = {
  number: 6,
  name: 'assets',
  sqlite: [
    `create table assets (
      id text primary key not null,
      key_id text not null,
      name text not null,
      group_id text,
      file_name text,
      object text not null,
      format text not null,
      width integer not null,
      height integer not null,
      bytes integer not null,
      sha256 text not null,
      created_at_ms integer not null,
      last_used_at_ms integer not null
    ) strict, without rowid`,
    'create index assets_by_key on assets (key_id, id)',
    'create index assets_by_use on assets (last_used_at_ms)',
  ],
};
