import { sql, type Kysely } from 'kysely';

import {
  claimLifeMs,
  isRemembered,
  type Claim,
  type IdempotencyStore,
  type RequestOrigin,
} from '../core/idempotency.ts';
import type { GenerationRecord } from '../core/record.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** Equal requests looked at for one that can be joined. */
const maxLookedAt = 1000;
/** Expired claims that one new claim clears away: more than come, so that they never pile up, and bounded. */
const sweptAtOnce = 20;

export function makeIdempotencyStore({ reader, write }: Database): IdempotencyStore {
  const set = (id: string, change: { delivered_at_ms: number } | { hung_up_at_ms: number }): Promise<void> =>
    write(async (writer) => {
      await writer.updateTable('generations').set(change).where('id', '=', id).execute();
    });

  return {
    async findClaim(scope, nowMs) {
      const row = await readClaim(reader, scope);
      return row === undefined || isVoid(row, nowMs) ? undefined : toClaim(row);
    },

    async findUndelivered({ keyId, endpoint, bodyHash }, openedSinceMs) {
      const rows = await reader
        .selectFrom('generations')
        .select(['id', 'status', 'error', 'response_format', 'hung_up_at_ms'])
        .where('body_hash', '=', bodyHash)
        .where('delivered_at_ms', 'is', null)
        .where('created_at_ms', '>=', openedSinceMs)
        .where('key_id', '=', keyId)
        .where('endpoint', '=', endpoint)
        .orderBy('created_at_ms')
        .limit(maxLookedAt)
        .execute();
      return rows.filter(isRowRemembered).map((row) => ({
        generationId: row.id,
        responseFormat: row.response_format ?? 'url',
        hungUpAtMs: row.hung_up_at_ms ?? undefined,
      }));
    },

    noteDelivered: (generationId, atMs) => set(generationId, { delivered_at_ms: atMs }),

    noteHungUp: (generationId, atMs) => set(generationId, { hung_up_at_ms: atMs }),

    noteAllHungUp: (openedSinceMs, atMs) =>
      write(async (writer) => {
        await writer
          .updateTable('generations')
          .set({ hung_up_at_ms: atMs })
          .where('body_hash', 'is not', null)
          .where('delivered_at_ms', 'is', null)
          // Who had hung up before did so then, not now.
          .where('hung_up_at_ms', 'is', null)
          .where('created_at_ms', '>=', openedSinceMs)
          .execute();
      }),

    noteTimedOut: (generationId, atMs) =>
      write(async (writer) => {
        const { numUpdatedRows } = await writer
          .updateTable('generations')
          .set({ timed_out_at_ms: sql<number>`coalesce(timed_out_at_ms, ${atMs})` })
          .where('id', '=', generationId)
          .where('status', '=', 'in_progress')
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
  };
}

/**
 * Takes the key for a generation that is about to be opened in the same transaction; a void claim is replaced.
 * False: another generation holds it. Of two that come at once, on any number of processes, one gets it.
 */
export async function claimKey(
  writer: Kysely<Schema>,
  record: Pick<GenerationRecord, 'id' | 'keyId' | 'createdAtMs'>,
  { endpoint, idempotencyKey, bodyHash }: RequestOrigin,
): Promise<boolean> {
  if (idempotencyKey === undefined) return true;
  await sweepClaims(writer, record.createdAtMs);
  const claim = {
    key_id: record.keyId,
    endpoint,
    idempotency_key: idempotencyKey,
    body_hash: bodyHash,
    generation_id: record.id,
    claimed_at_ms: record.createdAtMs,
  };
  const held = await readClaim(writer, { keyId: record.keyId, endpoint, idempotencyKey });
  if (held !== undefined && !isVoid(held, record.createdAtMs)) return false;
  if (held === undefined) {
    const inserted = await writer
      .insertInto('idempotency_keys')
      .values(claim)
      .onConflict((conflict) => conflict.columns(['key_id', 'endpoint', 'idempotency_key']).doNothing())
      .executeTakeFirst();
    return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const { numUpdatedRows } = await writer
    .updateTable('idempotency_keys')
    .set(claim)
    .where('key_id', '=', record.keyId)
    .where('endpoint', '=', endpoint)
    .where('idempotency_key', '=', idempotencyKey)
    .where('generation_id', '=', held.generation_id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function readClaim(from: Kysely<Schema>, scope: { keyId: string; endpoint: string; idempotencyKey: string }) {
  return from
    .selectFrom('idempotency_keys as claim')
    .leftJoin('generations', 'generations.id', 'claim.generation_id')
    .select([
      'claim.generation_id',
      'claim.body_hash',
      'claim.claimed_at_ms',
      'generations.status',
      'generations.error',
      'generations.response_format',
    ])
    .where('claim.key_id', '=', scope.keyId)
    .where('claim.endpoint', '=', scope.endpoint)
    .where('claim.idempotency_key', '=', scope.idempotencyKey)
    .executeTakeFirst();
}

type ClaimRow = NonNullable<Awaited<ReturnType<typeof readClaim>>>;

function isVoid(row: ClaimRow, nowMs: number): boolean {
  return row.claimed_at_ms <= nowMs - claimLifeMs || !isRowRemembered(row);
}

function toClaim(row: ClaimRow): Claim {
  return {
    generationId: row.generation_id,
    bodyHash: row.body_hash,
    responseFormat: row.response_format ?? undefined,
  };
}

/** A deleted record is remembered too: as deleted. */
function isRowRemembered(row: Pick<ClaimRow, 'status' | 'error'>): boolean {
  if (row.status === null) return true;
  const error = row.error === null ? undefined : (JSON.parse(row.error) as GenerationRecord['error']);
  return isRemembered({ status: row.status, error });
}

/** No timer needed: claims go as claims come, and a late one that is still there counts for nothing. */
async function sweepClaims(writer: Kysely<Schema>, nowMs: number): Promise<void> {
  const expired = await writer
    .selectFrom('idempotency_keys')
    .select(['key_id', 'endpoint', 'idempotency_key'])
    .where('claimed_at_ms', '<=', nowMs - claimLifeMs)
    .orderBy('claimed_at_ms')
    .limit(sweptAtOnce)
    .execute();
  for (const claim of expired) {
    await writer
      .deleteFrom('idempotency_keys')
      .where('key_id', '=', claim.key_id)
      .where('endpoint', '=', claim.endpoint)
      .where('idempotency_key', '=', claim.idempotency_key)
      .where('claimed_at_ms', '<=', nowMs - claimLifeMs)
      .execute();
  }
}
