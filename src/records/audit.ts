import { sql, type Kysely, type SqlBool } from 'kysely';

import type { AuditAction, AuditActor, AuditStore } from '../core/audit.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** How many entries of each kind are kept, the newest. */
const kept = { acts: 10_000, refusals: 1_000 } as const;

/** Written out, not bound: only then is the index of refusals used. */
const isRefusal = sql<SqlBool>`action = 'session.refused'`;
const isAct = sql<SqlBool>`action <> 'session.refused'`;

export function makeAuditStore({ reader, write }: Database): AuditStore {
  return {
    add: (entry) =>
      write(async (writer) => {
        await writer
          .insertInto('audit')
          .values({
            id: entry.id,
            at_ms: entry.atMs,
            actor: entry.actor,
            action: entry.action,
            target: entry.target ?? null,
            detail: entry.detail ?? null,
          })
          .execute();
        const refused = entry.action === 'session.refused';
        await forgetOld(writer, refused ? isRefusal : isAct, refused ? kept.refusals : kept.acts);
      }),

    async list({ limit, before }) {
      const all = reader.selectFrom('audit').selectAll();
      const rows = await (before === undefined ? all : all.where('id', '<', before))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        atMs: row.at_ms,
        // Written by `add` alone.
        actor: row.actor as AuditActor,
        action: row.action as AuditAction,
        target: row.target ?? undefined,
        detail: row.detail ?? undefined,
      }));
    },
  };
}

async function forgetOld(
  writer: Kysely<Schema>,
  which: ReturnType<typeof sql<SqlBool>>,
  most: number,
): Promise<void> {
  const last = await writer
    .selectFrom('audit')
    .select('id')
    .where(which)
    .orderBy('id', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await writer.deleteFrom('audit').where(which).where('id', '<=', last.id).execute();
}
