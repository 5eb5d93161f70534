import { sql, type Kysely } from 'kysely';

import type { LimitRefusal, Losses, Reservation } from '../core/ledger.ts';
import { RecordStoreError, type Outcome, type RecordStore } from '../core/record-store.ts';
import type { CallRecord, StoredImage } from '../core/record.ts';
import type { Database } from './database.ts';
import { readDurations } from './generation-durations.ts';
import { listGenerations, loadGenerations } from './generation-list.ts';
import {
  toCall,
  toCallChange,
  toCallRow,
  toGenerationRow,
  toImageRow,
  toOutcomeRow,
} from './generation-rows.ts';
import { claimKey } from './idempotency.ts';
import { LimitReached, reserve, settle } from './ledger.ts';
import type { Schema } from './schema.ts';
import { makeDue, openDelivery } from './webhooks.ts';

export function makeRecordStore(database: Database): RecordStore {
  const { reader, write, prompts, now } = database;

  return {
    open: (record, calls, origin, reservation = reservationOf(calls)) =>
      write(async (writer) => {
        if (origin !== undefined && !(await claimKey(writer, record, origin))) return 'claimed' as const;
        await reserve(writer, record, reservation);
        const { number } = await writer
          .insertInto('generations')
          .values(toGenerationRow(record, origin))
          .returning('number')
          .executeTakeFirstOrThrow();
        if (calls.length > 0) await writer.insertInto('calls').values(calls.map(toCallRow)).execute();
        if (record.images.length > 0) await putImages(writer, record.id, record.images);
        await prompts.add(writer, { number, keyId: record.keyId, prompt: record.prompt });
        await openDelivery(writer, record, origin?.webhook);
        return 'opened' as const;
      }).catch(refusalOf),

    async saveCall(generationId, number, change) {
      const row = toCallChange(change);
      if (Object.keys(row).length === 0) return;
      await write(async (writer) => {
        const { numUpdatedRows } = await writer
          .updateTable('calls')
          .set(row)
          .where('generation_id', '=', generationId)
          .where('number', '=', number)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw missing();
      });
    },

    addImage: (generationId, image) =>
      write(async (writer) => {
        const replaced = await writer
          .selectFrom('images')
          .select('object')
          .where('generation_id', '=', generationId)
          .where('position', '=', image.index)
          .execute();
        await putImages(writer, generationId, [image]);
        await doom(writer, objectsOf(replaced, [image]), now());
      }),

    close: (generationId, outcome, losses = lossesOf(outcome)) =>
      write(async (writer) => {
        const brought = outcome.images.length > 0 ? 1 : 0;
        const closed = await writer
          .updateTable('generations')
          .set(toOutcomeRow(outcome))
          // To the right of `=` stands what was there before.
          .set({
            late: sql<number>`case when late = 1 or timed_out_at_ms is not null or status = 'failed'
              then ${brought} else 0 end`,
          })
          .where('id', '=', generationId)
          .returning('late')
          .executeTakeFirst();
        if (closed === undefined) throw missing();
        const before = await writer
          .selectFrom('images')
          .select(['position', 'object'])
          .where('generation_id', '=', generationId)
          .execute();
        if (outcome.images.length > 0) await putImages(writer, generationId, outcome.images);
        const kept = new Set(outcome.images.map((image) => image.index));
        const dropped = before.filter(({ position }) => !kept.has(position));
        if (dropped.length > 0) {
          await writer
            .deleteFrom('images')
            .where('generation_id', '=', generationId)
            .where(
              'position',
              'in',
              dropped.map(({ position }) => position),
            )
            .execute();
        }
        await doom(writer, objectsOf(before, outcome.images), now());
        await writer
          .updateTable('calls')
          .set({ state: 'done', links: null })
          .where('generation_id', '=', generationId)
          .where('state', 'not in', ['done', 'failed'])
          .execute();
        await makeDue(writer, generationId, now());
        await settle(writer, generationId, outcome, losses);
        return { isLate: closed.late === 1 };
      }),

    async get(id, keyId) {
      let found = reader.selectFrom('generations').selectAll().where('id', '=', id);
      if (keyId !== undefined) found = found.where('key_id', '=', keyId);
      const [record] = await loadGenerations(reader, found);
      return record;
    },

    list: (query) => listGenerations(database, query),

    durations: (query) => readDurations(database, query),

    remove: (id, keyId) =>
      write(async (writer) => {
        const found = await writer
          .selectFrom('generations')
          .select(['number', 'status'])
          .where('id', '=', id)
          .where('key_id', '=', keyId)
          .executeTakeFirst();
        if (found === undefined) return undefined;
        if (found.status === 'in_progress') return 'in_progress';
        const images = await writer
          .selectFrom('images')
          .select('object')
          .where('generation_id', '=', id)
          .orderBy('position')
          .execute();
        const objects = images.map(({ object }) => object);
        await doom(writer, objects, now());
        // Its images and calls go with it.
        await writer.deleteFrom('generations').where('number', '=', found.number).execute();
        await prompts.remove(writer, found.number);
        return { objects };
      }),

    async doomedObjects() {
      const rows = await reader.selectFrom('doomed_objects').select('object').orderBy('object').execute();
      return rows.map(({ object }) => object);
    },

    forgetObjects: (names) => write((writer) => spare(writer, names)),

    async page(afterId, limit) {
      const rows = reader
        .selectFrom('generations')
        .selectAll()
        .where('id', '>', afterId ?? '');
      const records = await loadGenerations(reader, rows.orderBy('id').limit(limit));
      return records.sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async unfinished() {
      // Written out, not bound: only then is the index of those in progress used.
      const inProgress = sql.lit<'in_progress'>('in_progress');
      const open = reader.selectFrom('generations').where('status', '=', inProgress);
      const records = await loadGenerations(reader, open.selectAll());
      const calls = await reader
        .selectFrom('calls')
        .selectAll()
        .where('generation_id', 'in', open.select('id'))
        .orderBy('generation_id')
        .orderBy('number')
        .execute();
      const byGeneration = Map.groupBy(calls.map(toCall), (call) => call.generationId);
      return records
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((record) => ({ record, calls: byGeneration.get(record.id) ?? [] }));
    },

    check: () =>
      write(async (writer) => {
        const row = { id: 1, checked_at_ms: now() };
        await writer
          .insertInto('health')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }),
  };
}

/** An image again under its index replaces the one before. What a record holds is not doomed any more. */
async function putImages(
  writer: Kysely<Schema>,
  generationId: string,
  images: readonly StoredImage[],
): Promise<void> {
  await writer
    .insertInto('images')
    .values(images.map((image) => toImageRow(generationId, image)))
    .onConflict((conflict) =>
      conflict.columns(['generation_id', 'position']).doUpdateSet((row) => ({
        object: row.ref('excluded.object'),
        format: row.ref('excluded.format'),
        width: row.ref('excluded.width'),
        height: row.ref('excluded.height'),
        bytes: row.ref('excluded.bytes'),
        sha256: row.ref('excluded.sha256'),
        revised_prompt: row.ref('excluded.revised_prompt'),
        content_credentials: row.ref('excluded.content_credentials'),
      })),
    )
    .execute();
  await spare(
    writer,
    images.map(({ object }) => object),
  );
}

/** Objects that were held before and are not any more. */
function objectsOf(before: readonly { object: string }[], kept: readonly StoredImage[]): string[] {
  const held = new Set(kept.map(({ object }) => object));
  return before.map(({ object }) => object).filter((object) => !held.has(object));
}

async function doom(writer: Kysely<Schema>, objects: readonly string[], nowMs: number): Promise<void> {
  if (objects.length === 0) return;
  await writer
    .insertInto('doomed_objects')
    .values(objects.map((object) => ({ object, doomed_at_ms: nowMs })))
    .onConflict((conflict) => conflict.column('object').doNothing())
    .execute();
}

async function spare(writer: Kysely<Schema>, objects: readonly string[]): Promise<void> {
  // A few hundred at a time: a statement takes a limited number of values.
  for (let from = 0; from < objects.length; from += 500) {
    await writer
      .deleteFrom('doomed_objects')
      .where('object', 'in', objects.slice(from, from + 500))
      .execute();
  }
}

function reservationOf(calls: readonly CallRecord[]): Reservation {
  return { images: calls.reduce((sum, call) => sum + call.images, 0), cost: undefined, limits: {} };
}

function lossesOf({ failedImages }: Outcome): Losses {
  return { failed: failedImages.length, unknown: 0 };
}

/** Thrown inside the transaction, so that nothing of it is left. */
function refusalOf(thrown: unknown): LimitRefusal {
  if (thrown instanceof LimitReached) return thrown.refusal;
  throw thrown;
}

function missing(): RecordStoreError {
  return new RecordStoreError('missing', 'There is no such record.');
}
