import type { ServerResponse } from 'node:http';

import type { FaultKind, InjectedFault } from './kit-faults.ts';

/** What a simulator answers, as data; at most one of `json`, `bytes` and `stream`. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  bytes?: Uint8Array;
  /** Sent piece by piece as it comes, e.g. server-sent events. */
  stream?: AsyncIterable<string>;
}

interface Sleep {
  (ms: number): Promise<void>;
}

/**
 * Sends a reply, spoiled the way the fault says. Whatever the fault, the work behind the reply is done to its end first (or, for
 * a healthy stream, even when the client has left): an upstream bills what it made, not what arrived.
 */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  fault: InjectedFault | undefined,
  sleep: Sleep,
): Promise<void> {
  const spoilt = fault !== undefined && spoilers.has(fault.kind);
  if (reply.stream !== undefined && !spoilt) {
    response.writeHead(reply.status, headersOf(reply));
    for await (const piece of reply.stream) await send(response, piece);
    response.end();
    return;
  }
  const pieces = await piecesOf(reply);
  const whole = Buffer.concat(pieces);
  if (!spoilt) return sendWhole(response, reply, whole);
  if (fault.kind === 'hang-after') return; // the socket ends with the client or with the simulator
  if (fault.kind === 'cut-after') return void response.destroy();
  if (fault.kind === 'garbage')
    return sendWhole(response, reply, Buffer.from('\u0000 }{ not what was asked for'));
  if (fault.kind === 'slow') return drip(response, reply, whole, fault.overMs, sleep);
  if (fault.kind === 'wrong-type')
    return sendWhole(
      response,
      { ...reply, headers: { ...reply.headers, 'content-type': 'text/html' } },
      whole,
    );
  // cut-body and truncate: half of the events where there are several, else half of the bytes
  const half =
    pieces.length > 1
      ? Buffer.concat(pieces.slice(0, pieces.length >> 1))
      : whole.subarray(0, whole.length >> 1);
  if (fault.kind === 'truncate') return sendWhole(response, reply, half);
  response.writeHead(reply.status, { ...headersOf(reply), 'content-length': String(whole.length) });
  await send(response, half);
  response.destroy();
}

/** The kinds played here; all of them let the work be done first. */
const spoilers: ReadonlySet<FaultKind> = new Set([
  'hang-after',
  'cut-after',
  'cut-body',
  'truncate',
  'garbage',
  'wrong-type',
  'slow',
] as const);

async function piecesOf(reply: Reply): Promise<Uint8Array[]> {
  if (reply.bytes !== undefined) return [reply.bytes];
  if (reply.json !== undefined) return [Buffer.from(JSON.stringify(reply.json))];
  const pieces: Uint8Array[] = [];
  for await (const piece of reply.stream ?? []) pieces.push(Buffer.from(piece));
  return pieces;
}

function headersOf(reply: Reply): Record<string, string> {
  return reply.json === undefined
    ? { ...reply.headers }
    : { 'content-type': 'application/json', ...reply.headers };
}

function sendWhole(response: ServerResponse, reply: Reply, body: Uint8Array): void {
  response.writeHead(reply.status, { ...headersOf(reply), 'content-length': String(body.length) });
  response.end(body);
}

async function drip(
  response: ServerResponse,
  reply: Reply,
  body: Uint8Array,
  overMs: number,
  sleep: Sleep,
): Promise<void> {
  const steps = Math.max(1, Math.min(20, body.length));
  response.writeHead(reply.status, { ...headersOf(reply), 'content-length': String(body.length) });
  for (let step = 0; step < steps; step += 1) {
    const from = Math.floor((body.length * step) / steps);
    const to = Math.floor((body.length * (step + 1)) / steps);
    await send(response, body.subarray(from, to));
    await sleep(overMs / steps);
  }
  response.end();
}

/** Writes and waits until the socket took it; a client that left is not an error. */
function send(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    // Where the client leaves in this very moment, Node does not always tell the writer.
    const done = (): void => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(piece, done);
  });
}
