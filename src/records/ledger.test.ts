import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { makeIdMaker } from '../core/ids.ts';
import type { LimitRefusal, Losses, Reservation } from '../core/ledger.ts';
import type { Cost } from '../core/price.ts';
import type { Outcome } from '../core/record-store.ts';
import type { GenerationRecord, StoredImage } from '../core/record.ts';
import { openSqlite, type Stores } from './sqlite.ts';

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
  return {
    id: makeId('img'),
    keyId: 'key_one',
    status: 'in_progress',
    model: 'seedream-4.5',
    prompt: 'a boat',
    parameters: {},
    createdAtMs: noon,
    finishedAtMs: undefined,
    images: [],
    failedImages: [],
    warnings: [],
    error: undefined,
    usage: undefined,
    provider: undefined,
    servedBy: undefined,
    providerModel: undefined,
    attempts: 0,
    ...change,
  };
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
  const raw = new DatabaseSync(file);
  raw.exec('delete from ledger');
  raw.close();
  await stores.records.close(id, outcome(1, usd('1.000000')));
  const [row] = await stores.ledger.usage(everyDay);
  assert.deepEqual([row?.requests, row?.images, row?.cost], [1, 1, usd('1.000000')]);
});
