import { NotBase64 } from '../core/object-store.ts';

/** Decoded at a time: a string that is small enough for the heap's young space. */
const pieceCharacters = 64 * 1024;

/**
 * Decodes the block's first `length` characters to where they stand, and returns how many bytes they became. All but
 * the last part of a text is a multiple of four characters. Throws NotBase64.
 *
 * Base64 is RFC 4648 section 4 and nothing looser: standard alphabet, padded, no white space, unused bits zero.
 * Every encoder in use writes that, and guessing at anything else could store a damaged picture as a good one.
 *
 * Node's decoder skips what it does not know and also takes the URL-safe alphabet, but it is several times faster than
 * checking each byte in JavaScript. What it skipped shows in the length, and `-` and `_` are looked for: together that
 * is strict.
 */
export function decodeInPlace(block: Buffer, length: number, isLast: boolean): number {
  if (length % 4 !== 0) throw new NotBase64();
  const end = isLast ? Math.max(0, length - 4) : length;
  let bytes = 0;
  for (let from = 0; from < end; from += pieceCharacters) {
    const text = block.toString('latin1', from, Math.min(from + pieceCharacters, end));
    const expected = (text.length / 4) * 3;
    const written = block.write(text, bytes, expected, 'base64');
    if (written !== expected || text.includes('-') || text.includes('_')) throw new NotBase64();
    bytes += written;
  }
  if (end === length) return bytes;
  // The one group that may be padded.
  const text = block.toString('latin1', end, length);
  const last = Buffer.from(text, 'base64');
  if (last.toString('base64') !== text) throw new NotBase64();
  return bytes + last.copy(block, bytes);
}

/** Reads this many bytes' text at a time: whole groups of three, and a young string. */
const pieceBytes = 48 * 1024;

/** Writes the bytes' base64 to the beginning of `target`, and returns how many characters they became. */
export function encodeInto(target: Buffer, bytes: Buffer): number {
  let characters = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const text = bytes.toString('base64', from, Math.min(from + pieceBytes, bytes.length));
    characters += target.write(text, characters, 'latin1');
  }
  return characters;
}
