import { createHash, randomFillSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** Pictures of each size, so that an answer to another's request is noticed. */
const variants = 3;

/** Which picture the request of this number is answered with. */
export function variantOf(number: number): number {
  return number % variants;
}

/** The pictures of a run lie in one folder, where every process of the run reads them. */
function pictureFile(folder: string, bytes: number, variant: number): string {
  return path.join(folder, pictureName(bytes, variant));
}

export function pictureName(bytes: number, variant: number): string {
  return `${bytes}-${variant}.png`;
}

/** Makes the pictures of this size where they are not there yet. */
export async function ensurePictures(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let variant = 0; variant < variants; variant += 1) {
    const file = pictureFile(folder, bytes, variant);
    if (existsSync(file)) continue;
    await writeFile(`${file}.new`, await makePicture(bytes));
    await rename(`${file}.new`, file);
  }
}

/** Reads each file once; sizes and hashes are asked for again and again. */
export function makePictureReader(folder: string): (bytes: number, variant: number) => Buffer {
  const read = new Map<string, Buffer>();
  return (bytes, variant) => {
    const file = pictureFile(folder, bytes, variant);
    const known = read.get(file) ?? readFileSync(file);
    read.set(file, known);
    return known;
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The smallest that is surely reached. */
const minBytes = 1024;

/**
 * A PNG of exactly this many bytes that nothing can compress, as photographs of that size behave: noise, stored
 * without compression, and a chunk of noise that readers skip for the bytes that are left.
 */
export async function makePicture(bytes: number): Promise<Buffer> {
  if (bytes < minBytes) throw new RangeError(`a picture has at least ${minBytes} bytes`);
  const width = Math.max(4, Math.floor(Math.sqrt(bytes / 3)));
  const height = Math.max(1, Math.floor((bytes * 0.99 - 512) / (width * 3 + 1)));
  const noise = randomFillSync(Buffer.alloc(width * height * 3));
  const image = await sharp(noise, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const endBytes = 12;
  const filler = randomFillSync(Buffer.alloc(bytes - image.length - 12));
  return Buffer.concat([image.subarray(0, -endBytes), pngChunk('noIs', filler), image.subarray(-endBytes)]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
