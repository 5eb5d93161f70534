import type { Migration } from './migration.ts';

/** What a key's requests get where they do not say whether parameters are handled strictly. */
export const parameterHandling: Migration = {
  number: 4,
  name: 'parameter handling',
  sqlite: [
    `alter table api_keys add column parameter_handling text
      check (parameter_handling in ('strict', 'lenient'))`,
  ],
};
