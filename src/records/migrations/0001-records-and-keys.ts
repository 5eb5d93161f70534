import type { Migration } from './migration.ts';

/**
 * The lists' indexes end with the id, which is the order of time: a page is a walk along one of them from
 * its cursor on, whatever the table's size. Completed and failed together (the default) walk the index of
 * all and step over those in progress, of which there are never many.
 */
const listIndexes = [
  'create index generations_by_key on generations (key_id, id)',
  'create index generations_by_status on generations (key_id, status, id)',
  'create index generations_by_model on generations (key_id, model, id)',
  'create index generations_by_model_status on generations (key_id, model, status, id)',
  "create index generations_in_progress on generations (id) where status = 'in_progress'",
];

/**
 * SQLite's planner without statistics takes a bound on the id for worth more than the model or the status, and
 * would step over other models' records. These are not counted but stated, and `analyze` is never run: a plan
 * must not change because a table has grown. Rows, then rows per value of each further column.
 */
const listStatistics = [
  'analyze',
  `insert into sqlite_stat1 (tbl, idx, stat) values
    ('generations', 'sqlite_autoindex_generations_1', '1000000 1'),
    ('generations', 'generations_by_key', '1000000 100000 1'),
    ('generations', 'generations_by_status', '1000000 100000 50000 1'),
    ('generations', 'generations_by_model', '1000000 100000 10000 1'),
    ('generations', 'generations_by_model_status', '1000000 100000 10000 5000 1'),
    ('generations', 'generations_in_progress', '20 1')`,
];

/** Deleted keys stay, for their records' sake; their names and secrets are free again. */
const keyIndexes = [
  "create unique index api_keys_by_name on api_keys (name) where state <> 'deleted'",
  "create unique index api_keys_by_secret on api_keys (secret_hash) where state <> 'deleted'",
];

export const recordsAndKeys: Migration = {
  number: 1,
  name: 'records and keys',
  sqlite: [
    `create table generations (
      number integer primary key,
      id text not null unique,
      key_id text not null,
      status text not null check (status in ('in_progress', 'completed', 'failed')),
      model text not null,
      prompt text not null,
      parameters text not null,
      created_at_ms integer not null,
      finished_at_ms integer,
      failed_images text not null,
      warnings text not null,
      error text,
      usage text,
      provider text,
      served_by text,
      provider_model text,
      attempts integer not null
    ) strict`,
    ...listIndexes,
    `create table images (
      generation_id text not null references generations (id) on delete cascade,
      position integer not null,
      object text not null,
      format text not null,
      width integer not null,
      height integer not null,
      bytes integer not null,
      sha256 text not null,
      revised_prompt text,
      primary key (generation_id, position)
    ) strict, without rowid`,
    `create table calls (
      generation_id text not null references generations (id) on delete cascade,
      number integer not null,
      state text not null check (state in ('open', 'sent', 'waiting', 'storing', 'done', 'failed')),
      first_index integer not null,
      images integer not null,
      route text,
      our_id text,
      ticket text,
      links text,
      attempts integer not null,
      tried text not null,
      primary key (generation_id, number)
    ) strict, without rowid`,
    `create table doomed_objects (
      object text primary key not null,
      doomed_at_ms integer not null
    ) strict, without rowid`,
    // Pieces of prompts, see sqlite-prompts.ts. No text is kept a second time, and no positions in it.
    `create virtual table prompt_pieces using fts5 (
      pieces, content='', contentless_delete=1, detail=none, tokenize='ascii'
    )`,
    `create table api_keys (
      id text primary key not null,
      name text not null,
      state text not null check (state in ('active', 'frozen', 'deleted')),
      secret_hash text not null,
      hint text not null,
      created_at_ms integer not null,
      expires_at_ms integer,
      models text
    ) strict`,
    ...keyIndexes,
    `create table settings (
      name text primary key not null,
      value text not null,
      made_at_ms integer not null
    ) strict`,
    `create table health (
      id integer primary key,
      checked_at_ms integer not null
    ) strict`,
    ...listStatistics,
  ],
};
