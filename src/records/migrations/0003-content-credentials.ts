import type { Migration } from './migration.ts';

/** Whether a picture's file carries content credentials. Those kept before it was looked for say no. */
export const contentCredentials: Migration = {
  number: 3,
  name: 'content credentials',
  sqlite: [
    `alter table images add column content_credentials integer not null default 0
      check (content_credentials in (0, 1))`,
  ],
};
