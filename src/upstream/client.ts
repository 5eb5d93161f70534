import errors from 'undici/lib/core/errors.js';
import { UpstreamFault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { ObjectDraft, ObjectStore } from '../core/object-store.ts';
import type { Answer, EventReader, Exchange, FailedAnswer, UpstreamClient } from '../core/upstream-client.ts';
import type { AnswerHead } from './answer-head.ts';
import { makeAnswerHead } from './answer-head.ts';
import { discardAll, readJsonBody } from './base64-body.ts';
import { decodeContent } from './content-encoding.ts';
import { splitEvents } from './event-stream.ts';
import { createPools } from './pools.ts';
import type { Incoming, Outgoing } from './send.ts';
import { send, SendFailure } from './send.ts';

export interface UpstreamLimits {
  /** Name lookup, TCP and TLS together. */
  connectTimeoutMs: number;
  /** From sending to the answer's first line; some upstreams draw all that time. */
  headersTimeoutMs: number;
  /** The same for a harmless question: asking again costs less than waiting. */
  harmlessTimeoutMs: number;
  /** The longest silence within an answer. */
  idleTimeoutMs: number;
  /** Connections per origin at once. */
  connections: number;
  /** Of a whole answer, its pictures in base64 included. */
  maxBodyBytes: number;
  /** Of an answer that is not a success; of a larger one only status and headers are looked at. */
  maxErrorBytes: number;
}

const defaultLimits: UpstreamLimits = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 600_000,
  harmlessTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  connections: 256,
  maxBodyBytes: 512 * 1024 * 1024,
  maxErrorBytes: 1024 * 1024,
};

/**
 * The way to upstream APIs: one exchange at a time, never repeated, redirects never followed.
 *
 * Which fault is thrown (besides what `readFault` and `read` throw):
 * - `not_sent`: surely no byte was written: refused, unresolvable, TLS failed, or the signal ended it while it waited;
 * - `misconfigured`: the request cannot be put into HTTP, e.g. a line break in a key;
 * - `unknown`: written, perhaps, and no complete answer came: timeout, abort, connection cut anywhere before the end;
 * - `bad_reply`: a complete answer that is not HTTP, not JSON (a success that says it is another type is not read even
 *   if it looks like JSON), too large, a redirect, or that `read` cannot make sense of.
 * An answer of status >= 400 is read as JSON whatever its type says, as far as it came: the status is known, after all.
 * What the object store throws while a picture is written comes through as it is.
 */
export function createUpstreamClient(options: {
  objects: Pick<ObjectStore, 'create'>;
  log: Log;
  limits?: Partial<UpstreamLimits>;
}): UpstreamClient & { close(): Promise<void> } {
  const limits = { ...defaultLimits, ...options.limits };
  const pools = createPools(limits);

  async function exchange<T>(exchange: Exchange<T>, signal: AbortSignal): Promise<T> {
    const url = URL.parse(exchange.url);
    if (url === null) throw new UpstreamFault('misconfigured', { details: 'the address is not a URL' });
    const head = makeAnswerHead(exchange.headers);
    let incoming: Incoming | undefined;
    try {
      incoming = await send(pools.get(url.origin), outgoing(exchange, url, limits), signal);
      if (incoming.status >= 400) {
        const body = await readRefusal(incoming, head, limits.maxErrorBytes);
        const fault = faultOf(exchange, { status: incoming.status, headers: incoming.headers, body });
        if (body === undefined && fault.kind !== 'bad_reply') logUnreadable(exchange, url, incoming, head);
        throw fault;
      }
      const create = (): Promise<ObjectDraft> => options.objects.create({ encoding: 'base64' });
      const target = { create, maxBytes: limits.maxBodyBytes };
      return await readSuccess(exchange, incoming, head, target, () =>
        logUnreadable(exchange, url, incoming, head),
      );
    } catch (error) {
      incoming?.cancel();
      const garbage = garbageOf(error);
      if (garbage !== undefined) head.keep(Buffer.from(garbage));
      const fault = toFault(error);
      if (fault instanceof UpstreamFault && fault.kind === 'bad_reply') {
        logUnreadable(exchange, url, incoming, head);
      }
      throw fault;
    }
  }

  function logUnreadable<T>(
    exchange: Exchange<T>,
    url: URL,
    incoming: Incoming | undefined,
    head: AnswerHead,
  ): void {
    options.log.warn(
      {
        upstream: `${exchange.method} ${url.origin}${url.pathname}`,
        status: incoming?.status,
        contentType: incoming?.headers['content-type'],
        head: head.text(),
      },
      'an upstream gave an answer that could not be read',
    );
  }

  return { exchange, close: () => pools.close() };
}

function outgoing<T>(exchange: Exchange<T>, url: URL, limits: UpstreamLimits): Outgoing {
  return {
    method: exchange.method,
    url,
    headers: { 'accept-encoding': 'identity', 'user-agent': 'easel', ...exchange.headers },
    ...(exchange.body === undefined ? {} : { body: exchange.body }),
    headersTimeoutMs:
      exchange.answerWithinMs ?? (exchange.harmless ? limits.harmlessTimeoutMs : limits.headersTimeoutMs),
    idleTimeoutMs: limits.idleTimeoutMs,
  };
}

/** The parsed body of a refusal, or undefined where it is not JSON, too large or cut off. */
async function readRefusal(incoming: Incoming, head: AnswerHead, maxBytes: number): Promise<unknown> {
  try {
    const { body } = await readJsonBody(head.watch(decodeContent(incoming)), {
      heldKeys: [],
      create: () => Promise.reject(new Error('a refusal has no pictures')),
      maxBytes,
    });
    return body;
  } catch {
    incoming.cancel();
    return undefined;
  }
}

/** What the provider makes of a refusal; one that it trips over is at least not taken for free. */
function faultOf<T>(exchange: Exchange<T>, answer: FailedAnswer): UpstreamFault {
  try {
    return exchange.readFault(answer);
  } catch (error) {
    return new UpstreamFault('bad_reply', {
      details: `status ${answer.status}, not as documented`,
      cause: error,
    });
  }
}

async function readSuccess<T>(
  exchange: Exchange<T>,
  incoming: Incoming,
  head: AnswerHead,
  target: { create(): Promise<ObjectDraft>; maxBytes: number },
  /** The answer could be read, but a part of it is not as documented. */
  onUnreadablePart: () => void,
): Promise<T> {
  const { status, headers } = incoming;
  if (status >= 300) {
    throw new UpstreamFault('bad_reply', {
      details: `status ${status}: redirects are not followed, check the base URL`,
    });
  }
  const chunks = head.watch(decodeContent(incoming));
  if (exchange.events !== undefined && mediaType(headers) === 'text/event-stream') {
    return await readEvents(exchange.events, exchange.heldKeys ?? [], incoming, chunks, target);
  }
  if (!isJsonType(mediaType(headers))) {
    // Read a little of it, for the log.
    for await (const _ of chunks) break;
    throw new UpstreamFault('bad_reply', { details: `status ${status}, but not of a JSON type` });
  }
  const { body, held } = await readJsonBody(chunks, { ...target, heldKeys: exchange.heldKeys ?? [] });
  try {
    const result = exchange.read({ status, headers, body, held });
    const handedOn = reachable(result, new Set<unknown>());
    await discardAll(held.filter((draft) => !handedOn.has(draft)));
    if ([...handedOn].some(isBadReply)) onUnreadablePart();
    return result;
  } catch (error) {
    await discardAll(held);
    if (error instanceof UpstreamFault) throw error;
    throw new UpstreamFault('bad_reply', { details: `status ${status}, not as documented`, cause: error });
  }
}

/**
 * Reads an answer event by event. What breaks the stream is left to the reader, who may hold images that came
 * before it; only when it has none the failure stands.
 */
async function readEvents<T>(
  reader: EventReader<T>,
  heldKeys: readonly string[],
  incoming: Incoming,
  chunks: AsyncIterable<Uint8Array>,
  target: { create(): Promise<ObjectDraft>; maxBytes: number },
): Promise<T> {
  const { status, headers } = incoming;
  const kept: ObjectDraft[] = [];

  async function takeAll(): Promise<void> {
    for await (const data of splitEvents(withinBytes(chunks, target.maxBytes))) {
      const { body, held } = await readJsonBody(data, { ...target, heldKeys });
      const isNeeded = await taken(reader, { status, headers, body, held });
      if (isNeeded) kept.push(...held);
    }
  }

  try {
    const fault = await takeAll().then(
      () => undefined,
      (error: unknown) => {
        // Nobody reads the rest, and unread it would keep the connection taken.
        incoming.cancel();
        const fault = toFault(error);
        if (fault instanceof UpstreamFault) return fault;
        // Our own store's failure: it stands, unless there are images to save from it.
        if (kept.length === 0) throw error;
        return new UpstreamFault('unknown', { details: String(error), cause: error });
      },
    );
    const result = reader.end(fault);
    const handedOn = reachable(result, new Set<unknown>());
    await discardAll(kept.filter((draft) => !handedOn.has(draft)));
    return result;
  } catch (error) {
    await discardAll(kept);
    throw error;
  }
}

/** Whether the event's drafts are needed; those that are not are gone. */
async function taken<T>(reader: EventReader<T>, event: Answer): Promise<boolean> {
  let isNeeded = false;
  try {
    isNeeded = await reader.take(event);
  } catch (error) {
    if (error instanceof UpstreamFault) throw error;
    throw new UpstreamFault('bad_reply', { details: 'an event is not as documented', cause: error });
  } finally {
    if (!isNeeded) await discardAll(event.held);
  }
  return isNeeded;
}

async function* withinBytes(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new UpstreamFault('bad_reply', { details: `unreadable answer: larger than ${maxBytes} bytes` });
    }
    yield chunk;
  }
}

/** Lower case, without its parameters; empty where none is said. */
function mediaType(headers: Incoming['headers']): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** A missing type is taken for JSON: small servers forget it. */
function isJsonType(type: string): boolean {
  return type === '' || type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

function isBadReply(value: unknown): boolean {
  return value instanceof UpstreamFault && value.kind === 'bad_reply';
}

/** Everything that can be reached from a value; how a reader's result is asked which drafts it hands on. */
function reachable(value: unknown, seen: Set<unknown>): Set<unknown> {
  if (typeof value === 'object' && value !== null && !seen.has(value)) {
    seen.add(value);
    for (const member of Object.values(value)) reachable(member, seen);
  }
  return seen;
}

/** What an exchange throws: faults as they are, failed sending as a fault, anything else (the object store's errors) as it is. */
function toFault(error: unknown): unknown {
  if (!(error instanceof SendFailure)) return error;
  const code = codeOf(error.cause);
  const facts = { details: error.message, cause: error.cause };
  if (!error.wasWritten) {
    return new UpstreamFault(code === 'UND_ERR_INVALID_ARG' ? 'misconfigured' : 'not_sent', facts);
  }
  const isUnreadable = garbageOf(error) !== undefined || code === 'UND_ERR_HEADERS_OVERFLOW';
  return new UpstreamFault(isUnreadable ? 'bad_reply' : 'unknown', facts);
}

/** What came instead of HTTP. The parser also fails, but without anything to show, when a connection ends too early. */
function garbageOf(error: unknown): string | undefined {
  if (!(error instanceof SendFailure) || !(error.cause instanceof errors.HTTPParserError)) return undefined;
  const data: unknown = Reflect.get(error.cause, 'data');
  return typeof data === 'string' && data !== '' ? data : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
