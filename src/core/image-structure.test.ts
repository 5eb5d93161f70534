import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';

import sharp, { type Sharp } from 'sharp';

import { fc } from '../../test/kit/made-up.ts';
import type { ImageFormat } from './image-format.ts';
import { readStructure, type ImageStructure } from './image-structure.ts';

function structureOf(bytes: Uint8Array): Promise<ImageStructure> {
  return readStructure(async (offset, length) => bytes.slice(offset, offset + length), bytes.length);
}

/** Noise at one end, one colour at the other: both incompressible data and long runs. */
function picture(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const pixels = new Uint8Array(width * height * channels);
  let state = 1;
  for (let i = 0; i < pixels.length / 2; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    pixels[i] = state >> 16;
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

/** A plain BMP: sharp writes none. */
function bmp(width: number, height: number): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + stride * height, 0x55);
  file.fill(0, 0, 54).write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file;
}

/** A JPEG with application segments as large as content credentials make them, right behind the start mark. */
function withSegments(jpeg: Buffer, count: number): Buffer {
  const segment = Buffer.alloc(2 + 65_535, 0xd9);
  segment.writeUInt16BE(0xffeb, 0);
  segment.writeUInt16BE(65_535, 2);
  return Buffer.concat([
    jpeg.subarray(0, 2),
    ...Array.from({ length: count }, () => segment),
    jpeg.subarray(2),
  ]);
}

interface Sample {
  name: string;
  format: ImageFormat;
  width: number;
  height: number;
  bytes: Buffer;
}

async function makeSamples(): Promise<Sample[]> {
  const samples: Sample[] = [];
  const add = (name: string, format: ImageFormat, width: number, height: number, bytes: Buffer): void => {
    samples.push({ name, format, width, height, bytes });
  };
  const sizes = [
    [1, 1],
    [16, 17],
    [333, 200],
  ] as const;
  const writers: [string, ImageFormat, (picture: Sharp) => Sharp][] = [
    ['png', 'png', (p) => p.png()],
    ['png interlaced', 'png', (p) => p.png({ progressive: true })],
    ['png with a palette', 'png', (p) => p.png({ palette: true })],
    ['png of 16 bits', 'png', (p) => p.toColourspace('rgb16').png({ compressionLevel: 0 })],
    ['jpeg', 'jpeg', (p) => p.jpeg()],
    ['jpeg progressive', 'jpeg', (p) => p.jpeg({ progressive: true })],
    ['jpeg cmyk', 'jpeg', (p) => p.toColourspace('cmyk').jpeg()],
    ['jpeg grey', 'jpeg', (p) => p.greyscale().jpeg()],
    ['jpeg turned by EXIF', 'jpeg', (p) => p.withMetadata({ orientation: 6 }).jpeg()],
    ['webp', 'webp', (p) => p.webp({ effort: 0 })],
    ['webp lossless', 'webp', (p) => p.webp({ lossless: true, effort: 0 })],
    ['webp with EXIF', 'webp', (p) => p.withMetadata({ orientation: 6 }).webp({ effort: 0 })],
    ['gif', 'gif', (p) => p.gif({ effort: 1 })],
    ['avif', 'avif', (p) => p.avif({ effort: 0 })],
    ['avif of 10 bits', 'avif', (p) => p.avif({ effort: 0, bitdepth: 10 })],
    ['tiff', 'tiff', (p) => p.tiff({ compression: 'none' })],
    ['tiff lzw', 'tiff', (p) => p.tiff({ compression: 'lzw' })],
    ['tiff in tiles', 'tiff', (p) => p.tiff({ tile: true, tileWidth: 64, tileHeight: 64, pyramid: true })],
    ['tiff with jpeg', 'tiff', (p) => p.tiff({ compression: 'jpeg' })],
  ];
  for (const [width, height] of sizes) {
    for (const [name, format, write] of writers) {
      add(name, format, width, height, await write(picture(width, height)).toBuffer());
    }
    add('webp with alpha', 'webp', width, height, await picture(width, height, 4).webp().toBuffer());
    add('avif with alpha', 'avif', width, height, await picture(width, height, 4).avif().toBuffer());
    add('bmp', 'bmp', width, height, bmp(width, height));
  }
  const frames = [picture(40, 30), picture(40, 30).negate()];
  const animation = await Promise.all(frames.map((frame) => frame.png().toBuffer()));
  const animated = (): Sharp => sharp(animation, { join: { animated: true } });
  add('gif with frames', 'gif', 40, 30, await animated().gif().toBuffer());
  add('webp with frames', 'webp', 40, 30, await animated().webp({ effort: 0 }).toBuffer());
  const jpeg = await picture(64, 48).jpeg().toBuffer();
  add('jpeg with large segments', 'jpeg', 64, 48, withSegments(jpeg, 5));
  const heic = await picture(64, 48).avif({ effort: 0 }).toBuffer();
  heic.write('heic', 8);
  heic.fill('mif1', 16, heic.readUInt32BE(0));
  add('heic', 'heic', 64, 48, heic);
  return samples;
}

const samples = await makeSamples();

test('format and stored size of whole images are read', async () => {
  for (const { name, format, width, height, bytes } of samples) {
    assert.deepEqual(await structureOf(bytes), { format, width, height, contentCredentials: false }, name);
  }
});

test('an image cut off at any length is broken', async () => {
  for (const { name, format, bytes } of samples) {
    // The last row of a BMP may come without its padding.
    for (const length of lengthsBelow(bytes.length - (format === 'bmp' ? 3 : 0))) {
      const structure = await structureOf(bytes.subarray(0, length));
      assert.ok('broken' in structure, `${name}, ${length} of ${bytes.length} bytes`);
    }
  }
});

/** Every length of a small file; of a large one its head, its tail and places between. */
function* lengthsBelow(bytes: number): Generator<number> {
  const step = Math.max(1, Math.floor(bytes / 100));
  for (let length = 0; length < bytes; length++) {
    if (length < 400 || length > bytes - 150 || length % step === 0) yield length;
  }
}

test('an image whose file is filled up with zeros instead of its last part is broken', async () => {
  for (const { name, format, bytes } of samples) {
    // These say where their parts are, and nothing closes them: what stands in the parts only decoding shows.
    if (format === 'avif' || format === 'heic' || format === 'tiff' || format === 'bmp') continue;
    // A WebP's chunks are fixed by the lengths at the front; the same.
    if (format === 'webp') continue;
    const damaged = Buffer.from(bytes).fill(0, bytes.length - Math.min(200, Math.ceil(bytes.length / 3)));
    assert.ok('broken' in (await structureOf(damaged)), name);
  }
});

test('bytes behind the end of an image do not make it broken', async () => {
  for (const { name, format, width, height, bytes } of samples) {
    // Boxes go on to the end of the file.
    if (format === 'avif' || format === 'heic') continue;
    const longer = Buffer.concat([bytes, Buffer.from('a second picture, or padding')]);
    const structure = { format, width, height, contentCredentials: false };
    assert.deepEqual(await structureOf(longer), structure, name);
  }
});

test('a jpeg that goes on behind its image but is cut within it is broken', async () => {
  const jpeg = await picture(333, 200).jpeg({ progressive: true }).toBuffer();
  for (const length of lengthsBelow(jpeg.length)) {
    const cut = Buffer.concat([jpeg.subarray(0, length), Buffer.alloc(64)]);
    assert.ok('broken' in (await structureOf(cut)), `${length} of ${jpeg.length} bytes`);
  }
});

test('a picture of billions of pixels costs a few reads of its header', async () => {
  const png = await picture(1, 1).png().toBuffer();
  png.writeUInt32BE(100_000, 16);
  png.writeUInt32BE(100_000, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  assert.deepEqual(await structureOf(png), {
    format: 'png',
    width: 100_000,
    height: 100_000,
    contentCredentials: false,
  });
});

test('large chunks are jumped over, not read', async () => {
  const image = await picture(2000, 1500).webp({ lossless: true, effort: 0 }).toBuffer();
  let read = 0;
  const structure = await readStructure(async (offset, length) => {
    read += length;
    return image.subarray(offset, offset + length);
  }, image.length);
  assert.deepEqual(structure, { format: 'webp', width: 2000, height: 1500, contentCredentials: false });
  assert.ok(image.length > 2_000_000 && read < 150_000, `${read} of ${image.length} bytes`);
});

test('SVG, HTML, text and nothing are no images', async () => {
  for (const text of ['<svg xmlns="http://www.w3.org/2000/svg"/>', '<!doctype html>', 'BM', 'GIF8', '']) {
    assert.deepEqual(await structureOf(Buffer.from(text)), {
      broken: 'the bytes are no image of a known format',
    });
  }
});

test('an error of the reader is passed on, not taken for a broken image', async () => {
  const failure = new Error('the disk is gone');
  await assert.rejects(
    readStructure(() => Promise.reject(failure), 1000),
    failure,
  );
});

test('images with damaged bytes never throw', async () => {
  const small = samples.filter(({ bytes }) => bytes.length < 4000);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...small),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 }),
      fc.nat(),
      async ({ bytes }, changes, cut) => {
        const damaged = Buffer.from(bytes);
        // Heads hold the numbers: half of the damage goes there.
        for (const [i, [at, value]] of changes.entries()) {
          damaged[at % (i % 2 === 0 ? damaged.length : Math.min(damaged.length, 400))] = value;
        }
        isAnswer(await structureOf(cut % 3 === 0 ? damaged.subarray(0, cut % damaged.length) : damaged));
      },
    ),
    { numRuns: 4000 },
  );
});

test('garbage behind a true signature never throws', async () => {
  const heads = samples.map(({ bytes }) => bytes.subarray(0, 48));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...heads),
      fc.integer({ min: 4, max: 48 }),
      fc.uint8Array({ maxLength: 600 }),
      async (head, kept, rest) => {
        isAnswer(await structureOf(Buffer.concat([head.subarray(0, kept), rest])));
      },
    ),
    { numRuns: 4000 },
  );
});

function isAnswer(structure: ImageStructure): void {
  if ('broken' in structure) assert.ok(structure.broken.length > 0);
  else assert.ok(structure.width > 0 && structure.height > 0);
}

test('files made to be walked for ever end soon', async () => {
  const mega = 1024 * 1024;
  const directory = Buffer.alloc(4 * mega);
  directory.set([0x49, 0x49, 0x2a, 0x00, 8, 0, 0, 0, 0xff, 0x03]);
  // Its next directory is itself.
  directory.writeUInt32LE(8, 10 + 12 * 0x3ff);
  const items = await picture(1, 1).avif({ effort: 0 }).toBuffer();
  const iloc = items.indexOf('iloc');
  // No room for any number, and 65,535 pieces.
  items.writeUInt16BE(0, iloc + 8);
  items.fill(0xff, iloc + 10, iloc + 20);
  const fill = Buffer.alloc(8 * mega, 0xff);
  fill.set([0xff, 0xd8, 0xff]);
  const empty = Buffer.alloc(8 * mega);
  for (let i = 0; i < empty.length; i += 4) empty.writeUInt32BE(i === 0 ? 0xffd8ffe0 : 0xffe00002, i);
  const gif = Buffer.alloc(4 * mega, 1);
  gif.write('GIF89a');
  gif.set([1, 0, 1, 0, 0, 0, 0, 0x21, 0xff], 6);
  for (const bytes of [directory, items, fill, empty, gif]) {
    const before = process.cpuUsage();
    assert.ok('broken' in (await structureOf(bytes)));
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 3_000_000, `${user + system} µs`);
  }
});
