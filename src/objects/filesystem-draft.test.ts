import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { countBlocks } from '../../test/kit/count-blocks.ts';
import { smallDisk } from '../../test/kit/small-disk.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { until } from '../../test/kit/until.ts';
import { makeBlockWorker } from './block-worker.ts';
import { createDraft } from './filesystem-draft.ts';
import { openFilesystemStore } from './filesystem.ts';
import { makeFolderSync } from './folder-sync.ts';

async function openFilesBelow(folder: string): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(folder));
}

test('a draft that is discarded while it is written to keeps no file and no memory', async (t) => {
  const blocksInUse = countBlocks();
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder });
  t.after(() => store.close());
  for (const isSoon of [true, false]) {
    const draft = await store.create({ isOnlyCopy: true });
    // So much that it is not done before it is seen to have begun.
    const writing = draft.write(Buffer.alloc(400_000_000)).catch(() => 'refused');
    if (!isSoon) await until(async () => (await readdir(path.join(folder, '.drafts'))).length > 0);
    await draft.discard();
    assert.equal(await writing, 'refused');
    assert.deepEqual(await openFilesBelow(folder), []);
    assert.deepEqual(await readdir(path.join(folder, '.drafts')), []);
    assert.equal(blocksInUse(), 0);
  }
});

test('a draft that is discarded while it waits for a full disk keeps no file and no memory', async (t) => {
  const blocksInUse = countBlocks();
  const disk = await smallDisk(t);
  const folder = path.join(disk.folder, 'objects');
  const store = await openFilesystemStore({ folder, held: { maxBytes: 512 * 1024 } });
  t.after(() => store.close());
  await disk.fill();
  const draft = await store.create({ isOnlyCopy: true });
  const writing = draft.write(randomBytes(2_000_000)).catch(() => 'refused');
  await until(() => store.heldBytes === 512 * 1024);
  await draft.discard();
  assert.equal(await writing, 'refused');
  assert.equal(store.heldBytes, 0);
  assert.deepEqual(await openFilesBelow(folder), []);
  assert.equal(blocksInUse(), 0);
});

test('a file whose thread died is written anew: what the disk had said of it is not known any more', async (t) => {
  const folder = await temporaryFolder(t);
  const worker = makeBlockWorker();
  const folderSync = makeFolderSync();
  await folderSync.make(path.join(folder, '.drafts'));
  t.after(() => worker.close());
  for (const isThreadDead of [false, true]) {
    const bytes = randomBytes(2_000_000);
    const place = { folder, folderSync, worker, memory: undefined, encoding: undefined };
    const draft = createDraft({ ...place, onEnd: () => {}, onPublished: () => {} });
    await draft.write(bytes);
    await draft.end();
    const [name = ''] = await readdir(path.join(folder, '.drafts'));
    const { ino } = await stat(path.join(folder, '.drafts', name));
    if (isThreadDead) await worker.close();
    const published = path.join(folder, `dead-${isThreadDead}`);
    await draft.publish(path.basename(published));
    assert.equal((await stat(published)).ino === ino, !isThreadDead);
    assert.ok(bytes.equals(await readFile(published)));
    assert.deepEqual(await readdir(path.join(folder, '.drafts')), []);
  }
});
