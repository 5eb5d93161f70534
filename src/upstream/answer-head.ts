import { withoutCredentials } from './without-credentials.ts';

/** How much of an unreadable answer goes to the log. */
const headBytes = 2048;

/** Headers that say nothing secret; every other header's value may be, or contain, a credential. */
const plainHeaders = new Set(['accept', 'accept-encoding', 'accept-language', 'content-type', 'user-agent']);

/** The beginning of an answer, kept for the log in case the answer turns out to be unreadable. */
export interface AnswerHead {
  /** Passes chunks on and keeps the first of them. */
  watch(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Takes bytes that came another way. */
  keep(chunk: Uint8Array): void;
  /** The first 2 KB as text, without the secrets that were sent and without what looks like the upstream's own. */
  text(): string;
}

export function makeAnswerHead(sentHeaders: Readonly<Record<string, string>>): AnswerHead {
  // A secret that begins within the head is kept to its end, or its first half would not be recognised.
  const maxBytes = headBytes + longestValue(sentHeaders);
  const kept: Uint8Array[] = [];
  let bytes = 0;

  function keep(chunk: Uint8Array): void {
    if (bytes >= maxBytes) return;
    const part = new Uint8Array(chunk.subarray(0, maxBytes - bytes));
    kept.push(part);
    bytes += part.length;
  }

  return {
    watch(chunks) {
      // By hand: a generator costs several promises for each chunk.
      return {
        [Symbol.asyncIterator]() {
          const source = chunks[Symbol.asyncIterator]();
          return {
            async next() {
              const step = await source.next();
              if (step.done !== true) keep(step.value);
              return step;
            },
            return: () => source.return?.() ?? Promise.resolve({ done: true, value: undefined }),
          };
        },
      };
    },
    keep,
    text() {
      let text = Buffer.concat(kept).toString('utf8');
      for (const secret of secretsIn(sentHeaders)) text = text.replaceAll(secret, '[secret]');
      return withoutCredentials(text).slice(0, headBytes);
    },
  };
}

function longestValue(headers: Readonly<Record<string, string>>): number {
  let longest = 0;
  for (const value of Object.values(headers)) longest = Math.max(longest, value.length);
  return longest;
}

/** Longest first, so that a token's scheme and its parts are gone together. */
function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  const values = Object.entries(headers)
    .filter(([name]) => !plainHeaders.has(name.toLowerCase()))
    .flatMap(([, value]) => [value, ...value.split(/[\s,;=]+/)]);
  return [...new Set(values)].filter((value) => value.length >= 6).sort((a, b) => b.length - a.length);
}
