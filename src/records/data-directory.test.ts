import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { lockDataDirectory } from './data-directory.ts';

const taken = {
  name: 'RecordStoreError',
  kind: 'taken',
  message: /Another Easel is running on the data directory/,
};

test('a data directory is locked once, also within one process, and free again after its release', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'not', 'yet', 'there');
  const lock = lockDataDirectory(folder);
  assert.throws(() => lockDataDirectory(folder), taken);
  lock.release();
  lock.release();
  lockDataDirectory(folder).release();
});

test('the lock of a process that was killed is gone with it', async (t) => {
  const folder = await temporaryFolder(t);
  const program = `
    import { lockDataDirectory } from ${JSON.stringify(path.join(import.meta.dirname, 'data-directory.ts'))};
    const lock = lockDataDirectory(${JSON.stringify(folder)});
    console.log('locked');
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(() => lockDataDirectory(folder), taken);
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDataDirectory(folder).release();
});
