import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';

/** Makes and checks the links under /v1/files/ (public-api.md section 8). */
export interface UrlSigner {
  /** A link to one image with its query, good until `expiresAtMs` (rounded down to the second). */
  sign(path: string, expiresAtMs: number, query?: readonly (readonly [string, string])[]): string;
  /** Throws GatewayError: `bad_signature` first, then `url_expired`. Gives the seconds left. */
  check(path: string, query: URLSearchParams): number;
  /** True for what `check` lets pass. */
  isGood(path: string, query: URLSearchParams): boolean;
}

/** HMAC-SHA256 over path, the other query parameters in order, and exp; compared in constant time. */
export function makeUrlSigner(secret: string, now: () => number): UrlSigner {
  const key = createSecretKey(Buffer.from(secret));
  const mac = (path: string, query: readonly (readonly [string, string])[], exp: string): string => {
    const rest = query.map(encodePair).toSorted().join('&');
    return createHmac('sha256', key).update(`${path}\n${rest}\n${exp}`).digest('hex');
  };
  return {
    sign(path, expiresAtMs, query = []) {
      const exp = String(Math.floor(expiresAtMs / 1000));
      const all = [...query, ['exp', exp], ['sig', mac(path, query, exp)]] as const;
      return `${path}?${all.map(encodePair).join('&')}`;
    },
    check,
    isGood(path, query) {
      try {
        return check(path, query) > 0;
      } catch {
        return false;
      }
    },
  };

  function check(path: string, query: URLSearchParams): number {
    const [exp, sig] = [query.get('exp') ?? '', query.get('sig') ?? ''];
    const rest = [...query].filter(([name]) => name !== 'exp' && name !== 'sig');
    const right = mac(path, rest, exp);
    // Compared as bytes: a character beyond ASCII has more of them than its length says.
    const [given, wanted] = [Buffer.from(sig), Buffer.from(right)];
    const isSame = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (
      !isSame ||
      !/^\d{1,12}$/.test(exp) ||
      query.getAll('exp').length !== 1 ||
      query.getAll('sig').length !== 1
    ) {
      throw new GatewayError(
        'bad_signature',
        'The signature of this link does not fit. Fetch a fresh link from GET /v1/images/{image_id}.',
      );
    }
    const leftSeconds = Number(exp) - Math.floor(now() / 1000);
    if (leftSeconds <= 0)
      throw new GatewayError(
        'url_expired',
        'This link has expired. Fetch a fresh one from GET /v1/images/{image_id}.',
      );
    return leftSeconds;
  }
}

function encodePair([name, value]: readonly [string, string]): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}
