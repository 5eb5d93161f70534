import { readFileSync } from 'node:fs';

import { NotBase64 } from '../core/object-store.ts';
import { largeBytes } from './block.ts';

/** What base64.wat exports. Both trust the length they are given. */
interface Code {
  memory: { buffer: ArrayBuffer };
  decode(length: number): number;
  encode(length: number): void;
}

/** Neither Node's types nor the language's own know it. */
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/*
 * Base64 by the processor's instructions for 16 bytes at once (base64.wat): about half of the time that Node takes by
 * way of strings, and no garbage. Every arm64 has them, and every x64 that sharp's binaries run on. There is one memory,
 * so it is for a thread that is done with what it was given before it asks for more.
 */
const module = new WebAssembly.Module(readFileSync(new URL('base64.wasm', import.meta.url)));
const code = new WebAssembly.Instance(module).exports as Code;

/** Whole groups: as many bytes as make the largest block's characters. */
const maxBytes = (largeBytes / 4) * 3;

/** What `encodeBase64` encodes is put here first. The two places are base64.wat's. */
export const bytesToEncode = Buffer.from(code.memory.buffer, 65_536, maxBytes);
const characters = Buffer.from(code.memory.buffer, 262_144, largeBytes);

/**
 * Decodes a part of a text, a block's at most. All but the last part is a multiple of four characters. What is returned
 * stands until the next call. Throws NotBase64.
 *
 * Base64 is RFC 4648 section 4 and nothing looser: standard alphabet, padded, no white space, unused bits zero.
 * Every encoder in use writes that, and guessing at anything else could store a damaged picture as a good one.
 */
export function decodeBase64(part: Buffer, isLast: boolean): Buffer {
  const { length } = part;
  if (length > characters.length) throw new RangeError('longer than a block');
  if (length % 4 !== 0) throw new NotBase64();
  if (length === 0) return characters.subarray(0, 0);
  // The one way that is fast from and to shared memory: `set` and `copy` take ten times as long.
  characters.fill(part, 0, length);
  // The last group may be padded.
  const unpadded = isLast ? length - 4 : length;
  const vectors = unpadded - (unpadded % 16);
  if (code.decode(vectors) === 0) throw new NotBase64();
  const bytes = (vectors / 4) * 3;
  const rest = decodeRest(characters.toString('latin1', vectors, length), isLast);
  return characters.subarray(0, bytes + rest.copy(characters, bytes));
}

/** Few characters, the strict way: they are what an encoder makes of what Node's looser decoder makes of them. */
function decodeRest(text: string, isLast: boolean): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new NotBase64();
  if (!isLast && text.endsWith('=')) throw new NotBase64();
  return bytes;
}

/** The first `length` bytes of `bytesToEncode` as base64, which stands until the next call. */
export function encodeBase64(length: number): Buffer {
  if (length > bytesToEncode.length) throw new RangeError('longer than a block');
  const vectors = length - (length % 12);
  code.encode(vectors);
  const rest = bytesToEncode.toString('base64', vectors, length);
  const done = (vectors / 3) * 4;
  return characters.subarray(0, done + characters.write(rest, done, 'latin1'));
}
