import { sql } from 'kysely';

import {
  claimLifeMs,
  isRemembered,
  type Claim,
  type ClaimScope,
  type CreateIdentity,
  type IdempotencyStore,
  type RequestOrigin,
} from '../core/idempotency.ts';
import type { GenerationRecord } from '../core/record.ts';
import type { Database } from './database.ts';
import { columns, statement, type Prepared, type Statement } from './prepared.ts';
import type { IdempotencyKeysTable } from './schema.ts';

/** Equal requests looked at for one that can be joined. */
const maxLookedAt = 1000;
/** Expired claims that one new claim clears away: more than come, so that they never pile up, and bounded. */
const sweptAtOnce = 20;

export function makeIdempotencyStore({ prepared, write, writeSoon }: Database): IdempotencyStore {
  /** On their way into the store. */
  const delivered = new Set<string>();

  return {
    async findClaim(scope, nowMs) {
      const row = await prepared.first(claimOf, scope);
      return row === undefined || isVoid(row, nowMs) ? undefined : toClaim(row);
    },

    async findUndelivered({ keyId, endpoint, bodyHash }, openedSinceMs) {
      const rows = await prepared.rows(undelivered, { keyId, endpoint, bodyHash, openedSinceMs });
      return rows
        .filter((row) => !delivered.has(row.id) && isRowRemembered(row))
        .map((row) => ({
          generationId: row.id,
          responseFormat: row.response_format ?? 'url',
          hungUpAtMs: row.hung_up_at_ms ?? undefined,
        }));
    },

    async noteDelivered(id, atMs) {
      delivered.add(id);
      try {
        await writeSoon((_, prepared) => Promise.resolve(prepared.run(setDelivered, { id, atMs })));
      } finally {
        delivered.delete(id);
      }
    },

    async noteHungUp(id, atMs) {
      await write((_, prepared) => Promise.resolve(prepared.run(setHungUp, { id, atMs })));
    },

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
  prepared: Prepared,
  record: Pick<GenerationRecord, 'id' | 'keyId' | 'createdAtMs'>,
  { endpoint, idempotencyKey, bodyHash }: RequestOrigin,
): Promise<boolean> {
  if (idempotencyKey === undefined) return true;
  await sweepClaims(prepared, record.createdAtMs);
  const claim = {
    key_id: record.keyId,
    endpoint,
    idempotency_key: idempotencyKey,
    body_hash: bodyHash,
    generation_id: record.id,
    claimed_at_ms: record.createdAtMs,
  };
  const held = await prepared.first(claimOf, { keyId: record.keyId, endpoint, idempotencyKey });
  if (held !== undefined && !isVoid(held, record.createdAtMs)) return false;
  if (held === undefined) return (await prepared.run(insertClaim, claim)) > 0;
  return (await prepared.run(replaceClaim, { ...claim, held_by: held.generation_id })) > 0;
}

const setDelivered = statement((query, { id, atMs }: { id: string; atMs: number }) =>
  query.updateTable('generations').set({ delivered_at_ms: atMs }).where('id', '=', id),
);

const setHungUp = statement((query, { id, atMs }: { id: string; atMs: number }) =>
  query.updateTable('generations').set({ hung_up_at_ms: atMs }).where('id', '=', id),
);

const undelivered = statement((query, asked: CreateIdentity & { openedSinceMs: number }) =>
  query
    .selectFrom('generations')
    .select(['id', 'status', 'error', 'response_format', 'hung_up_at_ms'])
    .where('body_hash', '=', asked.bodyHash)
    .where('delivered_at_ms', 'is', null)
    .where('created_at_ms', '>=', asked.openedSinceMs)
    .where('key_id', '=', asked.keyId)
    .where('endpoint', '=', asked.endpoint)
    .orderBy('created_at_ms')
    .limit(sql.lit(maxLookedAt)),
);

const insertClaim = statement((query, claim: IdempotencyKeysTable) =>
  query
    .insertInto('idempotency_keys')
    .values(columns(claim, claimColumns))
    .onConflict((conflict) => conflict.columns(['key_id', 'endpoint', 'idempotency_key']).doNothing()),
);

const replaceClaim = statement((query, claim: IdempotencyKeysTable & { held_by: string }) =>
  query
    .updateTable('idempotency_keys')
    .set(columns(claim, claimColumns))
    .where('key_id', '=', claim.key_id)
    .where('endpoint', '=', claim.endpoint)
    .where('idempotency_key', '=', claim.idempotency_key)
    .where('generation_id', '=', claim.held_by),
);

const claimColumns = [
  'key_id',
  'endpoint',
  'idempotency_key',
  'body_hash',
  'generation_id',
  'claimed_at_ms',
] as const;

const claimOf = statement((query, scope: ClaimScope) =>
  query
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
    .where('claim.idempotency_key', '=', scope.idempotencyKey),
);

type ClaimRow = typeof claimOf extends Statement<never, infer Row> ? Row : never;

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
async function sweepClaims(prepared: Prepared, nowMs: number): Promise<void> {
  const untilMs = nowMs - claimLifeMs;
  const expired = await prepared.rows(expiredClaims, { untilMs });
  for (const claim of expired) await prepared.run(deleteClaim, { ...claim, untilMs });
}

const expiredClaims = statement((query, { untilMs }: { untilMs: number }) =>
  query
    .selectFrom('idempotency_keys')
    .select(['key_id', 'endpoint', 'idempotency_key'])
    .where('claimed_at_ms', '<=', untilMs)
    .orderBy('claimed_at_ms')
    .limit(sql.lit(sweptAtOnce)),
);

const deleteClaim = statement(
  (query, claim: { key_id: string; endpoint: string; idempotency_key: string; untilMs: number }) =>
    query
      .deleteFrom('idempotency_keys')
      .where('key_id', '=', claim.key_id)
      .where('endpoint', '=', claim.endpoint)
      .where('idempotency_key', '=', claim.idempotency_key)
      .where('claimed_at_ms', '<=', claim.untilMs),
);
