import type { Kysely, Selectable } from 'kysely';

import type { GenerationRecord } from '../core/record.ts';
import { secretOverlapMs, type WebhookDelivery, type WebhookStore } from '../core/webhook.ts';
import type { Database } from './database.ts';
import { statement, type Prepared } from './prepared.ts';
import type { Schema, WebhookDeliveriesTable } from './schema.ts';

/** What has ended is kept this long, for the operator. */
const keptMs = 30 * 24 * 60 * 60 * 1000;
/** A header has an end, however often somebody changes secrets in a day. */
const maxEarlierSecrets = 3;
/** Old ones that one new one clears away: more than come, so that they never pile up, and bounded. */
const sweptAtOnce = 20;

export function makeWebhookStore({ reader, write }: Database): WebhookStore {
  return {
    async due(nowMs, limit) {
      const rows = await reader
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('next_at_ms', '<=', nowMs)
        .orderBy('next_at_ms')
        .limit(limit)
        .execute();
      return rows.map(toDelivery);
    },

    async nextDueAtMs() {
      const row = await reader
        .selectFrom('webhook_deliveries')
        .select('next_at_ms')
        .where('next_at_ms', 'is not', null)
        .orderBy('next_at_ms')
        .limit(1)
        .executeTakeFirst();
      return row?.next_at_ms ?? undefined;
    },

    claim: (id, nowMs, untilMs) =>
      write(async (writer) => {
        const { numUpdatedRows } = await writer
          .updateTable('webhook_deliveries')
          .set((row) => ({
            next_at_ms: untilMs,
            attempts: row('attempts', '+', 1),
            last_attempt_at_ms: nowMs,
          }))
          .where('id', '=', id)
          .where('state', '=', 'pending')
          .where('next_at_ms', '<=', nowMs)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    end: (id, outcome, atMs) =>
      write(async (writer) => {
        await writer
          .updateTable('webhook_deliveries')
          .set({
            state: outcome.state,
            next_at_ms: outcome.state === 'pending' ? outcome.nextAtMs : null,
            ended_at_ms: outcome.state === 'pending' ? null : atMs,
            last_status: outcome.status ?? null,
            last_error: outcome.state === 'delivered' ? null : outcome.error,
          })
          .where('id', '=', id)
          .execute();
        await sweep(writer, atMs);
      }),

    async list(limit) {
      const rows = await reader
        .selectFrom('webhook_deliveries')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toDelivery);
    },

    async find(id) {
      const row = await reader
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : toDelivery(row);
    },

    redeliver: (id, nowMs) =>
      write(async (writer) => {
        const found = await writer
          .selectFrom('webhook_deliveries')
          .select(['id', 'state'])
          .where((row) => row.or([row('id', '=', id), row('generation_id', '=', id)]))
          .executeTakeFirst();
        if (found === undefined) return undefined;
        if (found.state === 'waiting') return 'waiting';
        await writer
          .updateTable('webhook_deliveries')
          .set({ state: 'pending', attempts: 0, next_at_ms: nowMs, ended_at_ms: null })
          .where('id', '=', found.id)
          .execute();
        return 'due';
      }),

    async secretsOf(keyId, nowMs) {
      const current = await reader
        .selectFrom('webhook_secrets')
        .select('secret')
        .where('key_id', '=', keyId)
        .executeTakeFirst();
      if (current === undefined) return [];
      const earlier = await reader
        .selectFrom('earlier_webhook_secrets')
        .select('secret')
        .where('key_id', '=', keyId)
        .where('ends_at_ms', '>', nowMs)
        .orderBy('ends_at_ms', 'desc')
        .limit(maxEarlierSecrets)
        .execute();
      return [current.secret, ...earlier.map(({ secret }) => secret)];
    },

    setSecret: (keyId, secret, nowMs) =>
      write(async (writer) => {
        const replaced = await writer
          .selectFrom('webhook_secrets')
          .select('secret')
          .where('key_id', '=', keyId)
          .where('secret', '!=', secret)
          .executeTakeFirst();
        if (replaced !== undefined) {
          await writer
            .insertInto('earlier_webhook_secrets')
            .values({ key_id: keyId, secret: replaced.secret, ends_at_ms: nowMs + secretOverlapMs })
            .execute();
        }
        await writer
          .deleteFrom('earlier_webhook_secrets')
          .where('key_id', '=', keyId)
          .where((row) => row.or([row('ends_at_ms', '<=', nowMs), row('secret', '=', secret)]))
          .execute();
        const values = { secret, made_at_ms: nowMs };
        await writer
          .insertInto('webhook_secrets')
          .values({ key_id: keyId, ...values })
          .onConflict((conflict) => conflict.column('key_id').doUpdateSet(values))
          .execute();
      }),
  };
}

/** In the transaction that opens the generation. */
export async function openDelivery(
  writer: Kysely<Schema>,
  record: Pick<GenerationRecord, 'id' | 'keyId' | 'createdAtMs'>,
  webhook: { id: string; url: string } | undefined,
): Promise<void> {
  if (webhook === undefined) return;
  await writer
    .insertInto('webhook_deliveries')
    .values({
      id: webhook.id,
      generation_id: record.id,
      key_id: record.keyId,
      url: webhook.url,
      state: 'waiting',
      attempts: 0,
      created_at_ms: record.createdAtMs,
    })
    .execute();
}

/** In the transaction that closes the generation: from now on its message is due, whatever happens to this process. */
export async function makeDue(prepared: Prepared, generationId: string, nowMs: number): Promise<void> {
  await prepared.run(makeDueOf, { generationId, nowMs });
}

const makeDueOf = statement((query, { generationId, nowMs }: { generationId: string; nowMs: number }) =>
  query
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', next_at_ms: nowMs })
    .where('generation_id', '=', generationId)
    .where('state', '=', 'waiting'),
);

async function sweep(writer: Kysely<Schema>, nowMs: number): Promise<void> {
  const old = await writer
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('ended_at_ms', '<=', nowMs - keptMs)
    .orderBy('ended_at_ms')
    .limit(sweptAtOnce)
    .execute();
  if (old.length === 0) return;
  await writer
    .deleteFrom('webhook_deliveries')
    .where(
      'id',
      'in',
      old.map(({ id }) => id),
    )
    .execute();
}

function toDelivery(row: Selectable<WebhookDeliveriesTable>): WebhookDelivery {
  return {
    id: row.id,
    generationId: row.generation_id,
    keyId: row.key_id,
    url: row.url,
    state: row.state,
    attempts: row.attempts,
    nextAtMs: row.next_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    lastStatus: row.last_status ?? undefined,
    lastError: row.last_error ?? undefined,
    lastAttemptAtMs: row.last_attempt_at_ms ?? undefined,
  };
}
