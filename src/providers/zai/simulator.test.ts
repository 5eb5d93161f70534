import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { imageSize } from 'image-size';

import { fastDraw } from '../../../test/kit/fast-draw.ts';
import type { Simulator } from '../../sandbox/kit.ts';
import { type ZaiSimulatorOptions, promptTriggers, startZaiSimulator } from './simulator.ts';

async function start(t: TestContext, options: Partial<ZaiSimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startZaiSimulator({ draw: fastDraw, delayMs: 0, ...options });
  t.after(() => simulator.close());
  return simulator;
}

interface Body {
  created?: number;
  data?: { url: string }[];
  content_filter?: unknown;
  contentFilter?: unknown;
  id?: string;
  request_id?: string;
  model?: string;
  task_status?: string;
  image_result?: { url: string }[];
  usage?: unknown;
  error?: { code: string | number; message: string };
}

interface Answer {
  status: number;
  json: Body;
}

async function ask(
  simulator: Simulator,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(simulator.baseUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${simulator.credential.apiKey}`,
      'content-type': 'application/json',
      'accept-language': 'en-US,en',
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Body };
}

const sync = (simulator: Simulator, more: object = {}): Promise<Answer> =>
  ask(simulator, '/images/generations', { model: 'glm-image', prompt: 'a night market', ...more });
const submit = (simulator: Simulator, more: object = {}): Promise<Answer> =>
  ask(simulator, '/async/images/generations', { model: 'glm-image', prompt: 'a night market', ...more });
const poll = (simulator: Simulator, id: string | undefined): Promise<Answer> =>
  ask(simulator, `/async-result/${id}`);
const codeOf = (answer: Answer): string => `${answer.status} ${answer.json.error?.code}`;

test('the synchronous call answers with one URL on another origin, and no usage', async (t) => {
  const now = Date.parse('2026-11-22T04:14:05.250Z');
  const simulator = await start(t, { now: () => now });
  const { status, json } = await sync(simulator, { size: '1056x1568' });
  assert.equal(status, 200);
  assert.equal(json.created, Math.floor(now / 1000));
  assert.equal(json.data?.length, 1);
  assert.match(json.id ?? '', /^20261122121405[0-9a-f]{12}$/);
  assert.equal(json.request_id, json.id);
  assert.deepEqual(json.content_filter, [{ role: 'assistant', level: 3 }]);
  assert.equal(json.usage, undefined);

  const url = new URL(json.data?.[0]?.url ?? '');
  assert.equal(url.origin, simulator.fileOrigin);
  assert.notEqual(url.origin, new URL(simulator.baseUrl).origin);
  assert.equal(url.searchParams.get('ufileattname'), `${json.id}_watermark.png`);
  const file = await fetch(url);
  assert.equal(file.headers.get('content-type'), 'image/png');
  assert.equal(file.headers.get('content-disposition'), `attachment; filename="${json.id}_watermark.png"`);
  const bytes = Buffer.from(await file.arrayBuffer());
  const { type, width, height } = imageSize(bytes);
  assert.deepEqual({ type, width, height }, { type: 'png', width: 1056, height: 1568 });

  const [entry, ...others] = simulator.control.ledger();
  assert.deepEqual(others, []);
  assert.equal(entry?.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.deepEqual([entry?.requestId, entry?.model, entry?.index], [json.id, 'glm-image', 0]);
});

test('watermark_enabled false is honoured, in the picture and in its name', async (t) => {
  const marks: boolean[] = [];
  const simulator = await start(t, {
    draw: (request) => {
      marks.push(request.watermark);
      return fastDraw(request);
    },
  });
  await sync(simulator);
  const { json } = await sync(simulator, { watermark_enabled: false });
  assert.deepEqual(marks, [true, false]);
  assert.doesNotMatch(json.data?.[0]?.url ?? '', /_watermark/);
});

test('a task is PROCESSING until its time has come, then has its picture', async (t) => {
  let now = 1_700_000_000_000;
  const simulator = await start(t, { now: () => now, delayMs: 500 });
  const { json: ticket } = await submit(simulator);
  assert.match(ticket.id ?? '', /^\d{17}$/);
  assert.deepEqual([ticket.model, ticket.task_status], ['glm-image', 'PROCESSING']);
  assert.equal((await poll(simulator, ticket.id)).json.task_status, 'PROCESSING');
  assert.deepEqual(simulator.control.ledger(), []);
  now += 500;
  const { json } = await poll(simulator, ticket.id);
  assert.equal(json.task_status, 'SUCCESS');
  assert.deepEqual([json.id, json.request_id], [ticket.id, ticket.request_id]);
  assert.equal(json.image_result?.length, 1);
  assert.equal((await fetch(json.image_result?.[0]?.url ?? '')).status, 200);
  assert.deepEqual((await poll(simulator, ticket.id)).json, json);
  assert.deepEqual(
    simulator.control.ledger().map((entry) => entry.taskId),
    [ticket.id],
  );
});

test('a finished task is charged even when nobody asks for it', async (t) => {
  let now = 1_700_000_000_000;
  const drawings: Promise<Uint8Array>[] = [];
  const draw: typeof fastDraw = (request) => {
    const drawing = fastDraw(request);
    drawings.push(drawing);
    return drawing;
  };
  const simulator = await start(t, { now: () => now, delayMs: 500, draw });
  await submit(simulator);
  await Promise.all(drawings);
  await setImmediate();
  assert.equal(simulator.control.ledger().length, 0);
  now += 500;
  assert.equal(simulator.control.ledger().length, 1);
});

test('a task can be made to stay PROCESSING for a number of polls', async (t) => {
  const simulator = await start(t, { processingPolls: 2 });
  const { json: ticket } = await submit(simulator);
  const states: (string | undefined)[] = [];
  for (let count = 0; count < 4; count += 1) states.push((await poll(simulator, ticket.id)).json.task_status);
  assert.deepEqual(states, ['PROCESSING', 'PROCESSING', 'SUCCESS', 'SUCCESS']);
  simulator.control.inject({ on: 'poll', kind: 'wrong-state-order' });
  assert.equal((await poll(simulator, ticket.id)).json.task_status, 'PROCESSING');
  assert.equal((await poll(simulator, ticket.id)).json.task_status, 'SUCCESS');
});

test('a failed task has only its status, and costs nothing', async (t) => {
  const simulator = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'partial', indexes: [0], skip: 2 });
  for (const prompt of ['a sim:task-fail', 'a sim:output-blocked', 'a night market']) {
    const { json: ticket } = await submit(simulator, { prompt });
    const { json } = await poll(simulator, ticket.id);
    assert.deepEqual(json, {
      model: 'glm-image',
      id: ticket.id,
      request_id: ticket.request_id,
      task_status: 'FAIL',
    });
  }
  assert.deepEqual(simulator.control.ledger(), []);
});

test('an unknown task and an unknown path are 404', async (t) => {
  const simulator = await start(t);
  assert.equal(codeOf(await poll(simulator, '88110000000000000')), '404 1233');
  assert.equal(codeOf(await ask(simulator, '/images/edits', {})), '404 1222');
});

const inSeconds = (ms: number): number => Math.floor(ms / 1000);
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(apiKey: string, claims: object, header: object = { alg: 'HS256', sign_type: 'SIGN' }): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const secret = apiKey.split('.')[1] ?? '';
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

test('the raw key and a JWT made from it are accepted, anything else is 401 with its own code', async (t) => {
  const now = 1_795_312_045_000;
  const simulator = await start(t, { now: () => now });
  const { apiKey } = simulator.credential;
  const [id = ''] = apiKey.split('.');
  const claims = { api_key: id, exp: now + 60_000, timestamp: now };
  const cases: [authorization: string, expected: string][] = [
    [`Bearer ${apiKey}`, '200 undefined'],
    [`Bearer ${jwt(apiKey, claims)}`, '200 undefined'],
    ['', '401 1001'],
    [apiKey, '401 1002'],
    ['Bearer nonsense', '401 1002'],
    [`Bearer ${jwt(apiKey, claims, { alg: 'HS256', typ: 'JWT' })}`, '401 1002'],
    [`Bearer ${id}.wrong-secret`, '401 1000'],
    [`Bearer ${jwt(`${id}.wrong-secret`, claims)}`, '401 1004'],
    [`Bearer ${jwt(apiKey, { ...claims, api_key: 'someone-else' })}`, '401 1000'],
    [`Bearer ${jwt(apiKey, { ...claims, exp: now - 1 })}`, '401 1003'],
    [`Bearer ${jwt(apiKey, { ...claims, exp: inSeconds(now + 60_000) })}`, '401 1003'],
  ];
  for (const [authorization, expected] of cases) {
    const body = { model: 'glm-image', prompt: 'a night market' };
    const answer = await ask(simulator, '/images/generations', body, { authorization });
    assert.equal(codeOf(answer), expected, authorization);
  }
});

test('parameters are checked one by one, with the code and the name of the field', async (t) => {
  const simulator = await start(t);
  const cases: [more: object, code: string, message: RegExp][] = [
    [{ model: undefined }, '1213', /^model parameter not received/],
    [{ model: 'dall-e-3' }, '1211', /^Model does not exist/],
    [{ prompt: '' }, '1213', /^prompt parameter not received/],
    [{ prompt: 7 }, '1214', /^Invalid prompt parameter/],
    [{ quality: 'high' }, '1214', /^Invalid quality parameter/],
    [{ watermark_enabled: 'false' }, '1214', /^Invalid watermark_enabled/],
    [{ user_id: 'short' }, '1214', /^Invalid user_id parameter/],
    [{ user_id: 'x'.repeat(129) }, '1214', /^Invalid user_id parameter/],
    ...[
      '512x512',
      '1920x1080',
      '1000x1024',
      '2080x1024',
      '1280×1280',
      '1280X1280',
      '1K',
      'auto',
      ' 1280x1280',
    ].map((size): [object, string, RegExp] => [{ size }, '1214', /^Invalid size parameter\. Please check/]),
    [{ size: 1280 }, '1214', /^Invalid size parameter/],
  ];
  for (const [more, code, message] of cases) {
    const answer = await sync(simulator, more);
    assert.equal(answer.status, 400, JSON.stringify(more));
    assert.strictEqual(answer.json.error?.code, code, JSON.stringify(more));
    assert.match(answer.json.error?.message ?? '', message);
  }
  for (const body of ['{', '[]', '"text"', '']) {
    assert.equal(codeOf(await ask(simulator, '/images/generations', body)), '400 1210');
  }
  assert.deepEqual(simulator.control.ledger(), []);
});

test('every size of the rule is accepted, and unknown fields are ignored', async (t) => {
  const simulator = await start(t);
  for (const size of ['1024x1024', '1792x1024', '2048x2048', '1728x960', '960x1728', undefined]) {
    const answer = await sync(simulator, { size, n: 1, seed: 3, quality: 'hd', user_id: 'tenant-7f3a21' });
    assert.equal(answer.status, 200);
    const made = simulator.control.ledger().at(-1);
    assert.equal(`${made?.width}x${made?.height}`, size ?? '1280x1280');
  }
});

test('cogview has its own sizes and no asynchronous form', async (t) => {
  const simulator = await start(t);
  const model = 'cogview-4-250304';
  assert.equal((await sync(simulator, { model, size: '768x1344' })).status, 200);
  assert.equal(codeOf(await sync(simulator, { model, size: '2048x2048' })), '400 1214');
  assert.equal(codeOf(await submit(simulator, { model })), '400 1212');
});

test('the error text is Chinese unless English is asked for', async (t) => {
  const simulator = await start(t);
  const body = { model: 'glm-image' };
  const chinese = await ask(simulator, '/images/generations', body, { 'accept-language': '*' });
  assert.deepEqual(chinese.json.error, { code: '1213', message: '未正常接收到prompt参数。' });
});

test('a request_id is echoed and kept with the charge, and its reuse is 1231', async (t) => {
  const simulator = await start(t);
  const request_id = 'order-0001';
  const { json } = await sync(simulator, { request_id });
  assert.equal(json.request_id, request_id);
  assert.notEqual(json.id, request_id);
  assert.match(json.data?.[0]?.url ?? '', /ufileattname=order-0001_watermark\.png/);
  assert.equal(simulator.control.ledger()[0]?.ourId, request_id);
  for (const again of [sync, submit]) {
    const answer = await again(simulator, { request_id });
    assert.equal(codeOf(answer), '400 1231');
    assert.match(answer.json.error?.message ?? '', /order-0001$/);
  }
});

test('content blocks are 1301 with contentFilter, as HTTP 400 and as HTTP 200', async (t) => {
  const simulator = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'moderation' });
  simulator.control.inject({ on: 'submit', kind: 'moderation', stage: 'output' });
  const input = await sync(simulator);
  assert.equal(codeOf(input), '400 1301');
  assert.deepEqual(input.json.contentFilter, [{ level: 1, role: 'user' }]);
  const output = await sync(simulator);
  assert.equal(codeOf(output), '400 1301');
  assert.deepEqual(output.json.contentFilter, [{ level: 1, role: 'assistant' }]);
  for (const call of [sync, submit]) {
    assert.equal(codeOf(await call(simulator, { prompt: 'a sim:moderated-200' })), '200 1301');
  }
  assert.deepEqual(simulator.control.ledger(), []);
});

test('the many meanings of 429, and their neighbours, come by name', async (t) => {
  const simulator = await start(t);
  const cases: [error: string, expected: string][] = [
    ['billing', '429 1113'],
    ['throttled', '429 1302'],
    ['quota', '429 1304'],
    ['overloaded', '429 1305'],
    ['overloaded-503', '503 1305'],
    ['usage-limit', '429 1308'],
    ['network', '500 1234'],
    ['internal', '500 500'],
    ['wrapped', '400 1210'],
  ];
  for (const [error, expected] of cases) {
    simulator.control.inject({ on: 'submit', kind: 'status', error });
    assert.equal(codeOf(await sync(simulator)), expected);
    assert.equal(codeOf(await submit(simulator, { prompt: `a sim:${error}` })), expected);
  }
  assert.deepEqual(simulator.control.ledger(), []);
});

test('every trigger word changes something, and none breaks the simulator', async (t) => {
  const simulator = await start(t);
  const shapeOf = async (prompt: string): Promise<string> => {
    const { status, json } = await sync(simulator, { prompt });
    const { json: ticket } = await submit(simulator, { prompt });
    const { json: result } = await poll(simulator, ticket.id);
    const url = json.data?.[0]?.url;
    const file = url === undefined ? 'none' : (await fetch(url)).status;
    return JSON.stringify([status, json.error, Object.keys(json), result.task_status, file]);
  };
  const plain = await shapeOf('a night market');
  for (const name of Object.keys(promptTriggers))
    assert.notEqual(await shapeOf(`a sim:${name}`), plain, name);
});

test('a picture can lag behind its reply, and its link ends after 30 days', async (t) => {
  let now = 1_700_000_000_000;
  const simulator = await start(t, { now: () => now, cdnLag: { ms: 300 } });
  const url = (await sync(simulator)).json.data?.[0]?.url ?? '';
  const statusOf = async (): Promise<number> => (await fetch(url)).status;
  assert.equal(await statusOf(), 404);
  now += 300;
  assert.equal(await statusOf(), 200);
  const withKey = await fetch(url, { headers: { authorization: `Bearer ${simulator.credential.apiKey}` } });
  assert.equal(withKey.status, 400);
  now += 30 * 24 * 60 * 60 * 1000;
  assert.equal(await statusOf(), 403);
});

test('more pictures at once than the capacity are refused with 1302', async (t) => {
  let now = 1_700_000_000_000;
  const simulator = await start(t, { now: () => now, delayMs: 500, capacity: 1 });
  const { json: ticket } = await submit(simulator);
  assert.equal(codeOf(await submit(simulator)), '429 1302');
  now += 500;
  assert.equal((await poll(simulator, ticket.id)).json.task_status, 'SUCCESS');
  assert.equal((await submit(simulator)).status, 200);
});

test('a call whose answer is cut off is charged all the same', async (t) => {
  const simulator = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'cut-after' });
  await assert.rejects(sync(simulator));
  assert.equal(simulator.control.ledger().length, 1);
});
