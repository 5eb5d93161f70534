import { randomUUID } from 'node:crypto';
import { UpstreamFault } from '../core/fault.ts';

/** What came out of the held strings, in the order of the text. `open` and `close` stand around each string. */
export type HeldPiece = { kind: 'open' } | { kind: 'text'; text: Uint8Array } | { kind: 'close' };

/** Reads JSON text that arrives in pieces; pure computing, no waiting. */
export interface HeldScanner {
  /**
   * Takes the next bytes of the text. The characters it gives are JSON's escapes undone, mostly views of the chunk,
   * of which nothing else is kept;
   * whether they are base64 is not judged. Throws UpstreamFault `bad_reply`.
   */
  push(chunk: Uint8Array): HeldPiece[];
  /**
   * The text is complete. `kept` are the numbers (from 0, as opened) of the held strings that stand in `body`
   * as `{ held: i }`, i being the place in `kept`; a string that a duplicate key replaced is not among them.
   */
  end(): { body: unknown; kept: number[] };
}

export interface HeldScannerOptions {
  heldKeys: readonly string[];
  /** Of the text without the held strings: what JSON.parse is given. Bytes. */
  maxTextBytes: number;
  maxDepth: number;
  maxHeld: number;
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * A held string leaves the text and a string of ours stands in its place, so the text stays as valid or invalid
 * as it was: JSON.parse remains the judge of everything but the base64. For the same reason no grammar is
 * checked here: in valid JSON a string after a colon is a value and the string before that colon is its key.
 * The stand-in holds a random name, so an answer cannot contain one by itself.
 */
export function createHeldScanner(options: HeldScannerOptions): HeldScanner {
  const heldKeys = new Set(options.heldKeys);
  const isHeldKey = makeKeyTest(options.heldKeys);
  const standIn = `${randomUUID()}:`;
  const text: Uint8Array[] = [];
  let textBytes = 0;
  let pieces: HeldPiece[] = [];

  let inside: 'nothing' | 'string' | 'held' = 'nothing';
  /** The last tokens: a held key, or a held key and its colon. */
  let after: 'else' | 'key' | 'colon' = 'else';
  let depth = 0;
  let opened = 0;
  /** Bytes of a plain string that began in an earlier chunk, while it may still be a held key. */
  let stringHead: Uint8Array | undefined;
  let skipNext = false;
  /** An escape in a held string that the end of a chunk cut off. */
  let cutEscape = '';

  function addText(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    textBytes += bytes.length;
    if (textBytes > options.maxTextBytes) throw refusal('more text than an answer may have');
    text.push(new Uint8Array(bytes));
  }

  function push(data: Uint8Array): HeldPiece[] {
    const chunk = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const end = chunk.length;
    const find = makeFinder(chunk);
    pieces = [];
    let at = 0;
    let textFrom = 0;
    let stringFrom = 0;
    while (at < end) {
      if (inside === 'nothing') {
        const byte = chunk[at];
        at += 1;
        if (byte === quote) {
          if (after === 'colon') {
            addText(chunk.subarray(textFrom, at - 1));
            if (opened === options.maxHeld) throw refusal(`more than ${options.maxHeld} pictures`);
            addText(Buffer.from(`"${standIn}${opened}"`));
            opened += 1;
            pieces.push({ kind: 'open' });
            inside = 'held';
          } else {
            inside = 'string';
            stringFrom = at;
            stringHead = undefined;
          }
          after = 'else';
        } else if (byte === 0x3a) {
          after = after === 'key' ? 'colon' : 'else';
        } else if (byte === 0x7b || byte === 0x5b) {
          depth += 1;
          if (depth > options.maxDepth) throw refusal(`nested deeper than ${options.maxDepth}`);
          after = 'else';
        } else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
          if (byte === 0x7d || byte === 0x5d) depth -= 1;
          after = 'else';
        }
      } else if (inside === 'string') {
        if (skipNext) {
          skipNext = false;
          at += 1;
          continue;
        }
        const close = find.quote(at);
        const next = find.backslash(at);
        if (next < close) {
          skipNext = next + 1 === end;
          at = next + 2;
        } else if (close < end) {
          const tail = chunk.subarray(stringFrom, close);
          after = isHeldKey(stringHead, tail) ? 'key' : 'else';
          inside = 'nothing';
          at = close + 1;
        } else {
          at = end;
        }
      } else {
        const close = find.quote(at);
        const isPlain = cutEscape === '' && find.backslash(at) >= close;
        const text = isPlain
          ? chunk.subarray(at, close)
          : Buffer.from(unescape(chunk.toString('latin1', at, close), close < end), 'latin1');
        if (text.length > 0) pieces.push({ kind: 'text', text });
        if (close < end) {
          pieces.push({ kind: 'close' });
          inside = 'nothing';
          textFrom = close + 1;
        }
        at = close + 1;
      }
    }
    if (inside !== 'held') addText(chunk.subarray(textFrom));
    if (inside === 'string')
      stringHead = new Uint8Array(isHeldKey.join(stringHead, chunk.subarray(stringFrom)));
    return pieces;
  }

  /**
   * A held string's characters without JSON's escapes; some encoders write every `/` as `\/`. What is no
   * escape of a base64 character keeps its backslash, which no base64 has.
   */
  function unescape(raw: string, isLast: boolean): string {
    let characters = cutEscape + raw;
    const start = characters.lastIndexOf('\\');
    const isCut = !isLast && /^\\(?:u.{0,3})?$/s.test(characters.slice(start));
    cutEscape = isCut ? characters.slice(start) : '';
    if (isCut) characters = characters.slice(0, start);
    // In this order: the other way round `\u005c/` would become a slash.
    return characters
      .replaceAll('\\/', '/')
      .replaceAll(/\\u00([0-7][0-9a-fA-F])/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
  }

  function end(): { body: unknown; kept: number[] } {
    if (inside !== 'nothing') throw refusal('ends inside a string');
    const found: { number: number; value: { held: number } }[] = [];
    const revive = (key: string, value: unknown): unknown => {
      if (typeof value === 'string' && value.startsWith(standIn)) {
        const place = { number: Number(value.slice(standIn.length)), value: { held: -1 } };
        found.push(place);
        return place.value;
      }
      // An upstream that writes our own mark where a picture belongs would point a reader at another picture.
      if (heldKeys.has(key) && typeof value === 'object' && value !== null && Object.hasOwn(value, 'held')) {
        throw refusal('an object stands where a picture belongs');
      }
      return value;
    };
    let body: unknown;
    try {
      const json = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(text));
      body = heldKeys.size === 0 ? JSON.parse(json) : JSON.parse(json, revive);
    } catch (error) {
      if (error instanceof UpstreamFault) throw error;
      // The parser's message quotes the text, so it is not passed on.
      throw refusal('not JSON');
    }
    found.sort((a, b) => a.number - b.number);
    for (const [i, place] of found.entries()) place.value.held = i;
    return { body, kept: found.map((place) => place.number) };
  }

  return { push, end };
}

/** Tells held keys from other strings by their raw bytes, which may come in two parts and carry escapes. */
function makeKeyTest(heldKeys: readonly string[]) {
  const keys = new Set(heldKeys);
  // A character takes at most six bytes, written as \uXXXX.
  const maxRawBytes = 6 * Math.max(0, ...heldKeys.map((key) => key.length));
  const tooLong = new Uint8Array(maxRawBytes + 1);

  function test(head: Uint8Array | undefined, tail: Uint8Array): boolean {
    const raw = join(head, tail);
    if (raw.length > maxRawBytes) return false;
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
    if (!name.includes('\\')) return keys.has(name);
    try {
      return keys.has(JSON.parse(`"${name}"`) as string);
    } catch {
      return false;
    }
  }

  /** Puts the parts together, unless they are too long for any held key anyway. */
  function join(head: Uint8Array | undefined, tail: Uint8Array): Uint8Array {
    if ((head?.length ?? 0) + tail.length > maxRawBytes) return tooLong;
    return head === undefined ? tail : Buffer.concat([head, tail]);
  }

  return Object.assign(test, { join });
}

/** Finds the next quote or backslash at or after a position; the chunk's length where there is none. Each byte is looked at once. */
function makeFinder(chunk: Buffer) {
  const makeFind = (byte: number) => {
    let last = -1;
    return (from: number): number => {
      if (last < from) {
        const found = chunk.indexOf(byte, from);
        last = found === -1 ? chunk.length : found;
      }
      return last;
    };
  };
  return { quote: makeFind(quote), backslash: makeFind(backslash) };
}

function refusal(details: string): UpstreamFault {
  return new UpstreamFault('bad_reply', { details: `unreadable answer: ${details}` });
}
