import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { createPools } from './pools.ts';
import { isLocalName, isPublicAddress } from './public-address.ts';
import type { Incoming } from './send.ts';
import { send, SendFailure } from './send.ts';

/** The addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface OpenOptions {
  /** Origins that may be reached wherever they are. */
  allowedOrigins: readonly string[];
  /** http:// besides https://. */
  allowHttp: boolean;
  maxRedirects: number;
  accept: string;
  headersTimeoutMs: number;
  idleTimeoutMs: number;
  signal: AbortSignal;
  /** Sent with POST; absent: a GET. Only with `maxRedirects` 0. */
  post?: { body: string; headers: Readonly<Record<string, string>> };
}

export type Opened =
  /** An answer that is not a redirect, of any status; to be read or cancelled. */
  | { kind: 'answered'; incoming: Incoming }
  /** Must not be asked, or leads nowhere; asking again would change nothing. */
  | { kind: 'refused'; details: string };

/** Asks addresses that come from outside. Nothing that identifies us or a caller is ever sent. */
export interface PublicWeb {
  /** Throws SendFailure. */
  open(address: string, options: OpenOptions): Promise<Opened>;
  close(): Promise<void>;
}

class NotPublicError extends Error {}

/**
 * The guard of public-api.md section 4.3. A name is resolved by the very look-up that its connection is made
 * with, and that look-up fails unless every address is public: there is no second answer that a changing DNS
 * could give. Literal addresses are never looked up, so they are judged in the URL, where the URL parser has
 * already turned decimal, octal, hex and short forms into plain ones. Every redirect goes through the same door.
 */
export function createPublicWeb(options: { connectTimeoutMs: number; resolve?: Resolve }): PublicWeb {
  const resolve = options.resolve ?? ((hostname) => lookup(hostname, { all: true }));
  const limits = { connections: 32, connectTimeoutMs: options.connectTimeoutMs, idleMs: 60_000 };
  const publicPools = createPools({ ...limits, lookup: makeLookup(resolve, isPublicAddress) });
  const allowedPools = createPools({ ...limits, lookup: makeLookup(resolve, () => true) });

  return {
    async open(address, options) {
      let url = URL.parse(address);
      for (let redirects = 0; ; redirects += 1) {
        const details = whyNotPublic(url, options);
        if (url === null || details !== undefined) {
          return { kind: 'refused', details: details ?? 'not a URL' };
        }
        if (redirects > options.maxRedirects) return { kind: 'refused', details: 'too many redirects' };
        const pools = options.allowedOrigins.includes(url.origin) ? allowedPools : publicPools;
        const outgoing = {
          method: options.post === undefined ? ('GET' as const) : ('POST' as const),
          url,
          headers: {
            accept: options.accept,
            'accept-encoding': 'identity',
            'user-agent': 'easel',
            ...options.post?.headers,
          },
          ...(options.post === undefined ? {} : { body: options.post.body }),
          headersTimeoutMs: options.headersTimeoutMs,
          idleTimeoutMs: options.idleTimeoutMs,
        };
        let incoming: Incoming;
        try {
          incoming = await send(pools.get(url.origin), outgoing, options.signal);
        } catch (error) {
          if (error instanceof SendFailure && error.cause instanceof NotPublicError) {
            return { kind: 'refused', details: error.message };
          }
          throw error;
        }
        const location = isRedirect(incoming.status) ? incoming.headers['location'] : undefined;
        if (location === undefined) return { kind: 'answered', incoming };
        incoming.cancel();
        url = URL.parse(location, url.href);
      }
    },
    async close() {
      await Promise.all([publicPools.close(), allowedPools.close()]);
    },
  };
}

/** Why a URL must not be asked, as far as it shows without a look-up; undefined: it may be. */
export function whyNotPublic(
  url: URL | null,
  options: Pick<OpenOptions, 'allowedOrigins' | 'allowHttp'>,
): string | undefined {
  if (url === null) return 'not a URL';
  if (url.username !== '' || url.password !== '') return 'a URL with a user name';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'neither https nor http';
  if (options.allowedOrigins.includes(url.origin)) return undefined;
  if (url.protocol === 'http:' && !options.allowHttp) return 'not https';
  const literal = /^[\d.]+$|^\[.*\]$/.test(url.hostname);
  if (literal && !isPublicAddress(url.hostname.replace(/^\[|\]$/g, ''))) return 'not a public address';
  return isLocalName(url.hostname) ? 'not a public address' : undefined;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function makeLookup(resolve: Resolve, isAllowed: (address: string) => boolean): LookupFunction {
  async function find(hostname: string): Promise<{ address: string; family: number }[]> {
    const addresses = await resolve(hostname);
    if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address))) {
      throw new NotPublicError('not a public address');
    }
    return [...addresses];
  }
  return (hostname, options, callback) => {
    void answer();
    async function answer(): Promise<void> {
      const found = await find(hostname).catch((error: NodeJS.ErrnoException) => error);
      if (found instanceof Error) callback(found, []);
      else if (options.all === true) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family ?? 0);
    }
  };
}
