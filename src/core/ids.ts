import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** Records, assets, requests, keys, messages to webhooks, entries of the audit log. */
export type IdPrefix = 'img' | 'ua' | 'req' | 'key' | 'msg' | 'aud';

/** Makes one kind of id: prefix + 26 Crockford base32 characters, increasing within a process. */
export type IdMaker = (prefix: IdPrefix) => string;

/**
 * Ids sort by the time they were made, which is what makes list cursors stateless (public-api.md section 1).
 * One maker per process: two would not be monotonic to each other.
 */
export function makeIdMaker(now: () => number): IdMaker {
  const next = monotonicFactory(makeRandom());
  return (prefix) => `${prefix}_${next(now())}`;
}

/** Numbers from 0 to 1. The library's own asks the system for every byte, sixteen times an id. */
function makeRandom(): () => number {
  const bytes = new Uint8Array(1024);
  let used = bytes.length;
  return () => {
    if (used === bytes.length) {
      randomFillSync(bytes);
      used = 0;
    }
    used += 1;
    return (bytes[used - 1] ?? 0) / 256;
  };
}

const idPattern = /^(img|ua|req|key|msg|aud)_[0-9A-HJKMNP-TV-Z]{26}$/;

/** True when the text has the form of an id with this prefix. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return idPattern.test(text) && text.startsWith(`${prefix}_`);
}
