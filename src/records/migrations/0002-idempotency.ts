import type { Migration } from './migration.ts';

/**
 * Which request a generation came from and what became of its reply; and the Idempotency-Keys. A claim has no
 * foreign key: it outlives its record, so that a repeat learns that the image was deleted.
 */
export const idempotency: Migration = {
  number: 2,
  name: 'idempotency',
  sqlite: [
    // Null in records of before.
    'alter table generations add column endpoint text',
    'alter table generations add column body_hash text',
    "alter table generations add column response_format text check (response_format in ('url', 'b64_json'))",
    'alter table generations add column delivered_at_ms integer',
    'alter table generations add column hung_up_at_ms integer',
    'alter table generations add column timed_out_at_ms integer',
    'alter table generations add column late integer not null default 0 check (late in (0, 1))',
    // Every create looks here, and nearly all replies are delivered: the index holds only the others.
    `create index generations_undelivered on generations (body_hash, created_at_ms)
      where delivered_at_ms is null and body_hash is not null`,
    'create index generations_late on generations (key_id, id) where late = 1',
    `create table idempotency_keys (
      key_id text not null,
      endpoint text not null,
      idempotency_key text not null,
      body_hash text not null,
      generation_id text not null,
      claimed_at_ms integer not null,
      primary key (key_id, endpoint, idempotency_key)
    ) strict, without rowid`,
    'create index idempotency_keys_by_age on idempotency_keys (claimed_at_ms)',
  ],
};
