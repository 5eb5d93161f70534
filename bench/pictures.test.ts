import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { readStructure } from '../src/core/image-structure.ts';
import { makePicture } from './pictures.ts';

test('a picture has exactly the bytes that were asked for, decodes, and cannot be compressed', async () => {
  for (const bytes of [1024, 29_808, 128_000, 1_049_808]) {
    const picture = await makePicture(bytes);
    assert.equal(picture.length, bytes);
    const structure = await readStructure(
      async (offset, length) => picture.subarray(offset, offset + length),
      bytes,
    );
    const { info } = await sharp(picture, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true });
    assert.ok('format' in structure);
    assert.deepEqual([structure.width, structure.height], [info.width, info.height]);
    assert.ok(gzipSync(picture).length > bytes * 0.95);
  }
});
