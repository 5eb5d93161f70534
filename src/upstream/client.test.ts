import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { makeMemoryDraft, type MemoryDraft } from '../../test/kit/memory-draft.ts';
import type { RawServer } from '../../test/kit/raw-server.ts';
import { httpAnswer, startRawServer, unusedPort } from '../../test/kit/raw-server.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { ObjectDraft, ObjectStore } from '../core/object-store.ts';
import type { EventReader, Exchange, FailedAnswer } from '../core/upstream-client.ts';
import type { UpstreamLimits } from './client.ts';
import { createUpstreamClient } from './client.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function makeClient(limits: Partial<UpstreamLimits> = {}, create?: ObjectStore['create']) {
  const logged: Record<string, unknown>[] = [];
  const drafts: MemoryDraft[] = [];
  const note = (facts: Record<string, unknown>) => void logged.push(facts);
  const client = createUpstreamClient({
    objects: {
      create:
        create ??
        (async (options) => {
          const draft = makeMemoryDraft(options);
          drafts.push(draft);
          return draft;
        }),
    },
    log: { debug: note, info: note, warn: note, error: note },
    limits,
  });
  closers.push(() => client.close());
  const exchange = (asked: Exchange<unknown>, signal: AbortSignal) => client.exchange(asked, signal);
  return { exchange, close: () => client.close(), logged, drafts };
}

async function serve(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  closers.push(() => server.close());
  return server;
}

function question(origin: string, rest: Partial<Exchange<unknown>> = {}): Exchange<unknown> {
  return {
    method: 'POST',
    url: `${origin}/v1/images?x=1`,
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-very-secret-key' },
    body: '{"prompt":"a boat"}',
    readFault: (answer) => new UpstreamFault('failed', { details: JSON.stringify(answer) }),
    read: (answer) => answer.body,
    ...rest,
  };
}

const never = new AbortController().signal;

async function faultOf(promise: Promise<unknown>): Promise<UpstreamFault> {
  const error = await promise.then(
    () => assert.fail('no fault'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UpstreamFault, String(error));
  return error;
}

test('sends the exact text once and reads the JSON answer', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(200, '{"id":7}')));
  const { exchange } = makeClient();
  assert.deepEqual(await exchange(question(server.origin), never), { id: 7 });
  assert.equal(server.requests.length, 1);
  const request = server.requests[0] ?? '';
  assert.match(request, /^POST \/v1\/images\?x=1 HTTP\/1\.1\r\n/);
  assert.match(request, /\r\naccept-encoding: identity\r\n/);
  assert.match(request, /\r\nauthorization: Bearer sk-very-secret-key\r\n/);
  assert.ok(request.endsWith('\r\n\r\n{"prompt":"a boat"}'));
});

test('keeps connections for the next exchange and opens no more than allowed', async () => {
  const server = await serve((socket) => setImmediate(() => socket.write(httpAnswer(200, '{}'))));
  const { exchange } = makeClient({ connections: 2 });
  await Promise.all(Array.from({ length: 6 }, () => exchange(question(server.origin), never)));
  assert.equal(server.requests.length, 6);
  assert.equal(server.connections(), 2);
});

test('says not_sent when the connection is refused', async () => {
  const port = await unusedPort();
  const { exchange } = makeClient();
  assert.equal((await faultOf(exchange(question(`http://127.0.0.1:${port}`), never))).kind, 'not_sent');
});

test('says not_sent when the name cannot be resolved', async () => {
  const { exchange } = makeClient();
  assert.equal((await faultOf(exchange(question('http://nothing-here.invalid'), never))).kind, 'not_sent');
});

test('says not_sent when TLS fails', async () => {
  // A TLS server without a certificate can agree on nothing.
  const tls = createTlsServer().listen(0, '127.0.0.1');
  tls.on('tlsClientError', () => {});
  await once(tls, 'listening');
  closers.push(async () => {
    tls.close();
  });
  const { port } = tls.address() as { port: number };
  const { exchange } = makeClient();
  assert.equal((await faultOf(exchange(question(`https://127.0.0.1:${port}`), never))).kind, 'not_sent');
});

test('says not_sent when the signal ends it while it waits for a connection, and does not send it later', async () => {
  const held: Socket[] = [];
  const arrived = Promise.withResolvers<void>();
  const server = await serve((socket) => {
    held.push(socket);
    arrived.resolve();
  });
  const { exchange } = makeClient({ connections: 1 });
  const first = exchange(question(server.origin), never);
  await arrived.promise;
  const abort = new AbortController();
  const second = exchange(question(server.origin, { body: '{"second":1}' }), abort.signal);
  const reason = new Error('deadline');
  abort.abort(reason);
  const fault = await faultOf(second);
  assert.equal(fault.kind, 'not_sent');
  assert.equal(fault.cause, reason);

  held[0]?.write(httpAnswer(200, '{}'));
  await first;
  const third = exchange(question(server.origin, { body: '{"third":1}' }), never);
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  held[1]?.write(httpAnswer(200, '{}'));
  await third;
  assert.deepEqual(
    server.requests.map((request) => request.split('\r\n\r\n')[1]),
    ['{"prompt":"a boat"}', '{"third":1}'],
  );
});

test('says not_sent when the signal has ended before', async () => {
  const server = await serve(() => {});
  const { exchange } = makeClient();
  const fault = await faultOf(exchange(question(server.origin), AbortSignal.abort(new Error('late'))));
  assert.equal(fault.kind, 'not_sent');
  assert.equal(server.connections(), 0);
});

test('says misconfigured when the key does not fit into a header', async () => {
  const { exchange } = makeClient();
  const fault = await faultOf(
    exchange(question('http://127.0.0.1:9', { headers: { authorization: 'Bearer sk-secret\nline' } }), never),
  );
  assert.equal(fault.kind, 'misconfigured');
  assert.doesNotMatch(JSON.stringify(fault.facts), /sk-secret/);
  assert.equal((await faultOf(exchange({ ...question(''), url: 'no url' }, never))).kind, 'misconfigured');
});

test('says unknown when the signal ends it after it was sent', async () => {
  const abort = new AbortController();
  const server = await serve(() => abort.abort(new Error('deadline')));
  const { exchange } = makeClient();
  const fault = await faultOf(exchange(question(server.origin), abort.signal));
  assert.equal(fault.kind, 'unknown');
  assert.equal((fault.cause as Error).message, 'deadline');
});

test('ends by itself when connecting, answering or going on takes too long, and says whether it was sent', async () => {
  // One test, because undici's timers are up to a second coarse and may as well run together.
  const silent = await serve(() => {});
  const stalling = await serve((socket) =>
    socket.write(httpAnswer(200, '{"a":1}', { 'content-length': '50', 'content-type': 'application/json' })),
  );
  const [handshake, headers, body] = await Promise.all([
    // A TLS handshake that nobody answers.
    faultOf(
      makeClient({ connectTimeoutMs: 50 }).exchange(
        question(silent.origin.replace('http:', 'https:')),
        never,
      ),
    ),
    faultOf(makeClient({ headersTimeoutMs: 50 }).exchange(question(silent.origin), never)),
    faultOf(makeClient({ idleTimeoutMs: 50 }).exchange(question(stalling.origin), never)),
  ]);
  assert.equal(handshake.kind, 'not_sent');
  assert.equal(headers.kind, 'unknown');
  assert.equal(body.kind, 'unknown');
  assert.equal(silent.requests.length, 1);
});

test('waits less long for what costs nothing to ask again, and for what is answered at once', async () => {
  const silent = await serve(() => undefined);
  const { exchange } = makeClient({ harmlessTimeoutMs: 50, headersTimeoutMs: 600_000 });
  const [poll, submit] = await Promise.all([
    faultOf(exchange({ ...question(silent.origin), harmless: true }, never)),
    faultOf(exchange({ ...question(silent.origin), answerWithinMs: 50 }, never)),
  ]);
  assert.deepEqual([poll.kind, submit.kind], ['unknown', 'unknown']);
});

test('says unknown when the connection closes before an answer', async () => {
  const server = await serve((socket, _, number) => {
    if (number === 0) socket.end();
    else socket.resetAndDestroy();
  });
  const { exchange } = makeClient();
  assert.equal((await faultOf(exchange(question(server.origin), never))).kind, 'unknown');
  assert.equal((await faultOf(exchange(question(server.origin), never))).kind, 'unknown');
  assert.equal(server.requests.length, 2, 'asked again by itself');
});

test('says unknown when the answer is cut off, wherever that is', async () => {
  const picture = 'QUJD'.repeat(50_000);
  const whole = httpAnswer(200, `{"b64_json":"${picture}"}`);
  const chunked = Buffer.from(
    `HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"a":"bc\r\n`,
  );
  const cuts = [
    whole.subarray(0, 10),
    whole.subarray(0, 30),
    whole.subarray(0, 90),
    whole.subarray(0, whole.length >> 1),
    whole.subarray(0, whole.length - 1),
    chunked,
    chunked.subarray(0, chunked.length - 4),
  ];
  const server = await serve((socket, _, number) => socket.end(cuts[number] ?? ''));
  const { exchange, drafts } = makeClient();
  for (const cut of cuts) {
    const fault = await faultOf(exchange(question(server.origin, { heldKeys: ['b64_json'] }), never));
    assert.equal(fault.kind, 'unknown', `cut after ${cut.length} bytes`);
  }
  assert.ok(drafts.length > 0 && drafts.every((draft) => draft.isDiscarded));
});

test('sends on a new connection when the kept one was closed before, and says unknown when it may have been written', async () => {
  const idle: Socket[] = [];
  const server = await serve((socket, request) => {
    if (request.includes('read-then-close')) socket.end();
    else socket.write(httpAnswer(200, '{}'));
    idle.push(socket);
  });
  const { exchange } = makeClient();
  await exchange(question(server.origin), never);
  // Closed while idle, and our side has had the time to see it.
  const closed = once(idle[0] as Socket, 'close');
  idle[0]?.end();
  await closed;
  await exchange(question(server.origin), never);
  assert.equal(server.connections(), 2);

  // Closed with the next request already on its way: it may have been read.
  const fault = await faultOf(exchange(question(server.origin, { body: '"read-then-close"' }), never));
  assert.equal(fault.kind, 'unknown');
  assert.equal(server.requests.length, 3);
});

test('never calls a request that the server has read not_sent, however the closing falls', async () => {
  // The server closes each connection some ticks after its first answer, just as the next request is written.
  let ticks = 0;
  const server = await serve((socket) => {
    socket.write(httpAnswer(200, '{}'));
    const wait = ticks++ % 7;
    const closeLater = (left: number): void => {
      if (left === 0) socket.destroy();
      else setImmediate(closeLater, left - 1);
    };
    setImmediate(closeLater, wait);
  });
  const { exchange } = makeClient({ connections: 1 });
  const outcomes: string[] = [];
  for (let i = 0; i < 150; i += 1) {
    const body = `{"number":${i}}`;
    const outcome = await exchange(question(server.origin, { body }), never).then(
      () => 'answered',
      (error: unknown) => (error as UpstreamFault).kind,
    );
    outcomes.push(outcome);
    const times = server.requests.filter((request) => request.endsWith(body)).length;
    assert.ok(times <= 1, 'sent twice');
    if (outcome === 'not_sent') assert.equal(times, 0);
    else assert.ok(outcome === 'answered' || outcome === 'unknown', outcome);
  }
  assert.ok(outcomes.includes('answered'));
});

for (const [what, answer] of [
  ['truncated JSON', httpAnswer(200, '{"data":[{"url":"http')],
  ['no body', httpAnswer(200, '')],
  ['garbage instead of JSON', httpAnswer(200, '\u0000\u0001\u0002')],
  ['a page', httpAnswer(200, '<html>welcome</html>', { 'content-type': 'text/html' })],
  [
    'JSON that says it is text',
    httpAnswer(200, '{"data":[]}', { 'content-type': 'text/html; charset=utf-8' }),
  ],
  ['a redirect', httpAnswer(307, '{}', { location: 'https://elsewhere.example/v1' })],
  ['no HTTP', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n\r\n')],
  [
    'an unknown encoding',
    httpAnswer(200, '{}', { 'content-encoding': 'zip', 'content-type': 'application/json' }),
  ],
  [
    'broken gzip',
    httpAnswer(200, 'not gzip', { 'content-encoding': 'gzip', 'content-type': 'application/json' }),
  ],
  [
    'half of a gzip',
    httpAnswer(200, gzipSync('{"data":[]}').subarray(0, 20), {
      'content-encoding': 'gzip',
      'content-type': 'application/json',
    }),
  ],
] as const) {
  test(`says bad_reply when the answer is ${what}, and logs its beginning`, async () => {
    const server = await serve((socket) => socket.end(answer));
    const { exchange, logged } = makeClient();
    const fault = await faultOf(exchange(question(server.origin), never));
    assert.equal(fault.kind, 'bad_reply', fault.message);
    assert.equal(server.requests.length, 1);
    assert.equal(logged.length, 1);
  });
}

test('says bad_reply when the answer is larger than allowed, without reading it all', async () => {
  const server = await serve((socket) => {
    socket.write('HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n{"a":"');
    const more = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(10_000)));
    };
    socket.on('drain', more);
    more();
  });
  const { exchange } = makeClient({ maxBodyBytes: 100_000 });
  assert.equal((await faultOf(exchange(question(server.origin), never))).kind, 'bad_reply');
});

test('counts the size of a compressed answer after decompression', async () => {
  const bomb = gzipSync(JSON.stringify({ a: 'x'.repeat(1_000_000) }));
  const server = await serve((socket) =>
    socket.write(httpAnswer(200, bomb, { 'content-encoding': 'gzip', 'content-type': 'application/json' })),
  );
  assert.equal(
    (await faultOf(makeClient({ maxBodyBytes: 100_000 }).exchange(question(server.origin), never))).kind,
    'bad_reply',
  );
  const body = await makeClient().exchange(question(server.origin), never);
  assert.equal((body as { a: string }).a.length, 1_000_000);
});

test('says unknown when a compressed answer is cut off', async () => {
  const answer = httpAnswer(200, gzipSync('{"data":[]}'), {
    'content-encoding': 'gzip',
    'content-type': 'application/json',
  });
  const server = await serve((socket) => socket.end(answer.subarray(0, answer.length - 5)));
  assert.equal((await faultOf(makeClient().exchange(question(server.origin), never))).kind, 'unknown');
});

test('reads chunked answers, byte order marks, JSON types of all kinds, and none', async () => {
  const answers = [
    Buffer.from(
      'HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n3\r\n:1}\r\n0\r\n\r\n',
    ),
    httpAnswer(200, '\ufeff{"id":1}'),
    httpAnswer(201, '{"id":1}', { 'content-type': 'Application/JSON; charset=utf-8' }),
    httpAnswer(200, '{"id":1}', { 'content-type': 'application/problem+json' }),
    httpAnswer(200, '{"id":1}', {}),
    Buffer.concat([Buffer.from('HTTP/1.1 103 X\r\nlink: </a>\r\n\r\n'), httpAnswer(200, '{"id":1}')]),
  ];
  const server = await serve((socket, _, number) => socket.write(answers[number] ?? ''));
  const { exchange } = makeClient();
  for (const _ of answers) assert.deepEqual(await exchange(question(server.origin), never), { id: 1 });
});

test('hands a refusal to the provider with its status, headers and JSON', async () => {
  const server = await serve((socket) =>
    socket.write(httpAnswer(429, '{"code":1302}', { 'content-type': 'text/plain', 'x-request-id': 'r1' })),
  );
  let seen: FailedAnswer | undefined;
  const verdict = new UpstreamFault('throttled');
  const { exchange, logged } = makeClient();
  const fault = await faultOf(
    exchange(
      question(server.origin, {
        readFault: (answer) => {
          seen = answer;
          return verdict;
        },
      }),
      never,
    ),
  );
  assert.equal(fault, verdict);
  assert.equal(seen?.status, 429);
  assert.equal(seen?.headers['x-request-id'], 'r1');
  assert.deepEqual(seen?.body, { code: 1302 });
  assert.equal(logged.length, 0);
});

test('hands on the status of a refusal whose body cannot be read', async () => {
  const answers = [
    httpAnswer(502, '<html>bad gateway</html>', { 'content-type': 'text/html' }),
    httpAnswer(503, '{"a":', { 'content-length': '100' }),
    httpAnswer(500, `"${'x'.repeat(2000)}"`),
  ];
  const server = await serve((socket, _, number) => socket.end(answers[number] ?? ''));
  const { exchange, logged } = makeClient({ maxErrorBytes: 1000 });
  for (const status of [502, 503, 500]) {
    const fault = await faultOf(exchange(question(server.origin), never));
    assert.equal(fault.kind, 'failed');
    const seen = JSON.parse(fault.message) as FailedAnswer;
    assert.equal(seen.status, status);
    assert.equal(seen.body, undefined);
  }
  assert.equal(logged.length, 3);
});

test('calls a refusal that the provider trips over bad_reply, and logs it once', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(500, 'oops')));
  const { exchange, logged } = makeClient();
  const broken = (readFault: Exchange<unknown>['readFault']) =>
    faultOf(exchange(question(server.origin, { readFault }), never));
  const tripped = await broken(() => {
    throw new TypeError('no such field');
  });
  assert.equal(tripped.kind, 'bad_reply');
  assert.equal(logged.length, 1);
  assert.equal((await broken(() => new UpstreamFault('bad_reply'))).kind, 'bad_reply');
  assert.equal(logged.length, 2);
});

test('logs the first 2 KB of an unreadable answer without the secrets that were sent', async () => {
  const echo = `your key sk-very-secret-key and Bearer sk-very-secret-key and ${'x'.repeat(1970)}sk-very-secret-key ${'y'.repeat(5000)}`;
  const server = await serve((socket) => socket.write(httpAnswer(200, echo)));
  const { exchange, logged } = makeClient();
  await faultOf(exchange(question(server.origin), never));
  const text = JSON.stringify(logged);
  assert.match(text, /your key \[secret\] and/);
  assert.doesNotMatch(text, /sk-very|very-secret|\?x=1|a boat/);
  assert.ok(String(logged[0]?.['head']).length <= 2048);
});

test('decodes held pictures into drafts and discards those the reader does not hand on', async () => {
  const bytes = ['draft of a thought', 'the picture'].map((text) => Buffer.from(text));
  const server = await serve((socket) =>
    socket.write(
      httpAnswer(200, JSON.stringify({ parts: bytes.map((part) => ({ data: part.toString('base64') })) })),
    ),
  );
  const { exchange, drafts } = makeClient();
  const result = await exchange(
    question(server.origin, {
      heldKeys: ['data'],
      read: ({ body, held }) => {
        assert.deepEqual(body, { parts: [{ data: { held: 0 } }, { data: { held: 1 } }] });
        return { images: [{ draft: held[1] }] };
      },
    }),
    never,
  );
  assert.deepEqual(result, { images: [{ draft: drafts[1] }] });
  assert.deepEqual(
    drafts.map((draft) => [draft.content.toString(), draft.isDiscarded]),
    [
      ['draft of a thought', true],
      ['the picture', false],
    ],
  );
});

test('discards all drafts when the reader refuses, and calls anything but a fault bad_reply', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(200, '{"data":"QUJD"}')));
  const { exchange, drafts } = makeClient();
  const content = new UpstreamFault('content');
  const refuse = (error: Error) =>
    faultOf(
      exchange(
        question(server.origin, {
          heldKeys: ['data'],
          read: () => {
            throw error;
          },
        }),
        never,
      ),
    );
  assert.equal(await refuse(content), content);
  assert.equal((await refuse(new TypeError('no such field'))).kind, 'bad_reply');
  assert.deepEqual(
    drafts.map((draft) => draft.isDiscarded),
    [true, true],
  );
});

test('lets an error of the object store through as it is', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(200, '{"data":"QUJD"}')));
  const full = new Error('ENOSPC');
  const { exchange } = makeClient({}, () => Promise.reject(full));
  await assert.rejects(exchange(question(server.origin, { heldKeys: ['data'] }), never), full);
});

test('does not let an answer gather in memory while the disk is slow', async () => {
  let written = 0;
  const server = await serve((socket) => {
    const text = Buffer.from(`{"data":"${'QUJD'.repeat(4_000_000)}"}`);
    socket.write(
      `HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`,
    );
    let at = 0;
    const more = (): void => {
      while (at < text.length && socket.write(text.subarray(at, at + 65_536))) at += 65_536;
      at += 65_536;
      written = at;
    };
    socket.on('drain', more);
    more();
  });
  const disk = Promise.withResolvers<void>();
  const firstWrite = Promise.withResolvers<void>();
  let taken = 0;
  const { exchange } = makeClient({}, async () =>
    makeMemoryDraft({}, async (piece) => {
      taken += piece.length;
      firstWrite.resolve();
      await disk.promise;
    }),
  );
  const running = exchange(question(server.origin, { heldKeys: ['data'] }), never);
  await firstWrite.promise;
  // Wait until the server cannot send more: nothing moved for some turns of the loop.
  for (let still = 0, last = -1; still < 50; still = written === last ? still + 1 : 0) {
    last = written;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(taken < 500_000, `${taken} bytes were taken`);
  disk.resolve();
  await running;
  assert.equal(taken, 16_000_000);
});

test('ends what still runs when it is closed, and sends nothing afterwards', async () => {
  const arrived = Promise.withResolvers<void>();
  const server = await serve(() => arrived.resolve());
  const client = makeClient();
  const running = faultOf(client.exchange(question(server.origin), never));
  await arrived.promise;
  await client.close();
  assert.equal((await running).kind, 'unknown');
  assert.equal((await faultOf(client.exchange(question(server.origin), never))).kind, 'not_sent');
});

test('sends a binary body once, with its length and byte for byte', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(200, '{"id":7}')));
  const { exchange } = makeClient();
  const pieces = [Buffer.from('--b\r\n'), Buffer.alloc(300_000, 0xe9), Buffer.from('\r\n--b--\r\n')];
  const body = { length: pieces.reduce((sum, piece) => sum + piece.length, 0), chunks: () => pieces };
  const headers = { 'content-type': 'multipart/form-data; boundary=b', authorization: 'Bearer sk-1' };
  assert.deepEqual(await exchange(question(server.origin, { body, headers }), never), { id: 7 });
  const [head = '', sent = ''] = (server.requests[0] ?? '').split(/\r\n\r\n(.*)/s);
  assert.match(head, /\r\ncontent-length: 300014(\r\n|$)/);
  assert.match(head, /\r\ncontent-type: multipart\/form-data; boundary=b(\r\n|$)/);
  assert.doesNotMatch(head, /transfer-encoding/);
  assert.deepEqual(Buffer.from(sent, 'latin1'), Buffer.concat(pieces));
});

test('knows of a binary body, too, whether it was sent', async () => {
  const body = { length: 4, chunks: () => [Buffer.from('four')] };
  const { exchange } = makeClient();
  const refused = question(`http://127.0.0.1:${await unusedPort()}`, { body });
  assert.equal((await faultOf(exchange(refused, never))).kind, 'not_sent');
  const cutting = await serve((socket) => socket.destroy());
  assert.equal((await faultOf(exchange(question(cutting.origin, { body }), never))).kind, 'unknown');
  const stop = new AbortController();
  const silent = await serve(() => stop.abort(new Error('deadline')));
  assert.equal((await faultOf(exchange(question(silent.origin, { body }), stop.signal))).kind, 'unknown');
  const stopped = AbortSignal.abort(new Error('before'));
  assert.equal((await faultOf(exchange(question(silent.origin, { body }), stopped))).kind, 'not_sent');
});

const eventHeaders = { 'content-type': 'text/event-stream; charset=utf-8' };

function eventsText(...events: unknown[]): string {
  return events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

/** Keeps the pictures of events of type `whole`, and gives them with the fault that ended the stream. */
function collect(seen: unknown[] = []) {
  const kept: ObjectDraft[] = [];
  const events: EventReader<unknown> = {
    take({ body, held }) {
      seen.push(body);
      const isWhole = Object(body).type === 'whole';
      if (isWhole) kept.push(...held);
      if (Object(body).type === 'odd') throw new TypeError('odd');
      return isWhole;
    },
    end(fault) {
      if (kept.length === 0 && fault !== undefined) throw fault;
      return { kept, fault: fault?.kind };
    },
  };
  return { heldKeys: ['b64_json'], events, read: () => assert.fail('not JSON') };
}

test('reads an answer that comes as events, and keeps only the drafts that are needed', async () => {
  const text = eventsText({ type: 'part', b64_json: 'cGFydA==' }, { type: 'whole', b64_json: 'd2hvbGU=' });
  const server = await serve((socket) =>
    socket.write(httpAnswer(200, `${text}data: [DONE]\n\n`, eventHeaders)),
  );
  const { exchange, drafts } = makeClient();
  const seen: unknown[] = [];
  assert.deepEqual(await exchange(question(server.origin, collect(seen)), never), {
    kept: [drafts[1]],
    fault: undefined,
  });
  assert.deepEqual(seen, [
    { type: 'part', b64_json: { held: 0 } },
    { type: 'whole', b64_json: { held: 0 } },
  ]);
  assert.deepEqual(
    drafts.map(({ content, isDiscarded }) => [content.toString(), isDiscarded]),
    [
      ['part', true],
      ['whole', false],
    ],
  );
});

test('what broke a stream does not take the pictures that came before', async () => {
  const whole = eventsText({ type: 'whole', b64_json: 'd2hvbGU=' });
  const broken: [string, string][] = [
    ['unknown', ''],
    ['bad_reply', 'data: {"type"\n\n'],
    ['bad_reply', eventsText({ type: 'odd' })],
    ['bad_reply', eventsText({ type: 'whole', b64_json: 'no base64!' })],
  ];
  for (const [kind, rest] of broken) {
    const length = {
      ...eventHeaders,
      'content-length': String(whole.length + rest.length + (rest ? 0 : 10)),
    };
    const server = await serve((socket) => socket.end(httpAnswer(200, whole + rest, length)));
    const { exchange, drafts } = makeClient();
    assert.deepEqual(await exchange(question(server.origin, collect()), never), {
      kept: [drafts[0]],
      fault: kind,
    });
    assert.equal(drafts[0]?.isDiscarded, false);
  }
});

test('a stream that broke behind a picture does not keep its connection taken', async () => {
  const text = `${eventsText({ type: 'whole', b64_json: 'd2hvbGU=' })}data: {"type"\n\n${':'.repeat(1e6)}\n`;
  const server = await serve((socket, _, number) =>
    socket.write(number === 0 ? httpAnswer(200, text, eventHeaders) : httpAnswer(200, '{"id":7}')),
  );
  const { exchange, drafts } = makeClient({ connections: 1 });
  assert.deepEqual(await exchange(question(server.origin, collect()), never), {
    kept: [drafts[0]],
    fault: 'bad_reply',
  });
  assert.deepEqual(await exchange(question(server.origin), AbortSignal.timeout(5000)), { id: 7 });
});

test('a stream that broke before any picture is the fault, and leaves no draft', async () => {
  const part = eventsText({ type: 'part', b64_json: 'cGFydA==' });
  const length = { ...eventHeaders, 'content-length': String(part.length + 10) };
  const server = await serve((socket) => socket.end(httpAnswer(200, part, length)));
  const { exchange, drafts } = makeClient();
  assert.equal((await faultOf(exchange(question(server.origin, collect()), never))).kind, 'unknown');
  assert.deepEqual(
    drafts.map(({ isDiscarded }) => isDiscarded),
    [true],
  );
});

test('a stream is read up to the limit of an answer', async () => {
  const many = eventsText(...Array.from({ length: 100 }, () => ({ type: 'part', text: 'x'.repeat(100) })));
  const server = await serve((socket) => socket.write(httpAnswer(200, many, eventHeaders)));
  const { exchange } = makeClient({ maxBodyBytes: 5000 });
  assert.equal((await faultOf(exchange(question(server.origin, collect()), never))).kind, 'bad_reply');
});

test('events that nobody asked for are no answer, and JSON in their place is one', async () => {
  const server = await serve((socket, _, number) =>
    socket.write(number === 0 ? httpAnswer(200, eventsText({}), eventHeaders) : httpAnswer(200, '{"id":7}')),
  );
  const { exchange } = makeClient();
  assert.equal((await faultOf(exchange(question(server.origin), never))).kind, 'bad_reply');
  const asked = question(server.origin, { ...collect(), read: (answer) => answer.body });
  assert.deepEqual(await exchange(asked, never), { id: 7 });
});
