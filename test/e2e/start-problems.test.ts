import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { dataProblem } from '../../src/cli/data-problem.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { startTestGateway } from '../kit/gateway.ts';
import { openDatabase } from '../kit/open-database.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

async function assertRefused(dataDir: string, why: RegExp, words: string[] = ['start']): Promise<void> {
  const { code, error } = await easelCommand(dataDir, ...words);
  assert.equal(code, 1, error);
  assert.match(error, why);
  assert.equal(error.trimEnd().split('\n').length, 1, error);
}

test('a second gateway on a data directory says in a line that there is one', async (t) => {
  const dataDir = await temporaryFolder(t);
  const easel = await startTestGateway({ dataDir });
  t.after(() => easel.close());
  await assertRefused(dataDir, /^Another Easel is running on the data directory/);
});

test('a data directory that is no folder stops the start in a line', async (t) => {
  const file = path.join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await assertRefused(file, /file is a file, not a folder\. Set EASEL_DATA_DIR/);
  await assertRefused(path.join(file, 'data'), /a part of its name is a file/);
});

test('a place where nothing can be made stops the start in a line', () =>
  assertRefused('/proc/x/y', /^\/proc\/x is not there and cannot be made\./));

test('a folder without permission is named', () => {
  const error = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'access', path: '/srv/easel' });
  assert.match(dataProblem(error, '/srv/easel') ?? '', /^This user may not write \/srv\/easel\. Set EASEL_/);
  assert.equal(dataProblem(new TypeError('a mistake'), '/srv/easel'), undefined);
});

test('a file that is no database, and one of a newer version, stop the start in a line', async (t) => {
  const strange = await temporaryFolder(t);
  await writeFile(path.join(strange, 'easel.db'), 'not a database at all, and long enough '.repeat(50));
  await assertRefused(strange, /is not a database/);

  const newer = await temporaryFolder(t);
  await (await startTestGateway({ dataDir: newer })).close();
  const file = openDatabase(path.join(newer, 'easel.db'));
  file.exec("insert into migrations (number, name, applied_at_ms) values (9999, 'later', 0)");
  file.close();
  await assertRefused(newer, /newer version of Easel/);
});

test('a backup to a place where nothing can be made is refused in a line', async (t) => {
  const dataDir = await temporaryFolder(t);
  await (await startTestGateway({ dataDir })).close();
  await assertRefused(dataDir, /^\/proc\/x is not there and cannot be made\. Choose another/, [
    'backup',
    '/proc/x/y',
  ]);
});
