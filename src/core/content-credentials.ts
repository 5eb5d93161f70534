import type { ByteWindow } from './byte-window.ts';

/**
 * Content credentials (C2PA) by their structure: the box of a manifest store where the format has its place for it.
 * Whether a signature in it is good is not judged; nothing is taken for one because some text occurs in the file.
 * Places by format: C2PA specification, "Embedding manifests into various file formats".
 */

/** The type of a manifest store: `c2pa` and the tail that ISO/IEC 19566-5 gives to types named by four letters. */
const storeType = [
  0x63, 0x32, 0x70, 0x61, 0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
];

/** The `uuid` box that holds provenance in AVIF and HEIC. */
const boxType = [
  0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81,
];

const jumb = 0x6a756d62;
const jumd = 0x6a756d64;

/** True when a JUMBF superbox that is a C2PA manifest store begins there and lies before `end`. */
export async function isManifestStore(file: ByteWindow, offset: number, end: number): Promise<boolean> {
  if (offset + 32 > end) return false;
  const head = await file.at(offset, 8);
  if (head.getUint32(4) !== jumb) return false;
  // 1: a length of 64 bits follows.
  const inside = offset + (head.getUint32(0) === 1 ? 16 : 8);
  if (inside + 24 > end) return false;
  const description = await file.at(inside, 24);
  return description.getUint32(4) === jumd && holds(description, 8, storeType);
}

/** The first packet of a box that APP11 segments carry (ISO/IEC 19566-5 annex D): `JP`, instance, number 1, the box. */
export async function isManifestSegment(file: ByteWindow, offset: number, end: number): Promise<boolean> {
  if (offset + 8 > end) return false;
  const head = await file.at(offset, 8);
  const isFirstPacket = head.getUint16(0) === 0x4a50 && head.getUint32(4) === 1;
  return isFirstPacket && (await isManifestStore(file, offset + 8, end));
}

/** The words a provenance box may begin with when it holds a store; `merkle` ones hold hashes only. */
const purposes = ['manifest\0', 'original\0', 'update\0'];

/** The content of a `uuid` box: its type, version and flags, a purpose. */
export async function isManifestBox(file: ByteWindow, start: number, end: number): Promise<boolean> {
  const longest = 16 + 4 + 9;
  if (start + longest > end) return false;
  const head = await file.at(start, longest);
  if (!holds(head, 0, boxType)) return false;
  const said = String.fromCharCode(...new Uint8Array(head.buffer, head.byteOffset + 20, 9));
  return purposes.some((purpose) => said.startsWith(purpose));
}

/** The content of a GIF's application extension, from its length byte on. */
export async function isManifestExtension(file: ByteWindow, offset: number): Promise<boolean> {
  if (offset + 12 > file.bytes) return false;
  const head = await file.at(offset, 12);
  return holds(head, 0, [11, ...Buffer.from('C2PA_GIF'), 1, 0, 0]);
}

function holds(view: DataView, offset: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => view.getUint8(offset + i) === byte);
}
