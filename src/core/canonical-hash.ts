import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Between two turns of the event loop: about 2 ms of hashing. A body may hold 64 MiB of pictures. */
const blockBytes = 1024 * 1024;

/** A value whose text is surely shorter is hashed at once; most bodies are. */
const smallCharacters = 16 * 1024;

/**
 * SHA-256 of a JSON value, lower-case hex: the same for equal values whatever the order of their fields, their
 * white space or the way their numbers and characters were written. Recursive: for values of bounded depth.
 */
export async function hashJson(value: unknown): Promise<string> {
  const small = { text: '' };
  return addIfSmall(small, value) ? hash('sha256', small.text) : await hashInTurns(value);
}

async function hashInTurns(value: unknown): Promise<string> {
  const hash = createHash('sha256');
  let text = '';
  for (const token of tokensOf(value)) {
    text += token;
    if (text.length < blockBytes) continue;
    await update(text);
    text = '';
  }
  await update(text);
  return hash.digest('hex');

  /** Encoded as a whole, so that no character is cut in two. */
  async function update(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let start = 0; start < bytes.length; start += blockBytes) {
      hash.update(bytes.subarray(start, start + blockBytes));
      if (bytes.length >= blockBytes) await nextTurn();
    }
  }
}

/** Adds the value's tokens; false where they become too long. The same text as of `tokensOf`, without a generator for each level. */
function addIfSmall(to: { text: string }, value: unknown): boolean {
  if (Array.isArray(value)) {
    to.text += '[';
    for (const item of value) {
      if (!addIfSmall(to, item)) return false;
      to.text += ',';
    }
    to.text += ']';
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    to.text += '{';
    for (const name of Object.keys(fields).sort()) {
      to.text += `${JSON.stringify(name)}:`;
      if (!addIfSmall(to, fields[name])) return false;
      to.text += ',';
    }
    to.text += '}';
  } else {
    if (typeof value === 'string' && value.length > smallCharacters) return false;
    to.text += leafOf(value);
  }
  return to.text.length <= smallCharacters;
}

/** JSON text with sorted fields. */
function* tokensOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    yield '[';
    for (const item of value) {
      yield* tokensOf(item);
      yield ',';
    }
    yield ']';
  } else if (typeof value === 'object' && value !== null) {
    yield '{';
    for (const [name, field] of Object.entries(value).sort(byName)) {
      yield `${JSON.stringify(name)}:`;
      yield* tokensOf(field);
      yield ',';
    }
    yield '}';
  } else yield leafOf(value);
}

/** Numbers by value: 1.0 is 1, and one too large for JSON's reader is no null. */
function leafOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value ?? null);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
