import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { fc } from '../../test/kit/made-up.ts';
import { openDatabase } from '../../test/kit/open-database.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import type { Asset } from '../core/asset.ts';
import { claimLifeMs, type RequestOrigin } from '../core/idempotency.ts';
import { makeIdMaker } from '../core/ids.ts';
import type { ApiKey } from '../core/key-store.ts';
import type { ListQuery, Outcome, RecordPage, RecordStore } from '../core/record-store.ts';
import type { CallRecord, GenerationRecord, StoredImage } from '../core/record.ts';
import { foldText } from './database.ts';
import { openSqlite, type Stores } from './sqlite.ts';
import { openRecord } from '../../test/kit/generation-record.ts';

/** One kind of database: `open` may be called again for the same place, as another process would. */
interface Kind {
  name: string;
  place: (t: TestContext) => Promise<{
    open: () => Promise<Stores>;
    /** Resolves when every prompt is in the index. */
    indexed: () => Promise<void>;
  }>;
}

const kinds: Kind[] = [
  {
    name: 'sqlite',
    async place(t) {
      const folder = await temporaryFolder(t);
      const file = `${folder}/records.db`;
      return {
        open: () => openSqlite({ file, now: () => startMs }),
        async indexed() {
          const db = openDatabase(file, { readOnly: true });
          const missing = db.prepare(
            'select number from generations where number not in (select id from prompt_pieces_docsize) limit 1',
          );
          while (missing.get() !== undefined) await sleep(5);
          db.close();
        },
      };
    },
  },
];

const startMs = Date.UTC(2026, 10, 22);
let clockMs = startMs;
const makeId = makeIdMaker(() => clockMs);

function generation(change: Partial<GenerationRecord> = {}): GenerationRecord {
  clockMs += 1_000;
  return openRecord({
    id: makeId('img'),
    keyId: 'key_one',
    status: 'in_progress',
    model: 'seedream-4.5',
    prompt: 'A minimalist sunrise over calm water',
    parameters: { n: 1, size: '2048x2048' },
    createdAtMs: clockMs,
    ...change,
  });
}

function call(generationId: string, change: Partial<CallRecord> = {}): CallRecord {
  return {
    generationId,
    number: 0,
    state: 'open',
    firstIndex: 0,
    images: 1,
    route: undefined,
    ourId: undefined,
    ticket: undefined,
    links: undefined,
    attempts: 0,
    tried: [],
    ...change,
  };
}

function image(index: number, object: string): StoredImage {
  return {
    index,
    object,
    format: 'png',
    width: 2048,
    height: 1024,
    bytes: 5_000_000_000,
    sha256: 'ab'.repeat(32),
    contentCredentials: index === 1,
    revisedPrompt: index === 0 ? undefined : 'A sunrise, minimalist',
  };
}

function completed(images: readonly StoredImage[], change: Partial<Outcome> = {}): Outcome {
  return {
    status: 'completed',
    finishedAtMs: clockMs + 5,
    images,
    failedImages: [],
    warnings: [],
    error: undefined,
    usage: { generatedImages: images.length, outputTokens: 1, totalTokens: 1, cost: null },
    provider: 'ark',
    servedBy: 'ark/primary',
    providerModel: 'seedream-4-5-251128',
    attempts: 1,
    ...change,
  };
}

/** Opens and closes a record; its id. */
async function finish(records: RecordStore, change: Partial<GenerationRecord> = {}): Promise<string> {
  const record = generation(change);
  await records.open(record, []);
  const status = change.status ?? 'completed';
  if (status !== 'in_progress') await records.close(record.id, completed(record.images, { status }));
  return record.id;
}

function idsOf(page: RecordPage): string[] {
  return page.records.map(({ id }) => id);
}

const aKey: ApiKey = {
  id: 'key_a',
  name: 'first',
  state: 'active',
  secretHash: 'aa'.repeat(32),
  hint: 'wxyz',
  createdAtMs: startMs,
  expiresAtMs: undefined,
  models: undefined,
  parameterHandling: undefined,
  limits: {},
};

for (const { name: kind, place } of kinds) {
  const openNew = async (t: TestContext): Promise<Stores & { indexed: () => Promise<void> }> => {
    const { open, indexed } = await place(t);
    const stores = await open();
    t.after(() => stores.close());
    return { ...stores, indexed };
  };

  test(`${kind}: a record comes back as it was opened`, async (t) => {
    const { records } = await openNew(t);
    const plain = generation();
    const full = generation({
      status: 'failed',
      finishedAtMs: clockMs,
      images: [image(0, 'images/aa/x_0.png'), image(2, 'images/aa/x_2.png')],
      failedImages: [
        {
          index: 1,
          error: { message: 'No.', type: 'api_error', param: null, code: '502', reason: 'generation_failed' },
        },
      ],
      warnings: [{ param: 'size', requested: '1024x1024', used: null, message: 'Changed.' }],
      error: { message: 'No.', type: 'api_error', param: 'n', code: '424', reason: 'outcome_unknown' },
      usage: {
        generatedImages: 2,
        inputTokens: 3,
        outputTokens: 9_000_000_000,
        totalTokens: 9_000_000_003,
        cost: { amount: '0.080000', currency: 'USD' },
      },
      provider: 'kling',
      servedBy: 'sandbox/kling',
      providerModel: 'kling-image-o1',
      attempts: 3,
    });
    await records.open(plain, [call(plain.id)]);
    await records.open(full, []);
    assert.deepEqual(await records.get(plain.id, 'key_one'), plain);
    assert.deepEqual(await records.get(full.id, undefined), full);
  });

  test(`${kind}: prompts of any script and with any character come back as they were`, async (t) => {
    const { records } = await openNew(t);
    const prompts = [
      '黄昏的山水',
      'a\0b',
      "'; drop table generations; --",
      '‮right to left',
      '🦊🏔️',
      '\n\t "',
      ' ',
    ];
    for (const prompt of [...prompts, 'x'.repeat(8000)]) {
      const record = generation({ prompt, parameters: { user: prompt, lone: '\ud800' } });
      await records.open(record, []);
      assert.deepEqual(await records.get(record.id, 'key_one'), record);
    }
  });

  test(`${kind}: another key's record is like one that never existed`, async (t) => {
    const { records } = await openNew(t);
    const id = await finish(records, { keyId: 'key_one' });
    const unknown = makeId('img');
    for (const [asked, keyId] of [
      [id, 'key_two'],
      [unknown, 'key_one'],
    ] as const) {
      assert.equal(await records.get(asked, keyId), undefined);
      assert.equal(await records.remove(asked, keyId), undefined);
    }
    assert.deepEqual(idsOf(await records.list({ keyId: 'key_two', limit: 10, order: 'desc' })), []);
    assert.equal((await records.get(id, 'key_one'))?.id, id);
  });

  test(`${kind}: what a generation was doing is found by the next process, oldest first`, async (t) => {
    const { open } = await place(t);
    const before = await open();
    const first = generation();
    const second = generation();
    await before.records.open(second, [call(second.id)]);
    await before.records.open(first, [
      call(first.id, { number: 1, firstIndex: 2, images: 2 }),
      call(first.id, { images: 2 }),
    ]);
    await finish(before.records);
    await before.records.saveCall(first.id, 0, {
      state: 'sent',
      route: 'ark/primary',
      ourId: 'e_1',
      attempts: 1,
    });
    await before.records.saveCall(first.id, 0, {
      state: 'waiting',
      ticket: { task: '42', poll: { after: 3 } },
      tried: [{ route: 'ark/primary', outcome: 'throttled', atMs: 7, details: '429' }],
    });
    await before.records.saveCall(first.id, 1, {
      state: 'storing',
      links: [{ index: 2, url: 'https://x.example/2' }],
    });
    await before.records.saveCall(first.id, 1, { links: null });
    await before.records.addImage(first.id, image(2, 'images/aa/2.png'));
    await before.close();

    const after = await open();
    t.after(() => after.close());
    assert.deepEqual(await after.records.unfinished(), [
      {
        record: { ...first, images: [image(2, 'images/aa/2.png')] },
        calls: [
          call(first.id, {
            images: 2,
            state: 'waiting',
            route: 'ark/primary',
            ourId: 'e_1',
            ticket: { task: '42', poll: { after: 3 } },
            attempts: 1,
            tried: [{ route: 'ark/primary', outcome: 'throttled', atMs: 7, details: '429' }],
          }),
          call(first.id, { number: 1, firstIndex: 2, images: 2, state: 'storing' }),
        ],
      },
      { record: second, calls: [call(second.id)] },
    ]);
  });

  test(`${kind}: a change that names nothing changes nothing`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    await records.open(record, [call(record.id)]);
    await records.saveCall(record.id, 0, {});
    assert.deepEqual((await records.unfinished())[0]?.calls, [call(record.id)]);
  });

  test(`${kind}: all records of all keys can be gone through, each once`, async (t) => {
    const { records } = await openNew(t);
    const ids: string[] = [];
    for (const keyId of ['key_one', 'key_two', 'key_one']) {
      const record = generation({ keyId, images: [image(0, `images/${keyId}`), image(1, 'images/x')] });
      await records.open(record, []);
      ids.push(record.id);
    }
    const first = await records.page(undefined, 2);
    assert.deepEqual(
      first.map(({ id }) => id),
      ids.slice(0, 2),
    );
    assert.deepEqual(
      first.map(({ images }) => images.length),
      [2, 2],
    );
    const rest = await records.page(first.at(-1)?.id, 2);
    assert.deepEqual(
      rest.map(({ id }) => id),
      ids.slice(2),
    );
    assert.deepEqual(await records.page(ids.at(-1), 2), []);
  });

  test(`${kind}: a closed record has its outcome and is not unfinished any more`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    await records.open(record, [call(record.id)]);
    await records.addImage(record.id, image(0, 'images/aa/0.png'));
    const outcome = completed([image(0, 'images/aa/0.png'), image(1, 'images/aa/1.png')]);
    await records.close(record.id, outcome);
    assert.deepEqual(await records.get(record.id, 'key_one'), { ...record, ...outcome });
    assert.deepEqual(await records.unfinished(), []);
    assert.deepEqual(await records.doomedObjects(), []);
  });

  test(`${kind}: a failed record may be closed again when late images are found`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    await records.open(record, [call(record.id)]);
    await records.close(record.id, completed([], { status: 'failed', usage: undefined }));
    await records.addImage(record.id, image(0, 'late.png'));
    const outcome = completed([image(0, 'late.png')]);
    await records.close(record.id, outcome);
    assert.deepEqual(await records.get(record.id, 'key_one'), { ...record, ...outcome, late: true });
    assert.deepEqual(
      idsOf(await records.list({ keyId: 'key_one', limit: 5, order: 'desc', status: 'failed' })),
      [],
    );
  });

  test(`${kind}: writes to a record that is not there are refused in the port's words`, async (t) => {
    const { records } = await openNew(t);
    const gone = { name: 'RecordStoreError', kind: 'missing' };
    const id = makeId('img');
    await assert.rejects(records.saveCall(id, 0, { state: 'sent' }), gone);
    await assert.rejects(records.addImage(id, image(0, 'x.png')), gone);
    await assert.rejects(records.close(id, completed([])), gone);
    await assert.rejects(records.open(generation(), [call(id)]), gone);
    assert.deepEqual(await records.doomedObjects(), []);
  });

  test(`${kind}: an id is opened once, and the second try changes nothing`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    await records.open(record, [call(record.id)]);
    const again = { ...record, prompt: 'another' };
    await assert.rejects(records.open(again, []), { name: 'RecordStoreError', kind: 'taken' });
    assert.deepEqual(await records.get(record.id, 'key_one'), record);
  });

  test(`${kind}: of writes at the same moment one that fails undoes nothing of the others`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    const others = Array.from({ length: 40 }, () => generation());
    const all = others.flatMap((other) => [other, record]);
    const outcomes = await Promise.allSettled(all.map((one) => records.open(one, [call(one.id)])));
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    assert.equal(done, others.length + 1);
    assert.equal((await records.unfinished()).length, others.length + 1);
  });

  test(`${kind}: an object that no record holds any more is doomed until it is forgotten`, async (t) => {
    const { records } = await openNew(t);
    const record = generation();
    await records.open(record, []);
    await records.addImage(record.id, image(0, 'old.png'));
    await records.addImage(record.id, image(0, 'new.png'));
    await records.addImage(record.id, image(1, 'extra.png'));
    assert.deepEqual(await records.doomedObjects(), ['old.png']);
    await records.close(record.id, completed([image(0, 'new.png')]));
    assert.deepEqual(await records.doomedObjects(), ['extra.png', 'old.png']);
    await records.forgetObjects(['old.png', 'unknown.png']);
    await records.forgetObjects([]);
    assert.deepEqual(await records.doomedObjects(), ['extra.png']);
    // Held again: it must not be taken away.
    await records.addImage(record.id, image(1, 'extra.png'));
    assert.deepEqual(await records.doomedObjects(), []);
  });

  test(`${kind}: removing a record takes everything of it and dooms its objects`, async (t) => {
    const { records } = await openNew(t);
    const record = generation({ images: [image(0, 'a.png'), image(1, 'b.png')], prompt: 'unmistakable' });
    await records.open(record, [call(record.id)]);
    assert.equal(await records.remove(record.id, 'key_one'), 'in_progress');
    assert.deepEqual(await records.doomedObjects(), []);
    await records.close(record.id, completed(record.images));
    assert.deepEqual(await records.remove(record.id, 'key_one'), { objects: ['a.png', 'b.png'] });
    assert.deepEqual(await records.doomedObjects(), ['a.png', 'b.png']);
    assert.equal(await records.remove(record.id, 'key_one'), undefined);
    assert.equal(await records.get(record.id, undefined), undefined);
    const query: ListQuery = { keyId: 'key_one', limit: 5, order: 'desc', status: 'all' };
    assert.deepEqual(await records.list(query), { records: [], hasMore: false });
    assert.deepEqual(await records.list({ ...query, words: ['unmistakable'] }), {
      records: [],
      hasMore: false,
    });
    await assert.rejects(records.addImage(record.id, image(2, 'c.png')), { kind: 'missing' });
  });

  test(`${kind}: pages have no gaps and no repetitions while records come and go`, async (t) => {
    const { records } = await openNew(t);
    const ids: string[] = [];
    for (let i = 0; i < 25; i++) ids.push(await finish(records));
    const query: ListQuery = { keyId: 'key_one', limit: 10, order: 'desc' };
    const first = await records.list(query);
    assert.deepEqual(first.hasMore && idsOf(first), ids.slice(15).reverse());
    // The cursor's own record goes, newer ones come.
    await records.remove(ids[15] ?? '', 'key_one');
    await finish(records);
    const second = await records.list({ ...query, after: ids[15] ?? '' });
    assert.deepEqual(second.hasMore && idsOf(second), ids.slice(5, 15).reverse());
    const third = await records.list({ ...query, after: ids[5] ?? '' });
    assert.deepEqual([third.hasMore, idsOf(third)], [false, ids.slice(0, 5).reverse()]);
    const back = await records.list({ ...query, before: ids[5] ?? '' });
    assert.deepEqual(back.hasMore && idsOf(back), [...ids.slice(6, 15), ids[16]].reverse());
  });

  test(`${kind}: any list is what sorting and filtering everything by hand gives`, async (t) => {
    const { records } = await openNew(t);
    const words = ['boat', 'Paper', 'rain', '山', '水墨', 'ボート', 'über', 'x'];
    const all = Array.from({ length: 120 }, (_, i) => {
      if (i % 3 === 0) clockMs -= 1_000;
      return generation({
        keyId: i % 5 === 0 ? 'key_two' : 'key_one',
        model: i % 2 === 0 ? 'glm-image' : 'kling-image-o1',
        status: (['completed', 'completed', 'failed', 'in_progress'] as const)[i % 4] ?? 'failed',
        prompt: words.filter((_, word) => (i >> (word % 5)) % 3 === word % 3).join(word(i)),
        ...(i % 6 === 1 ? { late: true as const } : {}),
      });
    });
    // Opened in another order than their ids were made: that of the ids counts.
    const shuffled = all.map((record, i) => [(i * 37) % all.length, record] as const);
    for (const [, record] of shuffled.sort(([a], [b]) => a - b)) await records.open(record, []);
    const gone = all.filter((_, i) => i % 7 === 2);
    for (const { id, keyId } of gone) await records.remove(id, keyId);
    const left: GenerationRecord[] = [];
    for (const { id } of all) {
      const record = await records.get(id, undefined);
      if (record !== undefined) left.push(record);
    }
    const cursor = fc.constantFrom(...all.map(({ id }) => id), makeId('img'));
    const time = fc.constantFrom(...all.map(({ createdAtMs }) => createdAtMs), 0, startMs * 2);
    const queries = fc.record(
      {
        keyId: fc.constantFrom('key_one', 'key_two', 'key_none'),
        limit: fc.integer({ min: 1, max: 30 }),
        order: fc.constantFrom('asc', 'desc'),
        cursor: fc.tuple(fc.constantFrom('after', 'before'), cursor),
        status: fc.constantFrom('all', 'in_progress', 'completed', 'failed', 'finished'),
        model: fc.constantFrom('glm-image', 'kling-image-o1', 'unknown'),
        late: fc.boolean(),
        words: fc.array(
          fc.constantFrom('boat', 'PAPER', 'pa', 'r', '山', '水', '墨', 'ー', 'ÜBER', 'nothing'),
        ),
        createdAfterMs: time,
        createdBeforeMs: time,
      },
      { requiredKeys: ['keyId', 'limit', 'order'] },
    );
    await fc.assert(
      fc.asyncProperty(queries, async ({ cursor, ...rest }) => {
        const query: ListQuery = cursor === undefined ? rest : { ...rest, [cursor[0]]: cursor[1] };
        const { records: page, hasMore } = await records.list(query);
        assert.deepEqual({ page, hasMore }, pageByHand(left, query));
      }),
      { numRuns: 400 },
    );
  });

  const searched = [
    { prompt: 'A paper boat on a rain gutter', words: ['boat', 'PAPER'], misses: ['boats', 'rain-gutter'] },
    { prompt: '黄昏时分的山水画', words: ['黄昏', '山', '山水画', '分的'], misses: ['昏黄', '水山'] },
    { prompt: 'ハイキングする猫', words: ['ハイ', '猫', 'する'], misses: ['犬'] },
    {
      prompt: '50% "quoted" AND (NOT c++) a_b*',
      words: ['50%', '"quoted"', 'c++)', 'a_b*', '%'],
      misses: ['_%'],
    },
    { prompt: 'NEAR OR NOT', words: ['near', 'or', 'not'], misses: ['"', 'NEAR(', 'x OR y'] },
    {
      prompt: 'Ｆｕｌｌ width, STRASSE, Ünïcode',
      words: ['full', 'ＷＩＤＴＨ', 'ünïcode'],
      misses: ['unicode'],
    },
    { prompt: 'a 🦊 in the snow 🏔️', words: ['🦊', 'snow 🏔'], misses: ['🐻'] },
    { prompt: 'x', words: ['x', 'X'], misses: ['xx', 'xxx'] },
    {
      prompt: 'a-b "c" d:e ^f {g} h* i.j',
      words: ['a-b', '"c"', 'd:e', '^f', '{g}', 'h*', 'i.j'],
      misses: ['ij'],
    },
    { prompt: 'l'.repeat(3000) + 'end', words: ['l'.repeat(2000), 'lend'], misses: ['l'.repeat(3001)] },
  ];
  test(`${kind}: words of any script and length find the prompts they stand in, and no others`, async (t) => {
    const { records, indexed } = await openNew(t);
    const ids = await Promise.all(searched.map(({ prompt }) => finish(records, { prompt })));
    await indexed();
    for (const [i, { prompt, words, misses }] of searched.entries()) {
      const id = ids[i] ?? '';
      const query: ListQuery = { keyId: 'key_one', limit: 5, order: 'desc' };
      const find = async (words: string[]): Promise<boolean> =>
        idsOf(await records.list({ ...query, words })).includes(id);
      for (const word of words) assert.ok(await find([word]), `${word} in ${prompt.slice(0, 50)}`);
      assert.ok(await find(words), `all in ${prompt.slice(0, 50)}`);
      for (const miss of misses) assert.ok(!(await find([...words, miss])), `${miss} not in ${prompt}`);
    }
  });

  test(`${kind}: any part of any word of any prompt finds it`, async (t) => {
    const { records, indexed } = await openNew(t);
    const prompts = fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), 150);
    const ids = await Promise.all(prompts.map((prompt) => finish(records, { prompt })));
    await indexed();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 8 }), async (which, from, length) => {
        const id = ids[which % ids.length] ?? '';
        const characters = Array.from(foldText(prompts[which % ids.length] ?? ''));
        const start = from % characters.length;
        const words = [characters.slice(start, start + length).join('')];
        const page = await records.list({
          keyId: 'key_one',
          limit: 100,
          order: 'desc',
          words,
          after: `${id}~`,
        });
        assert.ok(idsOf(page).includes(id), JSON.stringify([words, prompts[which % ids.length]]));
      }),
      { numRuns: 300 },
    );
  });

  test(`${kind}: words that stand in very many prompts are paged like any others`, async (t) => {
    const { records, indexed } = await openNew(t);
    const all = Array.from({ length: 1_300 }, (_, i) =>
      generation({ prompt: `boat ${i % 3 === 0 ? 'red' : ''}` }),
    );
    await Promise.all(all.map((record) => records.open(record, [])));
    await indexed();
    const red = all.filter(({ prompt }) => prompt.includes('red')).map(({ id }) => id);
    const query: ListQuery = { keyId: 'key_one', limit: 50, order: 'asc', status: 'all' };
    const common = await records.list({ ...query, words: ['boat'], after: all[1199]?.id ?? '' });
    assert.deepEqual(
      idsOf(common),
      all.slice(1200, 1250).map(({ id }) => id),
    );
    assert.ok(common.hasMore);
    const last = await records.list({ ...query, words: ['boat'], after: all[1249]?.id ?? '' });
    assert.deepEqual([last.records.length, last.hasMore], [50, false]);
    const both = await records.list({ ...query, words: ['bo', 'red'], before: red[100] ?? '' });
    assert.deepEqual(both.hasMore && idsOf(both), red.slice(50, 100));
  });

  test(`${kind}: a prompt is found as soon as its record is there, once, and not any more when that is gone`, async (t) => {
    const { records, indexed } = await openNew(t);
    const query: ListQuery = { keyId: 'key_one', limit: 5, order: 'desc', words: ['lighthouse'] };
    const early = await finish(records, { prompt: 'a lighthouse' });
    assert.deepEqual(idsOf(await records.list(query)), [early]);
    await indexed();
    const late = await finish(records, { prompt: 'another lighthouse' });
    assert.deepEqual(idsOf(await records.list(query)), [late, early]);
    await records.remove(late, 'key_one');
    assert.deepEqual(idsOf(await records.list(query)), [early]);
    const again = await finish(records, { prompt: 'no such thing' });
    await indexed();
    assert.deepEqual(idsOf(await records.list(query)), [early]);
    await records.remove(early, 'key_one');
    await records.remove(again, 'key_one');
    assert.deepEqual(idsOf(await records.list(query)), []);
  });

  test(`${kind}: another process sees a write as soon as it is acknowledged`, async (t) => {
    const { open } = await place(t);
    const one = await open();
    const two = await open();
    t.after(() => Promise.all([one.close(), two.close()]));
    for (let i = 0; i < 10; i++) {
      const id = await finish((i % 2 === 0 ? one : two).records);
      assert.equal((await (i % 2 === 0 ? two : one).records.get(id, 'key_one'))?.status, 'completed');
    }
    const writes = [one, two].flatMap(({ records }) => Array.from({ length: 30 }, () => finish(records)));
    const ids = await Promise.all(writes);
    const page = await two.records.list({ keyId: 'key_one', limit: 100, order: 'asc' });
    assert.deepEqual(new Set(idsOf(page).slice(10)), new Set(ids));
  });

  test(`${kind}: what was asked before closing is written, what is asked after is refused`, async (t) => {
    const { open } = await place(t);
    const before = await open();
    const all = Array.from({ length: 100 }, () => generation());
    const writes = all.map((record) => before.records.open(record, []));
    const closing = before.close();
    await assert.rejects(before.records.open(generation(), []), { name: 'RecordStoreError' });
    await Promise.all([...writes, closing]);
    await before.close();
    const after = await open();
    assert.equal((await after.records.unfinished()).length, 100);
    await after.close();
  });

  test(`${kind}: a store that can be written says so`, async (t) => {
    const { records } = await openNew(t);
    await records.check();
    await records.check();
  });

  test(`${kind}: a key is found by its secret's hash, its name and its id`, async (t) => {
    const { keys } = await openNew(t);
    const limited: ApiKey = {
      ...aKey,
      id: 'key_b',
      name: 'second',
      secretHash: 'bb',
      expiresAtMs: 5,
      models: ['x', 'y'],
      parameterHandling: 'lenient',
      limits: { requestsPerMinute: 3, budget: { amount: '5.00', currency: 'USD' }, budgetPeriod: 'month' },
    };
    assert.equal(await keys.add(aKey), 'added');
    assert.equal(await keys.add(limited), 'added');
    assert.deepEqual(await keys.findByHash(aKey.secretHash), aKey);
    assert.deepEqual(await keys.findByHash('bb'), limited);
    assert.deepEqual(await keys.find('second'), limited);
    assert.deepEqual(await keys.find('key_b'), limited);
    assert.deepEqual(await keys.list(), [aKey, limited]);
    assert.equal(await keys.findByHash('cc'), undefined);
    assert.equal(await keys.find('third'), undefined);
  });

  test(`${kind}: living keys share neither names nor secrets`, async (t) => {
    const { keys } = await openNew(t);
    const other = { ...aKey, id: 'key_b', name: 'other', secretHash: 'bb' };
    await keys.add(aKey);
    await keys.add(other);
    const taken = { name: 'RecordStoreError', kind: 'taken' };
    assert.equal(await keys.add({ ...aKey, id: 'key_c', secretHash: 'cc' }), 'name_taken');
    await assert.rejects(keys.add({ ...aKey, id: 'key_c', name: 'new' }), taken);
    await assert.rejects(keys.change('key_b', { name: 'first' }), taken);
    await assert.rejects(keys.change('key_b', { secretHash: aKey.secretHash }), taken);
    assert.deepEqual(await keys.list(), [aKey, other]);
  });

  test(`${kind}: a key can be frozen, given a new secret and limits, and deleted for good`, async (t) => {
    const { keys } = await openNew(t);
    await keys.add(aKey);
    assert.equal(await keys.change('key_a', { state: 'frozen' }), true);
    assert.equal((await keys.findByHash(aKey.secretHash))?.state, 'frozen');
    assert.equal(await keys.change('key_a', { secretHash: 'cc', models: ['m'], expiresAtMs: 9 }), true);
    assert.equal(await keys.findByHash(aKey.secretHash), undefined);
    const changed = { ...aKey, state: 'frozen', secretHash: 'cc', models: ['m'], expiresAtMs: 9 };
    assert.deepEqual(await keys.findByHash('cc'), changed);
    assert.equal(await keys.change('key_a', { models: undefined, expiresAtMs: undefined }), true);
    assert.deepEqual(await keys.find('first'), { ...aKey, state: 'frozen', secretHash: 'cc' });
    assert.equal(await keys.change('key_a', { state: 'deleted' }), true);
    assert.equal(await keys.change('key_a', { state: 'active' }), false);
    assert.equal(await keys.findByHash('cc'), undefined);
    assert.equal(await keys.find('key_a'), undefined);
    assert.deepEqual(await keys.list(), []);
    assert.equal(await keys.change('key_unknown', { state: 'active' }), false);
    // Its name and its secret are free again.
    assert.equal(await keys.add({ ...aKey, id: 'key_b', secretHash: 'cc' }), 'added');
  });

  test(`${kind}: a setting is made once, also by several processes at the same moment`, async (t) => {
    const { open } = await place(t);
    const stores = await Promise.all([open(), open(), open()]);
    const made = await Promise.all(
      stores.flatMap(({ settings }, i) =>
        ['secret', 'other', 'secret'].map((name) => settings.getOrMake(name, () => `${name} of ${i}`)),
      ),
    );
    const secrets = made.filter((_, i) => i % 3 !== 1);
    assert.equal(new Set(secrets).size, 1);
    await Promise.all(stores.map((store) => store.close()));
    const later = await open();
    assert.equal(await later.settings.getOrMake('secret', () => 'too late'), secrets[0]);
    await later.close();
  });

  test(`${kind}: an Idempotency-Key is held by the generation that was opened with it, by no other`, async (t) => {
    const { records, idempotency } = await openNew(t);
    const first = generation();
    const asked = origin({ idempotencyKey: 'order-1' });
    assert.equal(
      await idempotency.findClaim(
        { keyId: 'key_one', endpoint: asked.endpoint, idempotencyKey: 'order-1' },
        clockMs,
      ),
      undefined,
    );
    assert.equal(await records.open(first, [call(first.id)], asked), 'opened');
    const second = generation();
    assert.equal(await records.open(second, [call(second.id)], { ...asked, bodyHash: 'bb' }), 'claimed');
    assert.equal(await records.get(second.id, undefined), undefined);
    assert.equal((await records.unfinished()).length, 1);
    const scope = { keyId: 'key_one', endpoint: asked.endpoint, idempotencyKey: 'order-1' };
    const claim = { generationId: first.id, bodyHash: asked.bodyHash, responseFormat: 'b64_json' };
    assert.deepEqual(await idempotency.findClaim(scope, clockMs), claim);
    // Another API key, endpoint or spelling is another scope.
    for (const change of [
      { keyId: 'key_two' },
      { endpoint: '/v1/images/edits' },
      { idempotencyKey: 'ORDER-1' },
    ]) {
      assert.equal(await idempotency.findClaim({ ...scope, ...change }, clockMs), undefined);
      const other = generation(change);
      assert.equal(await records.open(other, [], { ...asked, ...change }), 'opened');
    }
    assert.deepEqual(await idempotency.findClaim(scope, clockMs), claim);
  });

  test(`${kind}: of many processes that open with one Idempotency-Key at once, exactly one does`, async (t) => {
    const { open } = await place(t);
    const stores = await Promise.all([open(), open(), open()]);
    t.after(() => Promise.all(stores.map((store) => store.close())));
    for (const idempotencyKey of ['new', 'void']) {
      const asked = origin({ idempotencyKey });
      if (idempotencyKey === 'void') {
        const before = generation();
        await stores[0]?.records.open(before, [], asked);
        await stores[0]?.records.close(before.id, failed('upstream_unavailable'));
      }
      const racers = stores
        .flatMap((store) => [store, store, store])
        .map(({ records }) => ({ records, record: generation() }));
      const outcomes = await Promise.all(
        racers.map(({ records, record }) => records.open(record, [], asked)),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'opened').length, 1);
      const winner = racers[outcomes.indexOf('opened')]?.record.id;
      const scope = { keyId: 'key_one', endpoint: asked.endpoint, idempotencyKey };
      for (const { idempotency } of stores)
        assert.equal((await idempotency.findClaim(scope, clockMs))?.generationId, winner);
    }
  });

  test(`${kind}: an Idempotency-Key is free again after a failure that was surely not charged, and only then`, async (t) => {
    const { records, idempotency } = await openNew(t);
    const cases = [
      { name: 'success', end: completed([image(0, 'one')]), isFree: false },
      { name: 'unknown', end: failed('outcome_unknown'), isFree: false },
      { name: 'timeout', end: failed('generation_timeout'), isFree: false },
      { name: 'unreachable', end: failed('upstream_unavailable'), isFree: true },
      { name: 'running', end: undefined, isFree: false },
    ];
    for (const { name, end, isFree } of cases) {
      const record = generation();
      const asked = origin({ idempotencyKey: name });
      await records.open(record, [call(record.id)], asked);
      if (end !== undefined) await records.close(record.id, end);
      const scope = { keyId: 'key_one', endpoint: asked.endpoint, idempotencyKey: name };
      assert.equal((await idempotency.findClaim(scope, clockMs)) === undefined, isFree, name);
      const again = generation();
      assert.equal(
        await records.open(again, [], { ...asked, bodyHash: 'other' }),
        isFree ? 'opened' : 'claimed',
        name,
      );
      const holder = await idempotency.findClaim(scope, clockMs);
      assert.equal(holder?.generationId, isFree ? again.id : record.id, name);
    }
  });

  test(`${kind}: an Idempotency-Key is remembered for 24 hours, also when its record was deleted`, async (t) => {
    const { records, idempotency } = await openNew(t);
    const record = generation();
    const asked = origin({ idempotencyKey: 'kept' });
    await records.open(record, [], asked);
    await records.close(record.id, completed([]));
    await records.remove(record.id, 'key_one');
    const scope = { keyId: 'key_one', endpoint: asked.endpoint, idempotencyKey: 'kept' };
    const end = record.createdAtMs + claimLifeMs;
    assert.deepEqual(await idempotency.findClaim(scope, end - 1), {
      generationId: record.id,
      bodyHash: asked.bodyHash,
      responseFormat: undefined,
    });
    assert.equal(await idempotency.findClaim(scope, end), undefined);
    assert.equal(await records.open(generation({ createdAtMs: end - 1 }), [], asked), 'claimed');
    assert.equal(await records.open(generation({ createdAtMs: end }), [], asked), 'opened');
  });

  test(`${kind}: generations whose reply nobody received are found by an equal request, oldest first`, async (t) => {
    const { records, idempotency } = await openNew(t);
    const since = clockMs;
    const identity = { keyId: 'key_one', endpoint: '/v1/images/generations', bodyHash: origin().bodyHash };
    const opened = async (
      change: Partial<RequestOrigin> = {},
      end?: Outcome,
      own: Partial<GenerationRecord> = {},
    ) => {
      const record = generation(own);
      await records.open(record, [], origin(change));
      if (end !== undefined) await records.close(record.id, end);
      return record.id;
    };
    const running = await opened();
    const made = await opened({}, completed([image(0, 'made')]));
    const left = await opened({ idempotencyKey: 'with one', responseFormat: 'url' });
    const unknown = await opened({}, failed('outcome_unknown'));
    const delivered = await opened({}, completed([image(0, 'delivered')]));
    await opened({}, failed('upstream_unavailable'));
    await opened({ bodyHash: 'bb' });
    await opened({ endpoint: '/v1/images/edits' });
    await opened({}, undefined, { keyId: 'key_two' });
    await opened({}, undefined, { createdAtMs: since });
    await records.open(generation(), []);
    await idempotency.noteHungUp(left, clockMs + 1);
    await idempotency.noteHungUp(left, clockMs + 2);
    await idempotency.noteDelivered(delivered, clockMs);
    await idempotency.noteHungUp(delivered, clockMs + 3);
    const found = await idempotency.findUndelivered(identity, since + 1);
    assert.deepEqual(found, [
      { generationId: running, responseFormat: 'b64_json', hungUpAtMs: undefined },
      { generationId: made, responseFormat: 'b64_json', hungUpAtMs: undefined },
      { generationId: left, responseFormat: 'url', hungUpAtMs: clockMs + 2 },
      { generationId: unknown, responseFormat: 'b64_json', hungUpAtMs: undefined },
    ]);
    // Another process died: all who waited have lost the connection then; who had left before did so before.
    await idempotency.noteAllHungUp(since + 1, clockMs + 9);
    const lost = await idempotency.findUndelivered(identity, since + 1);
    assert.deepEqual(
      lost.map(({ hungUpAtMs }) => hungUpAtMs),
      [clockMs + 9, clockMs + 9, clockMs + 2, clockMs + 9],
    );
    assert.equal((await idempotency.findUndelivered(identity, since))[0]?.hungUpAtMs, undefined);
  });

  test(`${kind}: a reply that was delivered is not joined from that moment on, and that is kept`, async (t) => {
    const { open } = await place(t);
    const one = await open();
    const record = generation();
    await one.records.open(record, [], origin());
    const identity = { keyId: 'key_one', endpoint: origin().endpoint, bodyHash: origin().bodyHash };
    const find = ({ idempotency }: Stores) => idempotency.findUndelivered(identity, 0);
    assert.equal((await find(one)).length, 1);
    const noted = one.idempotency.noteDelivered(record.id, clockMs);
    assert.deepEqual(await find(one), []);
    await one.close();
    await noted;
    const two = await open();
    t.after(() => two.close());
    assert.deepEqual(await find(two), []);
  });

  test(`${kind}: images that come after the caller was answered are late, and are listed as such`, async (t) => {
    const { records, idempotency } = await openNew(t);
    const inTime = await finish(records);
    assert.equal(await idempotency.noteTimedOut(inTime, clockMs), false);
    const waited = generation();
    await records.open(waited, [call(waited.id)]);
    assert.equal(await idempotency.noteTimedOut(waited.id, clockMs), true);
    assert.equal(await idempotency.noteTimedOut(waited.id, clockMs + 1), true);
    assert.equal((await records.get(waited.id, undefined))?.late, undefined);
    assert.deepEqual(await records.close(waited.id, completed([image(0, 'waited')])), { isLate: true });
    // Found only after it was given up.
    const givenUp = generation();
    await records.open(givenUp, [call(givenUp.id)]);
    assert.deepEqual(await records.close(givenUp.id, failed('outcome_unknown')), { isLate: false });
    assert.deepEqual(await records.close(givenUp.id, completed([image(0, 'found')])), { isLate: true });
    assert.deepEqual(await records.close(givenUp.id, completed([image(0, 'found')])), { isLate: true });
    const never = generation();
    await records.open(never, []);
    await idempotency.noteTimedOut(never.id, clockMs);
    assert.deepEqual(await records.close(never.id, failed('outcome_unknown')), { isLate: false });

    const list = (late?: boolean) =>
      records.list({ keyId: 'key_one', limit: 10, order: 'asc', ...(late === undefined ? {} : { late }) });
    assert.deepEqual(idsOf(await list(true)), [waited.id, givenUp.id]);
    assert.deepEqual(idsOf(await list(false)), [inTime, never.id]);
    assert.deepEqual(
      (await list()).records.map(({ late }) => late),
      [undefined, true, true, undefined],
    );
  });

  test(`${kind}: a message falls due when its generation ends, and with it only`, async (t) => {
    const { records, webhooks } = await openNew(t);
    const [told, untold] = [generation(), generation()];
    const webhook = { id: makeId('msg'), url: 'https://example.org/hook?for=easel' };
    await records.open(told, [], origin({ webhook }));
    await records.open(untold, [], origin());
    const waiting = {
      id: webhook.id,
      generationId: told.id,
      keyId: told.keyId,
      url: webhook.url,
      state: 'waiting',
      attempts: 0,
      nextAtMs: undefined,
      createdAtMs: told.createdAtMs,
      lastStatus: undefined,
      lastError: undefined,
      lastAttemptAtMs: undefined,
    };
    assert.deepEqual(await webhooks.list(10), [waiting]);
    assert.deepEqual(await webhooks.find(webhook.id), waiting);
    assert.equal(await webhooks.find('msg_nobody'), undefined);
    assert.deepEqual(await webhooks.due(clockMs + 1e9, 10), []);
    assert.equal(await webhooks.nextDueAtMs(), undefined);
    assert.equal(await webhooks.redeliver(told.id, clockMs), 'waiting');
    await records.close(untold.id, completed([]));
    assert.deepEqual(await webhooks.due(clockMs + 1e9, 10), []);
    await records.close(told.id, completed([]));
    // The database's own moment.
    const dueAtMs = startMs;
    assert.equal(await webhooks.nextDueAtMs(), dueAtMs);
    assert.deepEqual(await webhooks.due(dueAtMs - 1, 10), []);
    assert.deepEqual(await webhooks.due(dueAtMs, 10), [{ ...waiting, state: 'pending', nextAtMs: dueAtMs }]);
  });

  test(`${kind}: of many processes that claim a message at once one has it, until its time is over`, async (t) => {
    const { open } = await place(t);
    const stores = [await open(), await open(), await open()];
    t.after(() => Promise.all(stores.map((one) => one.close())));
    const [{ records, webhooks }] = stores as [Stores];
    const id = await dueMessage(records);
    const claims = await Promise.all(
      stores.flatMap((one) => [0, 1].map(() => one.webhooks.claim(id, clockMs + 1e6, clockMs + 2e6))),
    );
    assert.equal(claims.filter(Boolean).length, 1);
    assert.deepEqual(await webhooks.due(clockMs + 2e6 - 1, 10), []);
    const [again] = await webhooks.due(clockMs + 2e6, 10);
    assert.deepEqual([again?.id, again?.attempts, again?.lastAttemptAtMs], [id, 1, clockMs + 1e6]);
    assert.equal(await webhooks.claim(id, clockMs + 2e6, clockMs + 3e6), true);
    assert.equal((await webhooks.list(1))[0]?.attempts, 2);
    assert.equal(await webhooks.claim('msg_nobody', clockMs + 9e6, clockMs + 1e7), false);
  });

  test(`${kind}: a message that was not taken is due later, one that has ended is not, until it is asked for`, async (t) => {
    const { records, webhooks } = await openNew(t);
    const ids = [await dueMessage(records), await dueMessage(records), await dueMessage(records)];
    const [retried = '', taken = '', dropped = ''] = ids;
    const later = clockMs + 1e6;
    await webhooks.end(
      retried,
      { state: 'pending', nextAtMs: later, status: 500, error: 'HTTP 500' },
      clockMs,
    );
    await webhooks.end(taken, { state: 'delivered', status: 204 }, clockMs);
    await webhooks.end(dropped, { state: 'given_up', status: undefined, error: 'refused' }, clockMs);
    const states = (await webhooks.list(10)).map(({ id, state, nextAtMs, lastStatus, lastError }) => [
      id,
      state,
      nextAtMs,
      lastStatus,
      lastError,
    ]);
    assert.deepEqual(states, [
      [dropped, 'given_up', undefined, undefined, 'refused'],
      [taken, 'delivered', undefined, 204, undefined],
      [retried, 'pending', later, 500, 'HTTP 500'],
    ]);
    assert.equal((await webhooks.list(2)).length, 2);
    const idsDue = async (nowMs: number, limit = 10) =>
      (await webhooks.due(nowMs, limit)).map(({ id }) => id);
    assert.deepEqual(await idsDue(later), [retried]);
    assert.equal(await webhooks.claim(taken, later, later + 1), false);
    assert.equal(await webhooks.redeliver(taken, later + 1), 'due');
    const generationId = (await webhooks.list(10)).find(({ id }) => id === dropped)?.generationId;
    assert.equal(await webhooks.redeliver(generationId ?? '', later + 2), 'due');
    assert.deepEqual(await idsDue(later + 2), [retried, taken, dropped]);
    assert.deepEqual(await idsDue(later + 2, 1), [retried]);
    assert.equal(await webhooks.redeliver('msg_nobody', later), undefined);
  });

  test(`${kind}: messages that ended a month ago are forgotten, others are not`, async (t) => {
    const { records, webhooks } = await openNew(t);
    const [old, young, pending, last] = [
      await dueMessage(records),
      await dueMessage(records),
      await dueMessage(records),
      await dueMessage(records),
    ];
    const dayMs = 24 * 60 * 60 * 1000;
    await webhooks.end(old, { state: 'delivered', status: 200 }, startMs);
    await webhooks.end(young, { state: 'given_up', status: 410, error: 'HTTP 410' }, startMs + 2 * dayMs);
    await webhooks.end(last, { state: 'delivered', status: 200 }, startMs + 30 * dayMs);
    assert.deepEqual(
      (await webhooks.list(10)).map(({ id }) => id),
      [last, pending, young],
    );
  });

  test(`${kind}: a webhook secret that was replaced is valid beside the new one for a day`, async (t) => {
    const { webhooks } = await openNew(t);
    const dayMs = 24 * 60 * 60 * 1000;
    const secretsAt = (nowMs: number) => webhooks.secretsOf('key_one', nowMs);
    assert.deepEqual(await secretsAt(startMs), []);
    await webhooks.setSecret('key_one', 'whsec_1', startMs);
    await webhooks.setSecret('key_two', 'whsec_other', startMs);
    assert.deepEqual(await secretsAt(startMs + 100 * dayMs), ['whsec_1']);
    const replacedMs = startMs + 100 * dayMs;
    await webhooks.setSecret('key_one', 'whsec_2', replacedMs);
    assert.deepEqual(await secretsAt(replacedMs), ['whsec_2', 'whsec_1']);
    assert.deepEqual(await secretsAt(replacedMs + dayMs - 1), ['whsec_2', 'whsec_1']);
    assert.deepEqual(await secretsAt(replacedMs + dayMs), ['whsec_2']);
    // Replaced again meanwhile, each has its own day; one that comes back stands once.
    await webhooks.setSecret('key_one', 'whsec_3', replacedMs + 1_000);
    assert.deepEqual(await secretsAt(replacedMs + 1_000), ['whsec_3', 'whsec_2', 'whsec_1']);
    assert.deepEqual(await secretsAt(replacedMs + dayMs), ['whsec_3', 'whsec_2']);
    await webhooks.setSecret('key_one', 'whsec_3', replacedMs + 2_000);
    await webhooks.setSecret('key_one', 'whsec_1', replacedMs + 3_000);
    assert.deepEqual(await secretsAt(replacedMs + 3_000), ['whsec_1', 'whsec_3', 'whsec_2']);
    assert.deepEqual(await webhooks.secretsOf('key_two', replacedMs), ['whsec_other']);
  });

  test(`${kind}: an asset is its key's own, and comes back as it was added`, async (t) => {
    const { assets } = await openNew(t);
    const mine = asset({ groupId: 'boats', fileName: 'Boot in Öl.png' });
    const theirs = asset({ keyId: 'key_two' });
    for (const one of [mine, theirs]) await assets.add(one);
    assert.deepEqual(await assets.find(mine.id, 'key_one'), mine);
    assert.equal(await assets.find(theirs.id, 'key_one'), undefined);
    assert.deepEqual(await assets.find(theirs.id, undefined), theirs);
    assert.equal(await assets.find('ua_nobody', undefined), undefined);
    assert.deepEqual(await assets.list('key_two', { offset: 0, limit: 10 }), { assets: [theirs], total: 1 });
    assert.equal(await assets.remove(theirs.id, 'key_one'), undefined);
    assert.deepEqual(await assets.find(theirs.id, 'key_two'), theirs);
  });

  test(`${kind}: assets are listed newest first, page by page, and gone through in the order of their ids`, async (t) => {
    const { assets } = await openNew(t);
    const all = Array.from({ length: 5 }, () => asset());
    for (const one of all) await assets.add(one);
    const pages = await Promise.all(
      [0, 2, 4, 6].map((offset) => assets.list('key_one', { offset, limit: 2 })),
    );
    assert.deepEqual(
      pages.flatMap((page) => page.assets),
      all.toReversed(),
    );
    assert.deepEqual(new Set(pages.map(({ total }) => total)), new Set([5]));
    const first = await assets.page(undefined, 3);
    assert.deepEqual([...first, ...(await assets.page(first.at(-1)?.id, 3))], all);
  });

  test(`${kind}: removing an asset dooms its object until that is forgotten`, async (t) => {
    const { assets, records } = await openNew(t);
    const one = asset();
    await assets.add(one);
    assert.deepEqual(await records.doomedObjects(), []);
    assert.deepEqual(await assets.remove(one.id, 'key_one'), one);
    assert.equal(await assets.find(one.id, undefined), undefined);
    assert.deepEqual(await records.doomedObjects(), [one.object]);
    assert.equal(await assets.remove(one.id, 'key_one'), undefined);
    await records.forgetObjects([one.object]);
    assert.deepEqual(await records.doomedObjects(), []);
  });

  test(`${kind}: an asset is unused since it was used last, and a use before that changes nothing`, async (t) => {
    const { assets } = await openNew(t);
    const [old, used, fresh] = [asset(), asset(), asset()];
    for (const one of [old, used, fresh]) await assets.add(one);
    const atMs = fresh.createdAtMs + 1_000;
    await assets.noteUsed(used.id, atMs);
    await assets.noteUsed(used.id, atMs - 500);
    await assets.noteUsed('ua_nobody', atMs);
    assert.equal((await assets.find(used.id, 'key_one'))?.lastUsedAtMs, atMs);
    const idsUnused = async (sinceMs: number, limit = 10) =>
      (await assets.unused(sinceMs, limit)).map(({ id }) => id);
    assert.deepEqual(await idsUnused(atMs), [old.id, fresh.id]);
    assert.deepEqual(await idsUnused(atMs + 1), [old.id, fresh.id, used.id]);
    assert.deepEqual(await idsUnused(atMs + 1, 1), [old.id]);
    assert.deepEqual(await idsUnused(old.createdAtMs), []);
  });
}

function asset(change: Partial<Asset> = {}): Asset {
  clockMs += 1_000;
  const id = makeId('ua');
  return {
    id,
    keyId: 'key_one',
    name: 'Boat',
    groupId: undefined,
    fileName: undefined,
    object: `assets/zz/${id}.png`,
    format: 'png',
    width: 64,
    height: 32,
    bytes: 5_000_000_000,
    sha256: 'cd'.repeat(32),
    createdAtMs: clockMs,
    lastUsedAtMs: clockMs,
    ...change,
  };
}

/** A message of a generation that has ended; its id. */
async function dueMessage(records: RecordStore): Promise<string> {
  const record = generation();
  const webhook = { id: makeId('msg'), url: 'https://example.org/hook' };
  await records.open(record, [], origin({ webhook }));
  await records.close(record.id, completed([]));
  return webhook.id;
}

/** A request as it is kept with the generation it opened. */
function origin(change: Partial<RequestOrigin> = {}): RequestOrigin {
  return {
    endpoint: '/v1/images/generations',
    bodyHash: 'aa'.repeat(32),
    idempotencyKey: undefined,
    responseFormat: 'b64_json',
    ...change,
  };
}

/** How a generation fails, by its reason alone. */
function failed(reason: 'upstream_unavailable' | 'outcome_unknown' | 'generation_timeout'): Outcome {
  const code = reason === 'upstream_unavailable' ? '502' : '424';
  const error = { message: 'It failed.', type: 'api_error', param: null, code, reason } as const;
  return completed([], { status: 'failed', error, usage: undefined });
}

/** Between the words of a made-up prompt. */
function word(i: number): string {
  return i % 2 === 0 ? ' ' : ', ';
}

/** The list as the port's words define it, without any index. */
function pageByHand(
  all: readonly GenerationRecord[],
  query: ListQuery,
): { page: GenerationRecord[]; hasMore: boolean } {
  const status = query.status ?? 'finished';
  const fits = all.filter(
    (record) =>
      record.keyId === query.keyId &&
      (query.model === undefined || record.model === query.model) &&
      (query.late === undefined || (record.late === true) === query.late) &&
      (status === 'all' ||
        (status === 'finished' ? record.status !== 'in_progress' : record.status === status)) &&
      (query.createdAfterMs === undefined || record.createdAtMs >= query.createdAfterMs) &&
      (query.createdBeforeMs === undefined || record.createdAtMs < query.createdBeforeMs) &&
      (query.words ?? []).every((word) => record.prompt.toLowerCase().includes(word.toLowerCase())),
  );
  const sign = query.order === 'asc' ? 1 : -1;
  const sorted = fits.toSorted((a, b) => (a.id < b.id ? -sign : sign));
  const follows = (id: string, cursor: string): boolean =>
    id > cursor ? sign === 1 : id < cursor && sign === -1;
  const { after, before, limit } = query;
  if (before !== undefined) {
    const preceding = sorted.filter(({ id }) => id !== before && !follows(id, before));
    return { page: preceding.slice(-limit), hasMore: preceding.length > limit };
  }
  const following = after === undefined ? sorted : sorted.filter(({ id }) => follows(id, after));
  return { page: following.slice(0, limit), hasMore: following.length > limit };
}
