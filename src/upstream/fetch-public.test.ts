import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { RawServer } from '../../test/kit/raw-server.ts';
import { httpAnswer, startRawServer } from '../../test/kit/raw-server.ts';
import type { FetchPublicOptions } from './fetch-public.ts';
import { fetchPublic } from './fetch-public.ts';
import type { Resolve } from './public-web.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  closers.push(() => server.close());
  return server;
}

const picture = Buffer.from('bytes of a picture');
const picturePage = httpAnswer(200, picture, { 'content-type': 'image/png' });

function redirectTo(location: string, status = 302): Buffer {
  return httpAnswer(status, 'moved', { location });
}

function fetchIt(address: string, options: Partial<FetchPublicOptions> = {}): Promise<Uint8Array> {
  return fetchPublic(address, {
    maxBytes: 1000,
    signal: new AbortController().signal,
    allowHttp: true,
    resolve: () => Promise.reject(new Error('no name was expected here')),
    ...options,
  });
}

const toLoopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

async function refused(promise: Promise<unknown>, details: RegExp): Promise<void> {
  const error = await promise.then(
    () => assert.fail('was fetched'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, String(error));
  assert.match(error.message, details);
}

test('fetches from an allowed origin, sending nothing about anybody', async () => {
  const server = await serve((socket) => socket.write(picturePage));
  const bytes = await fetchIt(`${server.origin}/a%20b.png?c=d#e`, { allowedOrigins: [server.origin] });
  assert.deepEqual(Buffer.from(bytes), picture);
  assert.deepEqual((server.requests[0] ?? '').trim().split('\r\n').sort(), [
    'GET /a%20b.png?c=d HTTP/1.1',
    'accept-encoding: identity',
    'accept: image/*',
    'connection: keep-alive',
    `host: 127.0.0.1:${server.port}`,
    'user-agent: easel',
  ]);
});

test('connects to no address of this machine, however it is written', async () => {
  const server = await serve((socket) => socket.write(picturePage));
  for (const host of [
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '1２７.0.0.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
  ]) {
    await refused(fetchIt(`http://${host}:${server.port}/`), /^not a public address$/);
  }
  assert.equal(server.connections(), 0);
});

test('refuses user names, other schemes, plain http, and what is no URL', async () => {
  const server = await serve((socket) => socket.write(picturePage));
  const allowedOrigins = [server.origin];
  await refused(fetchIt(`http://user@127.0.0.1:${server.port}/`, { allowedOrigins }), /user name/);
  await refused(fetchIt(`http://:pass@127.0.0.1:${server.port}/`, { allowedOrigins }), /user name/);
  for (const address of [
    'file:///etc/passwd',
    'ftp://8.8.8.8/',
    'data:image/png;base64,AAAA',
    'gopher://x/',
  ]) {
    await refused(fetchIt(address), /neither https nor http/);
  }
  await refused(fetchIt('http://8.8.8.8/', { allowHttp: false }), /not https/);
  for (const address of ['', 'http://', '//x/', 'http://1.2.3.4.5/', 'http://[::1']) {
    await refused(fetchIt(address), /not a URL/);
  }
  assert.equal(server.connections(), 0);
});

test('refuses a name when any of its addresses is not public, whatever the next answer would be', async () => {
  const server = await serve((socket) => socket.write(picturePage));
  const answers = [
    [{ address: '127.0.0.1', family: 4 }],
    [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
    [
      { address: '8.8.8.8', family: 4 },
      { address: '::1', family: 6 },
    ],
    [{ address: 'fe80::1%eth0', family: 6 }],
    [],
  ];
  for (const answer of answers) {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1 ? answer : [{ address: '127.0.0.1', family: 4 }];
    };
    await refused(fetchIt(`http://changing.example:${server.port}/`, { resolve }), /^not a public address$/);
    assert.equal(asked, 1);
  }
  await refused(
    fetchIt('http://nothing.example/', { resolve: () => Promise.reject(new Error('ENOTFOUND')) }),
    /ENOTFOUND/,
  );
  assert.equal(server.connections(), 0);
});

test('connects to the very address that was looked up, once, under the name of the URL', async () => {
  const server = await serve((socket) => socket.write(picturePage));
  const names: string[] = [];
  const resolve = async (name: string) => {
    names.push(name);
    return [{ address: names.length === 1 ? '127.0.0.1' : '8.8.8.8', family: 4 }];
  };
  const origin = `http://pictures.example:${server.port}`;
  await fetchIt(`${origin}/`, { resolve, allowedOrigins: [origin] });
  assert.deepEqual(names, ['pictures.example']);
  assert.match(server.requests[0] ?? '', new RegExp(`\r\nhost: pictures.example:${server.port}\r\n`));
});

test('names the host of the URL in TLS, although it connects to an address', async () => {
  const named = Promise.withResolvers<string>();
  const tls = createTlsServer({
    SNICallback: (name, done) => {
      named.resolve(name);
      done(null);
    },
  });
  tls.on('tlsClientError', () => {});
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  closers.push(async () => {
    tls.close();
  });
  const origin = `https://pictures.example:${(tls.address() as AddressInfo).port}`;
  // It has no certificate, so there is nothing to fetch; the name has been said by then.
  await refused(fetchIt(`${origin}/`, { resolve: toLoopback, allowedOrigins: [origin] }), /./);
  assert.equal(await named.promise, 'pictures.example');
});

test('follows three redirects, each through the same check', async () => {
  const secret = await serve((socket) => socket.write(picturePage));
  const targets: Record<string, Buffer> = {
    '/1': redirectTo('/2', 301),
    '/2': redirectTo('3', 307),
    '/3': redirectTo('/4', 308),
    '/4': picturePage,
    '/0': redirectTo('/1', 303),
    '/secret': redirectTo(`${secret.origin}/`),
    '/name': redirectTo(`http://changing.example:${secret.port}/`),
    '/local': redirectTo(`http://localhost:${secret.port}/`),
    '/user': redirectTo('http://user@8.8.8.8/'),
    '/file': redirectTo('file:///etc/passwd'),
    '/broken': redirectTo('http://['),
    '/nowhere': httpAnswer(302, '', {}),
  };
  const server = await serve((socket, request) => {
    socket.write(targets[request.split(' ')[1] ?? ''] ?? httpAnswer(404, ''));
  });
  const allowedOrigins = [server.origin];
  assert.deepEqual(Buffer.from(await fetchIt(`${server.origin}/1`, { allowedOrigins })), picture);
  await refused(fetchIt(`${server.origin}/0`, { allowedOrigins }), /too many redirects/);
  await refused(fetchIt(`${server.origin}/1`, { allowedOrigins, maxRedirects: 2 }), /too many redirects/);
  await refused(fetchIt(`${server.origin}/secret`, { allowedOrigins }), /not a public address/);
  await refused(fetchIt(`${server.origin}/local`, { allowedOrigins }), /not a public address/);
  await refused(
    fetchIt(`${server.origin}/name`, { allowedOrigins, resolve: toLoopback }),
    /not a public address/,
  );
  await refused(fetchIt(`${server.origin}/user`, { allowedOrigins }), /user name/);
  await refused(fetchIt(`${server.origin}/file`, { allowedOrigins }), /neither https nor http/);
  await refused(fetchIt(`${server.origin}/broken`, { allowedOrigins }), /not a URL/);
  await refused(fetchIt(`${server.origin}/nowhere`, { allowedOrigins }), /status 302/);
  assert.equal(secret.connections(), 0);
});

test('refuses what is too large, by its length or while reading, and other statuses, and cut answers', async () => {
  const targets: Record<string, Buffer> = {
    '/length': httpAnswer(200, Buffer.alloc(1001)),
    '/chunked': Buffer.from(
      `HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`,
    ),
    '/bomb': httpAnswer(200, gzipSync(Buffer.alloc(100_000)), { 'content-encoding': 'gzip' }),
    '/gone': httpAnswer(404, picture),
    '/partial': httpAnswer(206, picture),
    '/cut': picturePage.subarray(0, picturePage.length - 1),
    '/full': httpAnswer(200, Buffer.alloc(1000)),
  };
  const server = await serve((socket, request) => socket.end(targets[request.split(' ')[1] ?? ''] ?? ''));
  const allowedOrigins = [server.origin];
  await refused(fetchIt(`${server.origin}/length`, { allowedOrigins }), /too large/);
  await refused(fetchIt(`${server.origin}/chunked`, { allowedOrigins }), /too large/);
  await refused(fetchIt(`${server.origin}/bomb`, { allowedOrigins }), /too large/);
  await refused(fetchIt(`${server.origin}/gone`, { allowedOrigins }), /status 404/);
  await refused(fetchIt(`${server.origin}/partial`, { allowedOrigins }), /status 206/);
  await refused(fetchIt(`${server.origin}/cut`, { allowedOrigins }), /./);
  await refused(fetchIt(`${server.origin}/nothing`, { allowedOrigins }), /./);
  assert.equal((await fetchIt(`${server.origin}/full`, { allowedOrigins })).length, 1000);
});

test('gives up when all of it takes too long, although something comes all the time', async () => {
  const server = await serve((socket) => {
    socket.write('HTTP/1.1 200 X\r\ncontent-length: 900\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 5);
    socket.on('close', () => clearInterval(drip));
  });
  await refused(
    fetchIt(server.origin, { allowedOrigins: [server.origin], timeoutMs: 60 }),
    /not done within 60 ms/,
  );
});

test('ends with the reason of the signal', async () => {
  const abort = new AbortController();
  const reason = new Error('the caller has left');
  const server = await serve(() => abort.abort(reason));
  await assert.rejects(
    fetchIt(server.origin, { allowedOrigins: [server.origin], signal: abort.signal }),
    reason,
  );
  await assert.rejects(
    fetchIt(server.origin, { allowedOrigins: [server.origin], signal: abort.signal }),
    reason,
  );
  assert.equal(server.connections(), 1);
});
