import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { openDatabase } from '../../test/kit/open-database.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { makeIdMaker } from '../core/ids.ts';
import type { LimitRefusal, Losses, Reservation } from '../core/ledger.ts';
import type { Cost } from '../core/price.ts';
import type { Outcome } from '../core/record-store.ts';
import type { GenerationRecord, StoredImage } from '../core/record.ts';
import { openSqlite, type Stores } from './sqlite.ts';
import { openRecord } from '../../test/kit/generation-record.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const dayMs = 24 * 60 * 60 * 1000;
const makeId = makeIdMaker(() => noon);
const everyDay = { keyId: 'key_one', from: '2026-01-01', to: '2026-12-31' };
const usd = (amount: string): Cost => ({ amount, currency: 'USD' });

interface Bench {
  stores: Stores;
  /** The same database as another process would see it. */
  again: () => Promise<Stores>;
  file: string;
}

async function bench(t: TestContext): Promise<Bench> {
  const folder = await temporaryFolder(t);
  const open = async () => {
    const stores = await openSqlite({ file: `${folder}/records.db`, now: () => noon });
    t.after(() => stores.close());
    return stores;
  };
  return { stores: await open(), again: open, file: `${folder}/records.db` };
}

function generation(change: Partial<GenerationRecord> = {}): GenerationRecord {
  return openRecord({
    id: makeId('img'),
    keyId: 'key_one',
    status: 'in_progress',
    model: 'seedream-4.5',
    prompt: 'a boat',
    parameters: {},
    createdAtMs: noon,
    ...change,
  });
}

function images(count: number): StoredImage[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    object: makeId('img'),
    format: 'png' as const,
    width: 16,
    height: 16,
    bytes: 99,
    sha256: 'ab'.repeat(32),
    contentCredentials: false,
    revisedPrompt: undefined,
  }));
}

function outcome(count: number, cost: Cost | null, servedBy = 'ark/primary'): Outcome {
  return {
    status: count > 0 ? 'completed' : 'failed',
    finishedAtMs: noon + 5,
    images: images(count),
    failedImages: [],
    warnings: [],
    error: undefined,
    usage:
      count > 0
        ? { generatedImages: count, outputTokens: 10 * count, totalTokens: 10 * count, cost }
        : undefined,
    provider: 'ark',
    servedBy,
    providerModel: 'seedream-4-5-251128',
    attempts: 1,
  };
}

const at = (ms: number) => ({ createdAtMs: noon + ms });
const on = (day: number) => ({ createdAtMs: noon + day * dayMs });
const none: Losses = { failed: 0, unknown: 0 };

/** Opens a generation with these limits; its id, or what refused it. */
async function open(
  { records }: Stores,
  reservation: Partial<Reservation>,
  change: Partial<GenerationRecord> = {},
): Promise<string | LimitRefusal> {
  const record = generation(change);
  const opened = await records.open(record, [], undefined, {
    images: 1,
    cost: undefined,
    limits: {},
    ...reservation,
  });
  return typeof opened === 'object' ? opened : record.id;
}

async function finish(
  stores: Stores,
  ended: Outcome,
  losses = none,
  change: Partial<GenerationRecord> = {},
  reservation: Partial<Reservation> = {},
): Promise<string> {
  const id = await open(stores, reservation, change);
  assert.ok(typeof id === 'string');
  await stores.records.close(id, ended, losses);
  return id;
}

test('usage sums what ended by day of acceptance and model, for one key, and is not changed by deleting', async (t) => {
  const { stores, again } = await bench(t);
  const first = await finish(stores, outcome(2, usd('0.080000')), { failed: 1, unknown: 0 });
  await finish(stores, outcome(1, usd('0.040000')));
  await finish(stores, outcome(0, null), { failed: 0, unknown: 3 });
  await finish(stores, outcome(1, usd('0.100000')), none, { model: 'glm-image', createdAtMs: noon - dayMs });
  await finish(stores, outcome(1, usd('9.000000')), none, { keyId: 'key_two' });
  assert.ok(typeof (await open(stores, { images: 4 })) === 'string');
  await stores.records.remove(first, 'key_one');
  const expected = [
    {
      date: '2026-11-21',
      model: 'glm-image',
      requests: 1,
      images: 1,
      failed: 0,
      unknown: 0,
      outputTokens: 10,
      cost: usd('0.100000'),
    },
    {
      date: '2026-11-22',
      model: 'seedream-4.5',
      requests: 3,
      images: 3,
      failed: 1,
      unknown: 3,
      outputTokens: 30,
      cost: usd('0.120000'),
    },
  ];
  assert.deepEqual(await stores.ledger.usage(everyDay), expected);
  assert.deepEqual(await (await again()).ledger.usage(everyDay), expected);
  const today = { ...everyDay, from: '2026-11-22', to: '2026-11-22' };
  assert.deepEqual(await stores.ledger.usage(today), expected.slice(1));
});

test('the cost of a day is null as soon as one image has none, and when currencies differ', async (t) => {
  const { stores } = await bench(t);
  const costOn = async (day: number) => {
    const date = new Date(noon + day * dayMs).toISOString().slice(0, 10);
    const [row] = await stores.ledger.usage({ ...everyDay, from: date, to: date });
    return row?.cost;
  };
  await finish(stores, outcome(1, usd('1.000000')), none, on(1));
  await finish(stores, outcome(0, null), { failed: 1, unknown: 0 }, on(1));
  assert.deepEqual(await costOn(1), usd('1.000000'));
  await finish(stores, outcome(1, null, 'sandbox/ark'), none, on(1));
  assert.equal(await costOn(1), null);
  await finish(stores, outcome(1, usd('1.000000')), none, on(2));
  await finish(stores, outcome(1, { amount: '1.000000', currency: 'EUR' }), none, on(2));
  assert.equal(await costOn(2), null);
  await finish(stores, outcome(0, null), { failed: 1, unknown: 0 }, on(3));
  assert.equal(await costOn(3), null);
});

test('a record that is closed once more counts once', async (t) => {
  const { stores } = await bench(t);
  const id = await finish(stores, outcome(1, usd('1.000000')));
  await stores.records.close(id, outcome(0, null));
  const [row] = await stores.ledger.usage(everyDay);
  assert.deepEqual([row?.requests, row?.images, row?.cost], [1, 1, usd('1.000000')]);
});

test('a generation that began before there was a ledger is in it when it ends', async (t) => {
  const { stores, file } = await bench(t);
  const id = await open(stores, {});
  assert.ok(typeof id === 'string');
  const raw = openDatabase(file);
  raw.exec('delete from ledger');
  raw.close();
  await stores.records.close(id, outcome(1, usd('1.000000')));
  const [row] = await stores.ledger.usage(everyDay);
  assert.deepEqual([row?.requests, row?.images, row?.cost], [1, 1, usd('1.000000')]);
});

test('of many requests at once, also by two processes, as many are opened as the limit allows', async (t) => {
  const { stores, again } = await bench(t);
  const both = [stores, await again()];
  const race = async (keyId: string, reservation: Partial<Reservation>): Promise<number> => {
    const opened = await Promise.all(
      Array.from({ length: 24 }, (_, i) => open(both[i % 2] ?? stores, reservation, { keyId })),
    );
    return opened.filter((one) => typeof one === 'string').length;
  };
  assert.equal(await race('rate', { images: 3, limits: { imagesPerMinute: 10 } }), 3);
  assert.equal(await race('slots', { limits: { concurrency: 5 } }), 5);
  assert.equal(await race('images', { images: 2, limits: { budgetImages: 9 } }), 4);
  const budget = usd('1.00');
  assert.equal(await race('money', { images: 2, cost: usd('0.30'), limits: { budget } }), 3);
});

test('what was held and did not come is free again: images of the minute, slots and budgets', async (t) => {
  const { stores } = await bench(t);
  const limits = { imagesPerMinute: 4, concurrency: 1, budgetImages: 4, budget: usd('0.40') };
  const most = { images: 4, cost: usd('0.40'), limits };
  const first = await open(stores, most);
  assert.ok(typeof first === 'string');
  assert.deepEqual(await open(stores, { ...most, images: 1 }), {
    limit: 'images_per_minute',
    most: 4,
    waitMs: 60_000,
  });
  await stores.records.close(first, outcome(1, usd('0.10')), { failed: 1, unknown: 2 });
  assert.deepEqual(await stores.ledger.imagesInMinute('key_one', noon), {
    images: 1,
    freeAtMs: noon + 60_000,
  });
  const second = await open(stores, { images: 3, cost: usd('0.30'), limits });
  assert.ok(typeof second === 'string');
  // Longer ago than a minute, but still running, and still held.
  const later = { createdAtMs: noon + 60_000 };
  assert.deepEqual(await open(stores, { limits }, later), { limit: 'concurrency', most: 1 });
  const { concurrency: _, ...budgets } = limits;
  assert.deepEqual(await open(stores, { cost: usd('0.01'), limits: budgets }, later), { limit: 'budget' });
  assert.deepEqual(await open(stores, { limits: budgets }, later), { limit: 'budget_images', most: 4 });
  await stores.records.close(second, outcome(0, null), { failed: 0, unknown: 3 });
  assert.ok(
    typeof (await open(stores, { images: 3, cost: usd('0.30'), limits: budgets }, later)) === 'string',
  );
});

test('a minute is any sixty seconds, and the wait that is told is the shortest that helps', async (t) => {
  const { stores } = await bench(t);
  const limits = { imagesPerMinute: 5 };
  for (const ms of [0, 10_000, 20_000]) await finish(stores, outcome(1, null), none, at(ms), { limits });
  const refused = await open(stores, { images: 4, limits }, at(30_000));
  assert.deepEqual(refused, { limit: 'images_per_minute', most: 5, waitMs: 40_000 });
  assert.equal(typeof (await open(stores, { images: 4, limits }, at(69_999))), 'object');
  assert.equal(typeof (await open(stores, { images: 4, limits }, at(70_000))), 'string');
  assert.deepEqual(await open(stores, { images: 6, limits }, at(900_000)), {
    limit: 'images_per_request',
    most: 5,
  });
});

test("a budget by month begins anew, a total one does not, and other keys' and currencies' money is not in it", async (t) => {
  const { stores } = await bench(t);
  const spend = (days: number, limits: Reservation['limits']) =>
    open(stores, { cost: usd('0.60'), limits }, on(days));
  await finish(stores, outcome(1, usd('0.60')), none, on(0));
  await finish(stores, outcome(1, usd('5.00')), none, { keyId: 'key_two' });
  await finish(stores, outcome(1, { amount: '5.00', currency: 'EUR' }), none, on(0));
  const budget = usd('1.00');
  assert.deepEqual(await spend(8, { budget, budgetPeriod: 'month' }), { limit: 'budget' });
  assert.deepEqual(await spend(9, { budget }), { limit: 'budget' });
  assert.equal(typeof (await spend(9, { budget, budgetPeriod: 'month' })), 'string');
  assert.equal(typeof (await spend(0, { budget: usd('1.80') })), 'string');
});

test('images whose cost is not known count with what was held for each; those of the sandbox with nothing', async (t) => {
  const { stores } = await bench(t);
  const limits = { budget: usd('1.00') };
  const held = { images: 4, cost: usd('0.80'), limits };
  await finish(stores, outcome(2, null), none, {}, held);
  await finish(stores, outcome(1, null, 'sandbox/ark'), none, {}, { limits });
  assert.deepEqual(await open(stores, { cost: usd('0.61'), limits }), { limit: 'budget' });
  assert.equal(typeof (await open(stores, { cost: usd('0.60'), limits })), 'string');
});

test('an Idempotency-Key whose request was refused by a limit is free', async (t) => {
  const { stores } = await bench(t);
  const origin = { endpoint: '/x', bodyHash: 'h', idempotencyKey: 'k', responseFormat: 'url' as const };
  const held = { images: 2, cost: undefined };
  const { records } = stores;
  const refused = await records.open(generation(), [], origin, { ...held, limits: { budgetImages: 1 } });
  assert.deepEqual(refused, { limit: 'budget_images', most: 1 });
  assert.equal(await records.open(generation(), [], origin, { ...held, limits: {} }), 'opened');
  assert.equal(await records.open(generation(), [], origin, { ...held, limits: {} }), 'claimed');
});
