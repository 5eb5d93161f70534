import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../kit/gateway.ts';
import { openDatabase } from '../kit/open-database.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

test('a request whose record the disk did not confirm can be repeated under its key', async (t) => {
  // No disk here fails on demand, so the system's call does.
  let isFailing = false;
  const { fdatasync } = fs;
  t.mock.method(fs, 'fdatasync', (descriptor: number, done: fs.NoParamCallback) => {
    if (isFailing) setImmediate(done, new Error('EIO: i/o error, fdatasync'));
    else fdatasync(descriptor, done);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const dataDir = await temporaryFolder(t);
  const easel = await startTestGateway({ dataDir, env: { EASEL_DEADLINE_MS: '5000' } });
  t.after(() => easel.close());
  const reader = openDatabase(path.join(dataDir, 'easel.db'), { readOnly: true });
  t.after(() => reader.close());
  const create = () =>
    easel.ask(
      'POST',
      '/v1/images/generations',
      { model: 'seedream-4.5', prompt: 'a lighthouse' },
      { 'idempotency-key': 'once' },
    );

  // While somebody reads the log, it cannot be brought to the disk another way either.
  reader.exec('begin');
  reader.prepare('select count(*) from generations').get();
  isFailing = true;
  const refused = await create();
  assert.equal(refused.status, 503, refused.text);
  isFailing = false;
  reader.exec('commit');

  let last = refused;
  await until(async () => {
    last = await create();
    return last.status !== 503 && last.status !== 502;
  });
  assert.equal(last.status, 200, last.text);
});
