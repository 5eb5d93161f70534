import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { imageFolders, imageObjectName } from '../core/image-object.ts';
import { ObjectStoreError } from '../core/object-store.ts';
import { asObjectStoreError } from './filesystem-error.ts';
import { openFilesystemStore } from './filesystem.ts';

const module = path.join(import.meta.dirname, 'filesystem.ts');

/** A process of its own that runs this code with a store in `folder`. */
function inProcess(t: TestContext, folder: string, code: string, shell = ''): ChildProcessWithoutNullStreams {
  const program = `
    import { openFilesystemStore } from ${JSON.stringify(module)};
    const store = await openFilesystemStore({ folder: ${JSON.stringify(folder)} });
    ${code}`;
  const child = spawn('bash', [
    '-c',
    `${shell} exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    program,
  ]);
  child.stderr.pipe(process.stderr);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function draftsIn(folder: string): Promise<string[]> {
  return readdir(path.join(folder, '.drafts'));
}

/** Files below the folder that this process holds open. */
async function openFilesBelow(folder: string): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(folder));
}

test('a dead process leaves no drafts behind, a living one keeps its own', async (t) => {
  const folder = await temporaryFolder(t);
  const begin = `
    const draft = await store.create();
    await draft.write(new Uint8Array(1_000_000));
    await draft.end();
    console.log('written');
    setInterval(() => {}, 1000);`;
  const dead = inProcess(t, folder, begin);
  await once(dead.stdout, 'data');
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  assert.equal((await draftsIn(folder)).length, 1);

  const living = inProcess(t, folder, begin);
  await once(living.stdout, 'data');
  const store = await openFilesystemStore({ folder });
  const own = await store.create();
  await own.write(new Uint8Array(1));
  await own.end();
  await openFilesystemStore({ folder });
  const left = await draftsIn(folder);
  assert.deepEqual(
    new Set(left.map((name) => Number(name.split('-')[0]))),
    new Set([living.pid, process.pid]),
  );
  await own.discard();
});

test('a draft of an earlier process with the same id is known as left over', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, '.drafts'));
  await writeFile(path.join(folder, '.drafts', `${process.pid}-aabbccddeeff-0.draft`), 'x');
  await openFilesystemStore({ folder, keepDrafts: true });
  assert.equal((await draftsIn(folder)).length, 1);
  await openFilesystemStore({ folder });
  assert.deepEqual(await draftsIn(folder), []);
});

test('every object whose publish returned is whole after kill -9', async (t) => {
  const folder = await temporaryFolder(t);
  const child = inProcess(
    t,
    folder,
    `for (let i = 0; ; i++) {
      const draft = await store.create();
      await draft.write(Buffer.alloc(300_000, i));
      const { sha256 } = await draft.publish('images/' + (i % 7) + '/' + i);
      console.log(JSON.stringify({ i, sha256 }));
    }`,
  );
  const acknowledged: { i: number; sha256: string }[] = [];
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(JSON.parse(line));
    if (acknowledged.length === 60) child.kill('SIGKILL');
  }
  const store = await openFilesystemStore({ folder });
  for (const { i, sha256 } of acknowledged) {
    const again = await store.create();
    await again.write(Buffer.alloc(300_000, i));
    // Throws when what is there is anything else.
    assert.equal((await again.publish(`images/${i % 7}/${i}`)).sha256, sha256);
  }
  assert.deepEqual(await draftsIn(folder), []);
});

test('a full disk is said in the words of the port, and nothing half-written appears', async (t) => {
  const folder = await temporaryFolder(t);
  // A limit on the size of files stands in for the disk: the system refuses the write the same way.
  const child = inProcess(
    t,
    folder,
    `const draft = await store.create();
    try {
      for (let i = 0; i < 100; i++) await draft.write(new Uint8Array(100_000));
      await draft.publish('too-large');
    } catch ({ name, kind, message, cause }) {
      console.log(JSON.stringify({ name, kind, message, cause: cause.code }));
      const again = await draft.publish('too-large').catch((error) => error);
      console.log(again.kind);
      await draft.discard();
    }`,
    'ulimit -f 1000;',
  );
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    name: 'ObjectStoreError',
    kind: 'full',
    message: 'An object cannot be written. The disk is full.',
    cause: 'EFBIG',
  });
  assert.equal(lines[1], 'full');
  assert.deepEqual(await readdir(folder), ['.drafts']);
  assert.deepEqual(await draftsIn(folder), []);
});

test('what the system says becomes a word of the port, what the program did wrong does not', () => {
  const kinds = { ENOSPC: 'full', EDQUOT: 'full', EROFS: 'read_only', EACCES: 'read_only', EIO: 'io' };
  for (const [code, kind] of Object.entries(kinds)) {
    const error = Object.assign(new Error(code), { code, syscall: 'write' });
    const reported = asObjectStoreError(error, 'It failed.');
    assert.ok(reported instanceof ObjectStoreError);
    assert.equal(reported.kind, kind);
    assert.equal(reported.cause, error);
  }
  const mistake = new RangeError('a mistake');
  assert.equal(asObjectStoreError(mistake, 'It failed.'), mistake);
});

test('a store whose folder is gone or is no folder fails its check and its opening in its own words', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder: `${folder}/objects` });
  await rm(`${folder}/objects`, { recursive: true });
  await assert.rejects(store.check(), { name: 'ObjectStoreError', kind: 'io' });
  await writeFile(`${folder}/file`, '');
  await assert.rejects(openFilesystemStore({ folder: `${folder}/file` }), { name: 'ObjectStoreError' });
});

test('files are closed at the end of a download, when its reader leaves, and after publishing', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder });
  const draft = await store.create();
  await draft.write(randomBytes(2_000_000));
  await draft.publish('file');
  const whole = await store.open('file');
  for await (const _ of whole?.stream() ?? []);
  const left = await store.open('file');
  for await (const _ of left?.stream() ?? []) break;
  const unread = await store.open('file');
  await unread?.close();
  assert.deepEqual(await openFilesBelow(folder), []);
});

test('a download holds two blocks at most, however large the object is', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openFilesystemStore({ folder });
  const draft = await store.create();
  await draft.write(new Uint8Array(20_000_000));
  await draft.publish('large');
  const reader = await store.open('large');
  let largest = 0;
  for await (const block of reader?.stream() ?? []) largest = Math.max(largest, block.buffer.byteLength);
  assert.ok(largest <= 262_144, `${largest}`);
});

test('objects and folders can be read by their owner only', async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const store = await openFilesystemStore({ folder: `${folder}/objects` });
  const draft = await store.create();
  await draft.publish('images/x');
  for (const name of ['objects', 'objects/images', 'objects/images/x']) {
    assert.equal((await stat(path.join(folder, name))).mode & 0o077, 0, name);
  }
});

test('folders that are named beforehand are there from the beginning, and are made again when they are taken away', async (t) => {
  const folder = await temporaryFolder(t);
  const folders = imageFolders();
  for (const start of ['first', 'second']) {
    const store = await openFilesystemStore({ folder, folders });
    assert.deepEqual(
      (await readdir(path.join(folder, 'images'))).sort(),
      folders.map((name) => path.basename(name)).sort(),
    );
    const name = imageObjectName(`img_01ARZ3NDEKTSV4RRFFQ69G5FA${start === 'first' ? 'V' : 'Z'}`, 0, 'png');
    assert.ok(folders.includes(path.dirname(name)));
    await rm(path.join(folder, path.dirname(name)), { recursive: true });
    const draft = await store.create();
    await draft.write(randomBytes(10));
    await draft.publish(name).catch(() => draft.publish(name));
    assert.equal((await store.open(name))?.bytes, 10);
    await store.close();
  }
});
