import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { sendRaw } from '../kit/raw-request.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

/** Signed links (public-api.md section 8), and what they are good for as input images (section 4.3). */

const clock = fastClock(1);
let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ clock, sandbox: { draw: fastDraw, delayMs: 1 } });
});
after(() => easel.close());

interface Made {
  id: string;
  link: URL;
  bytes: Buffer;
  etag: string;
}

async function make(of: TestGateway = easel, prompt = 'a boat'): Promise<Made> {
  const answer = await create({ prompt }, of);
  assert.equal(answer.status, 200, answer.text);
  const link = new URL(String(answer.at('data.0.url')));
  const bytes = Buffer.from(await (await fetch(link)).arrayBuffer());
  return {
    id: String(answer.at('id')),
    link,
    bytes,
    etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
  };
}

function create(body: object, of: TestGateway = easel, headers?: Record<string, string>): Promise<Answered> {
  return of.ask(
    'POST',
    '/v1/images/generations',
    { model: 'nano-banana-pro', prompt: 'a boat', ...body },
    headers,
  );
}

async function get(link: URL | string, init: RequestInit = {}): Promise<Answered> {
  return await answered(await fetch(link, init));
}

const badSignature = { status: 403, reason: 'bad_signature', type: 'invalid_request_error' };
const expired = { status: 403, reason: 'url_expired', type: 'invalid_request_error' };
const gone = { status: 404, reason: 'not_found', type: 'not_found_error' };

test('a link has the form of the contract, and serves the bytes with what keeps a browser safe', async () => {
  const nowSeconds = Math.floor(clock.now() / 1000);
  const { id, link, bytes, etag } = await make();
  assert.equal(link.origin, easel.url);
  assert.equal(link.pathname, `/v1/files/${id}/0.jpg`);
  assert.match(link.search, /^\?exp=\d{10}&sig=[0-9a-f]{64}$/);
  const leftSeconds = Number(link.searchParams.get('exp')) - nowSeconds;
  assert.ok(leftSeconds >= 3600 && leftSeconds <= 3660, String(leftSeconds));
  const response = await fetch(link);
  assert.equal(response.status, 200);
  const { headers } = response;
  assert.deepEqual(
    [
      'content-type',
      'content-length',
      'etag',
      'accept-ranges',
      'x-content-type-options',
      'content-security-policy',
      'content-disposition',
    ].map((name) => headers.get(name)),
    ['image/jpeg', String(bytes.length), etag, 'bytes', 'nosniff', "sandbox; default-src 'none'", 'inline'],
  );
  const maxAge = Number(/^private, max-age=(\d+)$/.exec(headers.get('cache-control') ?? '')?.[1]);
  assert.ok(maxAge > 3540 && maxAge <= 3600, String(maxAge));
  assert.match(headers.get('x-request-id') ?? '', /^req_/);
});

test('whatever Authorization says, and without one, the link works', async () => {
  const { link, bytes } = await make();
  for (const authorization of [
    undefined,
    `Bearer ${testSecret}`,
    `Bearer sk-${'x'.repeat(40)}`,
    'Basic eDp5',
    'nonsense',
  ]) {
    const response = await fetch(link, authorization === undefined ? {} : { headers: { authorization } });
    assert.equal(response.status, 200, authorization);
    assert.equal((await response.arrayBuffer()).byteLength, bytes.length);
  }
});

test('a link with any part changed is refused, by HEAD too', async () => {
  const { id, link } = await make();
  const other = await make(easel, 'another boat');
  const [exp, sig] = [link.searchParams.get('exp') ?? '', link.searchParams.get('sig') ?? ''];
  const at = (path: string, query: string) => `${easel.url}${path}?${query}`;
  const path = `/v1/files/${id}/0.jpg`;
  const flipped = `${sig.slice(0, -1)}${sig.endsWith('0') ? '1' : '0'}`;
  const tampered = [
    at(path, ''),
    at(path, `exp=${exp}`),
    at(path, `sig=${sig}`),
    at(path, `exp=&sig=${sig}`),
    at(path, `exp=${exp}&sig=`),
    at(path, `exp=${exp}&sig=${flipped}`),
    at(path, `exp=${exp}&sig=${sig.toUpperCase()}`),
    at(path, `exp=${exp}&sig=${sig.slice(0, 32)}`),
    at(path, `exp=${exp}&sig=${sig}00`),
    at(path, `exp=${exp}&sig=${sig.slice(0, -1)}%C3%A9`),
    at(path, `exp=${exp}&sig=${sig.slice(0, -1)}%00`),
    at(path, `exp=${exp}&sig=${other.link.searchParams.get('sig')}`),
    at(path, `exp=${Number(exp) + 1}&sig=${sig}`),
    at(path, `exp=${Number(exp) - 7200}&sig=${sig}`),
    at(path, `exp=${exp}.0&sig=${sig}`),
    at(path, `exp=+${exp}&sig=${sig}`),
    at(path, `exp=0${exp}&sig=${sig}`),
    at(path, `exp=${exp}&exp=${exp}&sig=${sig}`),
    at(path, `exp=${exp}&sig=${sig}&sig=${sig}`),
    at(path, `exp=${exp}&sig=${sig}&width=64`),
    at(path, `exp=${exp}&sig=${sig}&download=1`),
    at(path, `exp=${exp}&sig=${sig}&`).replace(/&$/, '&='),
    at(`/v1/files/${id}/1.jpg`, `exp=${exp}&sig=${sig}`),
    at(`/v1/files/${id}/0.png`, `exp=${exp}&sig=${sig}`),
    at(`/v1/files/${id}/00.jpg`, `exp=${exp}&sig=${sig}`),
    at(`/v1/files/${id}/0%2Ejpg`, `exp=${exp}&sig=${sig}`),
    at(`/v1/files/${id.toLowerCase()}/0.jpg`, `exp=${exp}&sig=${sig}`),
    at(`/v1/files/${other.id}/0.jpg`, `exp=${exp}&sig=${sig}`),
    at('/v1/files/img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B/0.jpg', `exp=${exp}&sig=${sig}`),
    at('/v1/files/..%2F..%2Feasel.db/0.jpg', `exp=${exp}&sig=${sig}`),
  ];
  for (const url of tampered) {
    assertRefused(await get(url), badSignature);
    assert.equal((await get(url, { method: 'HEAD' })).status, 403, url);
  }
  // In another order they are the same parts.
  assert.equal((await get(at(path, `sig=${sig}&exp=${exp}`))).status, 200);
});

test('a link ends when its time is up; of several reasons the first one is told', async () => {
  const { id, link } = await make();
  const wrong = new URL(link);
  wrong.searchParams.set('sig', 'f'.repeat(64));
  clock.skip(3_500_000);
  assert.equal((await get(link)).status, 200);
  clock.skip(101_000);
  assertRefused(await get(link), expired);
  assertRefused(await get(wrong), badSignature);
  assert.equal((await get(link, { method: 'HEAD' })).status, 403);
  // Each read signs afresh.
  const fresh = String((await easel.ask('GET', `/v1/images/${id}`)).at('url'));
  assert.equal((await get(fresh)).status, 200);
  await easel.ask('DELETE', `/v1/images/${id}`);
  assertRefused(await get(fresh), gone);
  assertRefused(await get(link), expired);
  assertRefused(await get(wrong), badSignature);
});

test('EASEL_URL_TTL_SECONDS says how long a link lives', async () => {
  const own = fastClock(1);
  const short = await startTestGateway({
    clock: own,
    env: { EASEL_URL_TTL_SECONDS: '60' },
    sandbox: { draw: fastDraw, delayMs: 1 },
  });
  try {
    const { id, link } = await make(short);
    const content = await short.ask('GET', `/v1/images/${id}/content?format=url`);
    assert.equal(content.at('expires_in'), 60);
    own.skip(61_000);
    assertRefused(await get(link), expired);
  } finally {
    await short.close();
  }
});

test('an unchanged file is not sent again', async () => {
  const { link, etag } = await make();
  for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await get(link, { method, headers: { 'if-none-match': header } });
      assert.equal(answer.status, 304, header);
      assert.equal(answer.text, '');
      assert.equal(answer.headers.get('etag'), etag);
    }
  }
  for (const header of ['"other"', etag.slice(1, -1)])
    assert.equal((await get(link, { headers: { 'if-none-match': header } })).status, 200);
});

test('one range of bytes is served, in every form; several or nonsense get the whole', async () => {
  const { link, bytes, etag } = await make();
  const size = bytes.length;
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=0-99', 0, 99],
    ['bytes=100-', 100, size - 1],
    ['bytes=-50', size - 50, size - 1],
    [`bytes=-${size + 10}`, 0, size - 1],
    [`bytes=10-${size + 1000}`, 10, size - 1],
    [`bytes=${size - 1}-`, size - 1, size - 1],
  ] as const) {
    const response = await fetch(link, { headers: { range } });
    assert.equal(response.status, 206, range);
    assert.equal(response.headers.get('content-range'), `bytes ${first}-${last}/${size}`);
    assert.equal(response.headers.get('content-length'), String(last - first + 1));
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes.subarray(first, last + 1));
  }
  for (const range of [
    `bytes=${size}-`,
    `bytes=${size + 5}-${size + 9}`,
    'bytes=-0',
    'bytes=999999999999999-',
  ]) {
    const response = await fetch(link, { headers: { range } });
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get('content-range'), `bytes */${size}`);
  }
  for (const range of [
    'bytes=0-9,20-29',
    'bytes=9-0',
    'bytes=-',
    'bytes=a-b',
    'items=0-9',
    'bytes 0-9',
    'bytes=0-9x',
  ]) {
    const response = await fetch(link, { headers: { range } });
    assert.equal(response.status, 200, range);
    assert.equal((await response.arrayBuffer()).byteLength, size);
  }
  const matching = await fetch(link, { headers: { range: 'bytes=0-9', 'if-range': etag } });
  assert.equal(matching.status, 206);
  const changed = await fetch(link, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
  assert.equal((await changed.arrayBuffer()).byteLength, size);
});

test('HEAD tells of the whole file, whatever range it names', async () => {
  const { link, bytes, etag } = await make();
  for (const range of [undefined, 'bytes=0-9', 'bytes=999999999-']) {
    const head = await get(link, { method: 'HEAD', headers: range === undefined ? {} : { range } });
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.deepEqual(
      ['content-length', 'content-type', 'etag'].map((name) => head.headers.get(name)),
      [String(bytes.length), 'image/jpeg', etag],
    );
  }
});

test('a client that leaves in the middle of a file troubles nobody', async () => {
  const { link } = await make();
  for (let i = 0; i < 5; i += 1) {
    const response = await fetch(link);
    await response.body?.cancel();
  }
  assert.equal((await get(link)).status, 200);
  assert.deepEqual(
    easel.logged.filter(({ level }) => level === 'error'),
    [],
  );
});

test('no line of the log holds a signature', async () => {
  const { link } = await make();
  await get(link);
  assert.doesNotMatch(JSON.stringify(easel.logged), /sig=|[0-9a-f]{64}/);
});

test('without EASEL_PUBLIC_URL links are built on the Host of their own request', async () => {
  const { id } = await make();
  const port = Number(new URL(easel.url).port);
  const hostOf = async (headers: string): Promise<string> => {
    const answer = await sendRaw(
      port,
      `GET /v1/images/${id}/content HTTP/1.1\r\nAuthorization: Bearer ${testSecret}\r\n${headers}\r\n`,
    );
    assert.equal(answer.status, 302, answer.body);
    return new URL(answer.headers['location'] ?? '').origin;
  };
  assert.equal(await hostOf('Host: pictures.example.org\r\n'), 'http://pictures.example.org');
  assert.equal(await hostOf('Host: localhost:9999\r\n'), 'http://localhost:9999');
  assert.equal(await hostOf('Host: [::1]:8080\r\n'), 'http://[::1]:8080');
  // What is no host name leads back to where the connection came in.
  for (const host of ['', 'a b', 'a/b', 'a@b', '"><script>', 'x'.repeat(300)])
    assert.equal(await hostOf(`Host: ${host}\r\n`), `http://127.0.0.1:${port}`, host);
  const forwarded =
    'X-Forwarded-Host: evil.example.org\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.2.3.4\r\n';
  assert.equal(await hostOf(`Host: pictures.example.org\r\n${forwarded}`), 'http://pictures.example.org');
});

test('with EASEL_TRUST_PROXY the proxy says scheme and host', async () => {
  for (const [trust, origin] of [
    ['true', 'https://img.example.org'],
    ['127.0.0.0/8', 'https://img.example.org'],
    ['10.0.0.0/8', undefined],
  ] as const) {
    const behind = await startTestGateway({
      env: { EASEL_TRUST_PROXY: trust },
      sandbox: { draw: fastDraw, delayMs: 1 },
    });
    try {
      const headers = { 'x-forwarded-host': 'img.example.org', 'x-forwarded-proto': 'https' };
      const answer = await create({}, behind, headers);
      assert.equal(new URL(String(answer.at('data.0.url'))).origin, origin ?? behind.url, trust);
      const nonsense = await create({}, behind, { ...headers, 'x-forwarded-proto': 'javascript' });
      assert.match(String(nonsense.at('data.0.url')), /^http:\/\//);
    } finally {
      await behind.close();
    }
  }
});

test('EASEL_PUBLIC_URL stands before everything, with its path', async () => {
  const env = { EASEL_PUBLIC_URL: 'https://img.example.org/easel/', EASEL_TRUST_PROXY: 'true' };
  const published = await startTestGateway({ env, sandbox: { draw: fastDraw, delayMs: 1 } });
  try {
    const answer = await create({}, published, { 'x-forwarded-host': 'evil.example.org' });
    const link = String(answer.at('data.0.url'));
    const id = String(answer.at('id'));
    assert.ok(link.startsWith(`https://img.example.org/easel/v1/files/${id}/0.jpg?exp=`), link);
    for (const other of [
      (await published.ask('GET', `/v1/images/${id}`)).at('url'),
      (await published.ask('GET', '/v1/images')).at('data.0.images.0.url'),
      (await published.ask('GET', `/v1/images/${id}/content?format=url`)).at('url'),
      (await published.ask('GET', `/v1/images/${id}/content`)).headers.get('location'),
    ])
      assert.ok(String(other).startsWith('https://img.example.org/easel/v1/files/'), String(other));
    assert.equal((await get(link.replace('https://img.example.org/easel', published.url))).status, 200);
    assert.equal((await create({ image: link }, published)).status, 200);
  } finally {
    await published.close();
  }
});

test('a link is an input image as it stands: generate, then edit', async () => {
  const { link, bytes } = await make();
  const port = new URL(easel.url).port;
  for (const url of [
    link.href,
    // Whatever name the server is reached by, the signature says that the link is its own.
    link.href.replace(easel.url, `http://localhost:${port}`),
    link.href.replace(easel.url, 'https://img.example.org/behind/a/proxy'),
  ]) {
    const edited = await create({ model: 'seedream-4.5', image: url });
    assert.equal(edited.status, 200, edited.text);
    const [request] = easel.gateway.sandbox?.simulators.get('ark')?.control.requests().slice(-2) ?? [];
    const sent = String(Object(request?.body).image);
    assert.ok(sent.startsWith('data:image/jpeg;base64,'), sent.slice(0, 60));
    assert.ok(
      sent.endsWith(`(${'data:image/jpeg;base64,'.length + Math.ceil(bytes.length / 3) * 4} characters)`),
      sent.slice(-60),
    );
  }
});

test('a link that is expired, tampered with or gone is no input image', async () => {
  const { id, link } = await make();
  const refused = { status: 400, reason: 'image_fetch_failed', param: 'images[1]' };
  const good = link.href;
  const edit = (url: string) => create({ model: 'seedream-4.5', images: [good, url] });
  for (const tampered of [
    good.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    good.replace('/0.jpg', '/1.jpg'),
    good.replace(/exp=\d+/, 'exp=9999999999'),
    good.replace(/&sig=.*/, ''),
  ])
    assertRefused(await edit(tampered), refused);
  const other = await make();
  await easel.ask('DELETE', `/v1/images/${other.id}`);
  assertRefused(await edit(other.link.href), refused);
  clock.skip(3_700_000);
  assertRefused(await create({ image: good }), { ...refused, param: 'image' });
  const fresh = String((await easel.ask('GET', `/v1/images/${id}`)).at('url'));
  assert.equal((await create({ image: fresh })).status, 200);
});

test('a link outlives a restart', async (t) => {
  const dataDir = await temporaryFolder(t);
  const options = { dataDir, sandbox: { draw: fastDraw, delayMs: 1 } };
  const first = await startTestGateway(options);
  const { link } = await make(first);
  await first.close();
  const second = await startTestGateway(options);
  try {
    assert.equal((await get(link.href.replace(first.url, second.url))).status, 200);
  } finally {
    await second.close();
  }
});
