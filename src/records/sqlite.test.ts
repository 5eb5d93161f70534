import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';

import { CompiledQuery, Kysely, SqliteDialect, type Compilable } from 'kysely';

import { openDatabase } from '../../test/kit/open-database.ts';
import { until } from '../../test/kit/until.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { claimLifeMs } from '../core/idempotency.ts';
import { makeIdMaker } from '../core/ids.ts';
import type { ListQuery } from '../core/record-store.ts';
import type { GenerationRecord } from '../core/record.ts';
import type { Database } from './database.ts';
import { listGenerations, walk } from './generation-list.ts';
import { toGenerationRow } from './generation-rows.ts';
import { makeRecordStore } from './generations.ts';
import { makeIdempotencyStore } from './idempotency.ts';
import { migrations } from './migrations/all.ts';
import { compile, type Prepared, type Statement } from './prepared.ts';
import type { Schema } from './schema.ts';
import { openSqlite, openSqliteDatabase } from './sqlite.ts';
import { openRecord } from '../../test/kit/generation-record.ts';

const makeId = makeIdMaker(Date.now);

function generation(change: Partial<GenerationRecord> = {}): GenerationRecord {
  return openRecord({
    id: makeId('img'),
    keyId: 'key_one',
    status: 'completed',
    model: 'glm-image',
    prompt: 'boat',
    parameters: {},
    createdAtMs: Date.now(),
    ...change,
  });
}

/** A process of its own that runs this code with the stores of `file`; `id()` makes ids, `record(id)` records. */
function inProcess(t: TestContext, file: string, code: string, shell = ''): ChildProcessWithoutNullStreams {
  const program = `
    import { openSqlite } from ${JSON.stringify(path.join(import.meta.dirname, 'sqlite.ts'))};
    import { makeIdMaker } from ${JSON.stringify(path.join(import.meta.dirname, '../core/ids.ts'))};
    const stores = await openSqlite({ file: ${JSON.stringify(file)}, now: Date.now });
    const makeId = makeIdMaker(Date.now);
    const id = () => makeId('img');
    const record = (id) => ({ ...${JSON.stringify(generation({ status: 'in_progress' }))}, id });
    const outcome = { status: 'completed', finishedAtMs: 1, images: [], failedImages: [], warnings: [], attempts: 1 };
    ${code}`;
  const child = spawn('bash', [
    '-c',
    `${shell} exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    program,
  ]);
  child.stderr.pipe(process.stderr);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function linesOf(child: ChildProcessWithoutNullStreams): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  return lines;
}

async function planOf(db: Kysely<Schema>, query: Compilable): Promise<string> {
  const { sql, parameters } = query.compile();
  const plan = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ detail: string }>(plan);
  return rows.map(({ detail }) => detail).join('; ');
}

test('every list is a walk along one index: nothing is sorted, nothing scanned', async (t) => {
  const folder = await temporaryFolder(t);
  const opened = openSqliteDatabase({ file: `${folder}/records.db`, now: Date.now });
  t.after(() => opened.close());
  const { database } = opened;
  const cursors: Partial<ListQuery>[] = [{}, { after: makeId('img') }, { before: makeId('img') }];
  const times: Partial<ListQuery>[] = [{}, { createdAfterMs: 1e12, createdBeforeMs: 2e12 }];
  const expected = {
    none: { index: 'generations_by_key', exact: 'generations_by_status' },
    model: { index: 'generations_by_model', exact: 'generations_by_model_status' },
  };
  for (const status of ['all', 'finished', 'completed', 'failed', 'in_progress'] as const) {
    for (const model of [undefined, 'glm-image']) {
      for (const order of ['asc', 'desc'] as const) {
        for (const rest of cursors.flatMap((cursor) => times.map((time) => ({ ...cursor, ...time })))) {
          const query: ListQuery = { keyId: 'k', limit: 20, order, status, ...rest, ...(model && { model }) };
          const page = walk(database.reader.selectFrom('generations'), query).selectAll().limit(21);
          const plan = await planOf(database.reader, page);
          const indexes = expected[model === undefined ? 'none' : 'model'];
          const index = status === 'all' || status === 'finished' ? indexes.index : indexes.exact;
          assert.ok(
            plan.startsWith(`SEARCH generations USING INDEX ${index} (key_id=?`),
            `${plan}: ${status}`,
          );
          assert.doesNotMatch(plan, /TEMP B-TREE|SCAN|;/);
        }
      }
    }
  }
});

test('late results are read from their own index, and so is what an equal request may join', async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/records.db`;
  const opened = openSqliteDatabase({ file, now: Date.now });
  t.after(() => opened.close());
  const { reader } = opened.database;
  for (const order of ['asc', 'desc'] as const) {
    const query: ListQuery = { keyId: 'k', limit: 20, order, late: true, after: makeId('img') };
    const page = walk(reader.selectFrom('generations'), query).selectAll().limit(21);
    assert.match(
      await planOf(reader, page),
      /^SEARCH generations USING INDEX generations_late \(key_id=\? AND id[<>]\?\)$/,
    );
  }
  const seen = await plansDuring(file, async (reading) => {
    const store = makeIdempotencyStore({ ...opened.database, ...reading });
    await store.findUndelivered({ keyId: 'k', endpoint: '/v1', bodyHash: 'aa' }, 0);
    await store.findClaim({ keyId: 'k', endpoint: '/v1', idempotencyKey: 'one' }, 0);
  });
  assert.equal(seen.length, 2);
  assert.match(
    seen[0]?.[1] ?? '',
    /^SEARCH generations USING INDEX generations_undelivered \(body_hash=\? AND created_at_ms>\?\)$/,
  );
  assert.match(
    seen[1]?.[1] ?? '',
    /^SEARCH claim USING PRIMARY KEY \(.*\); SEARCH generations USING INDEX sqlite_autoindex_generations_1 \(id=\?\)/,
  );
});

test('a call is done when its generation is closed, with what it had tried where that is said', async (t) => {
  const file = `${await temporaryFolder(t)}/records.db`;
  const stores = await openSqlite({ file, now: Date.now });
  const { records } = stores;
  const tried = [{ route: 'ark/main', outcome: 'ok' as const, atMs: 1 }];
  const links = [{ index: 0, url: 'https://example.com/picture' }];
  const call = { number: 0, state: 'sent', firstIndex: 0, images: 1, attempts: 1, tried: [], links } as const;
  const without = { route: undefined, ourId: undefined, ticket: undefined };
  for (const only of [undefined, { number: 0, tried }]) {
    const record = generation({ status: 'in_progress' });
    await records.open(record, [{ ...call, ...without, generationId: record.id }]);
    await records.close(record.id, { ...record, status: 'completed' }, undefined, only);
  }
  await stores.close();
  const db = openDatabase(file, { readOnly: true });
  t.after(() => db.close());
  assert.deepEqual(
    db
      .prepare('select state, links, tried from calls order by generation_id')
      .all()
      .map((row) => ({ ...row })),
    [
      { state: 'done', links: null, tried: '[]' },
      { state: 'done', links: null, tried: JSON.stringify(tried) },
    ],
  );
});

test('expired Idempotency-Keys go a few at a time as new ones come, oldest first', async (t) => {
  const file = `${await temporaryFolder(t)}/records.db`;
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const origin = { endpoint: '/v1', bodyHash: 'aa', responseFormat: 'url' as const };
  const claim = (number: number, createdAtMs: number) =>
    stores.records.open(generation({ createdAtMs }), [], { ...origin, idempotencyKey: `key ${number}` });
  const db = openDatabase(file, { readOnly: true });
  t.after(() => db.close());
  const left = () =>
    db
      .prepare('select idempotency_key as key from idempotency_keys order by claimed_at_ms')
      .all()
      .map(({ key }) => key);
  for (let number = 0; number < 45; number++) await claim(number, number);
  await claim(100, claimLifeMs + 43);
  assert.deepEqual(left(), [...Array.from({ length: 25 }, (_, i) => `key ${i + 20}`), 'key 100']);
  await claim(101, claimLifeMs + 43);
  await claim(102, claimLifeMs + 43);
  assert.deepEqual(left(), ['key 44', 'key 100', 'key 101', 'key 102']);
});

test('candidates of a search are looked up by number, and what is unfinished by its own index', async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/records.db`;
  const opened = openSqliteDatabase({ file, now: Date.now });
  t.after(() => opened.close());
  const { database } = opened;
  const records = makeRecordStore(database);
  for (let i = 0; i < 5; i++) await records.open(generation(), []);
  const seen = await plansDuring(file, async (reading) => {
    const watched = { ...database, ...reading };
    const query: ListQuery = { keyId: 'key_one', limit: 2, order: 'desc' };
    await listGenerations(watched, { ...query, words: ['boat'] });
    await listGenerations(watched, query);
    await makeRecordStore(watched).unfinished();
    await makeRecordStore(watched).get(makeId('img'), 'key_one');
  });
  assert.ok(seen.length >= 6);
  for (const [text, plan] of seen) {
    // Candidates handed on are read whole, and so is the index that holds nothing but what is in progress.
    const handedOn = /SCAN (page|generations|generations USING .*generations_in_progress)(?=;|$)/g;
    const own = plan.replaceAll(handedOn, '').replaceAll(/SCAN prompt_pieces VIRTUAL TABLE INDEX/g, '');
    assert.doesNotMatch(own, /SCAN/, `${text}: ${plan}`);
    const isCandidates = text.includes('"number" in');
    if (!isCandidates && !text.includes('"calls"')) assert.doesNotMatch(plan, /TEMP B-TREE/, text);
  }
  const all = seen.map(([, plan]) => plan).join('\n');
  assert.match(all, /generations USING INTEGER PRIMARY KEY \(rowid=\?\)/);
  assert.match(all, /generations USING (COVERING )?INDEX generations_in_progress/);
});

/** Every statement that the work sends, with its plan. */
async function plansDuring(
  file: string,
  work: (reading: Pick<Database, 'reader' | 'prepared'>) => Promise<void>,
): Promise<[string, string][]> {
  const db = openDatabase(file, { readOnly: true });
  const seen: [string, string][] = [];
  const reader = new Kysely<Schema>({
    dialect: new SqliteDialect({
      database: {
        close: () => db.close(),
        prepare(text) {
          const statement = db.prepare(text);
          return {
            reader: true,
            run: () => ({ changes: 0, lastInsertRowid: 0 }),
            iterate: () => [][Symbol.iterator](),
            all(parameters) {
              const values = parameters as string[];
              const plan = db.prepare(`explain query plan ${text}`).all(...values);
              seen.push([text, plan.map((row) => String(row['detail'])).join('; ')]);
              return statement.all(...values);
            },
          };
        },
      },
    }),
  });
  const rows = async <Values, Row>(statement: Statement<Values, Row>, values: Values) => {
    const { text, bind } = compile(statement, reader);
    return (await reader.executeQuery<Row>(CompiledQuery.raw(text, bind(values)))).rows;
  };
  const first: Prepared['first'] = async (statement, values) => (await rows(statement, values))[0];
  const run: Prepared['run'] = async (statement, values) => (await rows(statement, values)).length;
  await work({ reader, prepared: { rows, first, run } });
  await reader.destroy();
  return seen;
}

test('a search that runs out of time gives what it has found, and says that there may be more', async (t) => {
  const folder = await temporaryFolder(t);
  const opened = openSqliteDatabase({ file: `${folder}/records.db`, now: Date.now });
  t.after(() => opened.close());
  const { database } = opened;
  const records = makeRecordStore(database);
  const all = Array.from({ length: 1_100 }, (_, i) =>
    generation({ prompt: i < 50 ? 'a bob' : 'abo bob a b' }),
  );
  await Promise.all(all.map((record) => records.open(record, [])));
  const query: ListQuery = { keyId: 'key_one', limit: 40, order: 'desc', words: ['abo', 'bob'] };
  const found = await listGenerations(database, query, 2_000);
  assert.deepEqual([found.records.length, found.hasMore], [40, true]);
  // Everything holds these pieces and next to nothing the word.
  const rare: ListQuery = { ...query, order: 'asc', words: ['bo', 'a', 'b'], limit: 300 };
  const cut = await listGenerations(database, rare, 0);
  assert.ok(cut.records.length < 300 && cut.records.length > 0, `${cut.records.length}`);
  assert.equal(cut.hasMore, true);
  const whole = await listGenerations(database, rare, 2_000);
  assert.equal(whole.records.length, 300);
});

test('every write that was acknowledged is there after kill -9', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const child = inProcess(
    t,
    file,
    `await Promise.all(Array.from({ length: 8 }, async () => {
      for (;;) {
        const own = id();
        await stores.records.open(record(own), [{ generationId: own, number: 0, state: 'open', firstIndex: 0, images: 1, attempts: 0, tried: [] }]);
        process.stdout.write('opened ' + own + '\\n');
        await stores.records.saveCall(own, 0, { state: 'waiting', ticket: { own } });
        process.stdout.write('ticket ' + own + '\\n');
        await stores.records.close(own, outcome);
        process.stdout.write('closed ' + own + '\\n');
      }
    }));`,
  );
  const told = new Map<string, string>();
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const [step = '', id = ''] = line.split(' ');
    told.set(id, step);
    if (++count === 450) child.kill('SIGKILL');
  }
  assert.ok(told.size > 100);
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const { records } = stores;
  const calls = new Map((await records.unfinished()).map(({ record, calls }) => [record.id, calls]));
  for (const [id, step] of told) {
    const status = (await records.get(id, 'key_one'))?.status;
    if (step === 'closed') assert.equal(status, 'completed');
    else assert.ok(status !== undefined, `${step} ${id}`);
    if (step === 'ticket' && status === 'in_progress')
      assert.deepEqual(calls.get(id)?.[0]?.ticket, { own: id });
  }
});

test('the command line may add keys and remove records while the gateway writes', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const gateway = await openSqlite({ file, now: Date.now });
  t.after(() => gateway.close());
  const child = inProcess(
    t,
    file,
    `for (let i = 0; i < 60; i++) {
      await stores.keys.add({ id: 'key_' + i, name: 'n' + i, state: 'active', secretHash: 's' + i, hint: '', createdAtMs: 1 });
    }
    await stores.close();
    console.log('done');`,
  );
  const lines = linesOf(child);
  let written = 0;
  for (let isDone = false; !isDone; written += 20) {
    await Promise.all(Array.from({ length: 20 }, () => gateway.records.open(generation(), [])));
    isDone = child.exitCode !== null || written > 20_000;
  }
  assert.deepEqual(await lines, ['done']);
  assert.equal((await gateway.keys.list()).length, 60);
  assert.equal((await gateway.keys.findByHash('s59'))?.name, 'n59');
});

test('a write waits while another process holds the file, and the event loop goes on meanwhile', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const other = openDatabase(file);
  other.exec('begin immediate');
  let turns = 0;
  let isWritten = false;
  const write = stores.records.open(generation(), []).then(() => (isWritten = true));
  while (turns < 50) {
    await new Promise(setImmediate);
    turns++;
  }
  assert.equal(isWritten, false);
  // Reading goes on.
  assert.equal(await stores.keys.find('nobody'), undefined);
  other.exec('commit');
  other.close();
  await write;
});

test('several processes may make the file at the same moment', async (t) => {
  const file = path.join(await temporaryFolder(t), 'data', 'records.db');
  const code = `
    console.log(await stores.settings.getOrMake('secret', () => String(process.pid)));
    await stores.close();`;
  const children = Array.from({ length: 4 }, () => inProcess(t, file, code));
  const lines = await Promise.all(children.map(linesOf));
  assert.equal(new Set(lines.flat()).size, 1, JSON.stringify(lines));
  assert.equal(lines.flat().length, 4);
});

test('a file of a newer version is refused, with words that help, and left as it is', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  await (await openSqlite({ file, now: Date.now })).close();
  const newer = migrations.length + 1;
  const db = openDatabase(file);
  db.exec(`insert into migrations values (${newer}, 'from the future', 0)`);
  db.close();
  await assert.rejects(openSqlite({ file, now: Date.now }), {
    name: 'RecordStoreError',
    kind: 'newer',
    message: new RegExp(`newer version.*schema is ${newer}, this version knows ${migrations.length}`),
  });
});

test('a step of the schema that fails leaves nothing of itself behind', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const db = openDatabase(file);
  db.exec('create table settings (other text)');
  db.close();
  await assert.rejects(openSqlite({ file, now: Date.now }), { name: 'RecordStoreError' });
  const after = openDatabase(file);
  const tables = after.prepare("select name from sqlite_schema where type = 'table'").all();
  assert.deepEqual(
    tables.map((row) => row['name']),
    ['settings'],
  );
  after.close();
});

test('the steps of the schema are numbered without gaps, and so are their files', async () => {
  assert.deepEqual(
    migrations.map(({ number }) => number),
    migrations.map((_, i) => i + 1),
  );
  // Two steps that were written side by side have one number in two names, and one of them may not be listed.
  const files = await readdir(path.join(import.meta.dirname, 'migrations'));
  const numbered = files.filter((file) => /^\d/.test(file)).toSorted();
  assert.deepEqual(
    numbered.map((file) => file.slice(0, 5)),
    migrations.map(({ number }) => `${String(number).padStart(4, '0')}-`),
  );
  assert.equal(new Set(migrations.map(({ name }) => name)).size, migrations.length);
});

test('a file that is no database, and a folder that is a file, are said in the words of the port', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(`${folder}/text`, 'This is not a database. '.repeat(100));
  const failure = { name: 'RecordStoreError', kind: 'io' };
  await assert.rejects(openSqlite({ file: `${folder}/text`, now: Date.now }), {
    ...failure,
    message: 'The file of the records is not a database.',
  });
  await assert.rejects(openSqlite({ file: `${folder}/text/records.db`, now: Date.now }), failure);
});

test('the file, with what SQLite puts beside it, can be read by its owner only', async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/data/records.db`;
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  await stores.records.check();
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${folder}/data`]) {
    assert.equal((await stat(name)).mode & 0o077, 0, name);
  }
});

test('a disk without room fails the writes it has no room for, in the words of the port, and keeps the rest', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  // A limit on the size of files stands in for the disk.
  const child = inProcess(
    t,
    file,
    `let kept = 0;
    for (let i = 0; i < 200; i++) {
      const large = { ...record(id()), prompt: 'x'.repeat(8000), status: 'completed' };
      const outcomes = await Promise.allSettled([large, { ...large, id: id() }].map((one) => stores.records.open(one, [])));
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      kept += 2 - failed.length;
      if (failed.length === 0) continue;
      console.log(JSON.stringify({ kept, names: failed.map(({ reason }) => reason.name) }));
      const page = await stores.records.list({ keyId: 'key_one', limit: 100, order: 'asc' });
      console.log(page.records.length);
      break;
    }
    process.exit();`,
    'ulimit -f 1500;',
  );
  const [outcome = '', listed] = await linesOf(child);
  const { kept, names } = JSON.parse(outcome) as { kept: number; names: string[] };
  assert.deepEqual(new Set(names), new Set(['RecordStoreError']));
  assert.ok(kept > 5);
  assert.equal(Number(listed), Math.min(kept, 100));
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const { records } = stores;
  let found = 0;
  for (let after: string | undefined; ;) {
    const page = await records.list({ keyId: 'key_one', limit: 100, order: 'asc', ...(after && { after }) });
    found += page.records.length;
    after = page.records.at(-1)?.id;
    if (!page.hasMore) break;
  }
  assert.equal(found, kept);
});

test('a killed process leaves a file that opens at once', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const child = inProcess(
    t,
    file,
    `for (;;) { await stores.records.open(record(id()), []); console.log('one'); }`,
  );
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const stores = await openSqlite({ file, now: Date.now });
  assert.ok((await stores.records.unfinished()).length > 0);
  await stores.close();
});

test('prompts that a killed process had not put into the index are found, and come into it later', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const child = inProcess(
    t,
    file,
    `await Promise.all(Array.from({ length: 3 }, () => stores.records.open(record(id()), [])));
    process.kill(process.pid, 'SIGKILL');`,
  );
  await once(child, 'exit');
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const query: ListQuery = { keyId: 'key_one', limit: 10, order: 'desc', status: 'all', words: ['boat'] };
  assert.equal((await stores.records.list(query)).records.length, 3);
  await stores.records.open(generation(), []);
  assert.equal((await stores.records.list(query)).records.length, 4);
  const db = openDatabase(file, { readOnly: true });
  t.after(() => db.close());
  const inIndex = db.prepare('select count(*) as count from prompt_pieces_docsize');
  await until(() => inIndex.get()?.['count'] === 4);
});

test('long prompts come into the index a few at a time, so that nobody waits for many of them, and all are found meanwhile', async (t) => {
  const file = path.join(await temporaryFolder(t), 'records.db');
  const opened = openSqliteDatabase({ file, now: Date.now });
  t.after(() => opened.close());
  const { database } = opened;
  const prompt = `boat ${'sea '.repeat(8_000)}`;
  // Not by the store, which would begin to put them into the index by itself.
  await database.write(async (writer) => {
    const rows = Array.from({ length: 3 }, () => toGenerationRow(generation({ prompt }), undefined));
    await writer.insertInto('generations').values(rows).execute();
  });
  const query: ListQuery = { keyId: 'key_one', limit: 10, order: 'desc', words: ['boat'] };
  const mores: boolean[] = [];
  for (const _ of [1, 2, 3]) {
    mores.push(await database.write(database.prompts.catchUp));
    assert.equal((await listGenerations(database, query)).records.length, 3);
  }
  assert.deepEqual(mores, [true, true, false]);
});

test('the write-ahead log is folded into the file while writing goes on', async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/records.db`;
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const prompt = 'a lighthouse '.repeat(1000);
  let written = 0;
  const isFolded = async (): Promise<boolean> => {
    const one = async () => stores.records.open(generation({ id: makeId('img'), prompt }), []);
    for (let group = 0; group < 70; group += 1) await Promise.all([one(), one(), one()]);
    written += 210 * prompt.length;
    return (await stat(file)).size > 2_000_000;
  };
  while (!(await isFolded())) assert.ok(written < 100_000_000, 'nothing was folded');
});

test('a write-ahead log that grew while somebody read it is emptied afterwards', async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/records.db`;
  const stores = await openSqlite({ file, now: Date.now });
  t.after(() => stores.close());
  const logBytes = async (): Promise<number> => (await stat(`${file}-wal`)).size;
  const reader = openDatabase(file, { readOnly: true });
  t.after(() => reader.close());
  reader.exec('begin');
  reader.prepare('select count(*) from migrations').get();
  const parameters = { note: 'x'.repeat(1_000_000) };
  while ((await logBytes()) < 33_000_000) {
    await stores.records.open(generation({ id: makeId('img'), parameters }), []);
  }
  reader.exec('commit');
  for (let writes = 0; (await logBytes()) > 16_000_000; writes += 1) {
    assert.ok(writes < 2_000, 'it was not emptied');
    await stores.records.check();
  }
});
