import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { makeBmp } from '../../test/kit/bmp-file.ts';
import { inputRulesSchema, type InputRules } from '../core/card.ts';
import { GatewayError, type ErrorReason } from '../core/errors.ts';
import { mimeTypes, type ImageFormat } from '../core/image-format.ts';
import { defaultInputLimits, loadInputImages, type InputDependencies } from './input-images.ts';
import { readInputReferences } from './input-references.ts';

const everyFormat = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff', 'bmp'] as const;
const assetId = 'ua_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';

function rulesOf(rules: Partial<InputRules>): InputRules {
  return inputRulesSchema.parse({ max: 14, formats: [...everyFormat], ...rules });
}

function dependenciesOf(parts: Partial<InputDependencies> = {}): InputDependencies {
  return {
    fetch: () => Promise.reject(new Error('there is no such place')),
    readOwnFile: () => Promise.resolve(undefined),
    readAsset: () => Promise.resolve(undefined),
    limits: defaultInputLimits,
    signal: new AbortController().signal,
    ...parts,
  };
}

function dataUri(bytes: Uint8Array, mime = 'image/png'): string {
  return `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`;
}

type Loaded = Awaited<ReturnType<typeof loadInputImages>>;

async function load(
  images: unknown,
  rules: Partial<InputRules> = {},
  parts: Partial<InputDependencies> = {},
): Promise<Loaded> {
  return loadInputImages(readInputReferences({ images }), rulesOf(rules), dependenciesOf(parts));
}

async function refuses(
  images: unknown,
  reason: ErrorReason,
  param: string,
  rules: Partial<InputRules> = {},
  parts: Partial<InputDependencies> = {},
): Promise<GatewayError> {
  let refusal: unknown;
  try {
    await load(images, rules, parts);
  } catch (error) {
    refusal = error;
  }
  assert(refusal instanceof GatewayError, `refused with ${reason}: ${String(refusal)}`);
  assert.deepEqual([refusal.reason, refusal.param], [reason, param], refusal.message);
  return refusal;
}

/** A gradient with noise, so that neither PNG nor JPEG makes nothing of it. */
function picture(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  let noise = 1;
  for (let i = 0; i < pixels.length; i++) {
    noise = (noise * 1_103_515_245 + 12_345) % 2_147_483_648;
    pixels[i] = (((i / 3) % width) * 200) / width + (Math.floor(noise / 65_536) % 40);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

async function flat(width: number, height: number): Promise<string> {
  const background = '#808080';
  return dataUri(
    await sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  );
}

type Format = (typeof everyFormat)[number];

const makers: Record<Format, (made: Sharp) => Promise<Buffer>> = {
  png: (made) => made.png().toBuffer(),
  jpeg: (made) => made.jpeg().toBuffer(),
  webp: (made) => made.webp().toBuffer(),
  gif: (made) => made.gif().toBuffer(),
  avif: (made) => made.avif({ effort: 0 }).toBuffer(),
  tiff: (made) => made.tiff({ compression: 'lzw' }).toBuffer(),
  bmp: async (made) => {
    const { data, info } = await made.raw().toBuffer({ resolveWithObject: true });
    const value = (x: number, y: number): number => data.readUIntBE((y * info.width + x) * 3, 3);
    return makeBmp({ width: info.width, height: info.height, bits: 24, value });
  },
};

function file(format: Format, width = 64, height = 48): Promise<Buffer> {
  return makers[format](picture(width, height));
}

/** An AVIF file relabelled: structurally a HEIC, which is as far as anybody here can look. */
async function heicFile(): Promise<Buffer> {
  const bytes = await file('avif');
  const end = bytes.readUInt32BE(0);
  for (let at = 8; at < end; at += 4) {
    if (bytes.toString('latin1', at, at + 4).startsWith('avi')) bytes.write('heic', at, 'latin1');
  }
  return bytes;
}

async function pixelsOf(bytes: Uint8Array): Promise<Buffer> {
  return sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer();
}

test('every format passes bit for bit where the model takes it, whatever type was claimed', async () => {
  for (const format of everyFormat) {
    const bytes = await file(format);
    for (const mime of [mimeTypes[format], 'image/png', 'image/x-anything']) {
      const { images, warnings } = await load([dataUri(bytes, mime)]);
      const [image] = images;
      assert(image !== undefined && Buffer.from(image.bytes).equals(bytes), format);
      assert.deepEqual(
        { ...image, bytes: 0 },
        {
          param: 'images[0]',
          bytes: 0,
          format,
          mimeType: mimeTypes[format],
          width: 64,
          height: 48,
        },
      );
      assert.deepEqual(warnings, []);
    }
  }
});

test('a format the model does not take becomes the first of PNG and JPEG that it takes', async () => {
  for (const format of everyFormat) {
    const bytes = await file(format);
    const original = await pixelsOf(format === 'bmp' ? await file('png') : bytes);
    for (const legal of ['png', 'jpeg'] as const) {
      if (format === legal) continue;
      const { images, warnings } = await load([dataUri(bytes)], { formats: [legal] });
      const made = images[0]?.bytes ?? Buffer.alloc(0);
      const meta = await sharp(made).metadata();
      assert.deepEqual([meta.format, meta.width, meta.height], [legal, 64, 48], `${format} as ${legal}`);
      assert.deepEqual([images[0]?.format, images[0]?.mimeType], [legal, mimeTypes[legal]]);
      if (legal === 'png') {
        assert.deepEqual(warnings, [], `${format}: PNG keeps every pixel`);
        assert((await pixelsOf(made)).equals(original), `${format}: the same pixels`);
      } else {
        const last = warnings.at(-1);
        assert.equal(last?.param, 'images[0]');
        assert.match(String(last?.requested), new RegExp(`^${mimeTypes[format]}, ${bytes.length} bytes$`));
        assert.match(String(last?.used), /^image\/jpeg, \d+ bytes$/);
      }
    }
  }
});

test('transparency prefers PNG, and is laid on white with a warning where only JPEG is taken', async () => {
  const bytes = await sharp({ create: { width: 32, height: 32, channels: 4, background: '#ff000000' } })
    .webp({ lossless: true })
    .toBuffer();
  const kept = await load([dataUri(bytes)], { formats: ['jpeg', 'png'] });
  assert.equal(kept.images[0]?.format, 'png');
  assert.deepEqual(kept.warnings, []);
  assert.equal((await sharp(kept.images[0]?.bytes).stats()).isOpaque, false);

  const laid = await load([dataUri(bytes)], { formats: ['jpeg'] });
  assert.deepEqual(laid.warnings.map(({ requested }) => requested)[0], 'transparency');
  assert.deepEqual([...(await pixelsOf(laid.images[0]?.bytes ?? bytes)).subarray(0, 3)], [255, 255, 255]);
});

test('a model that takes neither PNG nor JPEG gets no other format', async () => {
  const refusal = await refuses([dataUri(await file('png'))], 'invalid_image', 'images[0]', {
    formats: ['webp'],
  });
  assert.match(refusal.message, /image\/webp/);
});

test('of an animation only the first frame is converted, with a warning', async () => {
  const frames = await Promise.all(
    ['#ff0000', '#00ff00', '#0000ff'].map((background) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const bytes = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  const { images, warnings } = await load([dataUri(bytes)], { formats: ['png'] });
  assert.deepEqual([images[0]?.width, images[0]?.height], [20, 20]);
  assert.deepEqual([...(await pixelsOf(images[0]?.bytes ?? bytes)).subarray(0, 3)], [255, 0, 0]);
  assert.deepEqual(
    warnings.map(({ requested, used }) => [requested, used]),
    [['3 frames', 'the first frame']],
  );
});

test('sixteen bits per channel become eight, with a warning', async () => {
  const pixels = new Uint16Array(20 * 20 * 3).fill(40_000);
  const bytes = await sharp(pixels, { raw: { width: 20, height: 20, channels: 3 } })
    .toColourspace('rgb16')
    .tiff({ compression: 'lzw' })
    .toBuffer();
  const { images, warnings } = await load([dataUri(bytes)], { formats: ['png'] });
  assert.equal((await sharp(images[0]?.bytes).metadata()).depth, 'uchar');
  assert.deepEqual(
    warnings.map(({ requested }) => requested),
    ['16 bits per channel'],
  );
});

test('all eight EXIF orientations are turned upright, and the upright one passes bit for bit', async () => {
  // Red in the corner that is top left of what is stored.
  const stored = await sharp({ create: { width: 60, height: 30, channels: 3, background: '#ffffff' } })
    .composite([
      { input: { create: { width: 15, height: 15, channels: 3, background: '#ff0000' } }, left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
  // Where that corner is to be seen: TIFF 6.0, tag 274.
  const around = ['top left', 'top right', 'bottom right', 'bottom left'];
  const corners = ['', ...around, ...around];
  for (let orientation = 1; orientation <= 8; orientation++) {
    const jpeg = await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const webp = await sharp(stored).withMetadata({ orientation }).webp({ lossless: true }).toBuffer();
    for (const bytes of [jpeg, webp]) {
      const { images, warnings } = await load([dataUri(bytes)]);
      const [image] = images;
      assert(image !== undefined);
      if (orientation === 1) {
        assert(Buffer.from(image.bytes).equals(bytes));
        assert.deepEqual(warnings, []);
        continue;
      }
      const isOnItsSide = orientation >= 5;
      assert.deepEqual([image.width, image.height], isOnItsSide ? [30, 60] : [60, 30]);
      const meta = await sharp(image.bytes).metadata();
      assert.deepEqual([meta.width, meta.height, meta.orientation ?? 1], [image.width, image.height, 1]);
      const pixels = await pixelsOf(image.bytes);
      const greenAt = (x: number, y: number): number => pixels[(y * image.width + x) * 3 + 1] ?? -1;
      const [right, bottom] = [image.width - 4, image.height - 4];
      const red = {
        'top left': greenAt(3, 3),
        'top right': greenAt(right, 3),
        'bottom right': greenAt(right, bottom),
        'bottom left': greenAt(3, bottom),
      };
      const seen = Object.entries(red)
        .filter(([, green]) => green < 60)
        .map(([corner]) => corner);
      assert.deepEqual(seen, [corners[orientation]], `orientation ${orientation}`);
      assert.equal(warnings[0]?.requested, `EXIF orientation ${orientation}`);
      assert.equal(warnings[0]?.used, 'upright');
    }
  }
});

test('the shape a card wants is that of the upright picture', async () => {
  const bytes = await picture(60, 30).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', { minRatio: 1 });
  const { images } = await load([dataUri(bytes)], { maxRatio: 1 });
  assert.deepEqual([images[0]?.width, images[0]?.height], [30, 60]);
});

test('too many bytes for the model become JPEG of falling quality, then fewer pixels', async () => {
  const bytes = await file('png', 400, 300);
  const light = await load([dataUri(bytes)], { formats: ['png', 'jpeg'], maxBytes: 60_000 });
  assert.deepEqual([light.images[0]?.format, light.images[0]?.width], ['jpeg', 400]);
  assert((light.images[0]?.bytes.length ?? Infinity) <= 60_000);
  assert.equal(light.warnings.length, 1);

  const heavy = await load([dataUri(bytes)], { formats: ['png', 'jpeg'], maxBytes: 3000 });
  const [small] = heavy.images;
  assert(small !== undefined && small.bytes.length <= 3000 && small.width < 400);
  assert(Math.abs(small.width / small.height - 4 / 3) < 0.05);
  assert.deepEqual(heavy.warnings[0]?.requested, '400x300');
  assert.deepEqual(heavy.warnings[0]?.used, `${small.width}x${small.height}`);

  const onlyPng = await load([dataUri(bytes)], { formats: ['png'], maxBytes: 60_000 });
  assert.equal(onlyPng.images[0]?.format, 'png');
  assert((onlyPng.images[0]?.bytes.length ?? Infinity) <= 60_000);

  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', { maxBytes: 3000, minSide: 250 });
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', { maxBytes: 200 });
});

test('a cap on all base64 together re-encodes the largest first, and refuses on the field when that is not enough', async () => {
  const small = await file('png', 40, 40);
  const large = await file('png', 300, 300);
  const cap = Math.ceil((small.length + large.length) / 3) * 4 - 1000;
  const { images, warnings } = await load([dataUri(small), dataUri(large), dataUri(small)], {
    maxTotalBase64: cap,
  });
  assert.deepEqual(
    images.map(({ format }) => format),
    ['png', 'jpeg', 'png'],
  );
  assert.deepEqual(
    warnings.map(({ param }) => param),
    ['images[1]'],
  );
  const total = images.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 3) * 4, 0);
  assert(total <= cap);
  const refusal = await refuses([dataUri(large), dataUri(large)], 'invalid_image', 'images', {
    maxTotalBase64: 9000,
  });
  assert.match(refusal.message, /9000/);
});

test('order and duplicates are kept, from all sources at once', async () => {
  const [png, jpeg, webp, gif] = await Promise.all([file('png'), file('jpeg'), file('webp'), file('gif')]);
  const parts: Partial<InputDependencies> = {
    fetch: async (url) => {
      // The first answers last.
      if (url.endsWith('slow.jpg')) await new Promise((resolve) => setImmediate(resolve));
      return jpeg;
    },
    readOwnFile: (url) =>
      Promise.resolve(url.startsWith('http://127.0.0.1:8080/v1/files/') ? webp : undefined),
    readAsset: (id) => Promise.resolve(id === assetId ? gif : undefined),
  };
  const { images } = await load(
    [
      'https://example.org/slow.jpg',
      { url: dataUri(png) },
      `asset://${assetId}`,
      { image_url: { url: 'http://127.0.0.1:8080/v1/files/img_x/0.webp?exp=1&sig=2' } },
      'https://example.org/b.jpg',
      { image_url: dataUri(png) },
      `asset://${assetId}`,
    ],
    {},
    parts,
  );
  assert.deepEqual(
    images.map(({ format, param }) => `${param} ${format}`),
    ['jpeg', 'png', 'gif', 'webp', 'jpeg', 'png', 'gif'].map((format, i) => `images[${i}] ${format}`),
  );
});

test('too many images and models without inputs are refused before anything is read', async () => {
  let reads = 0;
  const fetch = (): Promise<Uint8Array> => {
    reads++;
    return Promise.reject(new Error('not asked for'));
  };
  const urls = Array.from({ length: 15 }, () => 'https://example.org/a.png');
  await refuses(urls, 'too_many_inputs', 'images', {}, { fetch });
  await refuses(urls[0], 'unsupported_parameter', 'images', { max: 0 }, { fetch });
  assert.equal(reads, 0);
  assert.deepEqual(await load([], { max: 0 }), { images: [], warnings: [] });
});

test('whatever goes wrong with a fetch, the caller reads one and the same text', async () => {
  const failures = [
    new Error('ECONNREFUSED 10.0.0.1'),
    new GatewayError('image_fetch_failed', 'a private address'),
    new TypeError('not a URL'),
    'a string',
  ];
  const messages = new Set<string>();
  for (const failure of failures) {
    const refusal = await refuses(
      ['https://example.org/a.png'],
      'image_fetch_failed',
      'images[0]',
      {},
      {
        // Whatever a fetch rejects with must come out as one text: strings too.
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        fetch: () => Promise.reject(failure),
      },
    );
    messages.add(refusal.message);
    // For the operator, what it was.
    assert.equal(refusal.details, failure instanceof Error ? failure.message : failure);
  }
  const http = await refuses('http://example.org/a.png', 'image_fetch_failed', 'images');
  messages.add(http.message);
  assert.equal(messages.size, 1);
  assert(![...messages].some((message) => message.includes('10.0.0.1')));
  const png = await file('png');
  const allowed = { limits: { ...defaultInputLimits, allowHttp: true }, fetch: () => Promise.resolve(png) };
  assert.equal((await load('http://example.org/a.png', {}, allowed)).images.length, 1);
});

test('what an address delivers is judged by its bytes', async () => {
  for (const text of ['<html><body>Sign in</body></html>', '<svg xmlns="http://www.w3.org/2000/svg"/>', '']) {
    await refuses(
      'https://example.org/a.png',
      'invalid_image',
      'images',
      {},
      {
        fetch: () => Promise.resolve(Buffer.from(text)),
      },
    );
  }
});

test('an unknown asset is not found, and of several faults the first in the list is named', async () => {
  const png = dataUri(await file('png'));
  await refuses([png, `asset://${assetId}`], 'asset_not_found', 'images[1]');
  await refuses(
    [png, 'https://example.org/a', dataUri(Buffer.from('text')), `asset://${assetId}`],
    'image_fetch_failed',
    'images[1]',
    {},
    { fetch: () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 20)) },
  );
});

test('an aborted request is no fault of the image', async () => {
  const controller = new AbortController();
  const work = load(
    ['https://example.org/a.png'],
    {},
    {
      signal: controller.signal,
      fetch: (_url, _limits, signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('socket closed'))),
        ),
    },
  );
  controller.abort(new Error('the caller left'));
  await assert.rejects(work, /the caller left/);
});

test('files over the size limit are refused by name, except those of this server, which are made smaller', async () => {
  const bytes = await file('png', 300, 300);
  const limits = { ...defaultInputLimits, maxBytes: bytes.length - 1 };
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', {}, { limits });
  const { images, warnings } = await load(
    'https://easel.example/v1/files/x',
    {},
    {
      limits,
      readOwnFile: () => Promise.resolve(bytes),
    },
  );
  assert(images[0] !== undefined && images[0].bytes.length < bytes.length);
  assert.equal(warnings.length, 1);
  // Twenty mebibytes and one byte, by the limits as they are.
  const large = Buffer.concat([bytes, Buffer.alloc(20 * 1024 * 1024 - bytes.length + 1)]);
  assert.match((await refuses([dataUri(large)], 'invalid_image', 'images[0]')).message, /20 MiB/);
  const total = { ...defaultInputLimits, maxTotalBytes: bytes.length * 2 };
  const three = [dataUri(bytes), dataUri(bytes), dataUri(bytes)];
  await refuses(three, 'invalid_image', 'images', {}, { limits: total });
});

test('a fetch is told how much it may bring', async () => {
  const asked: number[] = [];
  const png = await file('png');
  await load(
    ['https://a.example/'],
    {},
    {
      fetch: (_url, { maxBytes }) => {
        asked.push(maxBytes);
        return Promise.resolve(png);
      },
    },
  );
  assert.deepEqual(asked, [20 * 1024 * 1024]);
});

test('sides, pixels and shapes out of bounds are refused, those at the bounds are taken', async () => {
  for (const [width, height] of [
    [14, 14],
    [14, 100],
    [15, 241],
    [241, 15],
    [1, 100],
    [6001, 6000],
  ] as const) {
    const refusal = await refuses([await flat(width, height)], 'invalid_image', 'images[0]');
    assert.match(refusal.message, new RegExp(`${width}x${height}`));
  }
  for (const [width, height] of [
    [15, 15],
    [15, 240],
    [240, 15],
    [6000, 6000],
  ] as const) {
    assert.equal((await load([await flat(width, height)])).images[0]?.width, width);
  }
  const kling = { formats: ['png', 'jpeg'] as ImageFormat[], minSide: 300, minRatio: 0.4, maxRatio: 2.5 };
  await refuses([await flat(299, 400)], 'invalid_image', 'images[0]', kling);
  await refuses([await flat(300, 751)], 'invalid_image', 'images[0]', kling);
  await refuses([await flat(751, 300)], 'invalid_image', 'images[0]', kling);
  await refuses([await flat(400, 400)], 'invalid_image', 'images[0]', { maxPixels: 159_999 });
  assert.equal((await load([await flat(750, 300)], kling)).images.length, 1);
});

test('every format cut off anywhere is refused', async () => {
  for (const format of everyFormat) {
    const bytes = await file(format, 40, 30);
    const lengths = new Set([
      0,
      1,
      2,
      3,
      4,
      8,
      12,
      20,
      31,
      32,
      33,
      54,
      100,
      bytes.length - 1,
      bytes.length - 2,
      bytes.length - 13,
    ]);
    for (let i = 1; i < 12; i++) lengths.add(Math.floor((bytes.length * i) / 12));
    for (const length of lengths) {
      if (length < 0 || length >= bytes.length) continue;
      await refuses(
        'https://example.org/a',
        'invalid_image',
        'images',
        {},
        {
          fetch: () => Promise.resolve(bytes.subarray(0, length)),
        },
      );
    }
  }
});

test('data cut out behind a whole structure is found by decoding', async () => {
  const whole = await file('png', 200, 150);
  // A PNG with its headers and its end, but only half of the pixels' data.
  const idat = whole.indexOf('IDAT');
  const length = whole.readUInt32BE(idat - 4);
  const half = whole.subarray(idat + 4, idat + 4 + Math.floor(length / 2));
  const bytes = Buffer.concat([
    whole.subarray(0, idat - 4),
    pngChunk('IDAT', half),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]');
});

test('bytes that are no image of the list are refused whatever they claim to be', async () => {
  const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"/>';
  const impostors = [
    Buffer.from(svg),
    Buffer.from(svg.slice(21)),
    Buffer.from('<!DOCTYPE html><html></html>'),
    Buffer.from('%PDF-1.7\n'),
    Buffer.from([0]),
    Buffer.from([0x89]),
    Buffer.from('GIF89a'),
    Buffer.from('BM'),
    Buffer.alloc(5000),
    Buffer.from('PK\u0003\u0004 zip'),
    // Right first bytes, wrong rest.
    Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from(svg)]),
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(svg)]),
    Buffer.from(`RIFF\u0040\u0000\u0000\u0000WEBP${svg}`),
    Buffer.from(`GIF89a${svg}`),
    Buffer.from(`II*\u0000${svg}`),
  ];
  for (const bytes of impostors) {
    for (const mime of ['image/png', 'image/webp']) {
      await refuses([dataUri(bytes, mime)], 'invalid_image', 'images[0]');
    }
  }
});

test('small files that claim or unfold into huge pictures are refused without the memory for them', async () => {
  const gif = await file('gif');
  gif.writeUInt16LE(65_535, 6);
  gif.writeUInt16LE(65_535, 8);
  const webp = Buffer.from('RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1');
  webp.writeUIntLE(99_999, 24, 3);
  webp.writeUIntLE(99_999, 27, 3);
  const lossy = (await file('webp')).subarray(12);
  const bigWebp = Buffer.concat([webp, lossy]);
  bigWebp.writeUInt32LE(bigWebp.length - 8, 4);
  const bmp = makeBmp({ width: 8, height: 8, bits: 8, palette: [[0, 0, 0]], runs: true, value: () => 0 });
  bmp.writeInt32LE(100_000, 18);
  bmp.writeInt32LE(100_000, 22);
  const bombs = {
    png: pngOf(100_000, 100_000, deflateSync(Buffer.alloc(1000))),
    'png of legal size with far too much data': pngOf(100, 100, deflateSync(Buffer.alloc(80_000_000))),
    'png at the limit with no data': pngOf(6000, 6000, deflateSync(Buffer.alloc(1000))),
    'png with a text that unfolds': pngOf(100, 100, deflateSync(Buffer.alloc(100)), [
      pngChunk(
        'zTXt',
        Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(80_000_000))]),
      ),
    ]),
    gif,
    webp: bigWebp,
    bmp,
    'tiff with 60,000 samples a pixel': wideTiff(60_000),
  };
  const before = process.memoryUsage().rss;
  for (const [name, bytes] of Object.entries(bombs)) {
    if (name.startsWith('png of legal size')) {
      // Decoders stop at the last row, so the surplus costs nothing; both answers are safe.
      await load([dataUri(bytes)]).catch((error: unknown) => assert(error instanceof GatewayError));
      continue;
    }
    await refuses([dataUri(bytes)], 'invalid_image', 'images[0]');
  }
  const grownMiB = (process.memoryUsage().rss - before) / 1024 / 1024;
  assert(grownMiB < 250, `grew by ${grownMiB.toFixed(0)} MiB`);
});

test('HEIC is passed on where the model takes it and refused with advice elsewhere', async () => {
  const bytes = await heicFile();
  const { images } = await load([dataUri(bytes)], { formats: ['png', 'jpeg', 'heic'] });
  assert(images[0] !== undefined && Buffer.from(images[0].bytes).equals(bytes));
  assert.deepEqual([images[0].format, images[0].mimeType, images[0].width], ['heic', 'image/heic', 64]);
  const refusal = await refuses([dataUri(bytes)], 'invalid_image', 'images[0]');
  assert.match(refusal.message, /HEIC.*JPEG or PNG/);
  const heic = { formats: ['png', 'heic'] as ImageFormat[] };
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', { ...heic, maxBytes: bytes.length - 1 });
  await refuses([dataUri(bytes)], 'invalid_image', 'images[0]', { ...heic, minSide: 49 });
  await refuses([dataUri(bytes.subarray(0, -1))], 'invalid_image', 'images[0]', heic);
});

test('many images at once are all loaded', async () => {
  const bytes = dataUri(await file('jpeg', 300, 200));
  const requests = Array.from({ length: 6 }, () => load(Array.from({ length: 14 }, () => bytes)));
  for (const { images } of await Promise.all(requests)) assert.equal(images.length, 14);
});

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(8 + named.length);
  out.writeUInt32BE(data.length, 0);
  named.copy(out, 4);
  out.writeUInt32BE(crc32(named), 4 + named.length);
  return out;
}

/** A grey PNG of any claim and any data. */
function pngOf(width: number, height: number, idat: Buffer, extra: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', idat),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A TIFF of 2000x2000 pixels whose one deflated strip would be gigabytes. */
function wideTiff(samples: number): Buffer {
  const strip = deflateSync(Buffer.alloc(100_000));
  const tags: [tag: number, type: number, value: number][] = [
    [256, 3, 2000],
    [257, 3, 2000],
    [258, 3, 8],
    [259, 3, 8],
    [262, 3, 1],
    [273, 4, 0],
    [277, 3, samples],
    [278, 3, 2000],
    [279, 4, strip.length],
  ];
  const directory = Buffer.alloc(2 + tags.length * 12 + 4);
  directory.writeUInt16LE(tags.length, 0);
  tags.forEach(([tag, type, value], i) => {
    const at = 2 + i * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(1, at + 4);
    directory.writeUInt32LE(tag === 273 ? 8 + directory.length : value, at + 8);
  });
  return Buffer.concat([Buffer.from([0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]), directory, strip]);
}
