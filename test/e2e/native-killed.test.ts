import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startGatewayProcess } from '../kit/gateway-process.ts';
import { openDatabase } from '../kit/open-database.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { recordsAfterRestart } from '../kit/after-restart.ts';

test('of a native group that brought fewer than it might, nothing is missing after a kill either', async (t) => {
  const dataDir = await temporaryFolder(t);
  const simulator = await startArkSimulator({ draw: fastDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const { control } = simulator;
  const first = await startGatewayProcess(dataDir, [{ model: 'seedream-4.0', provider: 'ark', simulator }]);
  t.after(() => first.kill());
  control.inject({ on: 'submit', kind: 'variant', name: 'fewer', value: 2 });
  control.inject({ on: 'download', kind: 'hang-before' });
  const body = {
    model: 'seedream-4.0',
    prompt: 'lighthouses',
    size: '1K',
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 4 },
  };
  const asked = first.post('/v1/images/generations', body, { 'native-params': 'true' });
  asked.catch(() => {});
  const file = path.join(dataDir, 'easel.db');
  await until(() => {
    const db = openDatabase(file, { readOnly: true });
    try {
      return db.prepare('select object from images').all().length === 1;
    } finally {
      db.close();
    }
  });
  await first.kill();
  await assert.rejects(asked);

  const record = await recordsAfterRestart(t, dataDir, simulator);
  assert.equal((record.at('data.0.images') as unknown[]).length, 2, record.text);
  assert.deepEqual(record.at('data.0.failed_images'), [], record.text);
});
