// See pass-through.ts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import { readStartSettings, sayReady } from '../child-channel.ts';

export interface PassThroughSettings {
  /** Its origin. */
  upstream: string;
}

const pool = new Pool((readStartSettings() as PassThroughSettings).upstream, {
  connections: 256,
  pipelining: 1,
});

const server = createServer((request, response) => {
  passOn(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => sayReady((server.address() as AddressInfo).port));

async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await pool.request({
    method: 'POST',
    path: request.url ?? '/',
    headers: { 'content-type': 'application/json' },
    body: request,
  });
  const length = answer.headers['content-length'];
  response.writeHead(answer.statusCode, {
    'content-type': 'application/json',
    ...(typeof length === 'string' ? { 'content-length': length } : {}),
  });
  await pipeline(answer.body, response);
}
