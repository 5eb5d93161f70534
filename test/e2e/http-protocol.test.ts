import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { sendRaw, type RawAnswer } from '../kit/raw-request.ts';
import { watchUntouched } from '../kit/untouched.ts';

/** Addresses, methods and headers, and bytes on a connection that are no HTTP. */

let easel: TestGateway;
let assertUntouched: () => Promise<void>;
let port: number;
before(async () => {
  easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 } });
  port = Number(new URL(easel.url).port);
  assertUntouched = await watchUntouched(easel);
});
after(async () => {
  await assertUntouched();
  await easel.close();
});

const create = '/v1/images/generations';
const someId = 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';

const notFound = { status: 404, reason: 'not_found', type: 'not_found_error' };
for (const path of [
  '/v1',
  '/v1/',
  '/v2/models',
  '/v1/Models',
  '/V1/models',
  '/v1/models;x=1',
  '/v1//models',
  '/v1/images/',
  `/v1/images/${someId}/`,
  `/v1/images/${someId}/thumbnail`,
  '/v1/images/generations/',
  '/v1/chat/completions',
  '/v1/../etc/passwd',
  '/v1/images/%zz',
  `/v1/images/${'a'.repeat(3000)}`,
  '/admin.php',
  '/.env',
]) {
  test(`there is nothing at ${path.slice(0, 60)}`, async () => {
    const answer = await raw(`GET ${path} HTTP/1.1`);
    assert.equal(answer.status, 404, answer.body);
    assert.equal(at(answer, 'type'), 'not_found_error');
    assert.equal(at(answer, 'reason'), 'not_found');
    assert.match(answer.headers['x-request-id'] ?? '', /^req_/);
  });
}

for (const path of ['/v1/nothing', '/v1', '/v1/models', '/v1/images', `/v1/images/${someId}`, create]) {
  test(`nothing is told about ${path} without a key`, async () => {
    const answer = await raw(`GET ${path} HTTP/1.1`, { key: false });
    assert.equal(answer.status, 401, answer.body);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  });
}

const routes: Readonly<Record<string, string>> = {
  [create]: 'POST',
  '/v1/images': 'GET, HEAD',
  [`/v1/images/${someId}`]: 'DELETE, GET, HEAD',
  [`/v1/images/${someId}/content`]: 'GET, HEAD',
  '/v1/models': 'GET, HEAD',
  '/v1/models/seedream-4.5': 'GET, HEAD',
  [`/v1/files/${someId}/0.png`]: 'GET, HEAD',
  '/healthz': 'GET, HEAD',
  '/readyz': 'GET, HEAD',
  '/metrics': 'GET, HEAD',
};
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'PURGE'];
for (const [path, allow] of Object.entries(routes)) {
  test(`${path} answers every method but ${allow} with 405 and Allow`, async () => {
    for (const method of methods.filter((method) => !allow.split(', ').includes(method))) {
      const answer = await raw(`${method} ${path} HTTP/1.1`, { body: 'nothing', type: 'text/plain' });
      assert.equal(answer.status, 405, `${method}: ${answer.body}`);
      assert.deepEqual((answer.headers['allow'] ?? '').split(', ').toSorted(), allow.split(', '));
      assert.equal(at(answer, 'type'), 'invalid_request_error');
    }
  });
}

test('HEAD answers as GET does, without the body', async () => {
  for (const path of [
    '/v1/models',
    '/v1/models/seedream-4.5',
    '/v1/images',
    '/healthz',
    '/readyz',
    '/v1/models/none',
    `/v1/images/${someId}`,
    `/v1/files/${someId}/0.png`,
  ]) {
    const [head, get] = [await easel.ask('HEAD', path), await easel.ask('GET', path)];
    assert.equal(head.status, get.status, path);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    assert.equal(head.headers.get('content-length'), get.headers.get('content-length'));
  }
});

test('a body that comes with a DELETE means nothing', async () => {
  const answer = await easel.ask('DELETE', `/v1/images/${someId}`, 'nothing', {
    'content-type': 'text/plain',
  });
  assertRefused(answer, notFound);
});

test('an address that is written in another way leads to the same place, behind the same lock', async () => {
  for (const target of [
    `http://example.org/v1/models/glm-image`,
    '/%761/models/glm-image',
    '/v1/models/glm%2Dimage',
    '/v1/models/GLM-Image',
  ]) {
    const answer = await raw(`GET ${target} HTTP/1.1`);
    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.body, /"id":"glm-image"/);
    assert.equal((await raw(`GET ${target} HTTP/1.1`, { key: false })).status, 401);
  }
  // The console, or how to build it.
  const root = await raw('GET http://example.org HTTP/1.1');
  assert.match(root.headers['content-security-policy'] ?? '', /default-src 'none'/);
});

test('every reply has its own request id, never the one a caller proposes', async () => {
  const ids = new Set<string>();
  for (const path of ['/v1/models', '/v1/nothing', '/healthz', `/v1/files/${someId}/0.png`]) {
    const answer = await easel.ask('GET', path, undefined, {
      'x-request-id': 'req_mine',
      'x-client-request-id': 'mine-7',
    });
    ids.add(answer.headers.get('x-request-id') ?? '');
  }
  assert.equal(ids.size, 4);
  for (const id of ids) assert.match(id, /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  const logged = easel.logged.filter(({ facts }) => facts['clientRequestId'] === 'mine-7');
  assert.deepEqual(new Set(logged.map(({ facts }) => facts['requestId'])), ids);
});

test('a client request id that is no printable ASCII is not taken into the log', async () => {
  await easel.ask('GET', '/v1/models', undefined, { 'x-client-request-id': 'x'.repeat(129) });
  await easel.ask('GET', '/v1/models', undefined, { 'x-client-request-id': 'caf\u00e9' });
  assert.doesNotMatch(JSON.stringify(easel.logged), /caf\u00e9|x{129}/);
});

const unreadable: readonly { what: string; request: string; status: number }[] = [
  { what: 'TLS', request: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
  { what: 'a method nobody knows', request: 'FETCH /v1/models HTTP/1.1\r\nHost: x\r\n\r\n', status: 400 },
  { what: 'another protocol', request: 'GET /v1/models SPDY/3\r\nHost: x\r\n\r\n', status: 400 },
  { what: 'a line without a colon', request: 'GET /v1/models HTTP/1.1\r\nHost x\r\n\r\n', status: 400 },
  {
    what: 'a control character in a header',
    request: 'GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n',
    status: 400,
  },
  {
    what: 'a length that is no number',
    request: `POST ${create} HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n{}`,
    status: 400,
  },
  {
    what: 'two lengths',
    request: `POST ${create} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    status: 400,
  },
  {
    what: 'a length beside chunks',
    request: `POST ${create} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    status: 400,
  },
  {
    what: 'headers of 100 KB',
    request: `GET /v1/models HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    status: 431,
  },
  {
    what: 'an address of 100 KB',
    request: `GET /v1/models?${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    status: 431,
  },
];
for (const { what, request, status } of unreadable) {
  test(`${what} is answered in the form of every other error, and the connection is closed`, async () => {
    const answer = await sendRaw(port, Buffer.from(request, 'latin1'));
    assert.equal(answer.status, status, answer.body);
    assert.ok(answer.isClosed);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.match(answer.headers['x-request-id'] ?? '', /^req_/);
    assert.deepEqual(
      ['type', 'param', 'code', 'reason'].map((name) => at(answer, name)),
      ['invalid_request_error', null, String(status), 'invalid_value'],
    );
  });
}

test('a request has exactly one Host', async () => {
  for (const hosts of ['', 'Host: a\r\nHost: b\r\n']) {
    const answer = await sendRaw(port, `GET /healthz HTTP/1.1\r\n${hosts}\r\n`);
    assert.equal(answer.status, 400, answer.body);
    assert.equal(at(answer, 'reason'), 'invalid_value');
  }
  assert.equal((await sendRaw(port, 'GET /healthz HTTP/1.0\r\n\r\n')).status, 200);
});

test('an expectation nobody has defined is no reason to refuse', async () => {
  const answer = await raw('GET /v1/models/glm-image HTTP/1.1', { headers: 'Expect: a-miracle\r\n' });
  assert.equal(answer.status, 200, answer.body);
});

test('a client that goes away within its body leaves nothing behind', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST ${create} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testSecret}\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{"model":"seedream-4.5",`,
  );
  await once(socket, 'connect');
  socket.resume().end();
  await once(socket, 'close');
  assert.equal((await easel.ask('GET', '/readyz')).status, 200);
  assert.deepEqual(
    easel.logged.filter(({ level }) => level === 'error'),
    [],
  );
});

const native: readonly { headers: string; reason: string }[] = [
  ...['true', '1', 'yes', 'on', 'TRUE', ' Yes '].map((word) => ({
    headers: `Native-Params: ${word}\r\n`,
    reason: 'native_not_supported',
  })),
  { headers: 'Token360-Native-Params: on\r\n', reason: 'native_not_supported' },
  { headers: 'Native-Params: true\r\nToken360-Native-Params: 1\r\n', reason: 'native_not_supported' },
  ...['false', '0', 'no', 'off', '', 'OFF'].map((word) => ({
    headers: `Native-Params: ${word}\r\n`,
    reason: 'missing_parameter',
  })),
  { headers: 'Native-Params: maybe\r\n', reason: 'invalid_value' },
  { headers: 'Native-Params: 2\r\n', reason: 'invalid_value' },
  { headers: 'Native-Params: true\r\nToken360-Native-Params: false\r\n', reason: 'invalid_value' },
  { headers: 'Native-Params: true\r\nNative-Params: false\r\n', reason: 'invalid_value' },
];
for (const { headers, reason } of native) {
  test(`${JSON.stringify(headers)} on a request without a prompt gives ${reason}`, async () => {
    const body = '{"model":"gpt-image-2"}';
    const answer = await raw(`POST ${create} HTTP/1.1`, { headers, body, type: 'application/json' });
    assert.equal(answer.status, 400, answer.body);
    assert.equal(at(answer, 'reason'), reason);
  });
}

/** A request with the test key, as it stands on the wire. */
function raw(
  line: string,
  {
    key = true,
    headers = '',
    body = '',
    type,
  }: { key?: boolean; headers?: string; body?: string; type?: string } = {},
): Promise<RawAnswer> {
  const lines = [
    line,
    'Host: x',
    ...(key ? [`Authorization: Bearer ${testSecret}`] : []),
    ...(type === undefined ? [] : [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return sendRaw(port, `${lines.join('\r\n')}\r\n${headers}\r\n${body}`);
}

/** What the error of an answer says. */
function at(answer: RawAnswer, name: string): unknown {
  const body: unknown = JSON.parse(answer.body);
  const error = Object(body).error as unknown;
  return Object(error)[name] as unknown;
}
