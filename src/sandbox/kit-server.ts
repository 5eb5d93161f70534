import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface LoopbackServer {
  origin: string;
  close(): Promise<void>;
}

/** An HTTP server on 127.0.0.1; port 0 is any free one. `close` ends every socket, answered or not. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port: number,
): Promise<LoopbackServer> {
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    // A client that leaves in the middle is normal here; a handler answers its own mistakes.
    request.on('error', () => {});
    response.on('error', () => {});
    handle(request, response).catch(() => response.destroy());
  });
  server.maxConnections = 2_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP port was asked for');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A request's body: parsed JSON, or else a form's parts in their order. */
export interface ReadBody {
  body: unknown;
  form: readonly FormEntry[] | undefined;
  /** Why there is no parsed JSON although there is a body; a form is none. */
  problem: 'not-json' | 'too-large' | undefined;
}

/** One part of a form. */
export interface FormEntry {
  name: string;
  value: string | { fileName: string; mimeType: string; bytes: Uint8Array };
}

/** A body above `maxBytes` is read to its end, so that an answer reaches the client, and dropped. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length <= maxBytes) pieces.push(piece);
    else pieces.length = 0;
  }
  const nothing = { body: undefined, form: undefined };
  if (length > maxBytes) return { ...nothing, problem: 'too-large' };
  if (length === 0) return { ...nothing, problem: undefined };
  const bytes = Buffer.concat(pieces);
  try {
    const contentType = request.headers['content-type'] ?? '';
    if (/^multipart\/form-data\b/i.test(contentType)) {
      return { ...nothing, form: await readForm(bytes, contentType), problem: 'not-json' };
    }
    return { ...nothing, body: JSON.parse(bytes.toString('utf8')), problem: undefined };
  } catch {
    return { ...nothing, problem: 'not-json' };
  }
}

/** With the parser behind Node's own `fetch`: it is strict, and no code of ours reads what our own code wrote. */
async function readForm(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormEntry[]> {
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  return Promise.all(
    [...form.entries()].map(async ([name, value]) => ({
      name,
      value:
        typeof value === 'string'
          ? value
          : { fileName: value.name, mimeType: value.type, bytes: await value.bytes() },
    })),
  );
}
