import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { NotBase64, type ObjectDraft, type ObjectStore } from '../core/object-store.ts';
import { openFilesystemStore } from './filesystem.ts';

/** One kind of store: `open` may be called again for the same place, as a restarted process would. */
interface Kind {
  name: string;
  place: (t: TestContext) => Promise<{ open: () => Promise<ObjectStore> }>;
}

const kinds: Kind[] = [
  {
    name: 'filesystem',
    async place(t) {
      const folder = await temporaryFolder(t);
      return { open: () => openFilesystemStore({ folder: `${folder}/objects` }) };
    },
  },
];

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function draftOf(store: ObjectStore, bytes: Uint8Array, pieceBytes = 50_000): Promise<ObjectDraft> {
  const draft = await store.create();
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    await draft.write(bytes.subarray(from, from + pieceBytes));
  }
  return draft;
}

async function put(store: ObjectStore, name: string, bytes: Uint8Array): Promise<void> {
  await (await draftOf(store, bytes)).publish(name);
}

async function contentOf(
  store: ObjectStore,
  name: string,
  range?: { offset: number; length: number },
): Promise<Buffer> {
  const reader = await store.open(name);
  assert.ok(reader !== undefined, `${name} is there`);
  const parts: Uint8Array[] = [];
  for await (const part of reader.stream(range)) parts.push(part);
  return Buffer.concat(parts);
}

async function namesIn(store: ObjectStore, prefix?: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names.sort();
}

for (const { name: kind, place } of kinds) {
  const openNew = async (t: TestContext): Promise<ObjectStore> => {
    const store = await (await place(t)).open();
    t.after(() => store.close());
    return store;
  };

  test(`${kind}: bytes written in pieces of any size come back as they were`, async (t) => {
    const store = await openNew(t);
    const bytes = randomBytes(1_300_000);
    for (const pieceBytes of [7_777, 65_536, 262_144, 262_145, 5_000_000]) {
      const draft = await draftOf(store, bytes, pieceBytes);
      assert.equal(draft.bytes, bytes.length);
      const name = `pieces/of_${pieceBytes}.png`;
      assert.deepEqual(await draft.publish(name), { bytes: bytes.length, sha256: sha256(bytes) });
      assert.ok(bytes.equals(await contentOf(store, name)));
    }
  });

  test(`${kind}: a sender may use its buffer again after each write`, async (t) => {
    const store = await openNew(t);
    const draft = await store.create();
    const buffer = Buffer.alloc(300_000);
    for (const value of [1, 2, 3]) await draft.write(buffer.fill(value));
    await draft.publish('reused');
    const content = await contentOf(store, 'reused');
    assert.deepEqual([content[299_999], content[300_000], content[899_999]], [1, 2, 3]);
  });

  test(`${kind}: an object of no bytes is an object`, async (t) => {
    const store = await openNew(t);
    const { bytes, sha256: hash } = await (await store.create()).publish('empty');
    assert.deepEqual({ bytes, hash }, { bytes: 0, hash: sha256(Buffer.alloc(0)) });
    assert.equal((await contentOf(store, 'empty')).length, 0);
  });

  test(`${kind}: a draft cannot be seen before it is published`, async (t) => {
    const store = await openNew(t);
    const draft = await draftOf(store, randomBytes(1000));
    assert.deepEqual(await namesIn(store), []);
    await draft.publish('a/b');
    assert.deepEqual(await namesIn(store), ['a/b']);
  });

  test(`${kind}: a draft is read back while it is written, and goes on afterwards`, async (t) => {
    const store = await openNew(t);
    const bytes = randomBytes(600_000);
    const draft = await store.create();
    await draft.write(bytes.subarray(0, 300_000));
    assert.ok(bytes.subarray(10, 60).equals(await draft.readAt(10, 50)));
    assert.ok(bytes.subarray(299_990, 300_000).equals(await draft.readAt(299_990, 50)), 'short at the end');
    assert.equal((await draft.readAt(300_000, 50)).length, 0);
    await draft.write(bytes.subarray(300_000));
    assert.ok(bytes.subarray(290_000, 310_000).equals(await draft.readAt(290_000, 20_000)));
    assert.equal((await draft.publish('read-back')).sha256, sha256(bytes));
    assert.ok(bytes.equals(await contentOf(store, 'read-back')));
  });

  test(`${kind}: a discarded draft leaves nothing behind`, async (t) => {
    const store = await openNew(t);
    const draft = await draftOf(store, randomBytes(500_000));
    await draft.discard();
    await draft.discard();
    await assert.rejects(draft.write(new Uint8Array(1)));
    await assert.rejects(draft.publish('gone'));
    assert.deepEqual(await namesIn(store), []);
  });

  test(`${kind}: discarding a published draft keeps its object`, async (t) => {
    const store = await openNew(t);
    const draft = await draftOf(store, Buffer.from('kept'));
    await draft.publish('kept');
    await draft.discard();
    assert.equal((await contentOf(store, 'kept')).toString(), 'kept');
    await assert.rejects(draft.write(new Uint8Array(1)));
  });

  test(`${kind}: the same bytes may be published again under their name, others never`, async (t) => {
    const store = await openNew(t);
    await put(store, 'once', Buffer.from('the first'));
    const again = await (await draftOf(store, Buffer.from('the first'))).publish('once');
    assert.equal(again.sha256, sha256(Buffer.from('the first')));
    const other = await draftOf(store, Buffer.from('another'));
    await assert.rejects(other.publish('once'), { name: 'ObjectStoreError', kind: 'taken' });
    assert.equal((await contentOf(store, 'once')).toString(), 'the first');
    // Nothing is lost: it can still go elsewhere.
    await other.publish('elsewhere');
    assert.equal((await contentOf(store, 'elsewhere')).toString(), 'another');
  });

  test(`${kind}: of two that are published at once under one name one stays whole`, async (t) => {
    const store = await openNew(t);
    const contents = [randomBytes(400_000), randomBytes(400_000)];
    const drafts = await Promise.all(contents.map((bytes) => draftOf(store, bytes)));
    const outcomes = await Promise.allSettled(drafts.map((draft) => draft.publish('race')));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const won = contents[outcomes.findIndex(({ status }) => status === 'fulfilled')];
    assert.ok(won?.equals(await contentOf(store, 'race')));
    await Promise.all(drafts.map((draft) => draft.discard()));
  });

  test(`${kind}: any part of an object can be had alone`, async (t) => {
    const store = await openNew(t);
    const bytes = randomBytes(700_000);
    await put(store, 'parts', bytes);
    for (const [offset, length] of [
      [0, 1],
      [699_999, 1],
      [100, 600_000],
      [262_143, 2],
      [700_000, 0],
    ] as const) {
      const part = await contentOf(store, 'parts', { offset, length });
      assert.ok(bytes.subarray(offset, offset + length).equals(part), `${length} from ${offset}`);
    }
    const reader = await store.open('parts');
    assert.equal(reader?.bytes, 700_000);
    assert.ok(bytes.subarray(5, 10).equals((await reader?.readAt(5, 5)) ?? Buffer.alloc(0)));
    assert.equal((await reader?.readAt(699_998, 10))?.length, 2);
    assert.throws(() => reader?.stream({ offset: 699_999, length: 2 }), RangeError);
    await reader?.close();
  });

  test(`${kind}: an object comes back as base64, for several readers at once`, async (t) => {
    const store = await openNew(t);
    const objects = [2_000_000, 700_000, 196_608, 196_609, 49_152, 1, 0].map((length) => randomBytes(length));
    await Promise.all(objects.map((bytes, i) => put(store, `text-${i}`, bytes)));
    await Promise.all(
      objects.map(async (bytes, i) => {
        const reader = await store.open(`text-${i}`);
        let text = '';
        for await (const block of reader?.lendBase64(() => 0) ?? []) text += Buffer.from(block).toString();
        assert.ok(text === bytes.toString('base64'), `object ${i}`);
        await reader?.close();
      }),
    );
  });

  test(`${kind}: a block of base64 is left alone while it is on its way, and then used again`, async (t) => {
    const store = await openNew(t);
    const bytes = randomBytes(4_000_000);
    await put(store, 'text', bytes);
    const text = bytes.toString('base64');
    for (const slowness of [0, 1, 3, 100]) {
      const reader = await store.open('text');
      /** Handed on and not sent: a connection that is so many blocks behind. */
      const unsent: Uint8Array[] = [];
      const memory = new Set<ArrayBufferLike>();
      let sent = '';
      let held: Uint8Array | undefined;
      const unsentBytes = (): number => unsent.reduce((sum, block) => sum + block.length, 0);
      const send = (): void => void (sent += Buffer.from(unsent.shift() ?? []).toString());
      for await (const block of reader?.lendBase64(unsentBytes) ?? []) {
        memory.add(block.buffer);
        // As a stream does: the last one is handed on when the next is there.
        if (held !== undefined) unsent.push(held);
        held = block;
        while (unsent.length > slowness) send();
      }
      if (held !== undefined) unsent.push(held);
      while (unsent.length > 0) send();
      assert.ok(sent === text, `${slowness} behind`);
      assert.ok(memory.size <= slowness + 7, `${memory.size} blocks of memory, ${slowness} behind`);
      await reader?.close();
    }
  });

  test(`${kind}: text that is base64 is stored as what it stands for, in pieces of any size`, async (t) => {
    const store = await openNew(t);
    // Blocks are 262,144 characters: some texts end right with one, padded or not.
    for (const length of [0, 1, 2, 3, 100_000, 196_606, 196_607, 196_608, 196_609, 393_215, 1_300_001]) {
      const bytes = randomBytes(length);
      const text = Buffer.from(bytes.toString('base64'));
      for (const pieceBytes of [65_536, 50_001, 2_000_000]) {
        const draft = await store.create({ encoding: 'base64' });
        for (let from = 0; from < text.length; from += pieceBytes) {
          await draft.write(text.subarray(from, from + pieceBytes));
        }
        await draft.end();
        assert.equal(draft.bytes, length);
        assert.ok(bytes.subarray(0, 40).equals(await draft.readAt(0, 40)), `${length} read back`);
        const name = `text/of_${length}_${pieceBytes}`;
        assert.deepEqual(await draft.publish(name), { bytes: length, sha256: sha256(bytes) });
        assert.ok(bytes.equals(await contentOf(store, name)), `${length}`);
      }
    }
  });

  test(`${kind}: text that is not base64 is refused, wherever it is wrong`, async (t) => {
    const store = await openNew(t);
    const good = 'QUJD'.repeat(150_000);
    const bad = [
      '=',
      'A',
      'AA',
      'AAA',
      'AB==',
      'AAB=',
      'AA==AAAA',
      'AAAA====',
      'AA-A',
      'AA_A',
      'AA A',
      'AA\nA',
      'AA\u00e9A',
      'AA\0A',
    ];
    for (const wrong of bad) {
      for (const text of [wrong, wrong + good, good + wrong, good.slice(0, 300_000) + wrong + good]) {
        const draft = await store.create({ encoding: 'base64', isOnlyCopy: true });
        const taken = async (): Promise<void> => {
          const bytes = Buffer.from(text, 'latin1');
          for (let from = 0; from < bytes.length; from += 60_000) {
            await draft.write(bytes.subarray(from, from + 60_000));
          }
          await draft.end();
        };
        // Only a whole group that is padded is well at the very end.
        await assert.rejects(taken(), NotBase64, `${JSON.stringify(wrong)} in ${text.length}`);
        await assert.rejects(draft.publish('broken'), NotBase64);
        await draft.discard();
      }
    }
    assert.deepEqual(await namesIn(store), []);
    assert.equal(store.heldBytes, 0);
  });

  test(`${kind}: a download that is left in the middle ends in peace`, async (t) => {
    const store = await openNew(t);
    await put(store, 'left', randomBytes(2_000_000));
    const reader = await store.open('left');
    let seen = 0;
    for await (const part of reader?.stream() ?? []) {
      seen += part.length;
      break;
    }
    assert.ok(seen > 0 && seen < 2_000_000);
    await reader?.close();
  });

  test(`${kind}: what is not there is undefined or false, not an error`, async (t) => {
    const store = await openNew(t);
    await put(store, 'folder/file', Buffer.from('x'));
    assert.equal(await store.open('unknown'), undefined);
    assert.equal(await store.open('folder'), undefined);
    assert.equal(await store.open('folder/file/below'), undefined);
    assert.equal(await store.remove('unknown'), false);
    assert.equal(await store.remove('folder/file/below'), false);
  });

  test(`${kind}: a removed object is gone, and its name is free again`, async (t) => {
    const store = await openNew(t);
    await put(store, 'day/one', Buffer.from('1'));
    await put(store, 'day/two', Buffer.from('2'));
    assert.equal(await store.remove('day/one'), true);
    assert.equal(await store.remove('day/one'), false);
    assert.equal(await store.open('day/one'), undefined);
    assert.deepEqual(await namesIn(store), ['day/two']);
    await put(store, 'day/one', Buffer.from('new'));
    assert.equal((await contentOf(store, 'day/one')).toString(), 'new');
  });

  test(`${kind}: the list gives every object with its size`, async (t) => {
    const store = await openNew(t);
    const sizes = { 'images/0a/x_0.png': 1, 'images/0a/x_1.png': 20, 'images/zz/y_0.jpg': 300, assets: 4000 };
    for (const [name, bytes] of Object.entries(sizes)) await put(store, name, randomBytes(bytes));
    const listed: Record<string, number> = {};
    for await (const { name, bytes } of store.list()) listed[name] = bytes;
    assert.deepEqual(listed, sizes);
  });

  test(`${kind}: the list of a beginning gives the names that begin so, and no others`, async (t) => {
    const store = await openNew(t);
    const names = ['copies/5b/one_0', 'copies/5b/one_1', 'copies/5b/two_0', 'copies/5c/one_0', 'copy'];
    for (const name of names) await put(store, name, Buffer.from('x'));
    assert.deepEqual(await namesIn(store, 'copies/5b/one_'), names.slice(0, 2));
    assert.deepEqual(await namesIn(store, 'copies/5b/'), names.slice(0, 3));
    assert.deepEqual(await namesIn(store, 'copies/5'), names.slice(0, 4));
    assert.deepEqual(await namesIn(store, 'cop'), names);
    assert.deepEqual(await namesIn(store, 'copies/none/'), []);
    await assert.rejects(namesIn(store, '../'), RangeError);
  });

  test(`${kind}: a name that could lead anywhere else is refused`, async (t) => {
    const store = await openNew(t);
    const draft = await draftOf(store, Buffer.from('x'));
    const names = [
      '',
      '/a',
      'a/',
      'a//b',
      '../a',
      'a/../b',
      '.',
      '.drafts/x',
      'a/.b',
      'a\0',
      'a b',
      'ä',
      '-a',
    ];
    for (const name of [...names, 'a'.repeat(200), 'a/'.repeat(20) + 'a']) {
      await assert.rejects(draft.publish(name), RangeError, name);
      await assert.rejects(store.open(name), RangeError, name);
      await assert.rejects(store.remove(name), RangeError, name);
    }
    await draft.publish('a-fine_Name.0');
  });

  test(`${kind}: objects are there after a restart`, async (t) => {
    const { open } = await place(t);
    const before = await open();
    await put(before, 'images/kept.png', Buffer.from('kept'));
    const lost = await draftOf(before, Buffer.from('never published'));
    await before.close();
    await assert.rejects(lost.publish('images/lost.png'));
    const after = await open();
    assert.deepEqual(await namesIn(after), ['images/kept.png']);
    assert.equal((await contentOf(after, 'images/kept.png')).toString(), 'kept');
    await after.close();
  });

  test(`${kind}: 16 pictures of 6 MB arrive at once, each whole`, async (t) => {
    const store = await openNew(t);
    const bytes = randomBytes(6_000_000);
    const results = await Promise.all(
      Array.from({ length: 16 }, async (_, i) => {
        const own = Buffer.concat([Buffer.from([i]), bytes]);
        const published = await (await draftOf(store, own, 32_768)).publish(`images/many/${i}.png`);
        return published.sha256 === sha256(own) && own.equals(await contentOf(store, `images/many/${i}.png`));
      }),
    );
    assert.deepEqual(new Set(results), new Set([true]));
  });

  test(`${kind}: a store that can be written says so, and nothing stays of the question`, async (t) => {
    const store = await openNew(t);
    await store.check();
    assert.deepEqual(await namesIn(store), []);
  });
}
