import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { quietMeter } from '../../test/kit/quiet-meter.ts';
import { smallDisk } from '../../test/kit/small-disk.ts';
import { systemClock } from '../core/clock.ts';
import { RecordStoreError } from '../core/record-store.ts';
import { openSqlite } from '../records/sqlite.ts';
import { closeGeneration } from './generate.ts';
import { makeLateResults } from './late-results.ts';
import { openRecord } from '../../test/kit/generation-record.ts';

const quiet = (): void => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

const record = openRecord({ id: 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B' });

/** Closes a record that is open, on a disk that takes nothing any more. */
async function closeOnFullDisk(t: TestContext, stop: AbortSignal) {
  const disk = await smallDisk(t);
  const stores = await openSqlite({ file: path.join(disk.folder, 'easel.db'), now: Date.now });
  t.after(() => stores.close());
  const { records } = stores;
  await records.open(record, []);
  await disk.fill();
  const asked = { card: { size: undefined, qualityWords: {} }, parameters: {}, warnings: [], spelling: {} };
  try {
    const ended = await closeGeneration(record, [], asked, {
      records,
      clock: systemClock,
      late: makeLateResults(log),
      meter: quietMeter,
      log,
      stop,
    });
    return ended;
  } finally {
    await disk.free();
  }
}

test('a process that must end before it can close a record leaves that to the next start', async (t) => {
  const ended = await closeOnFullDisk(t, AbortSignal.abort());
  assert.deepEqual(ended, { kind: 'left' });
});

test('a record that cannot be closed while the process runs on is no end', async (t) => {
  await assert.rejects(closeOnFullDisk(t, new AbortController().signal), RecordStoreError);
});
