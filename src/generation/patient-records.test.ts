import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fastClock } from '../../test/kit/fast-clock.ts';
import { smallDisk, type SmallDisk } from '../../test/kit/small-disk.ts';
import { until } from '../../test/kit/until.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { CallRecord } from '../core/record.ts';
import { openSqlite } from '../records/sqlite.ts';
import { makePatientRecords } from './patient-records.ts';
import { openRecord } from '../../test/kit/generation-record.ts';

const id = 'img_01ARZ3NDEKTSV4RRFFQ69G5FAV';

const record = openRecord({
  id,
  keyId: 'key_1',
  status: 'in_progress',
  model: 'seedream-4.5',
  prompt: 'a lighthouse',
  parameters: {},
  createdAtMs: 1,
});

const call: CallRecord = {
  generationId: id,
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
};

/** More than what is left of any page: it does not fit on a full disk. */
const tried = [{ route: 'ark/x', outcome: 'throttled', atMs: 1, details: 'x'.repeat(20_000) }];

interface Scene {
  records: RecordStore;
  disk: SmallDisk;
  stop: AbortController;
  waiting: () => number;
  stateOf: () => Promise<string | undefined>;
}

async function setScene(t: TestContext): Promise<Scene> {
  const disk = await smallDisk(t);
  const store = await openSqlite({ file: path.join(disk.folder, 'easel.db'), now: () => 1 });
  t.after(() => store.close());
  await store.records.open(record, [call]);
  const stop = new AbortController();
  let waiting = 0;
  const records = makePatientRecords(store.records, stop.signal, {
    clock: fastClock(100),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    storage: {
      noteWaiting() {
        waiting += 1;
        return () => void (waiting -= 1);
      },
    },
  });
  return {
    records,
    disk,
    stop,
    waiting: () => waiting,
    stateOf: async () => (await store.records.unfinished())[0]?.calls[0]?.state,
  };
}

test('a step after the money waits for the disk and is durable when it resolves', async (t) => {
  const { records, disk, waiting, stateOf } = await setScene(t);
  await disk.fill();
  const saving = records.saveCall(id, 0, { state: 'waiting', ticket: { id: 't' }, tried });
  await until(() => waiting() === 1);
  assert.equal(await stateOf(), 'open');
  await disk.free();
  await saving;
  assert.equal(await stateOf(), 'waiting');
  assert.equal(waiting(), 0);
});

test('a step before the money is refused after a while, and then surely nothing was sent', async (t) => {
  const { records, disk, waiting, stateOf } = await setScene(t);
  await disk.fill();
  const refused = await records.saveCall(id, 0, { state: 'sent', tried }).catch((error: unknown) => error);
  assert.ok(refused instanceof UpstreamFault);
  assert.deepEqual([refused.kind, refused.row.free], ['not_sent', true]);
  assert.equal(await stateOf(), 'open');
  assert.equal(waiting(), 0);
});

test('what no waiting helps is thrown at once', async (t) => {
  const { records } = await setScene(t);
  await assert.rejects(records.saveCall(id, 7, { state: 'done' }), {
    name: 'RecordStoreError',
    kind: 'missing',
  });
});

test('a process that ends tries a last time and does not wait', async (t) => {
  const { records, disk, stop, waiting } = await setScene(t);
  await disk.fill();
  const saving = records.saveCall(id, 0, { state: 'done', tried });
  saving.catch(() => {});
  await until(() => waiting() === 1);
  stop.abort(new Error('the gateway is stopping'));
  await assert.rejects(saving, { name: 'RecordStoreError', kind: 'full' });
});
