import { BrokenImage, type ByteWindow } from './byte-window.ts';
import { isManifestBox } from './content-credentials.ts';

/** Item tables of real pictures are a few KiB; content credentials stand in boxes of their own. */
const maxMetaBytes = 4 * 1024 * 1024;

interface Box {
  type: number;
  /** Where its content begins and ends, in the file or in the view it was found in. */
  start: number;
  end: number;
}

/**
 * AVIF and HEIC (ISO/IEC 23008-12): every box lies within the file, so does every piece of every item, and
 * the primary item says its size. Pieces are checked besides boxes because a last box may have no length.
 */
export async function readBoxes(
  file: ByteWindow,
): Promise<{ width: number; height: number; contentCredentials: boolean }> {
  let meta: Box | undefined;
  let contentCredentials = false;
  for (let offset = 0; offset < file.bytes;) {
    const box = await readBox(file, offset);
    if (box.type === name('meta')) meta ??= box;
    if (box.type === name('uuid')) contentCredentials ||= await isManifestBox(file, box.start, box.end);
    offset = box.end;
  }
  if (meta === undefined) throw new BrokenImage('the image has no item table');
  const length = meta.end - meta.start;
  if (length > maxMetaBytes) throw new BrokenImage('the item table is too large');
  const view = await file.at(meta.start, length);
  try {
    return { ...readItems(view, file.bytes), contentCredentials };
  } catch (error) {
    // A number that points behind the table.
    if (error instanceof RangeError) throw new BrokenImage('the item table is damaged');
    throw error;
  }
}

async function readBox(file: ByteWindow, offset: number): Promise<Box> {
  const head = await file.at(offset, 8);
  const long = head.getUint32(0) === 1 ? await file.at(offset + 8, 8) : undefined;
  return boxOf(head, long, offset, file.bytes);
}

/** Box lengths: 0 goes to the end of what surrounds it, 1 means that 64 bits follow. */
function boxOf(head: DataView, long: DataView | undefined, offset: number, limit: number): Box {
  const short = head.getUint32(0);
  const type = head.getUint32(4);
  const headBytes = long === undefined ? 8 : 16;
  const length = long !== undefined ? Number(long.getBigUint64(0)) : short === 0 ? limit - offset : short;
  if (length < headBytes || offset + length > limit) throw new BrokenImage('a box is cut off');
  return { type, start: offset + headBytes, end: offset + length };
}

function* boxesIn(view: DataView, start: number, end: number): Generator<Box> {
  for (let offset = start; offset + 8 <= end;) {
    const at = (from: number): DataView => new DataView(view.buffer, view.byteOffset + from, 8);
    const box = boxOf(at(offset), view.getUint32(offset) === 1 ? at(offset + 8) : undefined, offset, end);
    yield box;
    offset = box.end;
  }
}

function readItems(view: DataView, fileBytes: number): { width: number; height: number } {
  // A full box: its version and flags come first.
  const boxes = [...boxesIn(view, 4, view.byteLength)];
  const find = (type: string): Box => {
    const box = boxes.find((box) => box.type === name(type));
    if (box === undefined) throw new BrokenImage('the item table is incomplete');
    return box;
  };
  const primary = readPrimary(view, find('pitm'));
  const idat = boxes.find((box) => box.type === name('idat'));
  const inTable = idat === undefined ? 0 : idat.end - idat.start;
  if (!checkPieces(view, find('iloc'), primary, fileBytes, inTable)) {
    throw new BrokenImage('the image has no pixel data');
  }
  return readSize(view, find('iprp'), primary);
}

function readPrimary(view: DataView, { start }: Box): number {
  return view.getUint8(start) === 0 ? view.getUint16(start + 4) : view.getUint32(start + 4);
}

/** Throws when a piece of an item lies outside; true when the primary item has any bytes. */
function checkPieces(
  view: DataView,
  box: Box,
  primary: number,
  fileBytes: number,
  tableBytes: number,
): boolean {
  const version = view.getUint8(box.start);
  let at = box.start + 4;
  const next = (bytes: number): number => {
    const from = at;
    at += bytes;
    if (bytes === 0) return 0;
    if (bytes === 2) return view.getUint16(from);
    return bytes === 4 ? view.getUint32(from) : Number(view.getBigUint64(from));
  };
  const sizes = next(2);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version === 0 ? 0 : sizes & 15;
  if (![offsetBytes, lengthBytes, baseBytes, indexBytes].every((n) => n === 0 || n === 4 || n === 8)) {
    throw new BrokenImage('the item table is damaged');
  }
  const idBytes = version < 2 ? 2 : 4;
  let found = false;
  for (let items = next(idBytes); items > 0; items--) {
    const id = next(idBytes);
    const method = version === 0 ? 0 : next(2) & 15;
    next(2);
    const base = next(baseBytes);
    const pieces = next(2);
    // Pieces that take no room in the table could be counted without end.
    if (pieces > 1 && offsetBytes + lengthBytes + indexBytes === 0) {
      throw new BrokenImage('the item table is damaged');
    }
    for (let piece = 0; piece < pieces; piece++) {
      next(indexBytes);
      const start = base + next(offsetBytes);
      const length = next(lengthBytes);
      // Method 2 builds an item from others, which are checked themselves.
      const limit = method === 0 ? fileBytes : method === 1 ? tableBytes : Number.POSITIVE_INFINITY;
      if (start + length > limit) throw new BrokenImage('the image is cut off');
      found ||= id === primary && length > 0;
    }
  }
  return found;
}

/** The size among the properties that belong to the item. */
function readSize(view: DataView, iprp: Box, item: number): { width: number; height: number } {
  const inside = [...boxesIn(view, iprp.start, iprp.end)];
  const list = inside.find((box) => box.type === name('ipco'));
  const properties = list === undefined ? [] : [...boxesIn(view, list.start, list.end)];
  for (const links of inside.filter((box) => box.type === name('ipma'))) {
    for (const index of linksOf(view, links, item)) {
      const property = properties[index - 1];
      if (property?.type === name('ispe')) {
        return { width: view.getUint32(property.start + 4), height: view.getUint32(property.start + 8) };
      }
    }
  }
  throw new BrokenImage('the image does not say its size');
}

function* linksOf(view: DataView, { start }: Box, item: number): Generator<number> {
  const idBytes = view.getUint8(start) === 0 ? 2 : 4;
  const isWide = (view.getUint8(start + 3) & 1) === 1;
  let at = start + 8;
  for (let entries = view.getUint32(start + 4); entries > 0; entries--) {
    const id = idBytes === 2 ? view.getUint16(at) : view.getUint32(at);
    const count = view.getUint8(at + idBytes);
    at += idBytes + 1;
    for (let link = 0; link < count; link++) {
      // The top bit says whether a reader must know the property.
      const index = isWide ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f;
      at += isWide ? 2 : 1;
      if (id === item) yield index;
    }
  }
}

function name(type: string): number {
  return (
    (type.charCodeAt(0) * 2 ** 24 +
      type.charCodeAt(1) * 2 ** 16 +
      type.charCodeAt(2) * 2 ** 8 +
      type.charCodeAt(3)) >>>
    0
  );
}
