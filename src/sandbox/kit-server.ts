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

/** The request's body as JSON. A body above `maxBytes` is read to its end, so that an answer reaches the client, and dropped. */
export async function readJson(
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ body: unknown; problem: 'not-json' | 'too-large' | undefined }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length <= maxBytes) pieces.push(piece);
    else pieces.length = 0;
  }
  if (length > maxBytes) return { body: undefined, problem: 'too-large' };
  if (length === 0) return { body: undefined, problem: undefined };
  try {
    return { body: JSON.parse(Buffer.concat(pieces).toString('utf8')), problem: undefined };
  } catch {
    return { body: undefined, problem: 'not-json' };
  }
}
