import { sql, type Kysely } from 'kysely';

import {
  dayOf,
  type KeyUsageRow,
  type LedgerStore,
  type LimitRefusal,
  type Losses,
  type Reservation,
} from '../core/ledger.ts';
import type { KeyLimits } from '../core/key-store.ts';
import { fromMicros, toMicros } from '../core/price.ts';
import type { Outcome } from '../core/record-store.ts';
import type { GenerationRecord } from '../core/record.ts';
import type { Database } from './database.ts';
import { columns, statement, type Prepared } from './prepared.ts';
import type { LedgerTable, Schema, UsageDaysTable } from './schema.ts';

type Record = Pick<GenerationRecord, 'id' | 'keyId' | 'model' | 'createdAtMs'>;

const minuteMs = 60_000;

/** Written out, not bound: only then is the index of those that run used. */
const isReserved = sql<boolean>`state = 'reserved'`;

export function makeLedgerStore({ reader }: Database): LedgerStore {
  async function usageRows({
    keyId,
    from,
    to,
    limit,
  }: {
    keyId: string | undefined;
    from: string;
    to: string;
    limit?: number;
  }): Promise<KeyUsageRow[]> {
    const unpriced = sql<number>`sum(unpriced_images)`;
    const priced = sql<number>`count(distinct case when images > unpriced_images then currency end)`;
    let sums = reader
      .selectFrom('usage_days')
      .select(({ fn }) => [
        'day',
        'key_id',
        'model',
        fn.sum<number>('requests').as('requests'),
        fn.sum<number>('images').as('images'),
        fn.sum<number>('failed').as('failed'),
        fn.sum<number>('unknown').as('unknown'),
        fn.sum<number>('output_tokens').as('output_tokens'),
        fn.sum<number>('cost_micros').as('cost_micros'),
        unpriced.as('unpriced'),
        priced.as('currencies'),
        sql<string | null>`max(case when images > unpriced_images then currency end)`.as('currency'),
      ])
      .where('day', '>=', from)
      .where('day', '<=', to)
      .groupBy(['day', 'key_id', 'model'])
      .orderBy('day')
      .orderBy('key_id')
      .orderBy('model');
    if (keyId !== undefined) sums = sums.where('key_id', '=', keyId);
    const rows = await (limit === undefined ? sums : sums.limit(limit)).execute();
    return rows.map((row) => ({
      date: row.day,
      keyId: row.key_id,
      model: row.model,
      requests: row.requests,
      images: row.images,
      failed: row.failed,
      unknown: row.unknown,
      outputTokens: row.output_tokens,
      cost:
        row.unpriced === 0 && row.currencies === 1 && row.currency !== null
          ? { amount: fromMicros(row.cost_micros), currency: row.currency }
          : null,
    }));
  }

  return {
    async usage(query) {
      const rows = await usageRows(query);
      return rows.map(({ date, model, requests, images, failed, unknown, outputTokens, cost }) => ({
        date,
        model,
        requests,
        images,
        failed,
        unknown,
        outputTokens,
        cost,
      }));
    },

    usageByKey: (query) => usageRows(query),

    refusal: (keyId, reservation, nowMs) => findRefusal(reader, keyId, reservation, nowMs),

    async budgetUse(keyId, limits, nowMs) {
      const { budget, budgetImages } = limits;
      if (budget === undefined && budgetImages === undefined) return undefined;
      const currency = budget?.currency;
      const used = await usedSince(reader, keyId, periodStart(limits, nowMs), currency ?? '');
      const cost = currency === undefined ? undefined : { amount: fromMicros(used.micros), currency };
      return { images: used.images, cost };
    },

    async imagesInMinute(keyId, nowMs) {
      const rows = await inLastMinute(reader, keyId, nowMs);
      const last = rows.findLast(({ images }) => images > 0);
      return { images: sumOf(rows), freeAtMs: last === undefined ? nowMs : last.accepted_at_ms + minuteMs };
    },
  };
}

/** A key's limit does not allow it. Thrown, so that the transaction it was met in leaves nothing. */
export class LimitReached extends Error {
  readonly refusal: LimitRefusal;

  constructor(refusal: LimitRefusal) {
    super(refusal.limit);
    this.refusal = refusal;
  }
}

/** In the transaction that opens the generation: its entry, holding the most that can come. Throws LimitReached. */
export async function reserve(
  writer: Kysely<Schema>,
  prepared: Prepared,
  record: Record,
  reservation: Reservation,
): Promise<void> {
  const refusal = await findRefusal(writer, record.keyId, reservation, record.createdAtMs);
  if (refusal !== undefined) throw new LimitReached(refusal);
  const { cost } = reservation;
  const entry = newEntry(record);
  entry.images = reservation.images;
  entry.charge_micros = cost === undefined ? 0 : toMicros(cost.amount);
  entry.currency = cost?.currency ?? '';
  await prepared.run(insertEntry, entry);
}

/**
 * In the transaction that closes the generation: what came takes the place of what was held. Only once, since what a
 * later change of the record says about its pictures changes nothing of what they cost.
 */
export async function settle(
  writer: Kysely<Schema>,
  prepared: Prepared,
  generationId: string,
  outcome: Outcome,
  losses: Losses,
): Promise<void> {
  const cost = outcome.usage?.cost ?? null;
  const came = {
    generation_id: generationId,
    images: outcome.images.length,
    failed: losses.failed,
    unknown: losses.unknown,
    output_tokens: outcome.usage?.outputTokens ?? 0,
    sandbox: outcome.servedBy?.startsWith('sandbox/') === true ? 1 : 0,
    cost_micros: cost === null ? null : toMicros(cost.amount),
    cost_currency: cost?.currency ?? null,
  };
  let entry = await prepared.first(settleEntry, came);
  if (entry === undefined && (await hasNoEntry(writer, generationId))) {
    await prepared.run(insertEntry, await lateEntry(writer, generationId));
    entry = await prepared.first(settleEntry, came);
  }
  if (entry !== undefined) await addToDay(prepared, { ...entry, ...came });
}

async function hasNoEntry(writer: Kysely<Schema>, id: string): Promise<boolean> {
  const entry = writer.selectFrom('ledger').select('state').where('generation_id', '=', id);
  return (await entry.executeTakeFirst()) === undefined;
}

/** The entry of a generation that was opened before there was a ledger. */
async function lateEntry(writer: Kysely<Schema>, id: string): Promise<LedgerTable> {
  const { key_id, model, created_at_ms } = await writer
    .selectFrom('generations')
    .select(['key_id', 'model', 'created_at_ms'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return newEntry({ id, keyId: key_id, model, createdAtMs: created_at_ms });
}

function newEntry(record: Record): LedgerTable {
  return {
    generation_id: record.id,
    key_id: record.keyId,
    model: record.model,
    day: dayOf(record.createdAtMs),
    accepted_at_ms: record.createdAtMs,
    state: 'reserved',
    images: 0,
    failed: 0,
    unknown: 0,
    output_tokens: 0,
    sandbox: 0,
    cost_micros: null,
    charge_micros: 0,
    currency: '',
  };
}

async function addToDay(
  prepared: Prepared,
  entry: Omit<LedgerTable, 'accepted_at_ms' | 'state'>,
): Promise<void> {
  await prepared.run(addDay, {
    key_id: entry.key_id,
    day: entry.day,
    model: entry.model,
    currency: entry.currency,
    requests: 1,
    images: entry.images,
    unpriced_images: entry.cost_micros === null ? entry.images : 0,
    failed: entry.failed,
    unknown: entry.unknown,
    output_tokens: entry.output_tokens,
    cost_micros: entry.cost_micros ?? 0,
    charge_micros: entry.charge_micros,
  });
}

const insertEntry = statement((query, entry: LedgerTable) =>
  query
    .insertInto('ledger')
    .values(
      columns(entry, [
        'generation_id',
        'key_id',
        'model',
        'day',
        'accepted_at_ms',
        'state',
        'images',
        'failed',
        'unknown',
        'output_tokens',
        'sandbox',
        'cost_micros',
        'charge_micros',
        'currency',
      ]),
    ),
);

type Came = Omit<Parameters<typeof addToDay>[1], 'key_id' | 'day' | 'model' | 'charge_micros' | 'currency'>;

const settleEntry = statement((query, came: Came & { cost_currency: string | null }) => {
  // To the right of `=` stands what was held.
  const heldImages = sql`case when images = 0 then 1 else images end`;
  // Made, and nobody knows for how much: a budget counts them with what was held for each, rounded up. Numbers are
  // bound as floating ones.
  const heldForThem = sql`case when ${came.sandbox} = 1 then 0
    else (charge_micros * cast(${came.images} as integer) + ${heldImages} - 1) / ${heldImages} end`;
  return query
    .updateTable('ledger')
    .set(columns(came, ['images', 'failed', 'unknown', 'output_tokens', 'sandbox', 'cost_micros']))
    .set({
      state: 'settled',
      charge_micros: sql<number>`coalesce(${came.cost_micros}, ${heldForThem})`,
      currency: sql<string>`coalesce(${came.cost_currency}, currency)`,
    })
    .where('generation_id', '=', came.generation_id)
    .where(isReserved)
    .returning(['key_id', 'day', 'model', 'charge_micros', 'currency']);
});

const addDay = statement((query, day: UsageDaysTable) =>
  query
    .insertInto('usage_days')
    .values(
      columns(day, [
        'key_id',
        'day',
        'model',
        'currency',
        'requests',
        'images',
        'unpriced_images',
        'failed',
        'unknown',
        'output_tokens',
        'cost_micros',
        'charge_micros',
      ]),
    )
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'day', 'model', 'currency']).doUpdateSet((row) => ({
        requests: row('usage_days.requests', '+', row.ref('excluded.requests')),
        images: row('usage_days.images', '+', row.ref('excluded.images')),
        unpriced_images: row('usage_days.unpriced_images', '+', row.ref('excluded.unpriced_images')),
        failed: row('usage_days.failed', '+', row.ref('excluded.failed')),
        unknown: row('usage_days.unknown', '+', row.ref('excluded.unknown')),
        output_tokens: row('usage_days.output_tokens', '+', row.ref('excluded.output_tokens')),
        cost_micros: row('usage_days.cost_micros', '+', row.ref('excluded.cost_micros')),
        charge_micros: row('usage_days.charge_micros', '+', row.ref('excluded.charge_micros')),
      })),
    ),
);

/** In the order of public-api.md section 3: images per minute, generations at once, budgets. */
async function findRefusal(
  database: Kysely<Schema>,
  keyId: string,
  { images, cost, limits }: Reservation,
  nowMs: number,
): Promise<LimitRefusal | undefined> {
  const { imagesPerMinute, concurrency, budget, budgetImages } = limits;
  if (imagesPerMinute !== undefined) {
    if (images > imagesPerMinute) return { limit: 'images_per_request', most: imagesPerMinute };
    const waitMs = waitFor(await inLastMinute(database, keyId, nowMs), imagesPerMinute - images, nowMs);
    if (waitMs > 0) return { limit: 'images_per_minute', most: imagesPerMinute, waitMs };
  }
  if (concurrency !== undefined && (await runningOf(database, keyId)) >= concurrency)
    return { limit: 'concurrency', most: concurrency };
  if (budget === undefined && budgetImages === undefined) return undefined;
  const used = await usedSince(database, keyId, periodStart(limits, nowMs), budget?.currency ?? '');
  if (
    budget !== undefined &&
    cost !== undefined &&
    used.micros + toMicros(cost.amount) > toMicros(budget.amount)
  )
    return { limit: 'budget' };
  if (budgetImages !== undefined && used.images + images > budgetImages)
    return { limit: 'budget_images', most: budgetImages };
  return undefined;
}

/** Any minute, not each minute of the clock: no sixty seconds ever hold more than the limit. */
function inLastMinute(
  database: Kysely<Schema>,
  keyId: string,
  nowMs: number,
): Promise<{ images: number; accepted_at_ms: number }[]> {
  return database
    .selectFrom('ledger')
    .select(['images', 'accepted_at_ms'])
    .where('key_id', '=', keyId)
    .where('accepted_at_ms', '>', nowMs - minuteMs)
    .orderBy('accepted_at_ms')
    .execute();
}

/** How long until no more than `most` of them count, ms. */
function waitFor(
  rows: readonly { images: number; accepted_at_ms: number }[],
  most: number,
  nowMs: number,
): number {
  let used = sumOf(rows);
  let waitMs = 0;
  for (const { images, accepted_at_ms } of rows) {
    if (used <= most) break;
    used -= images;
    waitMs = Math.max(1, accepted_at_ms + minuteMs - nowMs);
  }
  return waitMs;
}

function sumOf(rows: readonly { images: number }[]): number {
  return rows.reduce((sum, { images }) => sum + images, 0);
}

async function runningOf(database: Kysely<Schema>, keyId: string): Promise<number> {
  const { running } = await database
    .selectFrom('ledger')
    .select(({ fn }) => fn.countAll<number>().as('running'))
    .where('key_id', '=', keyId)
    .where(isReserved)
    .executeTakeFirstOrThrow();
  return running;
}

/** The first day of what the budgets are for; empty: of all days. */
function periodStart({ budgetPeriod }: KeyLimits, nowMs: number): string {
  return budgetPeriod === 'month' ? `${dayOf(nowMs).slice(0, 7)}-01` : '';
}

/** What a key has taken and holds since that day: images of any kind, and money in one currency. */
async function usedSince(
  database: Kysely<Schema>,
  keyId: string,
  since: string,
  currency: string,
): Promise<{ images: number; micros: number }> {
  const micros = sql<number>`coalesce(sum(case when currency = ${currency} then charge_micros end), 0)`;
  const images = sql<number>`coalesce(sum(images), 0)`;
  const settled = await database
    .selectFrom('usage_days')
    .select([micros.as('micros'), images.as('images')])
    .where('key_id', '=', keyId)
    .where('day', '>=', since)
    .executeTakeFirstOrThrow();
  const held = await database
    .selectFrom('ledger')
    .select([micros.as('micros'), images.as('images')])
    .where('key_id', '=', keyId)
    .where(isReserved)
    .where('day', '>=', since)
    .executeTakeFirstOrThrow();
  return { images: settled.images + held.images, micros: settled.micros + held.micros };
}
