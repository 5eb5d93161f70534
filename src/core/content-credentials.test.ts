import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { embed, manifestStore } from '../../test/kit/content-credentials.ts';
import { readStructure } from './image-structure.ts';

async function found(bytes: Uint8Array): Promise<boolean> {
  const structure = await readStructure(
    async (offset, length) => bytes.slice(offset, offset + length),
    bytes.length,
  );
  assert.ok(!('broken' in structure), JSON.stringify(structure));
  return structure.contentCredentials;
}

const writers: Record<keyof typeof embed, (picture: Sharp) => Sharp> = {
  png: (picture) => picture.png(),
  jpeg: (picture) => picture.jpeg(),
  webp: (picture) => picture.webp(),
  avif: (picture) => picture.avif({ effort: 0 }),
  gif: (picture) => picture.gif(),
  tiff: (picture) => picture.tiff(),
};

const formats = Object.keys(writers) as (keyof typeof embed)[];

async function plain(format: keyof typeof embed): Promise<Buffer> {
  const picture = sharp({ create: { width: 24, height: 16, channels: 3, background: '#286' } });
  return await writers[format](picture).toBuffer();
}

for (const format of formats) {
  test(`a manifest store in a ${format} is found, a plain ${format} has none`, async () => {
    const file = await plain(format);
    assert.equal(await found(file), false);
    assert.equal(await found(embed[format](file, manifestStore())), true);
  });
}

test('boxes of other types in the same places are no content credentials', async () => {
  // GIF's own extension and AVIF's own box are named after C2PA, whatever they hold.
  for (const format of ['png', 'jpeg', 'webp', 'tiff'] as const) {
    const other = manifestStore(Buffer.alloc(16, 0x5a), 'easel.sandbox');
    assert.equal(await found(embed[format](await plain(format), other)), false, format);
    const text = Buffer.from('this text says c2pa, jumb and jumd, and is long enough for a box');
    assert.equal(await found(embed[format](await plain(format), text)), false, format);
  }
  assert.equal(await found(embed.avif(await plain('avif'), manifestStore(), 'merkle')), false);
});

test('the letters c2pa in metadata or pixels are not taken for content credentials', async () => {
  const file = await sharp(await plain('jpeg'))
    .withExif({ IFD0: { ImageDescription: 'jumb jumd c2pa C2PA caBX' } })
    .jpeg()
    .toBuffer();
  assert.ok(file.includes('c2pa'));
  assert.equal(await found(file), false);
});

test('only the first packet of a box tells what the box is', async () => {
  const store = manifestStore();
  const file = embed.jpeg(await plain('jpeg'), store);
  // The packet's number stands behind FFEB, length, JP and the instance.
  file.writeUInt32BE(2, 2 + 2 + 2 + 2 + 2);
  assert.equal(await found(file), false);
});

test('a store whose length is written in 64 bits is found', async () => {
  const [head, content] = [manifestStore().subarray(0, 8), manifestStore().subarray(8)];
  const long = Buffer.concat([head, Buffer.alloc(8), content]);
  long.writeUInt32BE(1, 0);
  long.writeBigUInt64BE(BigInt(long.length), 8);
  assert.equal(await found(embed.png(await plain('png'), long)), true);
});

test('a place that ends within the box holds none', async () => {
  const store = manifestStore();
  for (let length = 0; length < 32; length += 1) {
    assert.equal(await found(embed.png(await plain('png'), store.subarray(0, length))), false, `${length}`);
  }
});
