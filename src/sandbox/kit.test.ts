import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import sharp from 'sharp';

import { fastDraw } from '../../test/kit/fast-draw.ts';
import { until } from '../../test/kit/until.ts';
import { decodeBase64, decodeDataUri, measureImage } from './kit-inputs.ts';
import { createLog } from './kit-log.ts';
import { createPictureStore } from './kit-pictures.ts';
import { createTaskTable } from './kit-tasks.ts';
import { startSimulator, type InjectedFault, type Simulator, type SimulatorOptions } from './kit.ts';

/** The smallest upstream: POST /paint makes one picture, /events makes three and tells of each. */
async function startPaint(t: TestContext, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ draw: fastDraw, ...options }, (kit) => {
    const paint = async (prompt: string, index: number, requestId: string) => {
      if (prompt === 'crash') throw new Error('the brush broke');
      const seed = kit.seed();
      const drawn = await kit.draw({
        prompt,
        seed,
        width: 64,
        height: 32,
        format: 'png',
        inputs: [],
        watermark: false,
      });
      kit.charge({ at: kit.now(), requestId, model: 'paint', prompt, index }, drawn);
      return kit.pictures.put({
        ...drawn,
        prompt,
        lifetimeMs: 60_000,
        extension: 'png',
        query: { 'X-Days': '1' },
      });
    };
    return {
      name: 'paint',
      basePath: '/v9',
      credential: { apiKey: 'paint-key' },
      variants: ['upside-down'],
      errors: {
        internal: () => ({ status: 500, json: { error: 'internal' } }),
        throttled: () => ({ status: 429, json: { error: 'slower' }, headers: { 'retry-after': '3' } }),
      },
      authorize: ({ headers }) =>
        headers.authorization === 'Bearer paint-key' ? undefined : { status: 401, json: { error: 'key' } },
      unknownRoute: ({ method, path }) => ({ status: 404, json: { error: `${method} ${path}` } }),
      routes: [
        {
          method: 'POST',
          path: /^\/v9\/paint$/,
          on: 'submit',
          prompt: ({ body }) => promptOf(body),
          handle: async ({ body, requestId, bodyProblem }) =>
            bodyProblem === undefined
              ? { status: 200, json: { url: await paint(promptOf(body), 0, requestId) } }
              : { status: 400, json: { error: bodyProblem } },
        },
        {
          method: 'POST',
          path: /^\/v9\/events$/,
          on: 'submit',
          handle: ({ body, requestId }) => ({
            status: 200,
            headers: { 'content-type': 'text/event-stream' },
            stream: (async function* events() {
              for (const index of [0, 1, 2])
                yield `data: ${await paint(promptOf(body), index, requestId)}\n\n`;
              yield 'data: [DONE]\n\n';
            })(),
          }),
        },
      ],
    };
  });
  t.after(() => simulator.close());
  return simulator;
}

function post(simulator: Simulator, path: string, prompt: string, init: RequestInit = {}): Promise<Response> {
  return fetch(simulator.baseUrl + path, {
    method: 'POST',
    headers: { authorization: 'Bearer paint-key', 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
    ...init,
  });
}

function promptOf(body: unknown): string {
  return (body as { prompt?: string } | undefined)?.prompt ?? '';
}

async function statusOf(address: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(address, { headers })).status;
}

async function urlOf(response: Response): Promise<string> {
  return ((await response.json()) as { url: string }).url;
}

test('charges an image once and shows what it charged', async (t) => {
  const simulator = await startPaint(t);
  const url = await urlOf(await post(simulator, '/paint', 'a fox'));
  const picture = Buffer.from(await (await fetch(url)).arrayBuffer());
  const [entry, ...others] = simulator.control.ledger();
  assert.deepEqual(others, []);
  assert.equal(entry?.sha256, createHash('sha256').update(picture).digest('hex'));
  assert.deepEqual([entry?.bytes, entry?.width, entry?.height], [picture.length, 64, 32]);
  assert.equal(entry?.prompt, 'a fox');
  assert.ok(
    url.startsWith(simulator.fileOrigin) && simulator.fileOrigin !== new URL(simulator.baseUrl).origin,
  );
});

test('logs every request without credentials and without long base64', async (t) => {
  const simulator = await startPaint(t);
  const body = { prompt: 'a', image: 'iVBORw0KGgo'.repeat(1000), keep: 'words '.repeat(200) };
  await post(simulator, '/paint?key=secret-1&x=1', '', { body: JSON.stringify(body) });
  const [seen] = simulator.control.requests();
  assert.equal(seen?.on, 'submit');
  assert.equal(seen?.path, '/v9/paint?key=(removed)&x=1');
  assert.equal(seen?.headers['authorization'], '(removed)');
  const shown = seen?.body as typeof body;
  assert.match(shown.image, /^iVBORw0KGgo.{53}\.\.\. \(11000 characters\)$/);
  assert.equal(shown.keep, body.keep);
});

test('refuses downloads with a changed signature, after expiry, or with a credential', async (t) => {
  let now = 1_000_000;
  const simulator = await startPaint(t, { now: () => now });
  const url = await urlOf(await post(simulator, '/paint', 'a fox'));
  assert.equal(await statusOf(url), 200);
  assert.equal(await statusOf(url, { authorization: 'Bearer paint-key' }), 400);
  assert.equal(await statusOf(url.replace('X-Days=1', 'X-Days=9')), 403);
  assert.equal(await statusOf(url.slice(0, -1)), 403);
  assert.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-type'), 'image/png');
  now += 59_999;
  assert.equal(await statusOf(url), 200);
  now += 1;
  const expired = await fetch(url);
  assert.equal(expired.status, 403);
  assert.match(await expired.text(), /Request has expired/);
});

test('forgets the pictures unused for longest and still tells expiry', () => {
  let now = 0;
  const store = createPictureStore({ origin: () => 'http://127.0.0.1:1', now: () => now });
  const put = () =>
    new URL(
      store.put({
        bytes: new Uint8Array(1),
        contentType: 'image/png',
        prompt: '',
        lifetimeMs: 10,
        extension: 'png',
      }),
    );
  const [used, unused] = [put(), put()];
  for (let count = 0; count < 9_998; count += 1) put();
  assert.equal(store.serve(used).status, 200);
  put();
  assert.equal(store.serve(used).status, 200);
  assert.equal(store.serve(unused).status, 404);
  now = 10;
  assert.equal(store.serve(unused).status, 403);
});

test('a picture can lag behind its address, by downloads or by time', () => {
  let now = 0;
  const store = createPictureStore({ origin: () => 'http://127.0.0.1:1', now: () => now });
  const put = (lag: { times?: number; ms?: number }): URL =>
    new URL(
      store.put({
        bytes: new Uint8Array(1),
        contentType: 'image/png',
        prompt: '',
        lifetimeMs: 1000,
        extension: 'png',
        lag,
      }),
    );
  const byTimes = put({ times: 2 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => store.serve(byTimes).status),
    [404, 404, 200, 200],
  );
  const byTime = put({ ms: 10 });
  assert.equal(store.serve(byTime).status, 404);
  now = 10;
  assert.equal(store.serve(byTime).status, 200);
});

const chargedBeforeTrouble: Record<string, boolean> = {
  refuse: false,
  'hang-before': false,
  'cut-after': true,
  'hang-after': true,
  'cut-body': true,
};
for (const [kind, isCharged] of Object.entries(chargedBeforeTrouble)) {
  test(`${kind} gives no answer and ${isCharged ? 'charges' : 'charges nothing'}`, async (t) => {
    const simulator = await startPaint(t);
    simulator.control.inject({ on: 'submit', kind } as InjectedFault);
    const leaving = new AbortController();
    const attempt = post(simulator, '/paint', 'a fox', { signal: leaving.signal })
      .then((response) => response.text())
      .then(
        () => 'answered',
        (cause: Error) => cause.name,
      );
    if (kind.startsWith('hang')) {
      const { control } = simulator;
      const trace = () => (isCharged ? control.ledger() : control.requests());
      await until(() => trace().length > 0);
      assert.equal(await Promise.race([attempt, setTimeout(100, 'still waiting')]), 'still waiting');
      leaving.abort();
    }
    assert.notEqual(await attempt, 'answered');
    assert.equal(simulator.control.ledger().length, isCharged ? 1 : 0);
    assert.equal((await post(simulator, '/paint', 'a fox')).status, 200);
  });
}

test('truncate, garbage and wrong-type arrive as whole answers that mislead', async (t) => {
  const simulator = await startPaint(t);
  for (const kind of ['truncate', 'garbage', 'wrong-type'] as const)
    simulator.control.inject({ on: 'submit', kind });
  const truncated = await (await post(simulator, '/paint', 'a fox')).text();
  assert.match(truncated, /^\{"url":/);
  assert.throws(() => JSON.parse(truncated));
  const garbage = await (await post(simulator, '/paint', 'a fox')).text();
  assert.throws(() => JSON.parse(garbage));
  const mistyped = await post(simulator, '/paint', 'a fox');
  assert.equal(mistyped.headers.get('content-type'), 'text/html');
  assert.ok(await urlOf(mistyped));
  assert.equal(simulator.control.ledger().length, 3);
});

test('slow drips the answer and late delays it', async (t) => {
  const simulator = await startPaint(t);
  simulator.control.inject({ on: 'submit', kind: 'slow', overMs: 120 });
  simulator.control.inject({ on: 'submit', kind: 'late', byMs: 120 });
  for (const kind of ['slow', 'late']) {
    const start = performance.now();
    assert.ok(await urlOf(await post(simulator, '/paint', kind)));
    assert.ok(performance.now() - start >= 110, kind);
  }
});

test('faults of a stream spare whole events and do all the work first', async (t) => {
  const simulator = await startPaint(t);
  const whole = await (await post(simulator, '/events', 'a fox')).text();
  assert.equal(whole.split('\n\n').length, 5);
  simulator.control.inject({ on: 'submit', kind: 'truncate' });
  const half = await (await post(simulator, '/events', 'a fox')).text();
  assert.equal(half.split('\n\n').length, 3);
  simulator.control.inject({ on: 'submit', kind: 'cut-body' });
  await assert.rejects(post(simulator, '/events', 'a fox').then((response) => response.text()));
  assert.equal(simulator.control.ledger().length, 9);
});

test('a client that leaves a stream has the rest made and charged all the same', async (t) => {
  const simulator = await startPaint(t);
  const leaving = new AbortController();
  const response = await post(simulator, '/events', 'a fox', { signal: leaving.signal });
  await response.body?.getReader().read();
  leaving.abort();
  await until(() => simulator.control.ledger().length === 3);
});

test('a body of any depth is read and logged up to a depth', async (t) => {
  const simulator = await startPaint(t);
  const deep = '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000);
  assert.equal((await post(simulator, '/paint', '', { body: deep })).status, 200);
  const [seen] = simulator.control.requests();
  assert.ok(JSON.stringify(seen?.body).length < 1_000);
});

test('a status fault speaks in a named error or in what it was given', async (t) => {
  const simulator = await startPaint(t);
  simulator.control.inject({ on: 'submit', kind: 'status', error: 'throttled' });
  simulator.control.inject({
    on: 'submit',
    kind: 'status',
    error: 'throttled',
    headers: { 'retry-after': '9' },
  });
  simulator.control.inject({ on: 'submit', kind: 'status', status: 418, body: { tea: true } });
  const first = await post(simulator, '/paint', 'a');
  assert.deepEqual([first.status, first.headers.get('retry-after')], [429, '3']);
  assert.deepEqual(await first.json(), { error: 'slower' });
  assert.equal((await post(simulator, '/paint', 'a')).headers.get('retry-after'), '9');
  const third = await post(simulator, '/paint', 'a');
  assert.deepEqual([third.status, await third.json()], [418, { tea: true }]);
  assert.equal(simulator.control.ledger().length, 0);
});

test('a fault strikes only what it matches, after what it skips, as often as it says', async (t) => {
  const simulator = await startPaint(t);
  simulator.control.inject({
    on: 'submit',
    kind: 'status',
    status: 503,
    skip: 1,
    times: 2,
    match: { promptIncludes: 'fox' },
  });
  const statuses: number[] = [];
  for (const prompt of ['owl', 'a fox', 'a fox', 'owl', 'red fox', 'fox'])
    statuses.push((await post(simulator, '/paint', prompt)).status);
  assert.deepEqual(statuses, [200, 200, 503, 200, 503, 200]);
});

test('download faults: a picture that is late, expired, cut or not a picture', async (t) => {
  const simulator = await startPaint(t);
  const url = await urlOf(await post(simulator, '/paint', 'a fox'));
  const other = await urlOf(await post(simulator, '/paint', 'an owl'));
  simulator.control.inject({
    on: 'download',
    kind: 'not-found-first',
    times: 2,
    match: { promptIncludes: 'fox' },
  });
  assert.equal((await fetch(other)).status, 200);
  assert.equal((await fetch(url)).status, 404);
  assert.equal((await fetch(url)).status, 404);
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  simulator.control.inject({ on: 'download', kind: 'expired' });
  assert.equal((await fetch(url)).status, 403);
  simulator.control.inject({ on: 'download', kind: 'truncate' });
  assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), whole.subarray(0, whole.length >> 1));
  simulator.control.inject({ on: 'any', kind: 'garbage' });
  assert.equal(measureImage(Buffer.from(await (await fetch(url)).arrayBuffer())), undefined);
});

test('inject refuses faults nobody could play', async (t) => {
  const { control } = await startPaint(t);
  assert.throws(
    () => control.inject({ on: 'submit', kind: 'status', error: 'sunstroke' }),
    /known: internal, throttled/,
  );
  assert.throws(() => control.inject({ on: 'submit', kind: 'variant', name: 'sideways' }), /upside-down/);
  assert.throws(() => control.inject({ on: 'poll', kind: 'moderation' }), /only strike on 'submit'/);
  assert.throws(() => control.inject({ on: 'submit', kind: 'status' }));
  assert.throws(() => control.inject({ on: 'submit', kind: 'nonsense' } as unknown as InjectedFault));
});

test('the control works over HTTP, but not from a browser page', async (t) => {
  const simulator = await startPaint(t);
  const origin = new URL(simulator.baseUrl).origin;
  const control = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${origin}/_sim/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  assert.equal((await control('POST', 'faults', { on: 'submit', kind: 'status', status: 503 })).status, 200);
  assert.equal((await control('POST', 'faults', { on: 'nowhere' })).status, 400);
  assert.equal((await control('GET', 'ledger', undefined, { origin: 'https://page.test' })).status, 403);
  assert.equal((await post(simulator, '/paint', 'a fox')).status, 503);
  assert.equal((await post(simulator, '/paint', 'a fox')).status, 200);
  assert.equal(((await (await control('GET', 'ledger')).json()) as unknown[]).length, 1);
  assert.equal(((await (await control('GET', 'requests')).json()) as unknown[]).length, 2);
  assert.equal((await control('POST', 'reset')).status, 200);
  assert.deepEqual([simulator.control.ledger(), simulator.control.requests()], [[], []]);
});

test('answers bad JSON, unknown paths, missing keys and its own failures like an upstream', async (t) => {
  const simulator = await startPaint(t);
  assert.deepEqual(await (await post(simulator, '/paint', '', { body: '{"prompt":' })).json(), {
    error: 'not-json',
  });
  assert.equal((await post(simulator, '/nowhere', 'a')).status, 404);
  assert.equal((await post(simulator, '/paint', 'a', { headers: {} })).status, 401);
  const failed = await post(simulator, '/paint', 'crash');
  assert.equal(failed.status, 500);
  assert.match(decodeURIComponent(failed.headers.get('x-sim-problem') ?? ''), /the brush broke/);
});

test('close ends hanging sockets and waiting work at once', async (t) => {
  const simulator = await startPaint(t);
  simulator.control.inject({ on: 'submit', kind: 'hang-before' });
  simulator.control.inject({ on: 'submit', kind: 'late', byMs: 60_000 });
  const waiting = [post(simulator, '/paint', 'a'), post(simulator, '/paint', 'b')];
  const ended = Promise.allSettled(waiting);
  await until(() => simulator.control.requests().length === 2);
  const start = performance.now();
  await simulator.close();
  assert.deepEqual(
    (await ended).map((each) => each.status),
    ['rejected', 'rejected'],
  );
  assert.ok(performance.now() - start < 30_000);
});

test('a log keeps the newest entries within its count and its size', () => {
  const counted = createLog<number>(10);
  for (let entry = 0; entry < 1000; entry += 1) counted.add(entry);
  assert.deepEqual(counted.entries(), [990, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
  const sized = createLog<number>(1000, 100);
  for (let entry = 0; entry < 50; entry += 1) sized.add(entry, 30);
  assert.ok(sized.entries().length <= 4 && sized.entries().at(-1) === 49);
});

test('a task shows its outcome when the clock has passed, and is settled once', async () => {
  let now = 0;
  const settled: string[] = [];
  const table = createTaskTable<string>({
    now: () => now,
    onSettled: ({ id }) => settled.push(id),
    maxTasks: 2,
  });
  table.add({ id: 'a', createdAt: 0, dueAt: 10, work: async () => 'picture' });
  table.add({ id: 'b', createdAt: 0, dueAt: 10, work: () => Promise.reject(new Error('no paint')) });
  assert.equal((await table.get('a'))?.outcome, undefined);
  assert.equal(await table.get('c'), undefined);
  now = 10;
  assert.deepEqual((await table.get('a'))?.outcome, { ok: true, value: 'picture' });
  table.settleDue();
  await table.get('a');
  assert.equal((await table.get('b'))?.outcome?.ok, false);
  assert.deepEqual(settled, ['a', 'b']);
  table.add({ id: 'c', createdAt: 10, dueAt: 20, work: async () => 'late' });
  assert.deepEqual(
    table.all().map(({ id }) => id),
    ['c', 'b'],
  );
});

test('inputs are read strictly and measured by their bytes', async () => {
  const webp = await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
    .webp()
    .toBuffer();
  const uri = `data:image/PNG;base64,${webp.toString('base64')}`;
  const decoded = decodeDataUri(uri);
  assert.equal(decoded?.mimeType, 'image/PNG');
  const { type, width, height } = measureImage(decoded?.bytes ?? new Uint8Array()) ?? {};
  assert.deepEqual([type, width, height], ['webp', 20, 10]);
  assert.equal(decodeBase64(uri), undefined);
  assert.equal(decodeBase64('not base64!'), undefined);
  assert.equal(decodeBase64(''), undefined);
  assert.equal(measureImage(Buffer.from('<svg')), undefined);
});

test('the fast test pictures have the true size and format and differ by seed', async () => {
  const request = { prompt: 'a', seed: 1, width: 128, height: 48, inputs: [], watermark: false } as const;
  for (const format of ['png', 'jpeg'] as const) {
    const one = await fastDraw({ ...request, format });
    const { type, width, height } = measureImage(one) ?? {};
    assert.deepEqual([type, width, height], [format === 'png' ? 'png' : 'jpg', 128, 48]);
    assert.deepEqual(await fastDraw({ ...request, format }), one);
    assert.notDeepEqual(await fastDraw({ ...request, format, seed: 2 }), one);
    assert.notDeepEqual(await fastDraw({ ...request, format, watermark: true }), one);
  }
});

const notHere = () => ({ status: 500 });

test('a form is handed over in its parts, and logged without its bytes', async (t) => {
  const forms: unknown[] = [];
  const simulator = await startSimulator({ draw: fastDraw }, () => ({
    name: 'forms',
    basePath: '',
    credential: { apiKey: 'k' },
    errors: { internal: notHere },
    variants: [],
    unknownRoute: notHere,
    routes: [
      {
        method: 'POST',
        path: /^\/form$/,
        on: 'submit',
        handle({ form, body, bodyProblem }) {
          forms.push(form, body, bodyProblem);
          return { status: 200, json: {} };
        },
      },
    ],
  }));
  t.after(() => simulator.close());
  const form = new FormData();
  form.append('prompt', 'a fox');
  form.append('image[]', new Blob([Uint8Array.of(1, 2)], { type: 'image/png' }), 'blob');
  form.append('image[]', new Blob([Uint8Array.of(3)]), 'two.png');
  const post = (body: FormData | string, headers = {}) =>
    fetch(`${simulator.baseUrl}/form`, { method: 'POST', body, headers });
  assert.equal((await post(form)).status, 200);
  assert.equal((await post('no form', { 'content-type': 'multipart/form-data; boundary=x' })).status, 200);
  const files = [
    { fileName: 'blob', mimeType: 'image/png', bytes: Uint8Array.of(1, 2) },
    { fileName: 'two.png', mimeType: 'application/octet-stream', bytes: Uint8Array.of(3) },
  ] as const;
  const entries = [
    { name: 'prompt', value: 'a fox' },
    { name: 'image[]', value: files[0] },
    { name: 'image[]', value: files[1] },
  ];
  assert.deepEqual(forms, [entries, undefined, 'not-json', undefined, undefined, 'not-json']);
  const shown = simulator.control.requests()[0]?.body;
  assert.deepEqual(
    [Object(shown).prompt, Object(shown)['image[]'].map((each: { bytes: number }) => each.bytes)],
    ['a fox', [2, 1]],
  );
  assert.match(JSON.stringify(shown), /"sha256":"[0-9a-f]{64}"/);
});

test('a view of three bytes is no picture, whatever lies behind it in memory', () => {
  // Three zeros begin a TGA; its 16 by 16 pixels stand further on.
  const pool = Buffer.alloc(64);
  pool.writeUInt16LE(16, 12);
  pool.writeUInt16LE(16, 14);
  assert.equal(measureImage(pool.subarray(0, 3)), undefined);
});
