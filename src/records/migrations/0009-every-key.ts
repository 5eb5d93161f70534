import type { Migration } from './migration.ts';

/**
 * The operator's lists go over every key's records: walks along the id as those of one key (0001), with the same
 * stated facts for the planner. Usage of all keys is asked for by day.
 */
export const everyKey: Migration = {
  number: 9,
  name: 'lists of every key',
  sqlite: [
    'create index generations_of_model on generations (model, id)',
    // Of the statuses only this one is rare.
    "create index generations_failed on generations (id) where status = 'failed'",
    `insert into sqlite_stat1 (tbl, idx, stat) values
      ('generations', 'generations_of_model', '1000000 150000 1'),
      ('generations', 'generations_failed', '50000 1')`,
    'create index usage_days_by_day on usage_days (day)',
  ],
};
