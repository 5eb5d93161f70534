import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { embed, manifestStore } from '../../test/kit/content-credentials.ts';
import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { GatewayError } from '../core/errors.ts';
import {
  copyFolder,
  copyFormats,
  thumbnailForm,
  type CopyForm,
  type PictureForm,
} from '../core/image-copy.ts';
import { imageObjectName } from '../core/image-object.ts';
import { readStructure } from '../core/image-structure.ts';
import { ObjectStoreError, type ObjectStore } from '../core/object-store.ts';
import type { StoredImage } from '../core/record.ts';
import { openFilesystemStore } from '../objects/filesystem.ts';
import { makePictureFiles, type PictureFiles, type PictureFilesTools } from './picture-files.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

interface Bench {
  store: ObjectStore;
  files: PictureFiles;
  /** Names of the copies that are kept. */
  kept(): Promise<string[]>;
  /** A stored picture of its own generation. */
  put(bytes: Uint8Array): Promise<{ id: string; image: StoredImage }>;
}

async function bench(
  t: TestContext,
  change: Partial<PictureFilesTools> = {},
  around: (store: ObjectStore) => ObjectStore = (store) => store,
): Promise<Bench> {
  const store = around(await openFilesystemStore({ folder: await temporaryFolder(t) }));
  const tools = {
    objects: store,
    maxBytes: 1e9,
    hasRoom: () => Promise.resolve(true),
    log: quiet,
    ...change,
  };
  const files = makePictureFiles(tools);
  t.after(() => files.close());
  let generations = 0;
  return {
    store,
    files,
    async kept() {
      const names = [];
      for await (const { name } of store.list(copyFolder)) names.push(name);
      return names.sort();
    },
    async put(bytes) {
      const structure = await readStructure(
        async (offset, length) => bytes.subarray(offset, offset + length),
        bytes.length,
      );
      assert.ok(!('broken' in structure), JSON.stringify(structure));
      const id = `img_${String((generations += 1)).padStart(26, '0')}`;
      const object = imageObjectName(id, 0, structure.format);
      const draft = await store.create();
      await draft.write(bytes);
      const published = await draft.publish(object);
      return { id, image: { index: 0, object, ...structure, ...published, revisedPrompt: undefined } };
    },
  };
}

function photo(width: number, height: number, background = '#286'): Sharp {
  const mark = { create: { width: 8, height: 8, channels: 3, background: '#f00' } } as const;
  return sharp({ create: { width, height, channels: 3, background } }).composite([
    { input: mark, top: 0, left: 0 },
  ]);
}

async function read(
  { files }: Bench,
  { id, image }: { id: string; image: StoredImage },
  form: PictureForm,
): Promise<Buffer> {
  const { reader } = await files.open(id, image, form);
  const parts: Uint8Array[] = [];
  for await (const part of reader.stream()) parts.push(part);
  const bytes = Buffer.concat(parts);
  assert.equal(bytes.length, reader.bytes);
  return bytes;
}

async function look(bytes: Uint8Array): Promise<Metadata> {
  await sharp(bytes).raw().toBuffer();
  return await sharp(bytes).metadata();
}

async function pixel(bytes: Uint8Array, left: number, top: number): Promise<number[]> {
  const one = sharp(bytes).ensureAlpha().extract({ left, top, width: 1, height: 1 });
  return [...(await one.raw().toBuffer())];
}

function isNear(seen: readonly number[], wanted: readonly number[]): boolean {
  return seen.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) <= 12);
}

test('the original is given bit for bit, whatever it carries', async (t) => {
  const easel = await bench(t);
  const bytes = embed.jpeg(
    await photo(64, 48)
      .withExif({ IFD0: { Artist: 'x' } })
      .jpeg()
      .toBuffer(),
    manifestStore(),
  );
  const stored = await easel.put(bytes);
  assert.deepEqual(await read(easel, stored, undefined), bytes);
  assert.equal(easel.files.etagOf(stored.image, undefined), `"${stored.image.sha256}"`);
  assert.deepEqual(await easel.kept(), []);
});

test('every format is converted to every other, without metadata and content credentials', async (t) => {
  const easel = await bench(t);
  const described = photo(64, 48).withExif({ IFD0: { Artist: 'x' } });
  const originals = {
    png: embed.png(await described.png().toBuffer(), manifestStore()),
    jpeg: embed.jpeg(await described.jpeg().toBuffer(), manifestStore()),
    webp: await described.webp().toBuffer(),
    avif: await described.avif({ effort: 0 }).toBuffer(),
    gif: await photo(64, 48).gif().toBuffer(),
    tiff: await described.tiff().toBuffer(),
  };
  for (const [from, bytes] of Object.entries(originals)) {
    const stored = await easel.put(bytes);
    for (const as of copyFormats) {
      const copy = await read(easel, stored, { as });
      const seen = await look(copy);
      const what = `${from} as ${as}`;
      assert.equal(seen.format, as === 'avif' ? 'heif' : as, what);
      assert.deepEqual([seen.width, seen.height], [64, 48], what);
      assert.deepEqual([seen.exif, seen.icc, seen.xmp], [undefined, undefined, undefined], what);
      assert.equal(copy.includes('c2pa'), false, what);
      assert.ok(isNear(await pixel(copy, 40, 30), [0x22, 0x88, 0x66, 255]), what);
    }
  }
});

test('a box is filled as its fit says', async (t) => {
  const easel = await bench(t);
  const stored = await easel.put(await photo(400, 200).png().toBuffer());
  const box = { width: 100, height: 100 };
  const size = async (form: CopyForm) => {
    const { width, height } = await look(await read(easel, stored, form));
    return [width, height];
  };
  assert.deepEqual(await size({ as: 'png', width: 100 }), [100, 50]);
  assert.deepEqual(await size({ as: 'png', ...box }), [100, 50]);
  assert.deepEqual(await size({ as: 'png', ...box, fit: 'cover' }), [100, 100]);
  assert.deepEqual(await size({ as: 'png', ...box, fit: 'contain' }), [100, 100]);
  assert.deepEqual(await size({ as: 'png', width: 4096, height: 4096, fit: 'cover' }), [200, 200]);
  assert.deepEqual(await size(thumbnailForm), [320, 160]);
  const padded = await read(easel, stored, { as: 'png', ...box, fit: 'contain' });
  assert.equal((await pixel(padded, 50, 5))[3], 0);
  assert.ok(isNear(await pixel(padded, 50, 50), [0x22, 0x88, 0x66, 255]));
  const white = await read(easel, stored, { as: 'jpeg', ...box, fit: 'contain' });
  assert.ok(isNear(await pixel(white, 50, 5), [255, 255, 255, 255]));
});

test('a turned picture is set upright, and its box is meant for what is seen', async (t) => {
  const easel = await bench(t);
  const turned = await photo(400, 200).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const copy = await read(easel, await easel.put(turned), { as: 'png', width: 100 });
  const { width, height, orientation } = await look(copy);
  assert.deepEqual([width, height, orientation], [100, 200, undefined]);
});

test('what is transparent stays so, and is white in a jpeg', async (t) => {
  const easel = await bench(t);
  const clear = sharp({ create: { width: 32, height: 32, channels: 4, background: '#00000000' } });
  const stored = await easel.put(await clear.png().toBuffer());
  assert.equal((await pixel(await read(easel, stored, { as: 'webp' }), 5, 5))[3], 0);
  assert.ok(isNear(await pixel(await read(easel, stored, { as: 'jpeg' }), 5, 5), [255, 255, 255, 255]));
});

test('of a picture that moves the first frame is copied', async (t) => {
  const easel = await bench(t);
  const frames = await Promise.all(['#286', '#f00'].map((colour) => photo(40, 30, colour).png().toBuffer()));
  const moving = await sharp(frames, { join: { animated: true } })
    .webp({ effort: 0 })
    .toBuffer();
  const copy = await read(easel, await easel.put(moving), { as: 'png' });
  const { width, height, pages } = await look(copy);
  assert.deepEqual([width, height, pages], [40, 30, undefined]);
  assert.ok(isNear(await pixel(copy, 30, 20), [0x22, 0x88, 0x66, 255]));
});

test('a copy is made once, however many ask for it at once, and is kept', async (t) => {
  let drafts = 0;
  const counting = (store: ObjectStore): ObjectStore => ({
    ...store,
    create: (options) => {
      drafts += 1;
      return store.create(options);
    },
  });
  const easel = await bench(t, {}, counting);
  const stored = await easel.put(await photo(600, 400).png().toBuffer());
  drafts = 0;
  const together = await Promise.all(Array.from({ length: 12 }, () => read(easel, stored, thumbnailForm)));
  const hashes = together.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  assert.deepEqual([new Set(hashes).size, drafts], [1, 1]);
  assert.equal((await easel.kept()).length, 1);
  // Only a kept one can be had when its original is gone.
  await easel.store.remove(stored.image.object);
  assert.deepEqual(await read(easel, stored, thumbnailForm), together[0]);
});

test('copies of a generation are forgotten, those of others stay', async (t) => {
  const easel = await bench(t);
  const [gone, other] = [
    await easel.put(await photo(50, 40).png().toBuffer()),
    await easel.put(await photo(50, 41).png().toBuffer()),
  ];
  for (const stored of [gone, other]) {
    for (const as of ['webp', 'jpeg'] as const) await read(easel, stored, { as });
  }
  await easel.store.remove(gone.image.object);
  await easel.files.forget(gone.id);
  const kept = await easel.kept();
  assert.equal(kept.length, 2);
  assert.ok(kept.every((name) => name.includes(other.id)));
  await assert.rejects(read(easel, gone, { as: 'webp' }), isError('internal', /missing/));
});

test('a copy that is stored while its picture is deleted does not stay', async (t) => {
  const deleted = new Set<string>();
  // The deletion has looked for copies before this one is there.
  const deleting = (store: ObjectStore): ObjectStore => ({
    ...store,
    create: async (options) => {
      for (const object of deleted) await store.remove(object);
      return await store.create(options);
    },
  });
  const easel = await bench(t, {}, deleting);
  const stored = await easel.put(await photo(50, 40).png().toBuffer());
  deleted.add(stored.image.object);
  await read(easel, stored, { as: 'webp' });
  assert.deepEqual(await easel.kept(), []);
});

test('kept copies stay within their bound; those not used for longest go first', async (t) => {
  const easel = await bench(t, { maxBytes: 60_000 });
  const noise = await sharp(
    Buffer.from(Array.from({ length: 120 * 90 * 3 }, (_, i) => (i * i * 2654435761) >>> 24)),
    {
      raw: { width: 120, height: 90, channels: 3 },
    },
  )
    .png()
    .toBuffer();
  const stored = await easel.put(noise);
  const forms = [100, 101, 102, 103, 104, 105].map((width): CopyForm => ({ as: 'png', width }));
  const [first, ...rest] = forms;
  assert.ok(first !== undefined);
  await read(easel, stored, first);
  for (const form of rest) {
    await read(easel, stored, form);
    await read(easel, stored, first);
  }
  await easel.files.sweep();
  let bytes = 0;
  for await (const copy of easel.store.list(copyFolder)) bytes += copy.bytes;
  assert.ok(bytes > 0 && bytes <= 60_000, `${bytes}`);
  await easel.store.remove(stored.image.object);
  // Kept: the one that was always used again, and the last one made; the second of all is gone.
  await read(easel, stored, first);
  const [second] = rest;
  assert.ok(second !== undefined);
  await assert.rejects(read(easel, stored, second), isError('internal', /missing/));
});

test('with no room for copies they are made all the same, and an earlier bound is made good', async (t) => {
  const easel = await bench(t);
  const stored = await easel.put(await photo(50, 40).png().toBuffer());
  await read(easel, stored, { as: 'webp' });
  const bound = makePictureFiles({
    objects: easel.store,
    maxBytes: 0,
    hasRoom: () => Promise.resolve(true),
    log: quiet,
  });
  await bound.sweep();
  assert.deepEqual(await easel.kept(), []);
  assert.equal((await look(await read({ ...easel, files: bound }, stored, { as: 'webp' }))).format, 'webp');
  assert.deepEqual(await easel.kept(), []);
});

for (const [what, change, around] of [
  ['is short of space', { hasRoom: () => Promise.resolve(false) }, undefined],
  [
    'does not take them',
    {},
    (store: ObjectStore): ObjectStore => {
      let pictures = 0;
      return {
        ...store,
        create: (options) => {
          if ((pictures += 1) > 1) return Promise.reject(new ObjectStoreError('full', 'no room'));
          return store.create(options);
        },
      };
    },
  ],
] as const) {
  test(`copies are given when the disk ${what}`, async (t) => {
    const easel = await bench(t, change, around);
    const stored = await easel.put(await photo(50, 40).png().toBuffer());
    assert.equal((await look(await read(easel, stored, { as: 'jpeg' }))).format, 'jpeg');
    assert.deepEqual(await easel.kept(), []);
  });
}

test('a damaged picture is refused in words that help, and holds up nobody', async (t) => {
  const easel = await bench(t);
  const png = await sharp(Buffer.alloc(300 * 300 * 3, 7), { raw: { width: 300, height: 300, channels: 3 } })
    .png()
    .toBuffer();
  // The structure is whole, the pixels are not.
  const from = png.indexOf('IDAT') + 8;
  const damaged = Buffer.from(png).fill(0x55, from, from + 60);
  const stored = await easel.put(damaged);
  for (let i = 0; i < 5; i += 1) {
    await assert.rejects(read(easel, stored, thumbnailForm), isError('internal', /Fetch it as it was made/));
  }
  assert.deepEqual(await read(easel, stored, undefined), damaged);
  const whole = await easel.put(await photo(50, 40).png().toBuffer());
  assert.equal((await look(await read(easel, whole, thumbnailForm))).format, 'webp');
  assert.equal((await easel.kept()).length, 1);
});

test('a picture of more pixels than are decoded is refused before it is', async (t) => {
  const easel = await bench(t);
  const wide = sharp({ create: { width: 8000, height: 4600, channels: 3, background: '#286' } });
  const stored = await easel.put(await wide.png().toBuffer());
  await assert.rejects(read(easel, stored, { as: 'webp' }), isError('internal', /damaged or too large/));
});

test('more copies at once than may wait are sent away with a wait, but none that is due', async (t) => {
  const easel = await bench(t);
  const stored = await easel.put(await photo(300, 200).png().toBuffer());
  const asking = Promise.allSettled(
    Array.from({ length: 120 }, (_, i) => read(easel, stored, { as: 'png', width: i + 1 })),
  );
  const due = await easel.files.open(stored.id, stored.image, { as: 'webp' }, { isDue: true });
  await due.reader.close();
  assert.equal(due.format, 'webp');
  const asked = await asking;
  const refused = asked.filter((one) => one.status === 'rejected');
  assert.equal(refused.length, 20);
  for (const { reason } of refused) assert.ok(isError('queue_full', /Try again/)(reason));
});

function isError(reason: string, text: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof GatewayError && error.reason === reason && text.test(error.message);
}
