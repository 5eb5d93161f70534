import type { Migration } from './migration.ts';

/**
 * Who is signed in to the console, one-time links to sign in with, and what operators have done. Of cookies and links
 * only the hashes are kept. `key_id` has no foreign key: a session outlives the key it acts as.
 */
export const consoleSessions: Migration = {
  number: 8,
  name: 'console sessions and audit',
  sqlite: [
    `create table console_sessions (
      id_hash text primary key not null,
      role text not null check (role in ('admin', 'key')),
      key_id text check (key_id is not null or role = 'admin'),
      credential_hash text,
      created_at_ms integer not null,
      last_used_at_ms integer not null
    ) strict, without rowid`,
    `create table sign_in_links (
      token_hash text primary key not null,
      expires_at_ms integer not null
    ) strict, without rowid`,
    `create table audit (
      id text primary key not null,
      at_ms integer not null,
      actor text not null,
      action text not null,
      target text,
      detail text
    ) strict, without rowid`,
    "create index audit_refused on audit (id) where action = 'session.refused'",
  ],
};
