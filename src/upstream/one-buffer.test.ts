import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

import { loopbackCertificate } from '../../test/kit/loopback-certificate.ts';
import { readIntoOneBuffer } from './one-buffer.ts';
import { createPools } from './pools.ts';
import { send, type Incoming } from './send.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Every four bytes say where they stand, so that a piece that is not its own shows. */
const answer = Buffer.from(Uint32Array.from({ length: 750_000 }, (_, i) => i).buffer);

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function openPools() {
  const pools = createPools({ connections: 64, connectTimeoutMs: 5000 });
  closers.push(() => pools.close());
  return pools;
}

function ask(pools: ReturnType<typeof createPools>, url: string): Promise<Incoming> {
  const address = new URL(url);
  const outgoing = {
    method: 'GET' as const,
    url: address,
    headers: {},
    headersTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
  };
  return send(pools.get(address.origin), outgoing, new AbortController().signal);
}

/** Reads an answer and waits a little before every so many pieces. */
async function read(pools: ReturnType<typeof createPools>, url: string, waitEvery: number): Promise<void> {
  const incoming = await ask(pools, url);
  let at = 0;
  let pieces = 0;
  for await (const piece of incoming.body) {
    pieces += 1;
    if (pieces % waitEvery === 0) await setTimeout(1);
    const isSame = answer.compare(piece, 0, piece.length, at, at + piece.length) === 0;
    assert.ok(isSame, `${piece.length} bytes at ${at} differ`);
    at += piece.length;
  }
  assert.equal(at, answer.length);
}

/** A server's origin, without and with TLS. */
const origins = {
  'without TLS': async (listener: RequestListener): Promise<string> =>
    `http://127.0.0.1:${await listen(createHttpServer(listener))}`,
  'through TLS': async (listener: RequestListener): Promise<string> => {
    setDefaultCACertificates([...getCACertificates('bundled'), loopbackCertificate.cert]);
    return `https://localhost:${await listen(createHttpsServer(loopbackCertificate, listener))}`;
  },
};

async function readManyAtOnce(origin: string): Promise<void> {
  const pools = openPools();
  for (let round = 0; round < 2; round += 1) {
    const speeds = [1, 2, 3, 5, 8, 13, 1000, 1000];
    await Promise.all(speeds.map((waitEvery) => read(pools, origin, waitEvery)));
  }
}

const inOne: RequestListener = (_, response) => {
  response.end(answer);
};

/** Chunks that end nowhere near the end of what a socket gives. */
const inChunks: RequestListener = (_, response) => {
  for (let at = 0; at < answer.length; at += 10_007) response.write(answer.subarray(at, at + 10_007));
  response.end();
};

for (const [way, serve] of Object.entries(origins)) {
  for (const [how, listener] of Object.entries({ 'with a length': inOne, 'in chunks': inChunks })) {
    test(`answers ${how} that come at once ${way} each have their own bytes, however slowly they are read`, async () => {
      await readManyAtOnce(await serve(listener));
    });
  }

  test(`headers that come ${way} in two parts are their own, though another answer comes in between`, async () => {
    const halfSent = Promise.withResolvers<() => void>();
    const origin = await serve(({ url, socket }, response) => {
      if (url === '/other') {
        response.end('x'.repeat(1000));
        return;
      }
      socket.write('HTTP/1.1 200 OK\r\nx-first: one\r\nx-second: begun-');
      halfSent.resolve(() => socket.write('and-ended\r\ncontent-length: 0\r\n\r\n'));
    });
    const pools = openPools();
    const asked = ask(pools, `${origin}/`);
    const sendRest = await halfSent.promise;
    const other = await ask(pools, `${origin}/other`);
    for await (const piece of other.body) assert.equal(Buffer.from(piece).toString(), 'x'.repeat(1000));
    sendRest();
    const { headers } = await asked;
    assert.deepEqual(headers, { 'x-first': 'one', 'x-second': 'begun-and-ended', 'content-length': '0' });
  });
}

test('an answer that came whole is read to its end, though its connection ended meanwhile', async () => {
  for (const serve of Object.values(origins)) {
    const origin = await serve(({ socket }, response) => {
      response.end(answer);
      socket.end();
    });
    const pools = openPools();
    await Promise.all([1, 2, 5, 1000].map((waitEvery) => read(pools, origin, waitEvery)));
  }
});

test('nothing more is read while some of what was given back is left', async () => {
  const port = await listen(createHttpServer(inOne));
  const socket = connect({ port, host: '127.0.0.1', onread: readIntoOneBuffer });
  let taken = 0;
  function takeOneByte(): void {
    const piece = socket.read() as Buffer | null;
    if (piece === null) return;
    taken += 1;
    socket.unshift(piece.subarray(1));
  }
  socket.on('readable', takeOneByte);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'readable');
  for (let i = 0; i < 100; i += 1) {
    takeOneByte();
    await setImmediate();
  }
  socket.destroy();
  assert.ok(taken > 1);
  assert.ok(socket.bytesRead <= 64 * 1024, `${taken} bytes were taken, ${socket.bytesRead} read`);
});

test('a connection that the server ends after an answer is not used again', async () => {
  let connections = 0;
  const server = createHttpServer(({ socket }, response) => {
    response.end(answer, () => socket.end());
  });
  server.on('connection', () => {
    connections += 1;
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  const pools = openPools();
  for (let i = 0; i < 5; i += 1) {
    await read(pools, origin, 3);
    await setTimeout(20);
  }
  assert.equal(connections, 5);
});
