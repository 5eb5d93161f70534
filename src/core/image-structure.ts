import { crc32 } from 'node:zlib';

import { readBmpHeader } from './bmp.ts';
import { readBoxes } from './box-structure.ts';
import { BrokenImage, openWindow, type ByteWindow, type ReadAt } from './byte-window.ts';
import { isManifestExtension, isManifestSegment, isManifestStore } from './content-credentials.ts';
import { sniffFormat, type ImageFormat } from './image-format.ts';
import { readTiff } from './tiff-structure.ts';

/** What a whole image's structure says. */
export interface ImageFacts extends Size {
  format: ImageFormat;
  /** It carries content credentials (C2PA); whether they are good is not judged. */
  contentCredentials: boolean;
}

/** `broken` is a short reason for people. */
export type ImageStructure = ImageFacts | { broken: string };

interface Size {
  width: number;
  height: number;
}

type Structure = Omit<ImageFacts, 'format'>;

/**
 * Header, size and trailer of an image, without decoding: a picture that was cut off anywhere is broken, a
 * bomb costs no more than its numbers. The size is that of the stored pixels; EXIF orientation is not
 * applied. Never throws over what the bytes say, only when `readAt` does.
 */
export async function readStructure(readAt: ReadAt, bytes: number): Promise<ImageStructure> {
  const file = openWindow(readAt, bytes);
  try {
    const head = await file.at(0, Math.min(bytes, 32));
    const format = sniffFormat(new Uint8Array(head.buffer, head.byteOffset, head.byteLength));
    if (format === undefined) return { broken: 'the bytes are no image of a known format' };
    const { width, height, contentCredentials } = await readers[format](file);
    if (width === 0 || height === 0) return { broken: 'the image has no pixels' };
    return { format, width, height, contentCredentials };
  } catch (error) {
    if (error instanceof BrokenImage) return { broken: error.message };
    throw error;
  }
}

const readers: Record<ImageFormat, (file: ByteWindow) => Promise<Structure>> = {
  png: readPng,
  jpeg: readJpeg,
  webp: readWebp,
  gif: readGif,
  avif: readBoxes,
  heic: readBoxes,
  tiff: readTiff,
  bmp: readBmp,
};

const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const CABX = 0x63614258;

/** Every chunk by its length up to IEND. What follows IEND is not the image's and does not matter. */
async function readPng(file: ByteWindow): Promise<Structure> {
  const head = await file.at(8, 25);
  const named = new Uint8Array(head.buffer, head.byteOffset + 4, 17);
  if (head.getUint32(0) !== 13 || head.getUint32(4) !== IHDR || crc32(named) !== head.getUint32(21)) {
    throw new BrokenImage('the PNG header is damaged');
  }
  const size = { width: head.getUint32(8), height: head.getUint32(12) };
  let hasPixels = false;
  let contentCredentials = false;
  for (let offset = 33; ;) {
    const chunk = await file.at(offset, 8);
    const length = chunk.getUint32(0);
    const type = chunk.getUint32(4);
    if (type === IEND) {
      const end = await file.at(offset, 12);
      if (length !== 0 || end.getUint32(8) !== 0xae426082) throw new BrokenImage('the PNG end is damaged');
      if (!hasPixels) throw new BrokenImage('the PNG has no pixel data');
      return { ...size, contentCredentials };
    }
    if (length > 0x7fffffff || !isPngName(type)) throw new BrokenImage('a PNG chunk is damaged');
    hasPixels ||= type === IDAT && length > 0;
    if (type === CABX) contentCredentials ||= await isManifestStore(file, offset + 8, offset + 8 + length);
    offset += 12 + length;
  }
}

function isPngName(type: number): boolean {
  // Four letters: bit 5 is their case.
  for (let shift = 0; shift < 32; shift += 8) {
    const letter = (type >>> shift) & 0xdf;
    if (letter < 0x41 || letter > 0x5a) return false;
  }
  return true;
}

/** Far more than content credentials of 20 MiB need; a file of nothing but empty segments stops here. */
const maxJpegSegments = 20_000;

/** Every segment by its length up to the first scan, then the end mark. */
async function readJpeg(file: ByteWindow): Promise<Structure> {
  let size: Size | undefined;
  let contentCredentials = false;
  let offset = 2;
  for (let segments = 0; segments < maxJpegSegments; segments++) {
    const mark = await file.at(offset, 2);
    const code = mark.getUint8(1);
    if (mark.getUint8(0) !== 0xff) throw new BrokenImage('a JPEG segment is damaged');
    if (code === 0xff || code === 0x01) {
      // A fill byte, or a mark that stands alone.
      offset += code === 0xff ? 1 : 2;
      continue;
    }
    if (code < 0xc0 || (code >= 0xd0 && code <= 0xd9)) throw new BrokenImage('a JPEG segment is damaged');
    const length = (await file.at(offset + 2, 2)).getUint16(0);
    if (length < 2) throw new BrokenImage('a JPEG segment is damaged');
    if (isJpegFrame(code)) {
      const frame = await file.at(offset + 4, 6);
      if (length !== 8 + 3 * frame.getUint8(5)) throw new BrokenImage('the JPEG header is damaged');
      size ??= { width: frame.getUint16(3), height: frame.getUint16(1) };
    }
    if (code === 0xeb) contentCredentials ||= await isManifestSegment(file, offset + 4, offset + 2 + length);
    offset += 2 + length;
    if (code === 0xda) {
      if (size === undefined) throw new BrokenImage('the JPEG has no header before its pixels');
      await findJpegEnd(file, offset);
      return { ...size, contentCredentials };
    }
  }
  throw new BrokenImage('the JPEG has too many segments');
}

function isJpegFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

/**
 * Pixel data never holds an end mark by chance (0xff is always stuffed), so the last two bytes say enough.
 * Only a file that goes on behind its image (cameras append a second one) is walked through.
 */
async function findJpegEnd(file: ByteWindow, pixels: number): Promise<void> {
  const last = await file.at(file.bytes - 2, 2);
  if (last.getUint16(0) === 0xffd9 && pixels < file.bytes - 2) return;
  for (let offset = pixels; ;) {
    const found = await file.find(0xff, offset);
    if (found === undefined) break;
    const code = (await file.at(found, 2)).getUint8(1);
    if (code === 0xd9 && found > pixels) return;
    const isInsideScan = code === 0x00 || code === 0xff || (code >= 0xd0 && code <= 0xd7);
    // Between the scans of a progressive image stand tables: skipped by their length.
    if (isInsideScan) offset = found + (code === 0xff ? 1 : 2);
    else offset = found + 2 + Math.max(2, (await file.at(found + 2, 2)).getUint16(0));
  }
  throw new BrokenImage('the JPEG has no end');
}

/** The container's own length, every chunk in it, and the size from the first. */
async function readWebp(file: ByteWindow): Promise<Structure> {
  const end = 8 + (await file.at(4, 4)).getUint32(0, true);
  if (end > file.bytes) throw new BrokenImage('the WebP is cut off');
  let size: Size | undefined;
  let hasPixels = false;
  let contentCredentials = false;
  for (let offset = 12; offset + 8 <= end;) {
    const chunk = await file.at(offset, 8);
    const name = chunk.getUint32(0);
    const length = chunk.getUint32(4, true);
    if (offset + 8 + length > end) throw new BrokenImage('the WebP is cut off');
    size ??= await readWebpSize(file, name, offset + 8, length);
    hasPixels ||= (name === VP8_ || name === VP8L || name === ANMF) && length > 0;
    if (name === C2PA) contentCredentials ||= await isManifestStore(file, offset + 8, offset + 8 + length);
    offset += 8 + length + (length % 2);
  }
  if (size === undefined || !hasPixels) throw new BrokenImage('the WebP has no pixel data');
  return { ...size, contentCredentials };
}

const VP8_ = 0x56503820;
const VP8L = 0x5650384c;
const VP8X = 0x56503858;
const ANMF = 0x414e4d46;
const C2PA = 0x43325041;

async function readWebpSize(file: ByteWindow, name: number, offset: number, length: number): Promise<Size> {
  if (name === VP8X && length >= 10) {
    const canvas = await file.at(offset + 4, 6);
    const side = (at: number): number => 1 + canvas.getUint16(at, true) + canvas.getUint8(at + 2) * 65536;
    return { width: side(0), height: side(3) };
  }
  if (name === VP8L && length >= 5) {
    const head = await file.at(offset, 5);
    const bits = head.getUint32(1, true);
    if (head.getUint8(0) === 0x2f)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (name === VP8_ && length >= 10) {
    const head = await file.at(offset, 10);
    const isKeyFrame = (head.getUint8(0) & 1) === 0;
    if (isKeyFrame && head.getUint8(3) === 0x9d && head.getUint16(4) === 0x012a) {
      return { width: head.getUint16(6, true) & 0x3fff, height: head.getUint16(8, true) & 0x3fff };
    }
  }
  throw new BrokenImage('the WebP header is damaged');
}

/** Every block up to the trailer; the size is the screen's, which is what decoders give. */
async function readGif(file: ByteWindow): Promise<Structure> {
  const head = await file.at(6, 7);
  const size = { width: head.getUint16(0, true), height: head.getUint16(2, true) };
  let offset = 13 + colorTableBytes(head.getUint8(4));
  let contentCredentials = false;
  for (let hasImage = false; ;) {
    const kind = (await file.at(offset, 1)).getUint8(0);
    if (kind === 0x3b) {
      if (!hasImage) throw new BrokenImage('the GIF has no image');
      return { ...size, contentCredentials };
    }
    if (kind === 0x21) {
      const isApplication = (await file.at(offset + 1, 1)).getUint8(0) === 0xff;
      if (isApplication) contentCredentials ||= await isManifestExtension(file, offset + 2);
      offset += 2;
    } else if (kind === 0x2c) {
      hasImage = true;
      // Behind the descriptor: its colours, and one byte that opens the pixels.
      offset += 11 + colorTableBytes((await file.at(offset + 9, 1)).getUint8(0));
    } else {
      throw new BrokenImage('a GIF block is damaged');
    }
    for (let length = -1; length !== 0;) {
      length = (file.held(offset, 1) ?? (await file.at(offset, 1))).getUint8(0);
      offset += 1 + length;
    }
  }
}

function colorTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** The largest header with the largest palette. */
const bmpHeadBytes = 14 + 124 + 16 + 256 * 4;

async function readBmp(file: ByteWindow): Promise<Structure> {
  const view = await file.at(0, Math.min(file.bytes, bmpHeadBytes));
  const header = readBmpHeader(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  if (header === undefined) throw new BrokenImage('the BMP header is damaged');
  const { width, height, bitsPerPixel, packing, dataOffset } = header;
  const rowBytes = Math.ceil((width * bitsPerPixel) / 8);
  const stride = Math.ceil(rowBytes / 4) * 4;
  // Some writers leave out the padding of the very last row. Packed pixels say their own length.
  const pixelBytes =
    packing === 'plain' ? stride * (height - 1) + rowBytes : Math.max(2, view.getUint32(34, true));
  if (dataOffset + pixelBytes > file.bytes) throw new BrokenImage('the BMP is cut off');
  // The format has no place for them.
  return { width, height, contentCredentials: false };
}
