import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { sessionLifeMs, type ConsoleSession } from '../core/console-session.ts';
import { makeIdMaker } from '../core/ids.ts';
import type { Cost } from '../core/price.ts';
import type { ListQuery } from '../core/record-store.ts';
import { walk } from './generation-list.ts';
import { openSqlite, openSqliteDatabase, type Stores } from './sqlite.ts';

/** What the operator's side of the stores promises: lists of every key, sessions, links, the audit log. */

const startMs = Date.UTC(2026, 10, 22, 12);
let clockMs = startMs;
const makeId = makeIdMaker(() => clockMs);

async function openNew(t: TestContext): Promise<Stores> {
  const folder = await temporaryFolder(t);
  const stores = await openSqlite({ file: `${folder}/records.db`, now: () => clockMs });
  t.after(() => stores.close());
  return stores;
}

interface Made {
  keyId?: string;
  model?: string;
  prompt?: string;
  cost?: Cost | null;
  tookMs?: number;
}

/** A completed generation; its id. */
async function make({ records }: Stores, made: Made): Promise<string> {
  clockMs += 1_000;
  const { keyId = 'key_one', model = 'seedream-4.5', prompt = 'a boat', cost = null, tookMs = 5 } = made;
  const outcome = {
    status: 'completed' as const,
    finishedAtMs: clockMs + tookMs,
    images: [],
    failedImages: [],
    warnings: [],
    error: undefined,
    usage: { generatedImages: 1, outputTokens: 1, totalTokens: 1, cost },
    provider: 'ark',
    servedBy: 'ark/primary',
    providerModel: undefined,
    attempts: 1,
  };
  const id = makeId('img');
  const open = { status: 'in_progress' as const, finishedAtMs: undefined, usage: undefined };
  const record = { id, keyId, model, prompt, parameters: {}, createdAtMs: clockMs, ...outcome, ...open };
  await records.open(record, []);
  await records.close(id, outcome);
  return id;
}

const usd = (amount: string): Cost => ({ amount, currency: 'USD' });

test("a list without a key has every key's records, in the order of time, also of words", async (t) => {
  const stores = await openNew(t);
  const ids = [
    await make(stores, { keyId: 'key_one', prompt: 'a heron' }),
    await make(stores, { keyId: 'key_two', prompt: 'a heron' }),
    await make(stores, { keyId: 'key_two', prompt: 'a boat' }),
  ];
  const list = async (query: Partial<ListQuery>) =>
    (await stores.records.list({ keyId: undefined, limit: 10, order: 'asc', ...query })).records.map(
      ({ id }) => id,
    );
  assert.deepEqual(await list({}), ids);
  assert.deepEqual(await list({ words: ['heron'] }), ids.slice(0, 2));
  assert.deepEqual(await list({ keyId: 'key_two' }), ids.slice(1));
});

test('a list bounded by cost has only records of a known cost within the bounds, page by page', async (t) => {
  const stores = await openNew(t);
  const ids: string[] = [];
  for (const cost of [usd('0.010000'), null, usd('0.040000'), usd('0.050000'), usd('0.400000')])
    ids.push(await make(stores, { cost }));
  const query: ListQuery = { keyId: undefined, limit: 1, order: 'asc', costMinMicros: 40_000 };
  const first = await stores.records.list({ ...query, costMaxMicros: 50_000 });
  assert.deepEqual([first.records[0]?.id, first.hasMore], [ids[2], true]);
  const second = await stores.records.list({ ...query, costMaxMicros: 50_000, after: ids[2] ?? '' });
  assert.deepEqual([second.records[0]?.id, second.hasMore], [ids[3], false]);
  const all = await stores.records.list({ ...query, limit: 10 });
  assert.deepEqual(
    all.records.map(({ id }) => id),
    ids.slice(2),
  );
});

test("a walk over every key's records reads along an index and sorts nothing", async (t) => {
  const folder = await temporaryFolder(t);
  const file = `${folder}/records.db`;
  // The facts for the planner are read when a file is opened.
  await openSqliteDatabase({ file, now: Date.now }).close();
  const opened = openSqliteDatabase({ file, now: Date.now });
  t.after(() => opened.close());
  const { database } = opened;
  const expected = { model: 'generations_of_model (model=?', failed: 'generations_failed' };
  for (const order of ['asc', 'desc'] as const) {
    for (const [rest, index] of [
      [{}, ''],
      [{ status: 'failed' }, expected.failed],
      [{ model: 'glm-image' }, expected.model],
      [{ model: 'glm-image', status: 'completed' }, expected.model],
    ] as const) {
      const query: ListQuery = { keyId: undefined, limit: 20, order, after: makeId('img'), ...rest };
      const { sql, parameters } = walk(database.reader.selectFrom('generations'), query)
        .selectAll()
        .limit(21)
        .compile();
      const { rows } = await database.reader.executeQuery<{ detail: string }>({
        ...walk(database.reader.selectFrom('generations'), query).selectAll().limit(21).compile(),
        sql: `explain query plan ${sql}`,
        parameters,
      });
      const plan = rows.map(({ detail }) => detail).join('; ');
      assert.doesNotMatch(plan, /TEMP B-TREE|SCAN|;/, JSON.stringify(rest));
      assert.ok(plan.includes(index), `${plan} for ${JSON.stringify(rest)}`);
    }
  }
});

test('durations are those of the newest completed generations of a time, as many as asked for', async (t) => {
  const stores = await openNew(t);
  const fromMs = clockMs + 1;
  for (let i = 0; i < 600; i += 1)
    await make(stores, { tookMs: i, keyId: i % 2 === 0 ? 'key_one' : 'key_two' });
  const toMs = clockMs;
  await make(stores, { tookMs: 9999 });
  const took = async (query: { keyId?: string; most: number }) =>
    (await stores.records.durations({ keyId: undefined, fromMs, toMs, ...query })).map(
      ({ durationMs }) => durationMs,
    );
  assert.deepEqual(await took({ most: 3 }), [598, 597, 596]);
  assert.equal((await took({ most: 1000 })).length, 599);
  assert.deepEqual(await took({ keyId: 'key_two', most: 2 }), [597, 595]);
});

test('usage of every key is told by day, key and model, and of one key alone', async (t) => {
  const stores = await openNew(t);
  await make(stores, { keyId: 'key_two' });
  await make(stores, { keyId: 'key_one', model: 'glm-image' });
  await make(stores, { keyId: 'key_one' });
  await make(stores, { keyId: 'key_one' });
  const days = { from: '2026-11-22', to: '2026-11-22', limit: 10 };
  const rows = await stores.ledger.usageByKey({ keyId: undefined, ...days });
  assert.deepEqual(
    rows.map(({ keyId, model, requests }) => [keyId, model, requests]),
    [
      ['key_one', 'glm-image', 1],
      ['key_one', 'seedream-4.5', 2],
      ['key_two', 'seedream-4.5', 1],
    ],
  );
  assert.equal((await stores.ledger.usageByKey({ keyId: undefined, ...days, limit: 2 })).length, 2);
  assert.deepEqual(
    (await stores.ledger.usageByKey({ keyId: 'key_two', ...days })).map(({ keyId }) => keyId),
    ['key_two'],
  );
});

function session(idHash: string, change: Partial<ConsoleSession> = {}): ConsoleSession {
  return {
    idHash,
    role: 'admin',
    keyId: undefined,
    credentialHash: undefined,
    createdAtMs: startMs,
    lastUsedAtMs: startMs,
    ...change,
  };
}

test('a session comes back as it was kept, is changed, and is gone when it was removed', async (t) => {
  const { sessions } = await openNew(t);
  const kept = session('aa', { role: 'key', keyId: 'key_one', credentialHash: 'cc' });
  await sessions.add(kept);
  assert.deepEqual(await sessions.find('aa'), kept);
  await sessions.change('aa', { keyId: 'key_two', lastUsedAtMs: startMs + 5 });
  assert.deepEqual(await sessions.find('aa'), { ...kept, keyId: 'key_two', lastUsedAtMs: startMs + 5 });
  await sessions.remove('aa');
  assert.equal(await sessions.find('aa'), undefined);
  await sessions.change('aa', { keyId: 'key_two' });
  assert.equal(await sessions.find('aa'), undefined);
});

test('a new session clears away those that have ended, and a thousand are the most', async (t) => {
  const { sessions } = await openNew(t);
  await sessions.add(session('idle'));
  await sessions.add(session('old', { lastUsedAtMs: startMs + sessionLifeMs.whole }));
  const laterMs = startMs + sessionLifeMs.whole;
  await sessions.add(session('first', { createdAtMs: laterMs, lastUsedAtMs: laterMs }));
  assert.equal(await sessions.find('idle'), undefined);
  assert.equal(await sessions.find('old'), undefined);
  for (let i = 1; i <= 1000; i += 1)
    await sessions.add(session(`s${i}`, { createdAtMs: laterMs, lastUsedAtMs: laterMs + i }));
  assert.equal(await sessions.find('first'), undefined);
  assert.ok((await sessions.find('s1')) !== undefined && (await sessions.find('s1000')) !== undefined);
});

test('a link is taken once, not after its time, and of many the oldest give way', async (t) => {
  const { sessions } = await openNew(t);
  await sessions.addLink('one', startMs + 10);
  assert.equal(await sessions.takeLink('one', startMs + 10), false);
  assert.equal(await sessions.takeLink('two', startMs), false);
  assert.equal(await sessions.takeLink('one', startMs + 9), true);
  assert.equal(await sessions.takeLink('one', startMs + 9), false);
  for (let i = 0; i < 21; i += 1) await sessions.addLink(`link ${i}`, startMs + 100 + i);
  assert.equal(await sessions.takeLink('link 0', startMs), false);
  assert.equal(await sessions.takeLink('link 1', startMs), true);
});

test('refused sign-ins have their own bound in the audit log and push nothing else out', async (t) => {
  const { audit } = await openNew(t);
  const entry = { id: makeId('aud'), atMs: startMs, target: 'key_one', detail: undefined };
  await audit.add({ ...entry, actor: 'admin key', action: 'key.delete' });
  for (let i = 0; i < 1002; i += 1)
    await audit.add({
      id: makeId('aud'),
      atMs: startMs,
      actor: 'console session',
      action: 'session.refused',
      target: undefined,
      detail: `${i}`,
    });
  const all = await audit.list({ limit: 2000 });
  assert.equal(all.length, 1001);
  assert.deepEqual([all[0]?.detail, all.at(-2)?.detail], ['1001', '2']);
  assert.deepEqual(all.at(-1), { ...entry, actor: 'admin key', action: 'key.delete' });
});
