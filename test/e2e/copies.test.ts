import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { openSqlite } from '../../src/records/sqlite.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { embed, manifestStore } from '../kit/content-credentials.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { fc } from '../kit/made-up.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

/** Resized and converted copies, thumbnails and content credentials (public-api.md sections 7 and 8). */

let easel: TestGateway;
let id: string;
before(async () => {
  easel = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  id = await make();
});
after(() => easel.close());

/** A picture of 1376 x 768. */
async function make(of = easel): Promise<string> {
  const body = { model: 'nano-banana-pro', prompt: 'a boat', size: '1376x768' };
  const answer = await of.ask('POST', '/v1/images/generations', body);
  assert.equal(answer.status, 200, answer.text);
  return String(answer.at('id'));
}

interface Seen {
  status: number;
  headers: Headers;
  bytes: Buffer;
}

async function get(url: string, init: RequestInit = {}): Promise<Seen> {
  const response = await fetch(url, init);
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

function content(query: string, init: RequestInit = {}): Promise<Seen> {
  const headers = { authorization: `Bearer ${testSecret}` };
  return get(`${easel.url}/v1/images/${id}/content?${query}`, { ...init, headers });
}

async function linkTo(query: string): Promise<URL> {
  const answer = await easel.ask('GET', `/v1/images/${id}/content?format=url&${query}`);
  assert.equal(answer.status, 200, answer.text);
  return new URL(String(answer.at('url')));
}

async function shapeOf({ bytes }: Seen): Promise<[string, number, number]> {
  const { format, width, height } = await sharp(bytes).metadata();
  return [format, width, height];
}

async function copiesIn(of: TestGateway): Promise<string[]> {
  const folder = join(of.dataDir, 'objects', 'copies');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const badSignature = { status: 403, reason: 'bad_signature', type: 'invalid_request_error' };

test('content is given in another size and format, in all three ways', async () => {
  const query = 'width=200&height=200&fit=cover&as=webp';
  const binary = await content(`format=binary&${query}`);
  assert.equal(binary.status, 200);
  assert.deepEqual(await shapeOf(binary), ['webp', 200, 200]);
  assert.equal(binary.headers.get('content-type'), 'image/webp');
  assert.equal(binary.headers.get('content-length'), String(binary.bytes.length));
  assert.equal(binary.headers.get('content-disposition'), `attachment; filename="${id}_0.webp"`);
  assert.deepEqual((await content(`format=redirect&${query}`)).bytes, binary.bytes);
  assert.deepEqual((await get(String(await linkTo(query)))).bytes, binary.bytes);
});

test('what a query leaves open is as the original has it', async () => {
  assert.deepEqual(await shapeOf(await content('format=binary&width=344')), ['jpeg', 344, 192]);
  assert.deepEqual(await shapeOf(await content('format=binary&height=192')), ['jpeg', 344, 192]);
  assert.deepEqual(await shapeOf(await content('format=binary&as=png')), ['png', 1376, 768]);
  assert.deepEqual(await shapeOf(await content('format=binary&as=avif&width=64')), ['heif', 64, 36]);
  assert.deepEqual(await shapeOf(await content('format=binary&width=4096&height=4096')), ['jpeg', 1376, 768]);
  const inside = 'format=binary&as=png&width=100&height=100';
  assert.deepEqual(await shapeOf(await content(`${inside}&fit=contain`)), ['png', 100, 100]);
  assert.deepEqual(await shapeOf(await content(`${inside}&fit=inside`)), ['png', 100, 56]);
});

test("the original's own format without a size is the original itself", async () => {
  const original = await content('format=binary');
  assert.deepEqual((await content('format=binary&as=jpeg')).bytes, original.bytes);
  assert.equal((await linkTo('as=jpeg')).searchParams.has('as'), false);
});

const wrong: [string, string][] = [
  ['width=0', 'width'],
  ['width=4097', 'width'],
  ['width=99999999999999999999', 'width'],
  ['width=-1', 'width'],
  ['width=1.5', 'width'],
  ['width=1e2', 'width'],
  ['width=', 'width'],
  ['width=abc', 'width'],
  ['height=0', 'height'],
  ['height=4097', 'height'],
  ['height=%31%30%00', 'height'],
  ['fit=fill&width=10&height=10', 'fit'],
  ['fit=COVER&width=10&height=10', 'fit'],
  ['fit=cover', 'fit'],
  ['fit=cover&width=10', 'fit'],
  ['as=gif', 'as'],
  ['as=jpg', 'as'],
  ['as=svg', 'as'],
  ['as=constructor', 'as'],
  ['as=', 'as'],
];

test('a wrong value is refused by its name, in each of the three ways', async () => {
  for (const [query, param] of wrong) {
    for (const format of ['binary', 'url', 'redirect']) {
      const answer = await easel.ask('GET', `/v1/images/${id}/content?format=${format}&${query}`);
      assertRefused(answer, { status: 400, reason: 'invalid_value', param });
    }
  }
  assert.equal((await copiesIn(easel)).filter((name) => name.endsWith('.gif')).length, 0);
});

test('whatever a query says, the answer is a picture or a refusal that names a parameter', async () => {
  const value = fc.oneof(
    fc.integer({ min: -2, max: 40 }).map(String),
    fc.constantFrom('png', 'jpeg', 'webp', 'avif', 'cover', 'inside', 'contain', '', '4096', '1e1', ' 8 '),
    fc.string({ maxLength: 8 }),
  );
  const names = ['width', 'height', 'fit', 'as', 'index', 'format', 'quality'];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 6 }),
      async (pairs) => {
        const query = new URLSearchParams(pairs);
        const { status, bytes } = await content(`${String(query)}&format=binary`, { redirect: 'manual' });
        if (status >= 400) {
          assert.match(String(status), /^40[04]$/, String(query));
          const { error } = JSON.parse(bytes.toString()) as { error: { param: string } };
          assert.ok(names.includes(error.param), `${String(query)}: ${bytes.toString()}`);
        } else assert.match(String(status), /^(200|302)$/, String(query));
      },
    ),
    { numRuns: 300 },
  );
});

test('a link is good for the copy it was made for and for no other', async () => {
  const link = await linkTo('width=100&height=100&fit=cover&as=webp');
  assert.match(link.pathname, /\/0\.webp$/);
  assert.equal((await get(String(link))).status, 200);
  const change = (edit: (url: URL) => void): string => {
    const url = new URL(link);
    edit(url);
    return String(url);
  };
  const changed = [
    change((url) => url.searchParams.set('width', '101')),
    change((url) => url.searchParams.set('fit', 'inside')),
    change((url) => url.searchParams.set('as', 'png')),
    change((url) => url.searchParams.delete('width')),
    change((url) => url.searchParams.append('width', '200')),
    change((url) => url.searchParams.append('quality', '1')),
    change((url) => ['width', 'height', 'fit', 'as'].forEach((name) => url.searchParams.delete(name))),
    change((url) => (url.pathname = url.pathname.replace('.webp', '.jpg'))),
    change((url) => (url.pathname = url.pathname.replace('/0.', '/1.'))),
  ];
  for (const url of changed) {
    assertRefused(await answered(await fetch(url)), badSignature);
  }
  // The order of a query means nothing.
  const turned = change((url) => {
    const pairs = [...url.searchParams].toReversed();
    url.search = String(new URLSearchParams(pairs));
  });
  assert.equal((await get(turned)).status, 200);
});

test('a copy is served like an original: ETag, ranges, HEAD, caching', async () => {
  const link = String(await linkTo('width=300&as=png'));
  const whole = await get(link);
  const etag = whole.headers.get('etag') ?? '';
  assert.match(etag, /^"[0-9a-f]{32}"$/);
  assert.match(whole.headers.get('cache-control') ?? '', /^private, max-age=\d+$/);
  assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
  const head = await get(link, { method: 'HEAD' });
  assert.deepEqual([head.headers.get('content-length'), head.bytes.length], [String(whole.bytes.length), 0]);
  assert.equal((await get(link, { headers: { 'if-none-match': etag } })).status, 304);
  const part = await get(link, { headers: { range: 'bytes=10-19', 'if-range': etag } });
  assert.equal(part.status, 206);
  assert.deepEqual(part.bytes, whole.bytes.subarray(10, 20));
  assert.equal((await get(link, { headers: { range: `bytes=${whole.bytes.length}-` } })).status, 416);
  const other = await get(String(await linkTo('width=301&as=png')));
  assert.notEqual(other.headers.get('etag'), etag);
});

test('an ETag that is at hand costs no copy', async () => {
  const own = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  try {
    const record = await own.ask('GET', `/v1/images/${await make(own)}`);
    const link = String(record.at('images.0.thumbnail_url'));
    const etag = (await get(link)).headers.get('etag') ?? '';
    await rm(join(own.dataDir, 'objects', 'copies'), { recursive: true });
    assert.equal((await get(link, { headers: { 'if-none-match': etag } })).status, 304);
    assert.deepEqual(await copiesIn(own), []);
    // One that was lost is made again; the first time the store finds out that its folder is gone.
    for (let i = 0; i < 2; i += 1) assert.equal((await get(link)).headers.get('etag'), etag);
    assert.equal((await copiesIn(own)).length, 1);
  } finally {
    await own.close();
  }
});

test('the start finishes a deletion that was cut off, copies included', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startTestGateway({ dataDir, sandbox: { draw: fastDraw, delayMs: 1 } });
  const [gone, kept] = [await make(first), await make(first)];
  for (const each of [gone, kept]) {
    const record = await first.ask('GET', `/v1/images/${each}`);
    await get(String(record.at('images.0.thumbnail_url')));
  }
  await first.close();
  // As far as a deletion had come when the process died: its record is gone, its files are not.
  const store = await openSqlite({ file: join(dataDir, 'easel.db'), now: Date.now });
  const record = await store.records.get(gone, undefined);
  await store.records.remove(gone, record?.keyId ?? '');
  await store.close();
  const second = await startTestGateway({ dataDir, sandbox: { draw: fastDraw, delayMs: 1 } });
  const names = await copiesIn(second);
  await second.close();
  assert.equal(names.length, 1);
  assert.ok(names[0]?.startsWith(kept), names[0]);
});

test('the start brings kept copies within their bound', async (t) => {
  const dataDir = await temporaryFolder(t);
  const options = { dataDir, sandbox: { draw: fastDraw, delayMs: 1 } };
  const first = await startTestGateway(options);
  const record = await first.ask('GET', `/v1/images/${await make(first)}`);
  await get(String(record.at('images.0.thumbnail_url')));
  await first.close();
  const second = await startTestGateway({ ...options, env: { EASEL_MAX_COPY_BYTES: '0' } });
  t.after(() => second.close());
  await until(async () => (await copiesIn(second)).length === 0);
});

test('a thumbnail is made when it is first fetched, once for all who ask together, and goes with its record', async () => {
  const own = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  try {
    const made = await make(own);
    const record = await own.ask('GET', `/v1/images/${made}`);
    const link = String(record.at('images.0.thumbnail_url'));
    assert.deepEqual(await copiesIn(own), []);
    const all = await Promise.all(Array.from({ length: 8 }, () => get(link)));
    for (const seen of all) assert.deepEqual(await shapeOf(seen), ['webp', 320, 179]);
    assert.equal((await copiesIn(own)).length, 1);
    const list = await own.ask('GET', '/v1/images');
    assert.deepEqual((await get(String(list.at('data.0.images.0.thumbnail_url')))).bytes, all[0]?.bytes);
    assert.equal((await copiesIn(own)).length, 1);

    assert.equal((await own.ask('DELETE', `/v1/images/${made}`)).status, 200);
    assert.deepEqual(await copiesIn(own), []);
    assert.equal((await get(link)).status, 404);
  } finally {
    await own.close();
  }
});

test('a copy as an input image is the copy, not its original', async () => {
  const link = await linkTo('width=400&height=400&fit=cover&as=png');
  const body = { model: 'seedream-4.5', prompt: 'wider', image: String(link) };
  const answer = await easel.ask('POST', '/v1/images/generations', body);
  // A square input makes a square picture.
  assert.equal(answer.at('data.0.size'), '2048x2048', answer.text);
  const tampered = String(link).replace('width=400', 'width=4');
  assertRefused(await easel.ask('POST', '/v1/images/generations', { ...body, image: tampered }), {
    status: 400,
    reason: 'image_fetch_failed',
    param: 'image',
  });
});

test('content credentials are found where an upstream gives them, stay in the original and not in copies', async () => {
  const plain = await easel.ask('GET', `/v1/images/${id}`);
  assert.equal(plain.at('content_credentials'), false);
  assert.equal(plain.at('images.0.content_credentials'), false);
  const signing = await startTestGateway({
    sandbox: {
      draw: async (request) => embed[request.format](await fastDraw(request), manifestStore()),
      delayMs: 1,
    },
  });
  try {
    for (const model of ['kling-image-o1', 'seedream-4.5', 'nano-banana-pro', 'glm-image']) {
      const made = await signing.ask('POST', '/v1/images/generations', {
        model,
        prompt: 'a boat',
        output_format: 'webp',
      });
      const record = await signing.ask('GET', `/v1/images/${String(made.at('id'))}`);
      assert.equal(record.at('content_credentials'), true, model);
      assert.equal(record.at('images.0.content_credentials'), true, model);
      const [original, copy] = await Promise.all(
        ['original_url', 'url'].map((name) => get(String(record.at(`images.0.${name}`)))),
      );
      assert.deepEqual(
        [original?.bytes.includes('c2pa'), copy?.bytes.includes('c2pa')],
        [true, false],
        model,
      );
    }
  } finally {
    await signing.close();
  }
});

test('an unknown image has no copies', async () => {
  const answer = await easel.ask('GET', `/v1/images/img_${'0'.repeat(26)}/content?width=10`);
  assertRefused(answer, { status: 404, reason: 'not_found', type: 'not_found_error' });
});
