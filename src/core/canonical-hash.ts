import { createHash, hash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Between two turns of the event loop: about 2 ms of hashing. A body may hold 64 MiB of pictures. */
const blockBytes = 1024 * 1024;

/**
 * SHA-256 of a JSON value, lower-case hex: the same for equal values whatever the order of their fields, their
 * white space or the way their numbers and characters were written. Recursive: for values of bounded depth.
 */
export async function hashJson(value: unknown): Promise<string> {
  let parts: Hash | undefined;
  let text = '';
  for (const token of tokensOf(value)) {
    text += token;
    if (text.length < blockBytes) continue;
    parts ??= createHash('sha256');
    await updateInTurns(parts, text);
    text = '';
  }
  // Most bodies are hashed in one step.
  return parts === undefined ? hash('sha256', text) : parts.update(text).digest('hex');
}

/** Encoded as a whole, so that no character is cut in two. */
async function updateInTurns(parts: Hash, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += blockBytes) {
    parts.update(bytes.subarray(start, start + blockBytes));
    await nextTurn();
  }
}

/** JSON text with sorted fields. Numbers by value: 1.0 is 1, and one too large for JSON's reader is no null. */
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
  } else yield typeof value === 'number' ? String(value) : JSON.stringify(value ?? null);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
