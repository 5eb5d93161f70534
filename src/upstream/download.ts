import { systemClock, type Clock } from '../core/clock.ts';
import { UpstreamFault, type FaultFacts } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { ObjectDraft, ObjectStore } from '../core/object-store.ts';
import type { Route } from '../core/route.ts';
import { decodeContent } from './content-encoding.ts';
import type { PublicWeb, Resolve } from './public-web.ts';
import { createPublicWeb } from './public-web.ts';
import { SendFailure } from './send.ts';
import { withTimeLimit } from './time-limit.ts';

/** Fetches the pictures that upstreams answer with as links. */
export interface Downloader {
  /**
   * The whole picture in a draft. Only public hosts, the route's own origin and its `downloadOrigins` are asked,
   * and never with a credential. A link that is not there yet, or cut off, is asked again a few times, from zero.
   * A `data:` URI is taken as it is: some upstreams answer with one in the place of a link.
   *
   * Throws UpstreamFault: `bad_reply` when the link is gone or must not be used and asking again is no use,
   * `unknown` when it could not be had now but might be later (an AbsentLink where it was not there). When the signal ends it: the signal's reason.
   * What the object store throws comes through as it is. No draft outlives an error.
   */
  fetch(link: string, route: DownloadRoute, signal: AbortSignal): Promise<ObjectDraft>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** A link that is not there (404): perhaps not yet, perhaps not any more. Only time tells. */
export class AbsentLink extends UpstreamFault {
  constructor(facts: FaultFacts) {
    super('unknown', facts);
    this.name = 'AbsentLink';
  }
}

export type DownloadRoute = Pick<Route, 'baseUrl' | 'downloadOrigins'>;

export interface DownloaderOptions {
  objects: Pick<ObjectStore, 'create'>;
  log: Log;
  clock?: Clock;
  /** Default: the system's resolver. */
  resolve?: Resolve;
  limits?: Partial<DownloadLimits>;
}

export interface DownloadLimits {
  /** Of one picture. */
  maxBytes: number;
  /** Of one try. */
  tryTimeoutMs: number;
  connectTimeoutMs: number;
  headersTimeoutMs: number;
  idleTimeoutMs: number;
  maxRedirects: number;
  /** Waits between tries; one try more than there are waits. */
  waitsMs: readonly number[];
}

const defaultLimits: DownloadLimits = {
  maxBytes: 64 * 1024 * 1024,
  tryTimeoutMs: 120_000,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
  maxRedirects: 3,
  // GLM-Image's CDN answers 404 for some seconds after the reply (upstream-glm-image.md section 8, quirk 2).
  waitsMs: [250, 500, 1000, 2000, 4000],
};

/** How one try ended. */
type Try =
  | { kind: 'fetched'; draft: ObjectDraft }
  | { kind: 'later'; details: string; isAbsent?: boolean }
  | { kind: 'never'; details: string };

export function createDownloader(options: DownloaderOptions): Downloader {
  const { objects, log, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const web = createPublicWeb({
    connectTimeoutMs: limits.connectTimeoutMs,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });

  return {
    async fetch(link, route, signal) {
      // Links carry signatures; only where they lead may be told.
      const data = dataOf(link);
      if (data !== undefined) return await draftOf(data, { objects, maxBytes: limits.maxBytes });
      for (const waitMs of [...limits.waitsMs, undefined]) {
        const tried = await tryOnce(link, { web, objects, limits, origins: originsOf(route), signal });
        if (tried.kind === 'fetched') return tried.draft;
        const host = URL.parse(link)?.host ?? 'not a URL';
        const details = `download from ${host}: ${tried.details}`;
        if (tried.kind === 'never') {
          throw new UpstreamFault('bad_reply', {
            message: 'The image was made, but the image service does not give it out.',
            details,
          });
        }
        if (waitMs === undefined) {
          const message = 'The image was made, but could not be fetched from the image service.';
          throw tried.isAbsent === true
            ? new AbsentLink({ message, details })
            : new UpstreamFault('unknown', { message, details });
        }
        log.debug({ host, reason: tried.details, waitMs }, 'a download is tried again');
        await clock.sleep(waitMs, signal);
      }
      throw new Error('not reached: the last try has no wait');
    },
    close: () => web.close(),
  };
}

async function tryOnce(
  link: string,
  tools: {
    web: PublicWeb;
    objects: Pick<ObjectStore, 'create'>;
    limits: DownloadLimits;
    origins: readonly string[];
    signal: AbortSignal;
  },
): Promise<Try> {
  const { web, objects, limits, origins, signal } = tools;
  let draft: ObjectDraft | undefined;
  try {
    return await withTimeLimit(limits.tryTimeoutMs, signal, async (limited): Promise<Try> => {
      const opened = await web.open(link, {
        allowedOrigins: origins,
        // Some upstreams link to plain http; refusing would lose a picture that was paid for.
        allowHttp: true,
        maxRedirects: limits.maxRedirects,
        accept: 'image/*,*/*;q=0.5',
        headersTimeoutMs: limits.headersTimeoutMs,
        idleTimeoutMs: limits.idleTimeoutMs,
        signal: limited,
      });
      if (opened.kind === 'refused') return { kind: 'never', details: opened.details };
      const { incoming } = opened;
      if (incoming.status !== 200) {
        incoming.cancel();
        return {
          kind: isPassing(incoming.status) ? 'later' : 'never',
          details: `status ${incoming.status}`,
          ...(incoming.status === 404 ? { isAbsent: true } : {}),
        };
      }
      draft = await objects.create();
      for await (const chunk of decodeContent(incoming)) {
        if (draft.bytes + chunk.length > limits.maxBytes) {
          await draft.discard();
          return { kind: 'never', details: `larger than ${limits.maxBytes} bytes` };
        }
        await draft.write(chunk);
      }
      if (draft.bytes > 0) return { kind: 'fetched', draft };
      await draft.discard();
      return { kind: 'later', details: 'no bytes' };
    });
  } catch (error) {
    await draft?.discard();
    signal.throwIfAborted();
    if (error instanceof SendFailure || error instanceof UpstreamFault) {
      return { kind: 'later', details: error.message };
    }
    throw error;
  }
}

/** The base64 of a `data:` URI, undefined for any other link. */
function dataOf(link: string): string | undefined {
  if (link.slice(0, 5).toLowerCase() !== 'data:') return undefined;
  const head = /^data:[^,]{0,100};base64,/i.exec(link.slice(0, 128))?.[0];
  return head === undefined ? undefined : link.slice(head.length);
}

function unreadableData(what: string): UpstreamFault {
  return new UpstreamFault('bad_reply', {
    message: 'The image was made, but the image service gave it in a form that could not be read.',
    details: `a data: URI ${what}`,
  });
}

async function draftOf(
  base64: string,
  { objects, maxBytes }: { objects: Pick<ObjectStore, 'create'>; maxBytes: number },
): Promise<ObjectDraft> {
  if ((base64.length / 4) * 3 > maxBytes + 2) throw unreadableData(`larger than ${maxBytes} bytes`);
  // Nothing looser: guessing could store a damaged picture as a good one.
  const isWhole = base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  if (!isWhole) throw unreadableData('that is no whole base64');
  const draft = await objects.create();
  try {
    await draft.write(Buffer.from(base64, 'base64'));
    return draft;
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** Answers after which a link may still come to work. */
function isPassing(status: number): boolean {
  return status < 400 || [404, 408, 425, 429].includes(status) || status >= 500;
}

const knownOrigins = new WeakMap<DownloadRoute, readonly string[]>();

function originsOf(route: DownloadRoute): readonly string[] {
  const known = knownOrigins.get(route);
  if (known !== undefined) return known;
  const origins = [route.baseUrl, ...route.downloadOrigins].flatMap(
    (address) => URL.parse(address)?.origin ?? [],
  );
  knownOrigins.set(route, origins);
  return origins;
}
