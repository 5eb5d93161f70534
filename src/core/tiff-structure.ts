import { BrokenImage, type ByteWindow } from './byte-window.ts';
import { isManifestStore } from './content-credentials.ts';

/** Directories looked at; a chain that goes on, or in a circle, is no picture. */
const maxPages = 256;
const maxEntries = 1024;
/** Strips and tiles of all pages together: 65,536 x 65,536 pixels in tiles of 64. */
const maxPieces = 1_048_576;

/** Bytes of one value, by the type's number (TIFF 6.0 section 2). */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

const tags = {
  width: 256,
  height: 257,
  stripOffsets: 273,
  stripLengths: 279,
  tileOffsets: 324,
  tileLengths: 325,
  contentCredentials: 52_545,
};

interface Entry {
  type: number;
  count: number;
  /** Where its values stand. */
  offset: number;
}

/** Every directory, every value and every strip or tile lies within the file; the first page says the size. */
export async function readTiff(
  file: ByteWindow,
): Promise<{ width: number; height: number; contentCredentials: boolean }> {
  const little = (await file.at(0, 2)).getUint16(0) === 0x4949;
  let size: { width: number; height: number } | undefined;
  let pieces = 0;
  let contentCredentials = false;
  let offset = (await file.at(4, 4)).getUint32(0, little);
  for (let page = 0; offset !== 0; page++) {
    if (page === maxPages || offset < 8) throw new BrokenImage('the TIFF directory is damaged');
    const count = (await file.at(offset, 2)).getUint16(0, little);
    if (count > maxEntries) throw new BrokenImage('the TIFF directory is damaged');
    const entries = await readEntries(file, offset + 2, count, little);
    size ??= {
      width: await firstValue(file, entries.get(tags.width), little),
      height: await firstValue(file, entries.get(tags.height), little),
    };
    pieces += await checkPieces(file, entries, little, maxPieces - pieces);
    const store = entries.get(tags.contentCredentials);
    // Of bytes, or "undefined": a count is a length.
    if (store !== undefined && (store.type === 1 || store.type === 7)) {
      contentCredentials ||= await isManifestStore(file, store.offset, store.offset + store.count);
    }
    offset = (await file.at(offset + 2 + 12 * count, 4)).getUint32(0, little);
  }
  if (size === undefined) throw new BrokenImage('the TIFF has no image');
  return { ...size, contentCredentials };
}

async function readEntries(
  file: ByteWindow,
  start: number,
  count: number,
  little: boolean,
): Promise<Map<number, Entry>> {
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const view = await file.at(start + 12 * i, 12);
    const type = view.getUint16(2, little);
    const values = view.getUint32(4, little);
    const bytes = (typeBytes[type] ?? 0) * values;
    const offset = bytes <= 4 ? start + 12 * i + 8 : view.getUint32(8, little);
    if (offset + bytes > file.bytes) throw new BrokenImage('the TIFF is cut off');
    entries.set(view.getUint16(0, little), { type, count: values, offset });
  }
  return entries;
}

/** How many pieces there are; throws when one of them lies outside the file. */
async function checkPieces(
  file: ByteWindow,
  entries: ReadonlyMap<number, Entry>,
  little: boolean,
  most: number,
): Promise<number> {
  const offsets = entries.get(tags.stripOffsets) ?? entries.get(tags.tileOffsets);
  const lengths = entries.get(tags.stripLengths) ?? entries.get(tags.tileLengths);
  if (offsets === undefined || lengths === undefined || offsets.count === 0) {
    throw new BrokenImage('the TIFF has no pixel data');
  }
  if (offsets.count !== lengths.count || offsets.count > most) {
    throw new BrokenImage('the TIFF directory is damaged');
  }
  // First one list, then the other: going to and fro would read a block for every number.
  const starts = await readValues(file, offsets, little);
  const sizes = await readValues(file, lengths, little);
  for (const [i, start] of starts.entries()) {
    if (start + (sizes[i] ?? 0) > file.bytes) throw new BrokenImage('the TIFF is cut off');
  }
  return offsets.count;
}

async function firstValue(file: ByteWindow, entry: Entry | undefined, little: boolean): Promise<number> {
  if (entry === undefined) throw new BrokenImage('the TIFF does not say its size');
  const [value = 0] = await readValues(file, { ...entry, count: Math.min(entry.count, 1) }, little);
  return value;
}

async function readValues(file: ByteWindow, entry: Entry, little: boolean): Promise<Float64Array> {
  const values = new Float64Array(entry.count);
  const bytes = typeBytes[entry.type] ?? 0;
  if (entry.type !== 3 && entry.type !== 4) throw new BrokenImage('the TIFF directory is damaged');
  for (let i = 0; i < entry.count; i++) {
    const offset = entry.offset + i * bytes;
    const view = file.held(offset, bytes) ?? (await file.at(offset, bytes));
    values[i] = bytes === 2 ? view.getUint16(0, little) : view.getUint32(0, little);
  }
  return values;
}
