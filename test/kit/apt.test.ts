import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requireTool } from './apt.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('a tool that is there is found, whoever we are', async (t) => {
  const folder = await temporaryFolder(t);
  writeFileSync(path.join(folder, 'brush'), '');
  chmodSync(path.join(folder, 'brush'), 0o755);
  const searchPath = ['/nowhere', folder].join(path.delimiter);
  assert.equal(
    requireTool('brush', 'brushes', { searchPath, canInstall: false }),
    path.join(folder, 'brush'),
  );
});

test('a missing tool that cannot be installed is one line about what to install', async (t) => {
  const folder = await temporaryFolder(t);
  writeFileSync(path.join(folder, 'brush'), 'not a program');
  assert.throws(() => requireTool('brush', 'brushes', { searchPath: folder, canInstall: false }), {
    message: 'The tests need brush. On Debian: apt-get install brushes',
  });
});
