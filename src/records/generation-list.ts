import { setImmediate as nextTurn } from 'node:timers/promises';

import { sql, type Kysely, type Selectable, type SelectQueryBuilder } from 'kysely';
import { encodeTime } from 'ulid';

import type { ListQuery, RecordPage } from '../core/record-store.ts';
import { toMicros } from '../core/price.ts';
import type { GenerationRecord, RecordUsage } from '../core/record.ts';
import { foldText, type Database } from './database.ts';
import { statement, type Prepared } from './prepared.ts';
import { toGeneration, toImage } from './generation-rows.ts';
import type { GenerationsTable, ImagesTable, Schema } from './schema.ts';

type Reader = Kysely<Schema>;
type Walk = SelectQueryBuilder<Schema, 'generations', object>;
type Page = SelectQueryBuilder<Schema, 'generations', Selectable<GenerationsTable>>;

/** How long one search may take. Given in for tests. */
const searchMs = 2_000;

export async function listGenerations(
  database: Database,
  query: ListQuery,
  limitMs = searchMs,
): Promise<RecordPage> {
  const { reader } = database;
  const words = (query.words ?? []).flatMap((word) => foldText(word).split(/\s+/)).filter(Boolean);
  // One more than asked for tells whether there are more.
  const most = query.limit + 1;
  if (words.length === 0 && query.costMinMicros === undefined && query.costMaxMicros === undefined) {
    const page = walk(reader.selectFrom('generations'), query).selectAll().limit(sql.lit(most));
    return toPage(await loadGenerations(reader, page), query, false);
  }
  const { ids, isCut } = await search(database, query, words, most, limitMs);
  const page = reader.selectFrom('generations').selectAll().where('id', 'in', ids);
  return toPage(ids.length === 0 ? [] : await loadGenerations(reader, page), query, isCut);
}

/** `after` walks in the chosen order, `before` against it: the page is then turned round. */
function isAscending(query: ListQuery): boolean {
  return (query.order === 'asc') !== (query.before !== undefined);
}

function toPage(records: GenerationRecord[], query: ListQuery, isCut: boolean): RecordPage {
  const ascending = isAscending(query);
  // Ids are ASCII: this is the order the databases have.
  records.sort((a, b) => (a.id < b.id === ascending ? -1 : 1));
  const hasMore = records.length > query.limit || (isCut && records.length > 0);
  const page = records.slice(0, query.limit);
  return { records: query.before === undefined ? page : page.reverse(), hasMore };
}

/** Everything the query says but its words and its limit: one walk along one index, from the cursor on. */
export function walk(source: SelectQueryBuilder<Schema, 'generations', object>, query: ListQuery): Walk {
  let rows = query.keyId === undefined ? source : source.where('key_id', '=', query.keyId);
  if (query.model !== undefined) rows = rows.where('model', '=', query.model);
  const status = query.status ?? 'finished';
  if (status === 'finished') rows = rows.where('status', '<>', 'in_progress');
  else if (status !== 'all') {
    // Written out for every key's: only then is the index of failed ones used.
    const isOfEvery = query.keyId === undefined;
    rows = rows.where('status', '=', isOfEvery ? sql.lit<typeof status>(status) : status);
  }
  // Written out, not bound: only then is the index of late ones used.
  if (query.late !== undefined) rows = rows.where('late', '=', sql.lit(query.late ? 1 : 0));

  const { createdAfterMs, createdBeforeMs } = query;
  if (createdAfterMs !== undefined) {
    rows = rows
      .where('created_at_ms', '>=', createdAfterMs)
      .where('id', '>=', idAt(createdAfterMs - slackMs));
  }
  if (createdBeforeMs !== undefined) {
    rows = rows
      .where('created_at_ms', '<', createdBeforeMs)
      .where('id', '<', idAt(createdBeforeMs + slackMs));
  }
  const ascending = isAscending(query);
  const cursor = query.after ?? query.before;
  if (cursor !== undefined) rows = rows.where('id', ascending ? '>' : '<', cursor);
  return rows.orderBy('id', ascending ? 'asc' : 'desc');
}

/**
 * The id holds the time, so a time bounds the walk. It may differ a little from the record's own: they are
 * taken one after the other, and ids never go back when the clock is set back.
 */
const slackMs = 60_000;

/** The first id of this time. */
export function idAt(timeMs: number): string {
  return `img_${encodeTime(Math.min(Math.max(0, Math.floor(timeMs)), 2 ** 48 - 1), 10)}${'0'.repeat(16)}`;
}

/** Candidates that are looked at one by one; words with more are common, and soon met on a walk. */
const maxCandidates = 1_000;
/** Rows of a walk between two turns of the event loop: about 1 ms. */
const batchRows = 250;

/**
 * Ids of up to `most` records whose prompts hold all the words and whose cost is as asked, in the order walked. What
 * an image cost is in no index: it is met on the walk, like common words. Rare words are found by
 * the index of prompts; with common ones every few records hold them, so the list itself is walked. Only a
 * search for words that are each common and never stand together comes near the time limit: cut then.
 */
async function search(
  database: Database,
  query: ListQuery,
  words: readonly string[],
  most: number,
  limitMs: number,
): Promise<{ ids: string[]; isCut: boolean }> {
  const { reader, prompts } = database;
  const deadline = performance.now() + limitMs;
  const fits = ({ prompt, usage }: { prompt: string; usage: string | null }): boolean => {
    const text = foldText(prompt);
    return words.every((word) => text.includes(word)) && isOfCost(usage, query);
  };
  const { keyId } = query;
  const rare =
    words.length === 0
      ? undefined
      : await prompts.find(database, { keyId, words, most: maxCandidates, until: deadline });
  if (rare !== undefined && rare.end !== 'more') {
    const { numbers, end } = rare;
    if (numbers.length === 0) return { ids: [], isCut: end === 'cut' };
    const rows = await walk(candidates(reader, numbers), query).select(['id', 'prompt', 'usage']).execute();
    const found = rows.filter(fits).map(({ id }) => id);
    return { ids: found.slice(0, most), isCut: end === 'cut' };
  }

  const ids: string[] = [];
  for (let from = query; ;) {
    const rows = await walk(reader.selectFrom('generations'), from)
      .select(['id', 'prompt', 'usage'])
      .limit(sql.lit(batchRows))
      .execute();
    for (const row of rows) {
      if (fits(row)) ids.push(row.id);
      if (ids.length === most) return { ids, isCut: false };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchRows) return { ids, isCut: false };
    if (performance.now() > deadline) return { ids, isCut: true };
    await nextTurn();
    from = query.before === undefined ? { ...from, after: last.id } : { ...from, before: last.id };
  }
}

/** Costs are kept with their currency; a bound is compared with the amount alone. */
function isOfCost(usage: string | null, { costMinMicros, costMaxMicros }: ListQuery): boolean {
  if (costMinMicros === undefined && costMaxMicros === undefined) return true;
  // As toGenerationRow wrote it.
  const cost = usage === null ? null : (JSON.parse(usage) as RecordUsage).cost;
  if (cost === null) return false;
  const micros = toMicros(cost.amount);
  return micros >= (costMinMicros ?? 0) && micros <= (costMaxMicros ?? Number.POSITIVE_INFINITY);
}

/** Just these rows. The limit keeps databases from walking a list's index instead and asking each row. */
function candidates(reader: Reader, numbers: readonly number[]): Walk {
  const rows = reader
    .selectFrom('generations')
    .selectAll()
    .where('number', 'in', numbers)
    .limit(numbers.length);
  return reader.selectFrom(rows.as('generations'));
}

/**
 * The rows of the page with their images, in one statement: nothing can change in between. The order is the
 * database's own.
 */
export async function loadGenerations(reader: Reader, page: Page): Promise<GenerationRecord[]> {
  return toGenerations(await withImages(reader, page).execute());
}

function withImages(reader: Reader, page: Page) {
  return reader.selectFrom(page.as('page')).leftJoin('images', 'images.generation_id', 'page.id').selectAll();
}

const generationById = statement((query, { id }: { id: string }) =>
  withImages(query, query.selectFrom('generations').selectAll().where('id', '=', id)),
);

/** Whosesoever it is. */
export async function loadGeneration(prepared: Prepared, id: string): Promise<GenerationRecord | undefined> {
  return toGenerations(await prepared.rows(generationById, { id }))[0];
}

type GenerationRow = Awaited<ReturnType<ReturnType<typeof withImages>['execute']>>[number];

/** Of each generation as many rows as it has images. */
function toGenerations(rows: readonly GenerationRow[]): GenerationRecord[] {
  return [...Map.groupBy(rows, (row) => row.id).values()].flatMap((ofOne) => {
    const [row] = ofOne;
    const images = ofOne.filter(isImage).map(toImage);
    return row === undefined
      ? []
      : [
          toGeneration(
            row,
            images.sort((a, b) => a.index - b.index),
          ),
        ];
  });
}

/** A generation without images comes as one row without an image. */
function isImage<T extends { position: number | null }>(row: T): row is T & Selectable<ImagesTable> {
  return row.position !== null;
}
