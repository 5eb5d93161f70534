import type { Migration } from './migration.ts';

/** Secrets that were replaced and are signed with beside the new one for a while, so that receivers can follow. */
export const earlierWebhookSecrets: Migration = {
  number: 10,
  name: 'earlier webhook secrets',
  sqlite: [
    `create table earlier_webhook_secrets (
      key_id text not null,
      secret text not null,
      ends_at_ms integer not null,
      primary key (key_id, secret)
    ) strict, without rowid`,
  ],
};
