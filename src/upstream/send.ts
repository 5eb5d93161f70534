import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { BinaryBody } from '../core/upstream-client.ts';
import { spendTurn } from './loop-turn.ts';
import { createReadQueue } from './read-queue.ts';

/** One HTTP request. */
export interface Outgoing {
  method: 'GET' | 'POST';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | BinaryBody;
  /** From the first byte written to the answer's headers. */
  headersTimeoutMs: number;
  /** The longest silence within the answer's body. */
  idleTimeoutMs: number;
}

/** An answer whose headers have come. Its body is to be read to the end or cancelled, or its connection stays taken. */
export interface Incoming {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /**
   * To be read once; each piece is valid until the next is asked for. Throws SendFailure when the answer is cut off.
   * Leaving the loop early cancels.
   */
  body: AsyncIterable<Uint8Array>;
  /** Drops the rest of the answer and its connection. */
  cancel(): void;
}

/** No answer, or not the whole of it. */
export class SendFailure extends Error {
  /** False: surely no byte of the request was written. True: it may have been. */
  readonly wasWritten: boolean;

  constructor(wasWritten: boolean, cause: unknown) {
    super(describe(cause), { cause });
    this.name = 'SendFailure';
    this.wasWritten = wasWritten;
  }
}

/** A slow reader lets at most about this much of an answer gather in memory. */
const maxQueuedBytes = 128 * 1024;

/**
 * Sends one request and resolves with the answer's headers. Nothing is followed, repeated or decoded.
 *
 * Whether the request may have been written is exact: undici calls `onRequestStart` in the same turn as, and
 * right before, the first write to the socket (lib/dispatcher/client-h1.js, writeH1), and a request that was
 * aborted by then is not written at all (the first bytes of a binary body follow a moment later; counting them
 * as written errs on the safe side). Requests wait in its queues while connections are made, refused, or
 * found closed by the peer, and are not started for it. HTTP/2 and pipelining would blur this, so the pools
 * have neither.
 */
export function send(dispatcher: Dispatcher, outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
  const { promise, resolve, reject } = Promise.withResolvers<Incoming>();
  let state: 'waiting' | 'written' | 'answered' | 'ended' = 'waiting';
  let controller: Dispatcher.DispatchController | undefined;
  const queue = createReadQueue();
  let isPutOff = false;
  let failure: SendFailure | undefined;
  let wake: (() => void) | undefined;

  function end(): void {
    state = 'ended';
    signal.removeEventListener('abort', onAbort);
    wake?.();
  }

  function fail(cause: unknown): void {
    if (state === 'ended') return;
    failure = new SendFailure(state !== 'waiting', cause);
    if (state !== 'answered') reject(failure);
    end();
  }

  function onAbort(): void {
    if (controller === undefined) fail(signal.reason);
    else controller.abort(toError(signal.reason));
  }

  function goOn(): void {
    if (!isPutOff && queue.bytes < maxQueuedBytes && controller?.paused === true) controller.resume();
  }

  function goOnInNextTurn(): void {
    isPutOff = false;
    goOn();
  }

  const body: AsyncIterableIterator<Uint8Array> = {
    async next() {
      if (queue.bytes === 0 && state !== 'ended') {
        await new Promise<void>((wakeUp) => {
          wake = wakeUp;
        });
      }
      const value = queue.next();
      if (value === undefined) {
        if (failure !== undefined) throw failure;
        return { done: true, value: undefined };
      }
      goOn();
      return { done: false, value };
    },
    return() {
      cancel();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return body;
    },
  };

  function cancel(): void {
    queue.clear();
    if (state !== 'ended') controller?.abort(new Error('cancelled by the reader'));
  }

  if (signal.aborted) {
    fail(signal.reason);
    return promise;
  }
  signal.addEventListener('abort', onAbort);
  dispatcher.dispatch(
    {
      method: outgoing.method,
      path: `${outgoing.url.pathname}${outgoing.url.search}`,
      ...bodyOf(outgoing),
      headersTimeout: outgoing.headersTimeoutMs,
      bodyTimeout: outgoing.idleTimeoutMs,
    },
    {
      onRequestStart(started) {
        // Ended while it waited, or (which does not happen) about to be written a second time.
        if (state !== 'waiting') {
          started.abort(new Error('no longer wanted'));
          return;
        }
        controller = started;
        state = 'written';
      },
      onResponseStart(_, status, headers) {
        // Interim answers such as 103 come before the real one.
        if (status < 200 || state !== 'written') return;
        state = 'answered';
        resolve({ status, headers: flatten(headers), body, cancel });
      },
      onResponseData(paused, chunk) {
        // The parser gives a piece of no bytes when it goes on.
        if (chunk.length === 0) return;
        queue.add(chunk);
        isPutOff ||= spendTurn(chunk.length, goOnInNextTurn);
        if (isPutOff || queue.bytes >= maxQueuedBytes) paused.pause();
        wake?.();
      },
      onResponseEnd: end,
      onResponseError(_, error) {
        fail(error);
      },
    },
  );
  return promise;
}

function bodyOf({ headers, body }: Outgoing): Pick<Dispatcher.DispatchOptions, 'headers' | 'body'> {
  if (body === undefined || typeof body === 'string') return { headers, body: body ?? null };
  return {
    headers: { ...headers, 'content-length': String(body.length) },
    body: Readable.from(body.chunks(), { objectMode: false }),
  };
}

/** Most answers say each header once: those are handed on as they are. */
function flatten(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (isFlat(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function isFlat(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): headers is Readonly<Record<string, string | undefined>> {
  for (const name in headers) if (Array.isArray(headers[name])) return false;
  return true;
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** An error in words for the log; a failed connect to several addresses has its words in its parts. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describe).join('; ');
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
