import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { assertRefused } from '../kit/assert-refused.ts';
import { answered, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

/** How the gateway serves the built console, with files of our own in its place. */

const page = '<!doctype html><script type="module" src="/assets/index-abc.js"></script>';
const script = `console.log(${JSON.stringify('drawn '.repeat(500))});`;
const pixel = Buffer.from('89504e470d0a1a0a', 'hex');

async function startWith(t: TestContext, options: { built: boolean; env?: Record<string, string> }) {
  const consoleFolder = await temporaryFolder(t);
  if (options.built) {
    await mkdir(path.join(consoleFolder, 'assets'));
    await writeFile(path.join(consoleFolder, 'index.html'), page);
    await writeFile(path.join(consoleFolder, 'assets', 'index-abc.js'), script);
    await writeFile(path.join(consoleFolder, 'assets', 'pixel-abc.png'), pixel);
    await writeFile(path.join(consoleFolder, 'assets', 'notes.sh'), 'rm -rf /');
  }
  const easel = await startTestGateway({ consoleFolder, ...(options.env && { env: options.env }) });
  t.after(() => easel.close());
  return easel;
}

/** As it comes over the wire, still packed. */
function ask(
  { url }: TestGateway,
  address: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    headers: Record<string, unknown>;
    bytes: Buffer;
  }>();
  const sent = request(`${url}${address}`, { method, headers });
  sent.on('error', reject);
  sent.on('response', (reply) => {
    const chunks: Buffer[] = [];
    reply.on('data', (chunk: Buffer) => chunks.push(chunk));
    reply.on('end', () =>
      resolve({ status: reply.statusCode ?? 0, headers: reply.headers, bytes: Buffer.concat(chunks) }),
    );
  });
  sent.end();
  return promise;
}

test('every screen is the one page, which runs no script but its own and is asked for anew each time', async (t) => {
  const easel = await startWith(t, { built: true });
  const tags = new Set<unknown>();
  for (const screen of ['/', '/gallery', '/gallery/img_1', '/models', '/keys', '/usage', '/activity?x=1']) {
    const { status, headers, bytes } = await ask(easel, screen);
    assert.deepEqual([status, bytes.toString()], [200, page], screen);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['set-cookie'], undefined);
    const policy = String(headers['content-security-policy']).split('; ');
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob: data:",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ])
      assert.ok(policy.includes(rule), rule);
    assert.doesNotMatch(policy.join(), /unsafe|\*/);
    tags.add(headers['etag']);
  }
  const [etag] = tags;
  assert.equal(tags.size, 1);
  const again = await ask(easel, '/', { 'if-none-match': String(etag) });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  assert.equal((await ask(easel, '/', { 'if-none-match': `W/${String(etag)}` })).status, 304);
  const head = await ask(easel, '/', {}, 'HEAD');
  assert.deepEqual([head.status, head.headers['content-length']], [200, String(page.length)]);
});

test('files come packed as the client takes them, and may be kept for ever', async (t) => {
  const easel = await startWith(t, { built: true });
  const at = '/assets/index-abc.js';
  for (const [accept, coding, unpack] of [
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['gzip;q=1.0', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['', undefined, (bytes: Buffer) => bytes],
  ] as const) {
    const { status, headers, bytes } = await ask(easel, at, { 'accept-encoding': accept });
    assert.equal(status, 200);
    assert.equal(headers['content-encoding'], coding, accept);
    assert.equal(unpack(bytes).toString(), script);
    if (coding !== undefined) assert.ok(bytes.length < script.length / 4);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(headers['vary'], 'accept-encoding');
  }
  const picture = await ask(easel, '/assets/pixel-abc.png', { 'accept-encoding': 'br' });
  assert.deepEqual([picture.headers['content-encoding'], picture.bytes], [undefined, pixel]);
});

test('nothing but the files of the console is served', async (t) => {
  const easel = await startWith(t, { built: true });
  const refused = { status: 404, reason: 'not_found', type: 'not_found_error' };
  for (const address of [
    '/assets/notes.sh',
    '/assets/index.html',
    '/assets/..%2findex.html',
    '/assets/../../package.json',
    '/assets/',
    '/index.html',
    '/settings',
  ])
    assertRefused(await answered(await fetch(`${easel.url}${address}`)), refused);
  assert.equal((await fetch(`${easel.url}/keys`, { method: 'POST' })).status, 405);
});

test('pictures may come from the public address where one is set', async (t) => {
  const easel = await startWith(t, {
    built: true,
    env: { EASEL_PUBLIC_URL: 'https://img.example.org/easel' },
  });
  const { headers } = await ask(easel, '/');
  assert.match(
    String(headers['content-security-policy']),
    /img-src 'self' blob: data: https:\/\/img\.example\.org;/,
  );
});

test('without a built console the page says how to build it, and the API works', async (t) => {
  const easel = await startWith(t, { built: false });
  const { status, bytes } = await ask(easel, '/');
  assert.equal(status, 503);
  assert.match(bytes.toString(), /npm run console:build/);
  assert.equal((await ask(easel, '/assets/index-abc.js')).status, 404);
  assert.equal((await easel.ask('GET', '/v1/models')).status, 200);
});
