import type { Migration } from './migration.ts';

/**
 * Messages about ended generations, and the secrets they are signed with: in the clear, since signing needs them.
 * A delivery has no foreign key: what became of it can be seen after its record was deleted.
 */
export const webhooks: Migration = {
  number: 5,
  name: 'webhooks',
  sqlite: [
    `create table webhook_deliveries (
      id text primary key not null,
      generation_id text not null unique,
      key_id text not null,
      url text not null,
      state text not null check (state in ('waiting', 'pending', 'delivered', 'given_up')),
      attempts integer not null,
      next_at_ms integer check ((next_at_ms is not null) = (state = 'pending')),
      created_at_ms integer not null,
      ended_at_ms integer,
      last_status integer,
      last_error text,
      last_attempt_at_ms integer
    ) strict, without rowid`,
    `create index webhook_deliveries_due on webhook_deliveries (next_at_ms) where next_at_ms is not null`,
    `create index webhook_deliveries_ended on webhook_deliveries (ended_at_ms) where ended_at_ms is not null`,
    `create table webhook_secrets (
      key_id text primary key not null,
      secret text not null,
      made_at_ms integer not null
    ) strict, without rowid`,
  ],
};
