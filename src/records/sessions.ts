import type { Selectable } from 'kysely';

import { sessionLifeMs, type ConsoleSession, type SessionStore } from '../core/console-session.ts';
import type { Database } from './database.ts';
import type { ConsoleSessionsTable } from './schema.ts';

/** More are signed in nowhere; somebody who opens sessions without end shall not fill the disk. */
const most = { sessions: 1000, links: 20 } as const;

export function makeSessionStore({ reader, write }: Database): SessionStore {
  return {
    add: (session) =>
      write(async (writer) => {
        const nowMs = session.createdAtMs;
        await writer
          .deleteFrom('console_sessions')
          .where((row) =>
            row.or([
              row('last_used_at_ms', '<=', nowMs - sessionLifeMs.idle),
              row('created_at_ms', '<=', nowMs - sessionLifeMs.whole),
            ]),
          )
          .execute();
        const kept = writer
          .selectFrom('console_sessions')
          .select('id_hash')
          .orderBy('last_used_at_ms', 'desc')
          .limit(most.sessions - 1);
        await writer.deleteFrom('console_sessions').where('id_hash', 'not in', kept).execute();
        await writer.insertInto('console_sessions').values(toRow(session)).execute();
      }),

    async find(idHash) {
      const row = await reader
        .selectFrom('console_sessions')
        .selectAll()
        .where('id_hash', '=', idHash)
        .executeTakeFirst();
      return row === undefined ? undefined : toSession(row);
    },

    change: (idHash, change) =>
      write(async (writer) => {
        const found = await writer
          .selectFrom('console_sessions')
          .selectAll()
          .where('id_hash', '=', idHash)
          .executeTakeFirst();
        if (found === undefined) return;
        await writer
          .updateTable('console_sessions')
          .set(toRow({ ...toSession(found), ...change }))
          .where('id_hash', '=', idHash)
          .execute();
      }),

    remove: (idHash) =>
      write(async (writer) => {
        await writer.deleteFrom('console_sessions').where('id_hash', '=', idHash).execute();
      }),

    addLink: (tokenHash, expiresAtMs) =>
      write(async (writer) => {
        const kept = writer
          .selectFrom('sign_in_links')
          .select('token_hash')
          .orderBy('expires_at_ms', 'desc')
          .limit(most.links - 1);
        await writer.deleteFrom('sign_in_links').where('token_hash', 'not in', kept).execute();
        await writer
          .insertInto('sign_in_links')
          .values({ token_hash: tokenHash, expires_at_ms: expiresAtMs })
          .execute();
      }),

    takeLink: (tokenHash, nowMs) =>
      write(async (writer) => {
        const { numDeletedRows } = await writer
          .deleteFrom('sign_in_links')
          .where('token_hash', '=', tokenHash)
          .where('expires_at_ms', '>', nowMs)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function toRow(session: ConsoleSession): Selectable<ConsoleSessionsTable> {
  return {
    id_hash: session.idHash,
    role: session.role,
    key_id: session.keyId ?? null,
    credential_hash: session.credentialHash ?? null,
    created_at_ms: session.createdAtMs,
    last_used_at_ms: session.lastUsedAtMs,
  };
}

function toSession(row: Selectable<ConsoleSessionsTable>): ConsoleSession {
  return {
    idHash: row.id_hash,
    role: row.role,
    keyId: row.key_id ?? undefined,
    credentialHash: row.credential_hash ?? undefined,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
