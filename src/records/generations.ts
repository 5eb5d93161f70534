import { sql, type Kysely } from 'kysely';

import type { LimitRefusal, Losses, Reservation } from '../core/ledger.ts';
import { RecordStoreError, type Outcome, type RecordStore } from '../core/record-store.ts';
import type { CallRecord, StoredImage } from '../core/record.ts';
import type { Database } from './database.ts';
import { readDurations } from './generation-durations.ts';
import { listGenerations, loadGeneration, loadGenerations } from './generation-list.ts';
import {
  callColumns,
  generationColumns,
  imageColumns,
  outcomeColumns,
  toCall,
  toCallChange,
  toCallEnd,
  toCallRow,
  toGenerationRow,
  toImageRow,
  toOutcomeRow,
} from './generation-rows.ts';
import { claimKey } from './idempotency.ts';
import { LimitReached, reserve, settle } from './ledger.ts';
import { columns, statement, type Prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import { makeDue, openDelivery } from './webhooks.ts';

/** How long new prompts wait for each other. */
const catchUpMs = 100;

export function makeRecordStore(database: Database): RecordStore {
  const { reader, prepared, write, prompts, now } = database;
  /** For each selection of columns that is saved together: there are few. */
  const changes = new Map<string, ReturnType<typeof changeCall>>();
  let isCatchUpDue = false;

  function changeOf(row: CallColumns): ReturnType<typeof changeCall> {
    const names = Object.keys(row) as (keyof CallColumns)[];
    const key = names.join(' ');
    const made = changes.get(key) ?? changeCall(names);
    changes.set(key, made);
    return made;
  }

  /**
   * After a while: many prompts cost the index hardly more than one. Until then, or when it fails, nothing is missed in a
   * search; whoever opens the next generation tries again.
   */
  function catchUpSoon(): void {
    if (isCatchUpDue) return;
    isCatchUpDue = true;
    // It keeps no process alive that has nothing else to do.
    setTimeout(() => void catchUp(), catchUpMs).unref();
  }

  async function catchUp(): Promise<void> {
    isCatchUpDue = false;
    try {
      while (await write(prompts.catchUp));
    } catch {
      // Somebody who waits for a write is told.
    }
  }

  return {
    open: (record, calls, origin, reservation = reservationOf(calls)) =>
      write(async (writer, prepared) => {
        if (origin !== undefined && !(await claimKey(prepared, record, origin))) return 'claimed' as const;
        await reserve(writer, prepared, record, reservation);
        await prepared.run(insertGeneration, toGenerationRow(record, origin));
        for (const call of calls) await prepared.run(insertCall, toCallRow(call));
        await putImages(prepared, record.id, record.images);
        await openDelivery(writer, record, origin?.webhook);
        catchUpSoon();
        return 'opened' as const;
      }).catch(refusalOf),

    async saveCall(generationId, number, change) {
      const row = toCallChange(change);
      if (Object.keys(row).length === 0) return;
      const save = changeOf(row);
      await write(async (_, prepared) => {
        if ((await prepared.run(save, { ...row, generation_id: generationId, number })) === 0)
          throw missing();
      });
    },

    addImage: (generationId, image) =>
      write(async (writer, prepared) => {
        const before = await prepared.rows(imagesOf, { id: generationId });
        await putImages(prepared, generationId, [image]);
        const replaced = before.filter(({ position }) => position === image.index);
        await doom(writer, objectsOf(replaced, [image]), now());
      }),

    close: (generationId, outcome, losses = lossesOf(outcome), only) =>
      write(async (writer, prepared) => {
        const closed = await prepared.first(closeGeneration, {
          ...toOutcomeRow(outcome),
          id: generationId,
          brought: outcome.images.length > 0 ? 1 : 0,
        });
        if (closed === undefined) throw missing();
        const before = await prepared.rows(imagesOf, { id: generationId });
        await putImages(prepared, generationId, outcome.images);
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
        if (only === undefined) await prepared.run(endCalls, { id: generationId });
        else await prepared.run(endCall, { id: generationId, ...toCallEnd(only) });
        await makeDue(prepared, generationId, now());
        await settle(writer, prepared, generationId, outcome, losses);
        return { isLate: closed.late === 1 };
      }),

    async get(id, keyId) {
      const record = await loadGeneration(prepared, id);
      return keyId === undefined || record?.keyId === keyId ? record : undefined;
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

    forgetObjects: (names) =>
      write(async (_, prepared) => {
        for (const object of names) await prepared.run(spareObject, { object });
      }),

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

const insertGeneration = statement((query, row: ReturnType<typeof toGenerationRow>) =>
  query.insertInto('generations').values(columns(row, generationColumns)),
);

const insertCall = statement((query, row: ReturnType<typeof toCallRow>) =>
  query.insertInto('calls').values(columns(row, callColumns)),
);

type CallColumns = ReturnType<typeof toCallChange>;

function changeCall(names: readonly (keyof CallColumns)[]) {
  return statement((query, row: CallColumns & { generation_id: string; number: number }) =>
    query
      .updateTable('calls')
      .set(columns(row, names))
      .where('generation_id', '=', row.generation_id)
      .where('number', '=', row.number),
  );
}

const closeGeneration = statement(
  (query, row: ReturnType<typeof toOutcomeRow> & { id: string; brought: number }) =>
    query
      .updateTable('generations')
      .set(columns(row, outcomeColumns))
      // To the right of `=` stands what was there before.
      .set({
        late: sql<number>`case when late = 1 or timed_out_at_ms is not null or status = 'failed'
          then ${row.brought} else 0 end`,
      })
      .where('id', '=', row.id)
      .returning('late'),
);

const endCalls = statement((query, { id }: { id: string }) =>
  query
    .updateTable('calls')
    .set({ state: 'done', links: null })
    .where('generation_id', '=', id)
    .where('state', 'not in', ['done', 'failed']),
);

const endCall = statement((query, end: ReturnType<typeof toCallEnd> & { id: string }) =>
  query
    .updateTable('calls')
    .set({ state: 'done', links: null, tried: end.tried })
    .where('generation_id', '=', end.id)
    .where('number', '=', end.number),
);

const imagesOf = statement((query, { id }: { id: string }) =>
  query.selectFrom('images').select(['position', 'object']).where('generation_id', '=', id),
);

const putImage = statement((query, row: ReturnType<typeof toImageRow>) =>
  query
    .insertInto('images')
    .values(columns(row, imageColumns))
    .onConflict((conflict) =>
      conflict.columns(['generation_id', 'position']).doUpdateSet((put) => ({
        object: put.ref('excluded.object'),
        format: put.ref('excluded.format'),
        width: put.ref('excluded.width'),
        height: put.ref('excluded.height'),
        bytes: put.ref('excluded.bytes'),
        sha256: put.ref('excluded.sha256'),
        revised_prompt: put.ref('excluded.revised_prompt'),
        content_credentials: put.ref('excluded.content_credentials'),
      })),
    ),
);

const spareObject = statement((query, { object }: { object: string }) =>
  query.deleteFrom('doomed_objects').where('object', '=', object),
);

/** An image again under its index replaces the one before. What a record holds is not doomed any more. */
async function putImages(
  prepared: Prepared,
  generationId: string,
  images: readonly StoredImage[],
): Promise<void> {
  for (const image of images) {
    await prepared.run(putImage, toImageRow(generationId, image));
    await prepared.run(spareObject, { object: image.object });
  }
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
