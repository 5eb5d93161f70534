import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Reply } from './kit-delivery.ts';

interface StoredPicture {
  bytes: Uint8Array;
  contentType: string;
  /** For `match.promptIncludes` of a download fault. */
  prompt: string;
  /** How long the address works, by the simulator's clock. */
  lifetimeMs: number;
  /** Leading path, e.g. `/ark-content`. */
  folder?: string;
  extension: string;
  /** Parameters the upstream's addresses carry beside the signature; they are signed too. */
  query?: Record<string, string>;
  /** Name of the signature parameter, `signature` unless told. */
  signatureName?: string;
  /** e.g. content-disposition. */
  headers?: Record<string, string>;
  /** A CDN that has not got it yet: 404 for so many downloads and for so long, by the simulator's clock. */
  lag?: { times?: number; ms?: number };
}

export interface PictureStore {
  /** Keeps the picture and returns its signed address on the file origin. */
  put(picture: StoredPicture): string;
  /** Answers a download: 403 for a wrong signature or an expired address, 404 for a picture no longer held. */
  serve(url: URL): Reply;
  promptOf(url: URL): string | undefined;
  clear(): void;
}

type HeldPicture = Omit<StoredPicture, 'lag'> & { lag: { times: number; until: number } };

/** All pictures of one simulator together; the ones unused for longest go first. */
const maxHeldBytes = 200 * 1024 * 1024;
const maxHeld = 10_000;

export const pictureReplies = {
  notFound: storageError(404, 'NoSuchKey', 'The specified key does not exist.'),
  expired: storageError(403, 'AccessDenied', 'Request has expired'),
  badSignature: storageError(403, 'SignatureDoesNotMatch', 'The request signature does not match.'),
  // upstream-seedream.md section 6: an Authorization header can break presigned links. Here it always does, so a key that
  // leaks to the file host is noticed.
  twoCredentials: storageError(400, 'InvalidArgument', 'Only one auth mechanism allowed'),
} as const satisfies Record<string, Reply>;

/** Pictures under presigned-looking addresses. The expiry is part of the signed name, so it holds after the bytes are gone. */
export function createPictureStore(options: { origin: () => string; now: () => number }): PictureStore {
  const secret = randomBytes(32);
  const held = new Map<string, HeldPicture>();
  let heldBytes = 0;

  function signature(pathAndQuery: string): string {
    return createHmac('sha256', secret).update(pathAndQuery).digest('hex');
  }

  function drop(path: string): void {
    heldBytes -= held.get(path)?.bytes.length ?? 0;
    held.delete(path);
  }

  function makeRoom(): void {
    for (const path of held.keys()) {
      if ((heldBytes <= maxHeldBytes && held.size <= maxHeld) || held.size === 1) break;
      drop(path);
    }
  }

  return {
    put(picture) {
      const expiresAt = Math.floor(options.now() + picture.lifetimeMs);
      const name = `${randomBytes(12).toString('hex')}-${expiresAt.toString(36)}.${picture.extension}`;
      const path = `${picture.folder ?? ''}/${name}`;
      const lag = { times: picture.lag?.times ?? 0, until: options.now() + (picture.lag?.ms ?? 0) };
      held.set(path, { ...picture, lag });
      heldBytes += picture.bytes.length;
      makeRoom();
      const url = new URL(path, options.origin());
      for (const [key, value] of Object.entries(picture.query ?? {})) url.searchParams.append(key, value);
      url.searchParams.append(picture.signatureName ?? 'signature', signature(url.pathname + url.search));
      return url.href;
    },
    serve(url) {
      // The signature is the last parameter and covers all that stands before it.
      const signed = url.pathname + url.search.slice(0, Math.max(0, url.search.lastIndexOf('&')));
      const given = url.search.slice(url.search.lastIndexOf('=') + 1);
      if (!sameText(given, signature(signed))) return pictureReplies.badSignature;
      if (expiryOf(url.pathname) <= options.now()) {
        drop(url.pathname);
        return pictureReplies.expired;
      }
      const picture = held.get(url.pathname);
      if (picture === undefined) return pictureReplies.notFound;
      if (picture.lag.times > 0 || options.now() < picture.lag.until) {
        picture.lag.times -= 1;
        return pictureReplies.notFound;
      }
      held.delete(url.pathname); // to the young end of the map
      held.set(url.pathname, picture);
      return {
        status: 200,
        headers: { 'content-type': picture.contentType, ...picture.headers },
        bytes: picture.bytes,
      };
    },
    promptOf: (url) => held.get(url.pathname)?.prompt,
    clear() {
      held.clear();
      heldBytes = 0;
    },
  };
}

function expiryOf(path: string): number {
  return Number.parseInt(/-([0-9a-z]+)\.\w+$/.exec(path)?.[1] ?? '0', 36);
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function storageError(status: number, code: string, message: string): Reply {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, bytes: Buffer.from(xml) };
}
