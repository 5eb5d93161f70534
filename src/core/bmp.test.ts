import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBmp, type BmpRecipe } from '../../test/kit/bmp-file.ts';
import { fc } from '../../test/kit/made-up.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';

const maxPixels = 36_000_000;
const width = 37;
const height = 11;

type Color = readonly [number, number, number];

/** A picture in which every pixel tells where it stands. */
function colorAt(x: number, y: number): Color {
  return [x * 6, y * 20, 255 - x - y * 3];
}

const grey = Array.from({ length: 256 }, (_, i): Color => [i, 255 - i, (i * 7) % 256]);

async function assertDecodes(
  recipe: BmpRecipe,
  expected: (x: number, y: number) => readonly number[],
): Promise<void> {
  const bytes = makeBmp(recipe);
  const image = await decodeBmp(bytes, maxPixels);
  assert(image !== undefined, 'decodes');
  assert.deepEqual([image.width, image.height], [recipe.width, recipe.height]);
  const wanted: number[] = [];
  for (let y = 0; y < recipe.height; y++)
    for (let x = 0; x < recipe.width; x++) wanted.push(...expected(x, y));
  assert.deepEqual([...image.pixels], wanted);
}

function value24(x: number, y: number): number {
  const [red, green, blue] = colorAt(x, y);
  return red * 65_536 + green * 256 + blue;
}

test('24 bits are read bottom-up and top-down, with both kinds of header', async () => {
  for (const topDown of [false, true]) {
    await assertDecodes({ width, height, bits: 24, topDown, value: value24 }, colorAt);
  }
  for (const headerBytes of [12, 52, 56, 108, 124]) {
    await assertDecodes({ width, height, bits: 24, headerBytes, value: value24 }, colorAt);
  }
});

test('1, 4 and 8 bits go through the palette, whatever the width', async () => {
  for (const bits of [1, 4, 8] as const) {
    const palette = grey.slice(0, 2 ** bits);
    const value = (x: number, y: number): number => (x * 5 + y * 3) % palette.length;
    for (const oddWidth of [1, 7, 8, 31, 37]) {
      for (const headerBytes of [12, 40]) {
        await assertDecodes(
          { width: oddWidth, height, bits, headerBytes, palette, value },
          (x, y) => palette[value(x, y)] ?? [],
        );
      }
    }
  }
});

test('an index beyond the palette is black', async () => {
  const palette = grey.slice(0, 3);
  await assertDecodes(
    { width: 5, height: 1, bits: 8, palette, value: (x) => x },
    (x) => palette[x] ?? [0, 0, 0],
  );
});

function wide(five: number): number {
  return Math.round((five * 255) / 31);
}

test('plain 16 bits are 5-5-5 and the fourth byte of plain 32 bits is not alpha', async () => {
  await assertDecodes(
    { width, height, bits: 16, value: (x, y) => ((x % 32) << 10) | ((y % 32) << 5) | 7 },
    (x, y) => [wide(x % 32), wide(y % 32), wide(7)],
  );
  await assertDecodes({ width, height, bits: 32, value: (x, y) => value24(x, y) + 0x0b000000 }, colorAt);
});

test('bit fields of any place and width are scaled to eight bits', async () => {
  await assertDecodes(
    {
      width,
      height,
      bits: 16,
      masks: [0xf800, 0x07e0, 0x001f],
      value: (x, y) => ((x % 32) << 11) | (y << 5) | 31,
    },
    (x, y) => [Math.round(((x % 32) * 255) / 31), Math.round((y * 255) / 63), 255],
  );
  const masks = [0x3ff00000, 0x000ffc00, 0x000003ff];
  await assertDecodes(
    { width, height, bits: 32, masks, value: (x, y) => x * 2 ** 20 + y * 2 ** 10 + 1023 },
    (x, y) => [Math.round((x * 255) / 1023), Math.round((y * 255) / 1023), 255],
  );
});

test('alpha is read where a mask for it stands in the header', async () => {
  const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
  const value = (x: number, y: number): number => value24(x, y) + (x + 1) * 2 ** 24;
  for (const headerBytes of [56, 108, 124]) {
    await assertDecodes({ width, height, bits: 32, headerBytes, masks, value }, (x, y) => [
      ...colorAt(x, y),
      x + 1,
    ]);
  }
  const unused = { width, height, bits: 32, headerBytes: 124, masks, value: value24 } as const;
  await assertDecodes(unused, (x, y) => [...colorAt(x, y), 255]);
});

test('runs of 8 and 4 bits are unpacked: encoded, absolute and jumps', async () => {
  for (const bits of [4, 8] as const) {
    const palette = grey.slice(0, 2 ** bits);
    const value = (x: number, y: number): number => (x < 9 ? 0 : Math.floor(x / 4 + y) % palette.length);
    for (const runWidth of [1, 3, 36, 37, 300]) {
      await assertDecodes(
        { width: runWidth, height: 7, bits, palette, runs: true, value },
        (x, y) => palette[value(x, y)] ?? [],
      );
    }
  }
});

test('a file cut off anywhere decodes to nothing', async () => {
  const palette = grey.slice(0, 16);
  const shape = { width: 12, height: 5 };
  const files = [
    makeBmp({ ...shape, bits: 24, value: value24 }),
    makeBmp({ ...shape, bits: 4, palette, runs: true, value: (x, y) => (x + y) % 16 }),
    makeBmp({ ...shape, bits: 16, masks: [0xf800, 0x7e0, 0x1f], value: (x) => x }),
    makeBmp({ ...shape, bits: 8, headerBytes: 12, palette, value: (x) => x }),
  ];
  for (const [i, file] of files.entries()) {
    // The last two bytes of a run file are its end mark: its last row may be full without it.
    for (let length = 0; length < file.length - (i === 1 ? 2 : 0); length++) {
      assert.equal(
        await decodeBmp(file.subarray(0, length), maxPixels),
        undefined,
        `file ${i} cut to ${length}`,
      );
    }
  }
});

test('a header that claims a huge picture costs no memory', async () => {
  const small = makeBmp({ width: 8, height: 8, bits: 8, palette: grey, value: () => 1 });
  for (const [claimedWidth, claimedHeight] of [
    [100_000, 100_000],
    [2_147_483_647, 2_147_483_647],
    [2_147_483_647, -2_147_483_648],
    [6000, 6000],
  ] as const) {
    const lie = Buffer.from(small);
    lie.writeInt32LE(claimedWidth, 18);
    lie.writeInt32LE(claimedHeight, 22);
    assert.equal(readBmpHeader(lie)?.height, Math.abs(claimedHeight));
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(await decodeBmp(lie, maxPixels), undefined);
    assert(process.memoryUsage().arrayBuffers - before < 1_000_000);
  }
});

test('kinds that are not read are told from the header', () => {
  const file = makeBmp({ width: 8, height: 8, bits: 24, value: () => 1 });
  const withField = (offset: number, value: number, bytes: 2 | 4): Buffer => {
    const changed = Buffer.from(file);
    changed.writeUIntLE(value, offset, bytes);
    return changed;
  };
  assert(readBmpHeader(file));
  assert.equal(readBmpHeader(withField(30, 4, 4)), undefined, 'JPEG inside');
  assert.equal(readBmpHeader(withField(30, 5, 4)), undefined, 'PNG inside');
  assert.equal(readBmpHeader(withField(28, 2, 2)), undefined, '2 bits');
  assert.equal(readBmpHeader(withField(14, 41, 4)), undefined, 'unknown header');
  assert.equal(readBmpHeader(withField(18, 0, 4)), undefined, 'no width');
  assert.equal(readBmpHeader(withField(22, 0, 4)), undefined, 'no height');
  assert.equal(readBmpHeader(withField(10, 20, 4)), undefined, 'pixels inside the header');
  const gaps = makeBmp({ width: 8, height: 8, bits: 16, masks: [0xf0f0, 0xf, 0xf00], value: () => 1 });
  assert.equal(readBmpHeader(gaps), undefined, 'a mask with a gap');
});

test('arbitrary bytes behind a BMP header never crash the decoder', async () => {
  const header = fc.record({
    headerBytes: fc.constantFrom(12, 40, 52, 56, 64, 108, 124),
    bits: fc.constantFrom(1, 4, 8, 16, 24, 32),
    compression: fc.constantFrom(0, 1, 2, 3, 6),
    width: fc.integer({ min: -5, max: 300 }),
    height: fc.integer({ min: -300, max: 300 }),
    dataOffset: fc.integer({ min: 0, max: 300 }),
    colors: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(0xffffffff)),
    rest: fc.uint8Array({ maxLength: 2000 }),
  });
  await fc.assert(
    fc.asyncProperty(header, async (claim) => {
      const head = Buffer.alloc(54);
      head.write('BM');
      head.writeUInt32LE(claim.dataOffset, 10);
      head.writeUInt32LE(claim.headerBytes, 14);
      head.writeInt32LE(claim.width, 18);
      head.writeInt32LE(claim.height, 22);
      head.writeUInt16LE(claim.bits, 28);
      head.writeUInt32LE(claim.compression, 30);
      head.writeUInt32LE(claim.colors, 46);
      const image = await decodeBmp(Buffer.concat([head, claim.rest]), maxPixels);
      if (image) assert.equal(image.pixels.length, image.width * image.height * image.channels);
    }),
    { numRuns: 1000 },
  );
});
