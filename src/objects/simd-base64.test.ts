import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, test } from 'node:test';

import { NotBase64 } from '../core/object-store.ts';
import { largeBytes } from './block.ts';
import { bytesToEncode, decodeBase64, encodeBase64 } from './simd-base64.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648 section 4, a group at a time; undefined: it is not that. */
function decodeByTheBook(text: string, isLast: boolean): Buffer | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4);
    const unpadded = isLast && at + 4 === text.length ? group.replace(/={1,2}$/, '') : group;
    const values = unpadded.split('').map((character) => alphabet.indexOf(character));
    if (group.length !== 4 || values.includes(-1)) return undefined;
    const bits = values.reduce((sum, value, index) => sum | (value << (18 - 6 * index)), 0);
    const count = values.length - 1;
    if ((bits & (0xffffff >> (8 * count))) !== 0) return undefined;
    bytes.push(...[bits >> 16, bits >> 8, bits].slice(0, count).map((byte) => byte & 0xff));
  }
  return Buffer.from(bytes);
}

/** What decodeBase64 makes of it, as a copy; undefined: it refuses. Its parts come in shared memory. */
function decode(part: Buffer, isLast: boolean): Buffer | undefined {
  const shared = Buffer.from(new SharedArrayBuffer(part.length));
  if (part.length > 0) shared.fill(part);
  try {
    return Buffer.from(decodeBase64(shared, isLast));
  } catch (error) {
    assert.ok(error instanceof NotBase64);
    return undefined;
  }
}

function encode(bytes: Buffer): string {
  bytes.copy(bytesToEncode);
  return encodeBase64(bytes.length).toString('latin1');
}

/** Where something could go wrong at an end: of a vector, of a block, of the memory. */
const lengths = [
  ...Array.from({ length: 301 }, (_, length) => length),
  ...[64, 256].flatMap((kilobytes) =>
    Array.from({ length: 40 }, (_, less) => ((kilobytes * 1024) / 4) * 3 - less),
  ),
  ...Array.from({ length: 40 }, () => randomInt((largeBytes / 4) * 3)),
];

describe('bytes of any length', () => {
  test('are encoded as Node encodes them', () => {
    for (const length of lengths) {
      const bytes = randomBytes(length);
      assert.ok(encode(bytes) === bytes.toString('base64'), `${length} bytes`);
    }
  });

  test('are decoded to what they were', () => {
    for (const length of lengths) {
      const bytes = randomBytes(length);
      const text = Buffer.from(bytes.toString('base64'), 'latin1');
      assert.ok(decode(text, true)?.equals(bytes), `${length} bytes`);
      // In the middle of a text there is no padding.
      assert.equal(
        decode(text, false)?.equals(bytes),
        length % 3 === 0 ? true : undefined,
        `${length} bytes`,
      );
    }
  });
});

for (const isLast of [false, true]) {
  test(`every byte at every place is taken or refused as it should, ${isLast ? 'at the end' : 'in the middle'} of a text`, () => {
    // Vectors and what remains; without padding, and with either.
    for (const bytes of [48, 57, 47, 46]) {
      const good = Buffer.from(randomBytes(bytes).toString('base64'), 'latin1');
      for (let place = 0; place < good.length; place += 1) {
        for (let byte = 0; byte < 256; byte += 1) {
          const text = Buffer.from(good);
          text[place] = byte;
          const expected = decodeByTheBook(text.toString('latin1'), isLast);
          assert.deepEqual(decode(text, isLast), expected, `${byte} at ${place} of ${good.length}`);
        }
      }
    }
  });
}

test('what is damaged anywhere in a block is taken or refused as it should', () => {
  const foreign = ['=', '==', '-', '_', ' ', '\n', '\0', '\x80', '\xab', '\xff', '====', 'A', '/', 'Zm9v'];
  for (let round = 0; round < 1000; round += 1) {
    const text = randomBytes(randomInt(3000)).toString('base64');
    const damage = foreign[randomInt(foreign.length)] ?? '';
    // Put over, put in, or cut; near the end as often as anywhere.
    const place = Math.max(0, randomInt(2) === 0 ? text.length - randomInt(6) : randomInt(text.length + 1));
    const damaged = text.slice(0, place) + damage + text.slice(place + randomInt(2) * damage.length);
    const isLast = randomInt(2) === 0;
    const seen = decode(Buffer.from(damaged, 'latin1'), isLast);
    assert.deepEqual(seen, decodeByTheBook(damaged, isLast), JSON.stringify({ damaged, isLast }));
  }
});

test('more than a block is not begun with', () => {
  assert.throws(() => decodeBase64(Buffer.alloc(largeBytes + 4, 'A'), false), RangeError);
  assert.throws(() => encodeBase64((largeBytes / 4) * 3 + 1), RangeError);
});

test('the wasm reaches nothing but its own', () => {
  // Its constants, ahead of all else, are as they were.
  const start = Buffer.from(bytesToEncode.buffer, 0, 65_536);
  const before = Buffer.from(start);
  bytesToEncode.fill(0xff);
  encodeBase64(bytesToEncode.length);
  decode(Buffer.alloc(largeBytes, '/'), false);
  assert.ok(start.equals(before));
  assert.ok(
    bytesToEncode.every((byte) => byte === 0xff),
    'decoding stays in its half',
  );
});
