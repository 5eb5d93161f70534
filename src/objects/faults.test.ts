import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

import { smallDisk, type SmallDisk } from '../../test/kit/small-disk.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { until } from '../../test/kit/until.ts';
import type { ObjectDraft, ObjectStore } from '../core/object-store.ts';
import { openFilesystemStore, type HeldOptions } from './filesystem.ts';

const full = { name: 'ObjectStoreError', kind: 'full' };

async function storeOnSmallDisk(
  t: TestContext,
  held: Partial<HeldOptions> = {},
): Promise<{ store: ObjectStore; disk: SmallDisk }> {
  const disk = await smallDisk(t);
  const store = await openFilesystemStore({ folder: path.join(disk.folder, 'objects'), held });
  t.after(() => store.close());
  return { store, disk };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function write(draft: ObjectDraft, bytes: Uint8Array, pieceBytes = 60_000): Promise<void> {
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    await draft.write(bytes.subarray(from, from + pieceBytes));
  }
}

async function contentOf(store: ObjectStore, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await store.open(name))?.stream() ?? []) parts.push(part);
  return Buffer.concat(parts);
}

test('an only copy is whole although the disk was full while it arrived', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t);
  const bytes = randomBytes(3_000_000);
  const draft = await store.create({ isOnlyCopy: true });
  await write(draft, bytes.subarray(0, 1_000_000));
  await disk.fill();
  await write(draft, bytes.subarray(1_000_000));
  assert.equal(draft.bytes, bytes.length);
  await until(() => store.heldBytes > 1_000_000);
  for (const offset of [0, 900_000, 1_500_000, 2_999_990]) {
    assert.ok(
      bytes.subarray(offset, offset + 200_000).equals(await draft.readAt(offset, 200_000)),
      `${offset}`,
    );
  }
  await assert.rejects(draft.publish('images/a'), full);
  await assert.rejects(draft.publish('images/a'), full);
  assert.equal(await store.open('images/a'), undefined);
  await disk.free();
  assert.deepEqual(await draft.publish('images/a'), { bytes: bytes.length, sha256: sha256(bytes) });
  assert.ok(bytes.equals(await contentOf(store, 'images/a')));
  assert.equal(store.heldBytes, 0);
});

test('an only copy that comes as base64 is whole although the disk was full while it arrived', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t);
  const bytes = randomBytes(2_000_000);
  const text = Buffer.from(bytes.toString('base64'), 'latin1');
  const draft = await store.create({ isOnlyCopy: true, encoding: 'base64' });
  await write(draft, text.subarray(0, 1_000_000));
  await disk.fill();
  await write(draft, text.subarray(1_000_000));
  await draft.end();
  assert.ok(store.heldBytes > 1_000_000);
  assert.ok(bytes.equals(await draft.readAt(0, bytes.length)));
  await disk.free();
  assert.deepEqual(await draft.publish('images/a'), { bytes: bytes.length, sha256: sha256(bytes) });
  assert.ok(bytes.equals(await contentOf(store, 'images/a')));
  assert.equal(store.heldBytes, 0);
});

test('an only copy goes to the disk by itself when there is room again while it arrives', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t);
  const bytes = randomBytes(3_000_000);
  await disk.fill();
  const draft = await store.create({ isOnlyCopy: true });
  await write(draft, bytes.subarray(0, 1_500_000));
  await until(() => store.heldBytes > 0);
  await disk.free();
  await write(draft, bytes.subarray(1_500_000));
  await until(() => store.heldBytes === 0);
  assert.equal((await draft.publish('later')).sha256, sha256(bytes));
});

test('memory for only copies is bounded: their senders wait until the disk takes something', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t, { maxBytes: 1024 * 1024 });
  await disk.fill();
  const contents = [randomBytes(1_500_000), randomBytes(1_500_000)];
  const drafts = await Promise.all(contents.map(() => store.create({ isOnlyCopy: true })));
  let arrived = 0;
  const writing = drafts.map(async (draft, i) => {
    await write(draft, contents[i] ?? new Uint8Array());
    arrived += 1;
  });
  await until(() => store.heldBytes === 1024 * 1024);
  assert.equal(arrived, 0);
  await disk.free();
  await Promise.all(writing);
  assert.ok(store.heldBytes <= 1024 * 1024);
  const hashes = await Promise.all(
    drafts.map(async (draft, i) => (await draft.publish(`bounded/${i}`)).sha256),
  );
  assert.deepEqual(hashes, contents.map(sha256));
});

test('a sender who waited long enough for room is told, and what it held is free for others', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t, { maxBytes: 512 * 1024, waitMs: 50 });
  await disk.fill();
  const draft = await store.create({ isOnlyCopy: true });
  await assert.rejects(write(draft, randomBytes(2_000_000)), full);
  await draft.discard();
  assert.equal(store.heldBytes, 0);
});

test('a process that ends waits for nobody', async (t) => {
  const stop = new AbortController();
  const { store, disk } = await storeOnSmallDisk(t, { maxBytes: 0, signal: stop.signal });
  await disk.fill();
  const draft = await store.create({ isOnlyCopy: true });
  const writing = write(draft, randomBytes(2_000_000));
  stop.abort();
  await assert.rejects(writing, full);
});

test('what can be had again is refused at once on a full disk, and takes no memory', async (t) => {
  const { store, disk } = await storeOnSmallDisk(t);
  const draft = await store.create();
  await disk.fill();
  await assert.rejects(write(draft, randomBytes(2_000_000)), full);
  assert.equal(store.heldBytes, 0);
  await assert.rejects(store.check(), full);
  await disk.free();
  await store.check();
});

test('a draft that somebody deleted is published all the same, from what is still open', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder });
  const bytes = randomBytes(1_000_000);
  const draft = await store.create();
  await write(draft, bytes);
  await draft.publish('before').catch(() => assert.fail('the disk is well'));
  const other = await store.create();
  await write(other, bytes);
  await other.readAt(0, 1);
  for (const name of await readdir(path.join(folder, '.drafts')))
    await unlink(path.join(folder, '.drafts', name));
  await assert.rejects(other.publish('after'), { kind: 'io' });
  assert.equal((await other.publish('after')).sha256, sha256(bytes));
  assert.ok(bytes.equals(await contentOf(store, 'after')));
  assert.deepEqual(await readdir(path.join(folder, '.drafts')), []);
});

test('a folder of objects that somebody took away is made again', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder });
  for (const number of [1, 2]) {
    const draft = await store.create();
    await write(draft, Buffer.from(`number ${number}`));
    await draft.publish(`images/0a/${number}`).catch(() => draft.publish(`images/0a/${number}`));
    assert.equal((await contentOf(store, `images/0a/${number}`)).toString(), `number ${number}`);
    await rm(path.join(folder, 'images'), { recursive: true });
  }
});
