import assert from 'node:assert/strict';
import { fdatasync } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { RecordStoreError } from '../core/record-store.ts';
import { openWriteAheadLog } from './sqlite-log.ts';

const sync = promisify(fdatasync);

test('after a sync that failed nothing counts as durable until all of it stands in the database itself', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'records.db');
  const writer = new DatabaseSync(file);
  writer.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; pragma busy_timeout = 0');
  writer.exec('create table notes (text text); insert into notes values (1)');
  const reader = new DatabaseSync(file, { readOnly: true });
  let fails = 1;
  // No disk here fails on demand; the system reports such a failure once, and says yes from then on.
  const log = openWriteAheadLog(file, writer, async (descriptor) => {
    fails -= 1;
    if (fails >= 0) throw new Error('EIO: i/o error, fdatasync');
    await sync(descriptor);
  });
  t.after(async () => {
    await log.close();
    reader.close();
    writer.close();
  });

  reader.exec('begin');
  reader.prepare('select * from notes').all();
  writer.exec('insert into notes values (2)');
  // The log cannot be folded in while somebody reads it.
  await assert.rejects(log.durable(), RecordStoreError);
  await assert.rejects(log.durable(), RecordStoreError);
  reader.exec('commit');
  await log.durable();

  assert.equal((await stat(`${file}-wal`)).size, 0);
  const copy = path.join(folder, 'copy.db');
  await copyFile(file, copy);
  const copied = new DatabaseSync(copy);
  t.after(() => copied.close());
  assert.equal(copied.prepare('select count(*) as count from notes').get()?.['count'], 2);
  // Then the log is trusted as before.
  writer.exec('insert into notes values (3)');
  await log.durable();
  assert.ok((await stat(`${file}-wal`)).size > 0);
});
