import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { GenerationRecord } from '../../src/core/record.ts';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { openSqlite } from '../../src/records/sqlite.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startGatewayProcess } from '../kit/gateway-process.ts';
import { startTestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { openDatabase } from '../kit/open-database.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { openRecord } from '../kit/generation-record.ts';
import { recordsAfterRestart } from '../kit/after-restart.ts';

test('an image that failed before the process was killed is still told as failed when the rest is there', async (t) => {
  const dataDir = await temporaryFolder(t);
  const simulator = await startArkSimulator({ draw: fastDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const { control } = simulator;
  const live = { model: 'seedream-4.0', provider: 'ark', simulator };
  const first = await startGatewayProcess(dataDir, [live]);
  t.after(() => first.kill());

  // The link of one of the two calls is gone; the other's is fetched for ever.
  control.inject({ on: 'download', kind: 'expired' });
  control.inject({ on: 'download', kind: 'hang-before' });
  const body = { model: 'seedream-4.0', size: '1K', prompt: 'two lighthouses', n: 2 };
  const asked = first.post('/v1/images/generations', body);
  asked.catch(() => {});
  // Both links were asked for, so that none of the two faults is left for the next process.
  await until(() => control.requests().length === 4 && statesOfCalls(dataDir).includes('done'));
  await first.kill();
  await assert.rejects(asked);

  const record = await recordsAfterRestart(t, dataDir, simulator);
  const charged = control.ledger().map(({ sha256 }) => sha256);
  assert.ok(charged.includes(String(record.at('data.0.images.0.sha256'))), record.text);
  assert.equal(record.at('data.0.images.1'), undefined);
  const places = [record.at('data.0.images.0.index'), record.at('data.0.failed_images.0.index')];
  assert.deepEqual(
    places.map(Number).sort((a, b) => a - b),
    [0, 1],
    record.text,
  );
  assert.equal(record.at('data.0.failed_images.0.error.reason'), 'upstream_bad_reply');
});

test('of a group that was still arriving when the process was killed, what had not come is told as unknown', async (t) => {
  const dataDir = await temporaryFolder(t);
  const pictures = heldDraw(fastDraw);
  pictures.hold('lighthouses', 2);
  t.after(() => pictures.release());
  const simulator = await startArkSimulator({ draw: pictures.draw, delayMs: 5 });
  t.after(() => simulator.close());
  const live = { model: 'seedream-4.0', provider: 'ark', simulator };
  const first = await startGatewayProcess(dataDir, [live]);
  t.after(() => first.kill());
  const group = {
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 4 },
  };
  const body = { model: 'seedream-4.0', size: '1K', prompt: 'lighthouses', stream: true, ...group };
  const asked = first.post('/v1/images/generations', body);
  asked.catch(() => {});
  await until(() => rowsOf(dataDir, 'select object from images').length > 0);
  await first.kill();
  pictures.release();
  await assert.rejects(asked);

  const record = await recordsAfterRestart(t, dataDir, simulator);
  await until(() => simulator.control.ledger().length === 4);
  const images = record.at('data.0.images') as { sha256: string }[];
  const failed = record.at('data.0.failed_images') as { error: { reason: string } }[];
  assert.ok(images.length > 0 && images.length < 4, record.text);
  assert.equal(images.length + failed.length, 4, record.text);
  assert.ok(
    failed.every(({ error }) => error.reason === 'outcome_unknown'),
    record.text,
  );
});

test('what an answer did not tell is still told as unknown when the process was killed while it fetched the rest', async (t) => {
  const dataDir = await temporaryFolder(t);
  const simulator = await startArkSimulator({ draw: fastDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const first = await startGatewayProcess(dataDir, [{ model: 'seedream-4.0', provider: 'ark', simulator }]);
  t.after(() => first.kill());
  simulator.control.inject({ on: 'download', kind: 'hang-before' });
  const asked = first.post('/v1/images/generations', {
    model: 'seedream-4.0',
    size: '1K',
    prompt: 'lighthouses sim:fewer:2 sim:without-completed',
    stream: true,
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 3 },
  });
  asked.catch(() => {});
  await until(() => statesOfCalls(dataDir).includes('storing'));
  await first.kill();
  await assert.rejects(asked);

  const record = await recordsAfterRestart(t, dataDir, simulator);
  assert.equal((record.at('data.0.images') as unknown[]).length, 2, record.text);
  assert.equal(record.at('data.0.failed_images.0.index'), 2, record.text);
  assert.equal(record.at('data.0.failed_images.0.error.reason'), 'outcome_unknown', record.text);
});

test('a call that gave up unsent before the process was killed is not told as unknown', async (t) => {
  const dataDir = await temporaryFolder(t);
  const stores = await openSqlite({ file: path.join(dataDir, 'easel.db'), now: Date.now });
  const id = 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';
  await stores.records.open(inProgress(id), [
    {
      generationId: id,
      number: 0,
      state: 'failed',
      firstIndex: 0,
      images: 1,
      route: undefined,
      ourId: undefined,
      ticket: undefined,
      links: undefined,
      attempts: 0,
      tried: [],
    },
  ]);
  await stores.close();
  const easel = await startTestGateway({ dataDir });
  t.after(() => easel.close());
  const closed = () => rowsOf(dataDir, 'select status, error from generations')[0];
  await until(() => closed()?.['status'] === 'failed');
  assert.equal(JSON.parse(String(closed()?.['error'])).reason, 'upstream_unavailable');
});

function inProgress(id: string): GenerationRecord {
  return openRecord({
    id,
    keyId: 'key_one',
    status: 'in_progress',
    model: 'seedream-4.0',
    prompt: 'a lighthouse',
    parameters: { n: 1 },
    createdAtMs: Date.now(),
  });
}

function statesOfCalls(dataDir: string): unknown[] {
  return rowsOf(dataDir, 'select state from calls').map(({ state }) => state);
}

function rowsOf(dataDir: string, query: string): Record<string, unknown>[] {
  const file = openDatabase(path.join(dataDir, 'easel.db'), { readOnly: true });
  try {
    return file.prepare(query).all();
  } finally {
    file.close();
  }
}
