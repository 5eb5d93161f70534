import { createHash, randomInt, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import { deliver, type Reply } from './kit-delivery.ts';
import { createFaultQueue, type InjectedFault, type Operation } from './kit-faults.ts';
import {
  abbreviated,
  createLog,
  shownForm,
  withoutCredentials,
  type LedgerEntry,
  type SeenRequest,
} from './kit-log.ts';
import { createPictureStore, pictureReplies, type PictureStore } from './kit-pictures.ts';
import { listen, readBody, type FormEntry } from './kit-server.ts';

export type { Reply } from './kit-delivery.ts';
export type { InjectedFault } from './kit-faults.ts';
export type { FormEntry } from './kit-server.ts';

/** Makes one picture of exactly the asked size and format; runs off the main thread where that matters. */
export type Draw = (request: {
  prompt: string;
  seed: number;
  width: number;
  height: number;
  format: 'png' | 'jpeg';
  /** Input pictures as the caller sent them; one given as an http(s) address is never fetched and missing here. */
  inputs: readonly Uint8Array[];
  watermark: boolean;
}) => Promise<Uint8Array>;

export interface SimulatorOptions {
  draw: Draw;
  /** Of the API origin; 0 or absent is any free one. */
  port?: number;
  /** Clock in milliseconds for addresses, tokens and tasks. */
  now?: () => number;
  /** How long one image takes, in milliseconds; small unless told, a sandbox must answer within 2 s. */
  delayMs?: number;
  /** Kling: task slots. Ark: images per minute. Gemini: requests per minute and model. Z.ai: jobs at once. */
  capacity?: number;
  /** Seed of a picture whose caller gave none; random unless told. */
  seed?: () => number;
}

/** A running simulator: two origins on 127.0.0.1, one for the API and one for the pictures. */
export interface Simulator {
  name: string;
  /** What goes into `<NAME>_BASE_URL`. */
  baseUrl: string;
  fileOrigin: string;
  /** What it accepts. */
  credential: { apiKey: string; accessKey?: string; secretKey?: string };
  control: SimulatorControl;
  /** Ends open sockets, hanging ones too, and waiting work. */
  close(): Promise<void>;
}

/** Also over HTTP on the API origin: `GET /_sim/ledger`, `GET /_sim/requests`, `POST /_sim/faults`, `POST /_sim/reset`. */
interface SimulatorControl {
  /** One entry per image charged, oldest first; the last 20,000. */
  ledger(): readonly LedgerEntry[];
  /** Every request to either origin, oldest first; the last 10,000 or 64 MB. */
  requests(): readonly SeenRequest[];
  /** Queues a fault; throws when this simulator cannot play it. */
  inject(fault: InjectedFault): void;
  /** Forgets ledger, requests, faults, tasks and pictures. */
  reset(): void;
}

/** One request on its way through a simulator. */
export interface Exchange {
  /** When it arrived, by the simulator's clock. */
  at: number;
  requestId: string;
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  /** Groups of the route's pattern, decoded. */
  params: readonly string[];
  headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined when there was none or `bodyProblem` says why not. */
  body: unknown;
  bodyProblem: 'not-json' | 'too-large' | undefined;
  /** The parts of a form in the place of JSON. */
  form: readonly FormEntry[] | undefined;
  /** The fault that struck. A handler plays `moderation`, `partial`, `wrong-state-order` and `variant`; the kit plays the rest. */
  fault: InjectedFault | undefined;
}

interface Route {
  method: 'GET' | 'POST';
  /** Matched against the whole path. */
  path: RegExp;
  on: Operation;
  /** For `match.promptIncludes`; a poll looks its task up. */
  prompt?: (exchange: Exchange) => string | undefined;
  handle(exchange: Exchange): Promise<Reply> | Reply;
}

/** What makes one upstream different from the next. */
export interface SimulatorDefinition {
  name: string;
  /** Path of the base URL, e.g. `/api/v3`, or nothing. */
  basePath: string;
  credential: Simulator['credential'];
  routes: readonly Route[];
  /** Answers instead of the route when the caller may not. */
  authorize?: (exchange: Exchange) => Promise<Reply | undefined> | Reply | undefined;
  /** No route of that method and path. */
  unknownRoute: (exchange: Exchange) => Reply;
  /** Named errors a `status` fault can ask for; `internal` is also the answer when the simulator itself fails. */
  errors: Readonly<Record<string, (exchange: Exchange) => Reply>> & {
    internal: (exchange: Exchange) => Reply;
  };
  /** Names a `variant` fault may carry. */
  variants: readonly string[];
  requestId?: () => string;
  /** Larger bodies are read away and reported as `too-large`; 256 MiB unless told. */
  maxBodyBytes?: number;
  /** Charges what the clock has made due, before the ledger is read. */
  settle?: () => void;
  reset?: () => void;
}

export interface DrawnPicture {
  bytes: Uint8Array;
  sha256: string;
  width: number;
  height: number;
  contentType: 'image/png' | 'image/jpeg' | 'image/webp';
}

/** What a simulator is given to work with. */
export interface SimulatorKit {
  now(): number;
  seed(): number;
  draw(request: Parameters<Draw>[0]): Promise<DrawnPicture>;
  pictures: PictureStore;
  /** Puts one image on the bill. */
  charge(entry: Omit<LedgerEntry, 'bytes' | 'sha256' | 'width' | 'height'>, picture: DrawnPicture): void;
  /** Real time, whatever the clock; ends early with an error when the simulator closes. */
  sleep(ms: number): Promise<void>;
}

const maxLedgerEntries = 20_000;
const maxSeenRequests = 10_000;
const maxSeenSize = 64 * 1024 * 1024;
const maxPromptLength = 500;

/** Starts a simulator; `define` says what it is. Rejects when the port is taken. */
export async function startSimulator(
  options: SimulatorOptions,
  define: (kit: SimulatorKit) => SimulatorDefinition,
): Promise<Simulator> {
  const now = options.now ?? Date.now;
  const closing = new AbortController();
  const ledger = createLog<LedgerEntry>(maxLedgerEntries);
  const requests = createLog<SeenRequest>(maxSeenRequests, maxSeenSize);
  const sleep = (ms: number): Promise<void> => wait(ms, undefined, { signal: closing.signal });
  const pictures = createPictureStore({ origin: () => files.origin, now });

  const definition = define({
    now,
    seed: options.seed ?? (() => randomInt(2 ** 31)),
    sleep,
    pictures,
    async draw(request) {
      const bytes = await options.draw(request);
      return {
        bytes,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        width: request.width,
        height: request.height,
        contentType: request.format === 'png' ? 'image/png' : 'image/jpeg',
      };
    },
    charge(entry, { bytes, sha256, width, height }) {
      const prompt = entry.prompt.slice(0, maxPromptLength);
      ledger.add({ ...entry, prompt, width, height, bytes: bytes.length, sha256 });
    },
  });
  const faults = createFaultQueue({
    errors: Object.keys(definition.errors),
    variants: definition.variants,
  });

  const control: SimulatorControl = {
    ledger() {
      definition.settle?.();
      return ledger.entries();
    },
    requests: () => requests.entries(),
    inject: (fault) => faults.add(fault),
    reset() {
      definition.reset?.();
      for (const each of [ledger, requests, faults, pictures]) each.clear();
    },
  };

  async function answer(
    exchange: Exchange,
    response: ServerResponse,
    work: () => Promise<Reply> | Reply,
  ): Promise<void> {
    const fault = exchange.fault;
    if (fault?.kind === 'hang-before') return;
    if (fault?.kind === 'refuse') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'late') await sleep(fault.byMs);
    const reply = fault?.kind === 'status' ? named(definition, fault, exchange) : await work();
    await deliver(response, reply, fault, sleep);
  }

  async function onApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    if (url.pathname.startsWith('/_sim/')) return answerControl(control, request, response, url.pathname);
    const exchange = await readExchange(request, url, now(), definition);
    const matches = definition.routes.flatMap((route) => {
      const match = route.method === request.method ? route.path.exec(url.pathname) : null;
      return match === null ? [] : [{ route, params: match.slice(1).map((each) => decoded(each ?? '')) }];
    });
    const found = matches[0];
    const on = found?.route.on ?? 'other';
    exchange.params = found?.params ?? [];
    see(requests, exchange, on, url);
    exchange.fault = faults.take({ on, prompt: found?.route.prompt?.(exchange) });
    await answer(exchange, response, async () => {
      if (found === undefined) return definition.unknownRoute(exchange);
      const refusal = await definition.authorize?.(exchange);
      return refusal ?? found.route.handle(exchange);
    }).catch(async (cause: unknown) => {
      if (closing.signal.aborted || response.headersSent) return void response.destroy();
      // A fault of the simulator itself: answered as the upstream would, with its reason where no adapter looks.
      const reply = definition.errors.internal(exchange);
      const reason = encodeURIComponent(String(cause)).slice(0, 1000);
      return deliver(
        response,
        { ...reply, headers: { ...reply.headers, 'x-sim-problem': reason } },
        undefined,
        sleep,
      );
    });
  }

  async function onFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', files.origin);
    const exchange = await readExchange(request, url, now(), definition);
    see(requests, exchange, 'download', url);
    exchange.fault = faults.take({ on: 'download', prompt: pictures.promptOf(url) });
    await answer(exchange, response, () => {
      if (exchange.fault?.kind === 'not-found-first') return pictureReplies.notFound;
      if (exchange.fault?.kind === 'expired') return pictureReplies.expired;
      if (request.headers.authorization !== undefined || request.headers['x-goog-api-key'] !== undefined)
        return pictureReplies.twoCredentials;
      if (request.method !== 'GET' && request.method !== 'HEAD') return pictureReplies.notFound;
      return pictures.serve(url);
    });
  }

  const files = await listen(onFile, 0);
  const api = await listen(onApi, options.port ?? 0).catch(async (cause: unknown) => {
    await files.close();
    throw cause;
  });
  return {
    name: definition.name,
    baseUrl: api.origin + definition.basePath,
    fileOrigin: files.origin,
    credential: definition.credential,
    control,
    async close() {
      closing.abort();
      await Promise.all([api.close(), files.close()]);
    },
  };
}

async function readExchange(
  request: IncomingMessage,
  url: URL,
  at: number,
  definition: SimulatorDefinition,
): Promise<Exchange> {
  const read = await readBody(request, definition.maxBodyBytes ?? 256 * 1024 * 1024);
  return {
    at,
    requestId: definition.requestId?.() ?? randomUUID(),
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    params: [],
    headers: request.headers,
    body: read.body,
    bodyProblem: read.problem,
    form: read.form,
    fault: undefined,
  };
}

function see(
  requests: { add(entry: SeenRequest, size: number): void },
  { at, method, headers, body, form }: Exchange,
  on: Operation,
  url: URL,
): void {
  const path = url.pathname + url.search.replace(/([?&]key=)[^&]*/g, '$1(removed)');
  const shown = form === undefined ? abbreviated(body) : shownForm(form);
  const size = path.length + (shown === undefined ? 0 : JSON.stringify(shown).length);
  requests.add({ at, on, method, path, headers: withoutCredentials(headers), body: shown }, size);
}

function named(
  definition: SimulatorDefinition,
  fault: Extract<InjectedFault, { kind: 'status' }>,
  exchange: Exchange,
): Reply {
  const base = fault.error === undefined ? { status: 500 } : definition.errors[fault.error]?.(exchange);
  return {
    ...(base ?? { status: 500 }),
    ...(fault.status === undefined ? {} : { status: fault.status }),
    ...(fault.body === undefined ? {} : { json: fault.body }),
    headers: { ...base?.headers, ...fault.headers },
  };
}

/** The control over HTTP. Pages of a browser are kept out: they could reach a loopback port. */
async function answerControl(
  control: SimulatorControl,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const reply = (status: number, json: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  };
  const { body } = await readBody(request, 1024 * 1024);
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (request.headers.origin !== undefined || !['127.0.0.1', 'localhost'].includes(host))
    return reply(403, { error: 'not for browsers' });
  switch (`${request.method} ${path}`) {
    case 'GET /_sim/ledger':
      return reply(200, control.ledger());
    case 'GET /_sim/requests':
      return reply(200, control.requests());
    case 'POST /_sim/reset':
      control.reset();
      return reply(200, {});
    case 'POST /_sim/faults':
      try {
        control.inject(body as InjectedFault);
      } catch (cause) {
        return reply(400, { error: String(cause) });
      }
      return reply(200, {});
    default:
      return reply(404, { error: 'GET ledger, GET requests, POST faults, POST reset' });
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
