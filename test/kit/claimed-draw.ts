import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Draw } from '../../src/sandbox/kit.ts';

/**
 * A file that says it has the asked size and holds no pixels worth the name: sound in its structure and made in
 * microseconds, for tests of hundreds of generations that never look at a picture. The same request gives the
 * same bytes, any other gives others.
 */
export const claimedDraw: Draw = async ({ prompt, seed, width, height, format, inputs, watermark }) => {
  const hash = createHash('sha256').update(JSON.stringify([prompt, seed, watermark, width, height]));
  for (const input of inputs) hash.update(input);
  const mark = hash.digest();
  return format === 'png' ? pngOf(width, height, mark) : jpegOf(width, height, mark);
};

function pngOf(width: number, height: number, mark: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunkOf('IHDR', head),
    chunkOf('IDAT', mark),
    chunkOf('IEND', Buffer.alloc(0)),
  ]);
}

function chunkOf(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const chunk = Buffer.alloc(8 + named.length);
  chunk.writeUInt32BE(data.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), 4 + named.length);
  return chunk;
}

function jpegOf(width: number, height: number, mark: Buffer): Buffer {
  const frame = [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0];
  // The pixels are the mark without the bytes that would end them.
  const pixels = mark.filter((byte) => byte !== 0xff);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8, ...segmentOf(0xc0, frame), ...segmentOf(0xda, [1, 1, 0, 0, 63, 0])]),
    pixels,
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segmentOf(code: number, data: readonly number[]): number[] {
  const length = data.length + 2;
  return [0xff, code, length >> 8, length & 255, ...data];
}
