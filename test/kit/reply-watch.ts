import { AssertionError } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { describeApi, type ApiDescription, type SeenReply } from './api-description.ts';

/** Holds every reply that a gateway sends, to whatever client, against the description it gives of itself. */
export interface ReplyWatch {
  /** Throws AssertionError when the reply with this X-Request-Id, sent whole, is not as described. */
  check(requestId: string | null): Promise<void>;
  /** Throws the first AssertionError of all replies so far that nobody was told. */
  checkAll(): Promise<void>;
}

/** Begins to watch a gateway that does not listen yet. Replies that are cut off are not judged. */
export function watchReplies(app: FastifyInstance): ReplyWatch {
  const faults = new Map<string, Promise<AssertionError | undefined>>();
  let description: Promise<ApiDescription | undefined> | undefined;
  // By the server and not by a hook: replies written past Fastify count, and so do refusals before any hook.
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    captureReply(response, (reply) => {
      // A gateway whose first reply comes while it stops cannot be asked any more, and is not judged.
      description ??= app.inject('/openapi.json').then(
        ({ body }) => describeApi(body),
        () => undefined,
      );
      const { method = 'GET', url = '/' } = request;
      const address = URL.parse(url, 'http://gateway')?.href ?? 'http://gateway/';
      const fault = description.then((api) => faultOf(() => api?.check({ method, url: address }, reply)));
      const id = reply.headers.get('x-request-id') ?? `without one, ${faults.size}`;
      faults.set(id, fault);
      // What is well is forgotten: some tests ask twenty thousand times.
      void fault.then((found) => found === undefined && faults.delete(id));
    });
  });
  return {
    async check(requestId) {
      const fault = await faults.get(requestId ?? '');
      if (requestId !== null) faults.delete(requestId);
      if (fault !== undefined) throw fault;
    },
    async checkAll() {
      const all = await Promise.all(faults.values());
      faults.clear();
      const fault = all.find((one) => one !== undefined);
      if (fault !== undefined) throw fault;
    },
  };
}

function faultOf(check: () => void): AssertionError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
}

type Methods = Record<'writeHead' | 'write' | 'end', (...args: unknown[]) => unknown>;

/** Tells of a reply before its last byte is sent: the head, and the body where it is text of ours. */
function captureReply(response: ServerResponse, tell: (reply: SeenReply) => void): void {
  const chunks: Buffer[] = [];
  const headers = new Headers();
  const noteHeaders = (given: object): void => {
    for (const [name, value] of Object.entries({ ...response.getHeaders(), ...given }))
      headers.set(name, String(value));
  };
  const collect = (chunk: unknown): void => {
    noteHeaders({});
    const isOurs = /^(application\/json|text\/event-stream)/.test(headers.get('content-type') ?? '');
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk));
    else if (isOurs && chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  const { writeHead, write, end } = response as unknown as Methods;
  response.writeHead = (...args: unknown[]) => {
    noteHeaders(args.findLast((arg) => typeof arg === 'object' && arg !== null) ?? {});
    return Reflect.apply(writeHead, response, args) as ServerResponse;
  };
  response.write = (...args: unknown[]) => {
    collect(args[0]);
    return Reflect.apply(write, response, args) as boolean;
  };
  response.end = (...args: unknown[]) => {
    collect(args[0]);
    const text = headers.get('content-encoding') === null ? Buffer.concat(chunks).toString() : undefined;
    tell({ status: response.statusCode, headers, text });
    return Reflect.apply(end, response, args) as ServerResponse;
  };
}
