import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { Pool } from 'undici';
import { composeGateway, readSettings, type Gateway } from '../../src/compose.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { testSecret } from '../kit/gateway.ts';
import { fc, seed } from '../kit/made-up.ts';
import { sendRaw } from '../kit/raw-request.ts';
import { watchReplies, type ReplyWatch } from '../kit/reply-watch.ts';
import { until } from '../kit/until.ts';

/**
 * Made-up requests of every kind. Whatever comes: an answer below 500 within seconds, errors in the form of
 * public-api.md section 3, every reply as /openapi.json describes it, nothing sent upstream for what is refused, and
 * no memory kept. A failure prints the seed
 * and the smallest request that shows it; EASEL_FUZZ_SEED repeats a run, or makes another.
 */

/** Requests of one case, sent at once. */
const atOnce = 25;
const answerLimitMs = 20_000;
const create = '/v1/images/generations';
const quiet = () => undefined;

let dataDir: string;
let gateway: Gateway;
let watch: ReplyWatch;
let pool: Pool;
let port: number;
let heapBefore: number;
let rssBefore: number;
/** What the gateway itself called a failure of its own. */
const failures: string[] = [];
let sent = 0;
let accepted = 0;
/** Each create carries a mark in its prompt, by which an upstream's log says whose request it saw. */
let marks = 0;
const refusedMarks = new Set<string>();

before(async () => {
  setFlagsFromString('--expose-gc');
  dataDir = await mkdtemp(join(tmpdir(), 'easel-test-'));
  const config = readSettings({
    EASEL_PORT: '0',
    EASEL_DATA_DIR: dataDir,
    EASEL_API_KEY: testSecret,
    EASEL_DRAIN_MS: '5000',
  });
  // Not the kit's: it keeps every line, which is memory that grows.
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (facts: object, message: string) => {
      // No picture here can be decoded, so one in another format than it was made in is delivered as it is.
      if (message.startsWith('An image could not be converted')) return;
      failures.push(`${message} ${JSON.stringify(facts)}`);
    },
  };
  gateway = await composeGateway(config, log, {
    clock: fastClock(20),
    sandbox: { draw: claimedDraw, delayMs: 1 },
  });
  watch = watchReplies(gateway.app);
  const url = await gateway.listen();
  port = Number(new URL(url).port);
  pool = new Pool(url, { connections: atOnce, headersTimeout: answerLimitMs, bodyTimeout: answerLimitMs });
  // Once through everything, so that what is loaded and compiled once is not counted as kept.
  await property(bodies, 40).run();
  await property(forms, 20).run();
  await property(queries, 20).run();
  await property(headers, 20).run();
  heapBefore = heapInUse();
  rssBefore = process.memoryUsage.rss();
});
after(async () => {
  await pool.close();
  await gateway.close();
  await rm(dataDir, { recursive: true, force: true });
});

interface Ask {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT';
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array | undefined;
  /** Bytes of a piece, for a body that is sent in pieces and without a length. */
  pieceBytes?: number | undefined;
  /** What its prompt is marked with, if it has one. */
  mark?: string;
}

function heapInUse(): number {
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function property(asks: fc.Arbitrary<Ask>, runs: number) {
  const cases = fc.asyncProperty(fc.array(asks, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
    await Promise.all(batch.map(sendAndJudge));
    await watch.checkAll();
    assertNoneOfTheRefusedWentOut();
    assert.deepEqual(failures, []);
  });
  return { run: () => fc.assert(cases, { numRuns: runs, endOnFailure: false, verbose: 1 }) };
}

async function sendAndJudge(ask: Ask): Promise<void> {
  const answer = await pool.request({
    method: ask.method,
    path: ask.path,
    headers: { authorization: `Bearer ${testSecret}`, ...ask.headers },
    body: bodyOf(ask),
  });
  const text = await answer.body.text();
  sent += 1;
  const status = answer.statusCode;
  if (status < 300 && ask.method === 'POST') accepted += 1;
  // With a record it was accepted, and what failed then is another matter.
  const isRefused = status >= 400 && answer.headers['x-image-id'] === undefined;
  if (isRefused && ask.mark !== undefined) refusedMarks.add(ask.mark);
  const seen = `${ask.method} ${ask.path} ${status} ${text.slice(0, 300)}`;
  assert.ok(status >= 200 && status < 500, seen);
  assert.match(String(answer.headers['x-request-id']), /^req_[0-9A-HJKMNP-TV-Z]{26}$/, seen);
  if (status >= 400 && ask.method !== 'HEAD') assertErrorBody(text, status, seen);
}

function bodyOf({ body, pieceBytes }: Ask): string | Uint8Array | Readable | null {
  if (body === undefined) return null;
  if (pieceBytes === undefined || typeof body === 'string') return body;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += pieceBytes) pieces.push(body.subarray(at, at + pieceBytes));
  return Readable.from(pieces);
}

function assertErrorBody(text: string, status: number, seen: string): void {
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error).toSorted(), ['code', 'message', 'param', 'reason', 'type'], seen);
  assert.equal(error['code'], String(status), seen);
  assert.doesNotMatch(text, /\.ts\b|node_modules|sk-t{8}/, seen);
}

function assertNoneOfTheRefusedWentOut(): void {
  for (const { name, control } of gateway.sandbox?.simulators.values() ?? []) {
    for (const request of control.requests()) {
      if (request.on !== 'submit') continue;
      const mark = /mark\d+\./.exec(JSON.stringify(request.body))?.[0];
      assert.ok(mark !== undefined, `${name} was sent a request that nobody made`);
      assert.ok(!refusedMarks.has(mark), `${name} was sent a request that was refused`);
    }
  }
}

// ---- bodies of creates

const models = [
  'kling-image-o1',
  'seedream-4.5',
  'seedream-4.0',
  'dola-seedream-5.0-lite',
  'nano-banana-pro',
  'glm-image',
];
const text = fc.string({ unit: 'binary', maxLength: 60 });
/** A picture that every model with inputs takes. */
const sound = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
  .png()
  .toBuffer();
const soundUrl = `data:image/png;base64,${sound.toString('base64')}`;
const oddText = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '__proto__',
  'constructor',
  'null',
  '1e999',
  '-0',
  '../..',
);
const oddNumber = fc.constantFrom(
  -1,
  0,
  1,
  2,
  9,
  10,
  11,
  15,
  16,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e-7,
  0.5,
);
const anything = fc.oneof(fc.jsonValue({ maxDepth: 1 }), oddText, oddNumber, fc.integer(), text);
const pixels = fc.tuple(
  fc.integer({ min: -1, max: 20_000 }),
  fc.constantFrom('x', 'X', '×', '*', ' x ', 'x0x'),
  fc.integer({ min: 0, max: 20_000 }),
);
const words = fc.oneof(
  pixels.map((parts) => parts.join('')),
  fc.constantFrom(
    '1K',
    '2K',
    '3K',
    '4K',
    '8k',
    'auto',
    '1:1',
    '16:9',
    '21:9',
    '1:0',
    'hd',
    'low',
    'url',
    'b64_json',
    'png',
    'webp',
    'disabled',
    'vivid',
  ),
);
/** Addresses with numbers for hosts: a name would be looked up. */
const imageText = fc.oneof(
  fc.constantFrom(
    'https://127.0.0.1/a.png',
    'https://[::1]/a.png',
    'http://10.0.0.1/',
    'https://0x7f000001/',
    'https://169.254.169.254/latest',
    'file:///etc/passwd',
    'asset://ua_00000000000000000000000000',
    'asset://',
    'data:image/png;base64,',
    'data:image/svg+xml;base64,PHN2Zy8+',
    'data:,x',
    'https://',
    '/v1/files/img_0/0.png?exp=1&sig=2',
  ),
  fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64')),
);
const image = fc.oneof(
  imageText,
  imageText.map((url) => ({ url })),
  imageText.map((url) => ({ image_url: { url } })),
  imageText.map((url) => ({ image_url: url, detail: 'high' })),
  anything,
);
const images = fc.oneof(image, fc.array(image, { maxLength: 18 }));
const imageFields = ['reference_images', 'images', 'image', 'image_urls', 'image_url', 'mask'];
const otherFields = [
  'n',
  'size',
  'ratio',
  'aspect_ratio',
  'quality',
  'response_format',
  'watermark',
  'seed',
  'output_format',

  'sequential_image_generation',
  'sequential_image_generation_options',
  'negative_prompt',
  'stream',
  'style',
  'background',
  'moderation',
  'output_compression',
  'partial_images',
  'input_fidelity',
  'webhook_url',
  'provider_options',
  'user',
  'metadata',
  '__proto__',
  'prompt',
  'model',
  '',
];
const value = fc.oneof(anything, words);
const field = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...otherFields), value) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...imageFields), images) },
  { weight: 1, arbitrary: fc.tuple(text, value) },
);
const fields = fc
  .record({
    model: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...models) }, { weight: 1, arbitrary: value }),
    prompt: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: value }),
    others: fc.array(field, { minLength: 2, maxLength: 6 }),
    where: fc.nat(),
    what: fc.nat(255),
    harm: fc.constantFrom('none', 'none', 'none', 'none', 'cut', 'flip', 'double'),
  })
  .map(({ model, prompt, others, where, what, harm }): Ask => {
    const mark = nextMark();
    const marked = typeof prompt === 'string' ? `${mark} ${prompt}` : prompt;
    const members = Object.fromEntries(others.filter(([name]) => name !== '__proto__'));
    if ('prompt' in members && typeof members['prompt'] === 'string')
      members['prompt'] = `${mark} ${members['prompt']}`;
    const body = Buffer.from(JSON.stringify({ model, prompt: marked, ...members }));
    return post(harmed(body, harm, where, what), mark);
  });
/** Bodies that are right but for one field at most, so that many are made. Nothing is converted: no picture is sound. */
const nearlyRight = fc
  .record({
    model: fc.constantFrom(...models, 'gpt-image-2'),
    right: fc.uniqueArray(
      fc.oneof(
        fc.tuple(fc.constant('n'), fc.integer({ min: 1, max: 3 })),
        fc.tuple(fc.constant('response_format'), fc.constantFrom('url', 'b64_json')),
        fc.tuple(fc.constantFrom('ratio', 'aspect_ratio'), fc.constantFrom('1:1', '16:9', '3:4', 'auto')),
        fc.tuple(fc.constant('size'), fc.constantFrom('auto', '2K', '1K', '2048x2048', '1280x1280')),
        fc.tuple(fc.constant('quality'), fc.constantFrom('auto', 'high', '1K')),
        fc.tuple(fc.constant('stream'), fc.boolean()),
        fc.tuple(fc.constant('seed'), fc.integer({ min: -1, max: 2 ** 31 - 1 })),
        fc.tuple(fc.constant('user'), text),
        fc.tuple(
          fc.constantFrom(...imageFields.slice(0, 5)),
          fc.constantFrom([], soundUrl, [{ url: soundUrl }]),
        ),
        fc.tuple(fc.constant('sequential_image_generation_options'), fc.constantFrom({}, { max_images: 1 })),
      ),
      { maxLength: 2, selector: ([name]) => name },
    ),
    wrong: fc.option(field, { freq: 2 }),
  })
  .map(({ model, right, wrong }): Ask => {
    const mark = nextMark();
    const prompt = `${mark} a boat`;
    // `prompt` and `model` stay, so that what is sent can be told.
    const body = { ...Object.fromEntries([...(wrong === null ? [] : [wrong]), ...right]), model, prompt };
    return post(Buffer.from(JSON.stringify(body)), mark);
  });
const noise = fc
  .oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((json) => Buffer.from(json)),
    text.map((each) => Buffer.from(each)),
  )
  .map((body) => post(body));
const bodies = fc.oneof({ weight: 9, arbitrary: fields }, { weight: 1, arbitrary: noise });

function nextMark(): string {
  marks += 1;
  return `mark${marks}.`;
}

function post(body: Uint8Array, mark?: string): Ask {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', path: create, headers, body, ...(mark === undefined ? {} : { mark }) };
}

function harmed(body: Buffer, harm: string, where: number, what: number): Buffer {
  const place = where % body.length;
  switch (harm) {
    case 'cut':
      return body.subarray(0, place);
    case 'flip': {
      const copy = Buffer.from(body);
      copy[place] = what;
      // What is taken all the same must be known by its mark.
      const mark = /mark\d+\./.exec(body.toString('latin1'))?.[0];
      return mark === undefined || copy.includes(mark) ? copy : body;
    }
    case 'double':
      return Buffer.concat([body, body.subarray(place)]);
    default:
      return body;
  }
}

// ---- forms

const formName = fc.oneof(
  fc.constantFrom('image', 'image[]', 'image[0]', 'image[9]', 'mask', 'file', 'reference_images', 'images'),
  fc.constantFrom('n', 'size', 'quality', 'seed', 'stream', 'user', 'provider_options', 'name', 'groupId'),
  fc.constantFrom(
    'provider_options[gemini]',
    'n[]',
    '[]',
    '__proto__',
    'image[',
    'sequential_image_generation_options[max_images]',
  ),
  text,
);
const fileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
    Buffer.from('GIF89a'),
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  ),
);
const part = fc
  .record({
    name: formName,
    fileName: fc.option(fc.oneof(fc.constantFrom('blob', '../../x', '', 'a"b', 'ü.png'), text)),
    type: fc.option(
      fc.constantFrom(
        'image/png',
        'application/octet-stream',
        'text/plain; charset=x',
        'multipart/mixed',
        ';',
      ),
    ),
    bytes: fc.oneof(
      fileBytes,
      value.map((each) => Buffer.from(typeof each === 'string' ? each : JSON.stringify(each))),
    ),
  })
  .map(({ name, fileName, type, bytes }) => ({
    about: `name="${name}"${fileName === null ? '' : `; filename="${fileName}"`}${type === null ? '' : `\r\nContent-Type: ${type}`}`,
    bytes,
  }));
interface FormPart {
  about: string;
  bytes: Uint8Array;
}
const soundPart = fc
  .constantFrom('image', 'image[]', 'image[0]', 'image[7]', 'file')
  .map((name) => ({ about: `name="${name}"; filename="blob"`, bytes: sound }));
const formsOf = (parts: fc.Arbitrary<readonly FormPart[]>) =>
  fc
    .record({
      path: fc.constantFrom('/v1/images/edits', '/v1/images/edits', '/v1/assets', create),
      model: fc.constantFrom(...models, 'gpt-image-2', ''),
      parts,
      boundary: fc.constantFrom('x', 'x', 'x', 'y', '', '"x"', 'x; boundary=y'),
      pieceBytes: fc.option(fc.integer({ min: 16, max: 400 }), { nil: undefined }),
      where: fc.nat(),
      what: fc.nat(255),
      harm: fc.constantFrom('none', 'none', 'none', 'none', 'cut', 'flip', 'double'),
    })
    .map(({ path, model, parts, boundary, pieceBytes, where, what, harm }): Ask => {
      const mark = nextMark();
      const all = [
        ...(path === '/v1/assets'
          ? []
          : [
              { about: 'name="model"', bytes: model },
              { about: 'name="prompt"', bytes: mark },
            ]),
        ...parts,
      ].flatMap(({ about, bytes }) => [
        Buffer.from(`--x\r\nContent-Disposition: form-data; ${about}\r\n\r\n`),
        Buffer.from(bytes),
        Buffer.from('\r\n'),
      ]);
      const body = harmed(Buffer.concat([...all, Buffer.from('--x--\r\n')]), harm, where, what);
      const contentType =
        boundary === '' ? 'multipart/form-data' : `multipart/form-data; boundary=${boundary}`;
      return { method: 'POST', path, headers: { 'content-type': contentType }, body, pieceBytes, mark };
    });

const forms = formsOf(fc.array(part, { maxLength: 6 }));
const soundForms = formsOf(fc.array(soundPart, { minLength: 1, maxLength: 3 }));

// ---- addresses and query strings

const encoded = fc.oneof(
  text.map((each) => encodeURIComponent(each.toWellFormed())),
  fc.string({ maxLength: 20 }).map((each) => each.replaceAll(/[^\x21-\x7e]|#/g, '%')),
  fc.constantFrom(
    '',
    '1',
    '0',
    '100',
    '101',
    '-1',
    'asc',
    'desc',
    'all',
    'in_progress',
    'redirect',
    'url',
    'binary',
    '%00',
    '%ff',
    '%',
    '1e2',
    'webp',
  ),
  fc.constantFrom(
    'img_00000000000000000000000000',
    'img_7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    'img_',
    'ua_00000000000000000000000000',
  ),
);
const parameter = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      'limit',
      'order',
      'after',
      'before',
      'status',
      'model',
      'q',
      'created_after',
      'created_before',
    ),
    fc.constantFrom(
      'format',
      'index',
      'width',
      'height',
      'fit',
      'as',
      'exp',
      'sig',
      'current',
      'size',
      'from',
      'to',
    ),
    encoded,
  ),
  encoded,
);
const place = fc.oneof(
  { weight: 4, arbitrary: fc.constant('/v1/images') },
  { weight: 1, arbitrary: encoded.map((id) => `/v1/images/${id}`) },
  { weight: 2, arbitrary: encoded.map((id) => `/v1/images/${id}/content`) },
  { weight: 1, arbitrary: encoded.map((id) => `/v1/models/${id}`) },
  { weight: 2, arbitrary: fc.tuple(encoded, encoded).map(([id, name]) => `/v1/files/${id}/${name}`) },
  { weight: 1, arbitrary: encoded.map((rest) => `/${rest}`) },
);
const queries = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'DELETE', 'PUT'),
    place,
    fc.array(parameter, { maxLength: 5 }),
  )
  .map(([method, path, parameters]): Ask => {
    const query = parameters.map(([name, given]) => `${name}=${given}`).join('&');
    return { method, path: query === '' ? path : `${path}?${query}`, headers: {} };
  });

// ---- headers

const headerText = fc.oneof(
  fc.string({ maxLength: 60 }).map((each) => each.replaceAll(/[^\x20-\x7e]/g, '~')),
  fc.uint8Array({ maxLength: 40 }).map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[^\x20-\x7e\xa0-\xff]/g, ','),
  ),
  fc.constantFrom(
    '',
    ',',
    ';;',
    '"',
    'true',
    'yes',
    'maybe',
    'handling=lenient',
    'respond-async, wait=0',
    'bytes=0-',
    'bytes=-1,2-1',
    '*',
    'application/json',
    'application/json; charset=utf-16',
    'multipart/form-data',
    'text/event-stream',
    'gzip',
    'Bearer',
    'Bearer sk-',
    'Basic YTpi',
    `bearer ${testSecret}`,
  ),
);
const headerName = fc.constantFrom(
  'authorization',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'native-params',
  'native-provider',

  'token360-native-params',
  'prefer',
  'x-client-request-id',
  'x-request-id',
  'x-stainless-retry-count',
  'accept',

  'accept-encoding',
  'range',
  'if-none-match',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'cookie',
);
const headers = fc
  .tuple(
    fc.dictionary(headerName, headerText, { minKeys: 1, maxKeys: 5 }),
    fc.constantFrom(
      'create',
      'create',
      '/v1/images?limit=1',
      '/v1/models/glm-image',
      '/v1/files/img_00000000000000000000000000/0.png?exp=1&sig=a',
    ),
  )
  .map(([given, where]): Ask => {
    if (where !== 'create') return { method: 'GET', path: where, headers: given };
    const mark = nextMark();
    // More than any model makes, so that none of these is made unless a header asks for lenient handling.
    const body = JSON.stringify({ model: 'seedream-4.5', prompt: mark, n: 99 });
    const all = { 'content-type': 'application/json', ...given };
    return { method: 'POST', path: create, headers: all, body, mark };
  });

async function fuzz(t: TestContext, asks: fc.Arbitrary<Ask>, requests: number): Promise<void> {
  const [sentBefore, acceptedBefore] = [sent, accepted];
  await property(asks, requests / atOnce).run();
  t.diagnostic(`seed ${seed}: ${sent - sentBefore} sent, ${accepted - acceptedBefore} made`);
  assert.ok(sent - sentBefore >= requests);
}

test('10,000 made-up bodies: each is made or refused, and what is refused reaches no upstream', async (t) => {
  await fuzz(t, bodies, 9500);
  // By themselves: a batch waits for the images that are made in it.
  const acceptedBefore = accepted;
  await fuzz(t, nearlyRight, 500);
  assert.ok(accepted - acceptedBefore > 50, 'next to none was made, so little was tried');
});

test('2,500 made-up forms, whole or in pieces, are taken or refused, and leave no file behind', async (t) => {
  await fuzz(t, forms, 2300);
  const acceptedBefore = accepted;
  await fuzz(t, soundForms, 200);
  assert.ok(accepted - acceptedBefore > 5, 'next to none was made, so little was tried');
  // A form goes when its reply has gone.
  await until(async () => (await readdir(join(dataDir, 'uploads'))).length === 0);
});

test('5,000 made-up addresses and query strings are answered or refused', async (t) => {
  await fuzz(t, queries, 5000);
});

test('3,000 made-up sets of headers are answered or refused', async (t) => {
  await fuzz(t, headers, 3000);
});

test('500 requests that are hardly HTTP are refused or cut off, and none troubles the next', async () => {
  const line = fc.oneof(
    fc.constantFrom(
      'GET /v1/models HTTP/1.1',
      'POST /v1/images/generations HTTP/1.1',
      'GET / HTTP/9.9',
      'PRI * HTTP/2.0',
      'GET',
      '',
    ),
    fc.string({ maxLength: 40 }),
  );
  const head = fc.oneof(
    fc.constantFrom(
      'Host: a',
      'Content-Length: -1',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: x',
      ': a',
      'a',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const request = fc
    .tuple(line, fc.array(head, { maxLength: 4 }), fc.string({ maxLength: 20 }))
    .map(
      ([first, rest, body]) => `${[first, ...rest, 'Connection: close'].join('\r\n')}\r\n\r\n${body}\r\n\r\n`,
    );
  const cases = fc.asyncProperty(fc.array(request, { minLength: 25, maxLength: 25 }), async (batch) => {
    await Promise.all(
      batch.map(async (each) => {
        const { status } = await sendRaw(port, each);
        assert.ok(status < 500 || status === 505, `${status} for ${JSON.stringify(each)}`);
      }),
    );
    await sendAndJudge({ method: 'GET', path: '/v1/models/glm-image', headers: {} });
  });
  await fc.assert(cases, { numRuns: 20, verbose: 1 });
});

test('all of that leaves no memory behind', (t) => {
  refusedMarks.clear();
  const heapGrowth = (heapInUse() - heapBefore) / 2 ** 20;
  const rssGrowth = (process.memoryUsage.rss() - rssBefore) / 2 ** 20;
  t.diagnostic(
    `${sent} requests: heap ${heapGrowth.toFixed(1)} MiB, process ${rssGrowth.toFixed(1)} MiB more`,
  );
  assert.ok(sent >= 20_000);
  assert.ok(heapGrowth < 40, `the heap holds ${heapGrowth} MiB more`);
  // The descriptions that every reply is held against are in this process too.
  assert.ok(rssGrowth < 400, `the process holds ${rssGrowth} MiB more`);
});
