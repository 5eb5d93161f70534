import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * A small BMP decoder, because sharp has none. Layout: Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER,
 * BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER and "Bitmap Compression". Not read: JPEG or PNG inside a
 * BMP (meant for printers) and OS/2's Huffman and RLE24.
 */
export interface BmpHeader {
  width: number;
  height: number;
  /** Rows are stored from the top; usually they are not. */
  topDown: boolean;
  bitsPerPixel: number;
  packing: 'plain' | 'rle4' | 'rle8';
  /** Where the pixels begin. */
  dataOffset: number;
  /** Red, green, blue and alpha, for 16 and 32 bits. */
  masks: readonly [number, number, number, number];
  palette: { offset: number; entryBytes: 3 | 4; entries: number };
}

/** Pixels row by row from the top, RGB or RGBA, 8 bits each. */
export interface RawImage {
  width: number;
  height: number;
  channels: 3 | 4;
  pixels: Uint8Array;
}

/** What the header says, or undefined where it is none that can be read. Nothing is allocated. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26 || view.getUint16(0) !== 0x424d) return undefined;
  const headerBytes = view.getUint32(14, true);
  if (![12, 40, 52, 56, 64, 108, 124].includes(headerBytes)) return undefined;
  if (bytes.length < 14 + headerBytes) return undefined;

  const isCore = headerBytes === 12;
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? 0 : view.getUint32(30, true);
  const colorsUsed = isCore ? 0 : view.getUint32(46, true);
  if (width <= 0 || signedHeight === 0) return undefined;
  const topDown = signedHeight < 0;

  const packing = readPacking(compression, bitsPerPixel, headerBytes);
  if (packing === undefined || (packing !== 'plain' && topDown)) return undefined;
  const hasMasks = compression === 3 || compression === 6;
  // Older headers carry the masks behind themselves, later ones inside, at the same place.
  const masksAfter = hasMasks && headerBytes === 40 ? (compression === 6 ? 16 : 12) : 0;
  const headEnd = 14 + headerBytes + masksAfter;
  if (bytes.length < headEnd) return undefined;
  const masks = readMasks(view, bitsPerPixel, hasMasks, headEnd);
  if (masks === undefined) return undefined;

  const entryBytes = isCore ? 3 : 4;
  const most = bitsPerPixel <= 8 ? 2 ** bitsPerPixel : 0;
  const stated = view.getUint32(10, true);
  const room = stated === 0 ? most : Math.floor((stated - headEnd) / entryBytes);
  const entries = Math.min(colorsUsed === 0 ? most : colorsUsed, most, room);
  const paletteEnd = headEnd + entries * entryBytes;
  const dataOffset = stated === 0 ? paletteEnd : stated;
  if (entries < 0 || dataOffset < headEnd || paletteEnd > bytes.length) return undefined;
  const palette = { offset: headEnd, entryBytes, entries } as const;
  const height = Math.abs(signedHeight);
  return { width, height, topDown, bitsPerPixel, packing, dataOffset, masks, palette };
}

/**
 * All pixels, or undefined when the bytes are no whole BMP or hold more than `maxPixels`. Sizes are checked
 * before anything is allocated; the event loop gets a turn every quarter of a million pixels.
 */
export async function decodeBmp(bytes: Uint8Array, maxPixels: number): Promise<RawImage | undefined> {
  const header = readBmpHeader(bytes);
  if (header === undefined || header.width * header.height > maxPixels) return undefined;
  const { width, height } = header;
  const packed =
    header.packing === 'plain' ? bytes.subarray(header.dataOffset) : await unpackRuns(bytes, header);
  if (packed === undefined) return undefined;
  // Unpacked runs are one index per byte, without padding.
  const bits = header.packing === 'plain' ? header.bitsPerPixel : 8;
  const rowBytes = Math.ceil((width * bits) / 8);
  const stride = header.packing === 'plain' ? Math.ceil(rowBytes / 4) * 4 : rowBytes;
  // Some writers leave out the padding of the very last row.
  if (packed.length < stride * (height - 1) + rowBytes) return undefined;

  const hasAlpha = header.packing === 'plain' && header.masks[3] !== 0;
  const channels = hasAlpha ? 4 : 3;
  const pixels = new Uint8Array(width * height * channels);
  const copyRow = rowCopier(bytes, header, bits);
  const rowsPerTurn = Math.max(1, Math.floor(250_000 / width));
  for (let y = 0; y < height; y++) {
    if (y % rowsPerTurn === rowsPerTurn - 1) await nextTurn();
    const stored = header.topDown ? y : height - 1 - y;
    copyRow(packed.subarray(stored * stride, stored * stride + rowBytes), pixels, y * width * channels);
  }
  if (hasAlpha) makeVisible(pixels);
  return { width, height, channels, pixels };
}

function readPacking(
  compression: number,
  bitsPerPixel: number,
  headerBytes: number,
): BmpHeader['packing'] | undefined {
  const isOs2 = headerBytes === 64;
  if (compression === 0 && [1, 4, 8, 16, 24, 32].includes(bitsPerPixel)) return 'plain';
  if (compression === 1 && bitsPerPixel === 8) return 'rle8';
  if (compression === 2 && bitsPerPixel === 4) return 'rle4';
  const isBitFields = (compression === 3 || compression === 6) && !isOs2;
  if (isBitFields && (bitsPerPixel === 16 || bitsPerPixel === 32)) return 'plain';
  return undefined;
}

function readMasks(
  view: DataView,
  bitsPerPixel: number,
  hasMasks: boolean,
  headEnd: number,
): BmpHeader['masks'] | undefined {
  if (!hasMasks) {
    // The fourth byte of plain 32 bits is reserved, not alpha.
    return bitsPerPixel === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  }
  const at = (offset: number): number => (offset + 4 <= headEnd ? view.getUint32(offset, true) : 0);
  const masks = [at(54), at(58), at(62), at(66)] as const;
  return masks.every(isRun) ? masks : undefined;
}

/** One run of set bits, or none at all. */
function isRun(mask: number): boolean {
  return mask === 0 || Number.isInteger(Math.log2(mask / lowestBit(mask) + 1));
}

function lowestBit(mask: number): number {
  return (mask & -mask) >>> 0;
}

/** Puts one stored row into `out` from `to` on. */
type RowCopier = (row: Uint8Array, out: Uint8Array, to: number) => void;

function rowCopier(bytes: Uint8Array, header: BmpHeader, bits: number): RowCopier {
  const { width } = header;
  switch (bits) {
    case 24:
      return (row, out, to) => {
        for (let i = 0; i < width * 3; i += 3) {
          out[to + i] = row[i + 2] ?? 0;
          out[to + i + 1] = row[i + 1] ?? 0;
          out[to + i + 2] = row[i] ?? 0;
        }
      };
    case 16:
    case 32:
      return maskedRowCopier(header);
    default: {
      const colors = readPalette(bytes, header);
      const perByte = 8 / bits;
      const mask = 2 ** bits - 1;
      return (row, out, to) => {
        for (let x = 0; x < width; x++) {
          const shift = 8 - bits - (x % perByte) * bits;
          const color = (((row[Math.floor(x / perByte)] ?? 0) >> shift) & mask) * 3;
          out[to + x * 3] = colors[color] ?? 0;
          out[to + x * 3 + 1] = colors[color + 1] ?? 0;
          out[to + x * 3 + 2] = colors[color + 2] ?? 0;
        }
      };
    }
  }
}

function maskedRowCopier({ width, bitsPerPixel, masks }: BmpHeader): RowCopier {
  const channels = masks[3] === 0 ? 3 : 4;
  const fields = masks.slice(0, channels).map((mask) => {
    const low = mask === 0 ? 1 : lowestBit(mask);
    const top = mask === 0 ? 1 : mask / low;
    return { mask, shift: Math.log2(low), scale: 255 / top };
  });
  const step = bitsPerPixel / 8;
  return (row, out, to) => {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    let next = to;
    for (let x = 0; x < width; x++) {
      const value = step === 2 ? view.getUint16(x * 2, true) : view.getUint32(x * 4, true);
      for (const { mask, shift, scale } of fields) {
        out[next++] = Math.round((((value & mask) >>> 0) >>> shift) * scale);
      }
    }
  };
}

/** Red, green, blue of every index; what the file does not define is black. */
function readPalette(bytes: Uint8Array, { palette }: BmpHeader): Uint8Array {
  const colors = new Uint8Array(256 * 3);
  for (let i = 0; i < palette.entries; i++) {
    const from = palette.offset + i * palette.entryBytes;
    for (let c = 0; c < 3; c++) colors[i * 3 + c] = bytes[from + 2 - c] ?? 0;
  }
  return colors;
}

/** Writers that declare an alpha mask and leave it zero mean an opaque picture; browsers read it so. */
function makeVisible(pixels: Uint8Array): void {
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i] !== 0) return;
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
}

function nibble(byte: number, i: number): number {
  return i % 2 === 0 ? byte >> 4 : byte & 15;
}

/** One index per byte, rows as stored (from the bottom); undefined when the data ends before its end mark. */
async function unpackRuns(bytes: Uint8Array, header: BmpHeader): Promise<Uint8Array | undefined> {
  const { width, height, packing } = header;
  const indices = new Uint8Array(width * height);
  const nibbles = packing === 'rle4';
  let x = 0;
  let y = 0;
  const put = (index: number): void => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };

  for (let at = header.dataOffset, turn = 0; at + 1 < bytes.length; turn++) {
    if (turn % 4096 === 4095) await nextTurn();
    const count = bytes[at] ?? 0;
    const value = bytes[at + 1] ?? 0;
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(nibbles ? nibble(value, i) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return indices;
    } else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      const length = nibbles ? Math.ceil(value / 2) : value;
      if (at + length > bytes.length) return undefined;
      for (let i = 0; i < value; i++) {
        put(nibbles ? nibble(bytes[at + (i >> 1)] ?? 0, i) : (bytes[at + i] ?? 0));
      }
      at += length + (length % 2);
    }
    if (y >= height) return indices;
  }
  // Without an end mark it is whole only if the last row was filled.
  return y === height - 1 && x >= width ? indices : undefined;
}
