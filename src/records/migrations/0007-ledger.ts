import type { Migration } from './migration.ts';

/**
 * What keys may take (`limits`), and what they have used. An entry has no foreign key: it outlives its record. While
 * its generation runs (`reserved`) it holds the most that can come, which makes reservations as durable as records.
 * Money is in millionths.
 *
 * The sums by day stand beside it, written with every entry that is settled: a budget is checked at each create, and
 * must not cost more when years of entries lie behind. Currency '' is none.
 */
export const ledger: Migration = {
  number: 7,
  name: 'limits and ledger',
  sqlite: [
    "alter table api_keys add column limits text not null default '{}'",
    `create table ledger (
      generation_id text primary key not null,
      key_id text not null,
      model text not null,
      day text not null,
      accepted_at_ms integer not null,
      state text not null check (state in ('reserved', 'settled')),
      images integer not null,
      failed integer not null,
      unknown integer not null,
      output_tokens integer not null,
      sandbox integer not null check (sandbox in (0, 1)),
      cost_micros integer,
      charge_micros integer not null,
      currency text not null
    ) strict, without rowid`,
    "create index ledger_running on ledger (key_id) where state = 'reserved'",
    'create index ledger_by_time on ledger (key_id, accepted_at_ms)',
    `create table usage_days (
      key_id text not null,
      day text not null,
      model text not null,
      currency text not null,
      requests integer not null,
      images integer not null,
      unpriced_images integer not null,
      failed integer not null,
      unknown integer not null,
      output_tokens integer not null,
      cost_micros integer not null,
      charge_micros integer not null,
      primary key (key_id, day, model, currency)
    ) strict, without rowid`,
  ],
};
