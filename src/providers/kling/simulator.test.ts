import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { SignJWT } from 'jose';
import sharp from 'sharp';

import { fastDraw } from '../../../test/kit/fast-draw.ts';
import { until } from '../../../test/kit/until.ts';
import { measureImage } from '../../sandbox/kit-inputs.ts';
import type { Draw, Simulator, SimulatorOptions } from '../../sandbox/kit.ts';
import { klingErrors } from './simulator-errors.ts';
import { klingTriggers, readScript } from './simulator-scripts.ts';
import { startKlingSimulator } from './simulator.ts';

/** The moment between `nbf` and `exp` of the published token. */
const vectorNowMs = 1_790_000_000_000;
const vectorToken =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhay1zaW0tMDAwMSIsImV4cCI6MTc5MDAwMTgwMCwibmJmIjoxNzg5OTk5OTk1fQ.yPYjLoAeMUJxd6-MDutDrg5IA0vp0MSxpwiG8H8FtRI';

interface TaskData {
  task_id: string;
  task_status: string;
  task_status_msg: string;
  task_info?: { external_task_id?: string | null };
  task_result?: {
    result_type?: string;
    images: { index?: number; url: string; watermark_url?: string }[];
    series_images?: { url: string }[];
  };
  final_unit_deduction?: string;
  created_at: number;
  updated_at: number;
}

interface Answer<Data = TaskData> {
  status: number;
  code: number;
  message: string;
  request_id: string;
  data: Data;
}

interface Bench {
  simulator: Simulator;
  /** Moves the simulator's clock. */
  pass: (ms: number) => void;
  get: <Data = TaskData>(path: string) => Promise<Answer<Data>>;
  create: (body: Record<string, unknown>) => Promise<Answer>;
  query: (id: string) => Promise<Answer>;
}

async function start(t: TestContext, options: Partial<SimulatorOptions> = {}): Promise<Bench> {
  let now = vectorNowMs;
  const simulator = await startKlingSimulator({
    draw: fastDraw,
    now: () => now,
    delayMs: 40_000,
    ...options,
  });
  t.after(() => simulator.close());
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = {
      authorization: `Bearer ${simulator.credential.apiKey}`,
      'content-type': 'application/json',
    };
    const response = await fetch(simulator.baseUrl + path, { headers, ...init });
    return { status: response.status, ...((await response.json()) as object) };
  };
  return {
    simulator,
    pass: (ms) => (now += ms),
    get: async <Data>(path: string) => (await call(path)) as Answer<Data>,
    create: async (body) =>
      (await call('/v1/images/omni-image', {
        method: 'POST',
        body: JSON.stringify({ model_name: 'kling-image-o1', prompt: 'a fox', ...body }),
      })) as Answer,
    query: async (id) => (await call(`/v1/images/omni-image/${id}`)) as Answer,
  };
}

function signed(
  claims: Record<string, unknown>,
  secret = 'sk-sim-0001-secret',
  alg = 'HS256',
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' }).sign(new TextEncoder().encode(secret));
}

function scriptOf(prompt: string): unknown {
  try {
    return readScript(prompt, undefined);
  } catch (refusal) {
    return refusal;
  }
}

async function base64Of(
  width: number,
  height: number,
  format: 'png' | 'jpeg' | 'webp' = 'png',
): Promise<string> {
  const picture = sharp({ create: { width, height, channels: 3, background: 'teal' } }).toFormat(format);
  return (await picture.toBuffer()).toString('base64');
}

async function sizeAt(url: string | undefined): Promise<unknown[]> {
  const { type, width, height } = measureImage(await (await fetch(url ?? '')).bytes()) ?? {};
  return [type, width, height];
}

test('accepts the published token at its time, and tells early, late and wrong ones apart', async (t) => {
  const { simulator, pass } = await start(t);
  const code = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${simulator.baseUrl}/v1/images/omni-image`, { headers });
    return [response.status, ((await response.json()) as { code: number }).code];
  };
  const good = { iss: 'ak-sim-0001', exp: 1_790_001_800, nbf: 1_789_999_995 };
  assert.deepEqual(await code(`Bearer ${vectorToken}`), [200, 0]);
  assert.deepEqual(await code(`Bearer ${simulator.credential.apiKey}`), [200, 0]);
  assert.deepEqual(await code(), [401, 1001]);
  assert.deepEqual(await code('Bearer nonsense'), [401, 1002]);
  assert.deepEqual(await code(vectorToken), [401, 1002]);
  assert.deepEqual(await code(`Bearer ${vectorToken.slice(0, -1)}A`), [401, 1002]);
  assert.deepEqual(await code(`Bearer ${await signed(good, 'another-secret')}`), [401, 1002]);
  assert.deepEqual(await code(`Bearer ${await signed({ ...good, iss: 'ak-other' })}`), [401, 1002]);
  assert.deepEqual(await code(`Bearer ${await signed(good, 'sk-sim-0001-secret', 'HS512')}`), [401, 1002]);
  assert.deepEqual(await code(`Bearer ${await signed({ ...good, nbf: 1_790_000_001 })}`), [401, 1003]);
  assert.deepEqual(await code(`Bearer ${await signed({ ...good, exp: 1_790_000_000 })}`), [401, 1004]);
  pass(1_800_000);
  assert.deepEqual(await code(`Bearer ${vectorToken}`), [401, 1004]);
});

test('a task goes from submitted over processing to succeed by the clock and is charged then', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  const created = await create({ n: 2, aspect_ratio: '3:2', resolution: '2k', external_task_id: 'gw-1' });
  assert.deepEqual([created.status, created.code, created.message], [200, 0, 'SUCCEED']);
  assert.match(created.request_id, /^[0-9a-f-]{36}$/);
  assert.match(created.data.task_id, /^9\d{17}$/);
  assert.deepEqual(created.data, {
    task_id: created.data.task_id,
    task_info: { external_task_id: 'gw-1' },
    task_status: 'submitted',
    created_at: vectorNowMs,
    updated_at: vectorNowMs,
  });
  const id = created.data.task_id;
  assert.equal((await query(id)).data.task_status, 'submitted');
  pass(10_000);
  const processing = (await query(id)).data;
  assert.deepEqual([processing.task_status, processing.updated_at], ['processing', vectorNowMs + 10_000]);
  assert.equal(processing.task_result, undefined);
  assert.equal(simulator.control.ledger().length, 0);
  pass(30_000);
  const { data } = await query(id);
  assert.deepEqual(
    [data.task_status, data.task_status_msg, data.final_unit_deduction],
    ['succeed', '', '16'],
  );
  assert.deepEqual([data.created_at, data.updated_at], [vectorNowMs, vectorNowMs + 40_000]);
  assert.deepEqual(data.task_result?.series_images, []);
  assert.deepEqual(
    data.task_result?.images.map(({ index, watermark_url }) => [index, watermark_url]),
    [
      [0, undefined],
      [1, undefined],
    ],
  );
  assert.deepEqual(await sizeAt(data.task_result?.images[1]?.url), ['png', 2496, 1664]);
  const ledger = simulator.control.ledger();
  assert.deepEqual(
    ledger.map(({ taskId, ourId, index, amount }) => [taskId, ourId, index, amount]),
    [
      [id, 'gw-1', 0, '8'],
      [id, 'gw-1', 1, '8'],
    ],
  );
  assert.notEqual(ledger[0]?.sha256, ledger[1]?.sha256);
});

test('a task nobody asks for is charged all the same', async (t) => {
  const { simulator, pass, create } = await start(t);
  await create({});
  pass(40_000);
  // The picture is drawn in its own time; the clock has already passed.
  await until(() => simulator.control.ledger().length > 0);
  assert.equal(simulator.control.ledger().length, 1);
});

test('finds a task by either id and says so when there is none', async (t) => {
  const { create, query } = await start(t);
  const { data } = await create({ external_task_id: 'gw-7f3a' });
  assert.equal((await query('gw-7f3a')).data.task_id, data.task_id);
  const unknown = await query('gw-0000');
  assert.deepEqual(
    [unknown.status, unknown.code, unknown.message],
    [400, 1201, 'Task not found by id/external id: gw-0000'],
  );
  assert.equal(unknown.data, undefined);
});

test('an external id is taken once', async (t) => {
  const { simulator, create } = await start(t);
  assert.equal((await create({ external_task_id: 'gw-1' })).code, 0);
  const again = await create({ external_task_id: 'gw-1' });
  assert.deepEqual(
    [again.status, again.code, again.message],
    [400, 1201, 'External_task_id gw-1 already exists'],
  );
  simulator.control.reset();
  assert.equal((await create({ external_task_id: 'gw-1' })).code, 0);
});

test('an answer cut off after the create leaves a task that its external id finds', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'cut-after' });
  await assert.rejects(create({ external_task_id: 'gw-1' }));
  pass(40_000);
  assert.equal((await query('gw-1')).data.task_status, 'succeed');
  simulator.control.inject({ on: 'submit', kind: 'refuse' });
  await assert.rejects(create({ external_task_id: 'gw-2' }));
  assert.equal((await query('gw-2')).code, 1201);
  assert.equal(simulator.control.ledger().length, 1);
});

test('refuses every wrong value by the name of its field and makes no task', async (t) => {
  const { simulator, create, get } = await start(t);
  const image = await base64Of(300, 300);
  const refused: [Record<string, unknown>, string][] = [
    [{ prompt: '' }, 'prompt'],
    [{ prompt: 'x'.repeat(2501) }, 'prompt'],
    [{ n: 0 }, "n value '0' is invalid"],
    [{ n: 10 }, "n value '10' is invalid"],
    [{ n: '2' }, "n value '2' is invalid"],
    [{ resolution: '2K' }, "resolution value '2K' is invalid"],
    [{ resolution: '4k' }, "resolution value '4k' is invalid"],
    [{ result_type: 'series' }, "result_type value 'series' is invalid"],
    [{ aspect_ratio: '5:4' }, "aspect_ratio value '5:4' is invalid"],
    [{ watermark_info: { enabled: 'yes' } }, 'watermark_info.enabled'],
    [{ callback_url: 'ftp://x' }, 'callback_url'],
    [{ external_task_id: 7 }, 'external_task_id'],
    [{ element_list: [{ element_id: 'a' }] }, 'element_list'],
    [{ image_list: [{ image: '' }] }, 'image_list[0].image must not be empty'],
    [
      { image_list: [{ image }, { image: `data:image/png;base64,${image}` }] },
      'image_list[1].image is neither',
    ],
    [{ image_list: [{ image: await base64Of(299, 400) }] }, 'at least 300px'],
    [{ image_list: [{ image: await base64Of(760, 303) }] }, 'aspect ratio'],
    [{ image_list: [{ image: await base64Of(300, 300, 'webp') }] }, 'format is not supported'],
    [{ image_list: [{ image: Buffer.alloc(10 * 1024 * 1024 + 1).toString('base64') }] }, '10MB'],
    [
      {
        image_list: Array.from({ length: 9 }, () => ({ image })),
        element_list: [{ element_id: 1 }, { element_id: 2 }],
      },
      'more than 10',
    ],
  ];
  for (const [body, message] of refused) {
    const answer = await create(body);
    assert.deepEqual([answer.status, answer.code], [400, 1201], message);
    assert.ok(answer.message.includes(message), answer.message);
  }
  const model = await create({ model_name: 'kling-v9' });
  assert.deepEqual([model.status, model.code], [404, 1203]);
  assert.deepEqual((await get<unknown[]>('/v1/images/omni-image')).data, []);
  assert.equal(simulator.control.ledger().length, 0);
});

test('counts prompt length in characters, not in code units', async (t) => {
  const { create } = await start(t);
  assert.equal((await create({ prompt: '\u{1F98A}'.repeat(2500) })).code, 0);
});

test('takes inputs by address or bare base64, and auto follows the first one', async (t) => {
  const seen: Parameters<Draw>[0][] = [];
  const draw: Draw = (request) => {
    seen.push(request);
    return fastDraw(request);
  };
  const { create } = await start(t, { draw });
  const tall = { image: await base64Of(400, 700, 'jpeg') };
  const remote = { image: 'https://assets.example.test/mug.png' };
  const prompt = 'put <<<image_1>>> on <<<image_2>>>';
  assert.equal((await create({ prompt, image_list: [tall, remote] })).code, 0);
  assert.equal((await create({ prompt, image_list: [remote, tall] })).code, 0);
  assert.equal((await create({})).code, 0);
  assert.deepEqual(
    seen.map(({ width, height, inputs }) => [width, height, inputs.length]),
    [
      [768, 1360, 1],
      [1024, 1024, 1],
      [1024, 1024, 0],
    ],
  );
  assert.doesNotMatch(seen[0]?.prompt ?? '', /<<</);
});

test('slots are taken by images, from submitted until the end, for each model by itself', async (t) => {
  const { create } = await start(t, { capacity: 5 });
  assert.equal((await create({ n: 4 })).code, 0);
  const full = await create({ n: 2 });
  assert.deepEqual(
    [full.status, full.code, full.message],
    [429, 1303, 'parallel task over resource pack limit'],
  );
  const { data } = await create({ n: 1 });
  assert.equal(data.task_status, 'submitted');
  assert.equal((await create({ n: 1 })).code, 1303);
  assert.equal((await create({ model_name: 'kling-v3-omni', n: 1 })).code, 0);
});

test('slots open again when a task has ended, failed or not', async (t) => {
  const { pass, create, query } = await start(t, { capacity: 2 });
  const failing = await create({ prompt: 'a fox sim:moderated-output' });
  const fine = await create({});
  assert.equal((await create({})).code, 1303);
  pass(40_000);
  assert.equal((await query(failing.data.task_id)).data.task_status, 'failed');
  assert.equal((await query(fine.data.task_id)).data.task_status, 'succeed');
  assert.equal((await create({ n: 2 })).code, 0);
});

test('moderation refuses the create, or fails the task in words only', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  const early = await create({ prompt: 'a fox sim:moderated' });
  assert.deepEqual([early.status, early.code], [400, 1301]);
  simulator.control.inject({ on: 'submit', kind: 'moderation', stage: 'output' });
  const { data } = await create({ n: 2 });
  pass(40_000);
  const late = await query(data.task_id);
  assert.deepEqual([late.status, late.code], [200, 0]);
  assert.deepEqual(
    [late.data.task_status, late.data.task_status_msg, late.data.task_result, late.data.final_unit_deduction],
    ['failed', 'Failure to pass the risk control system', undefined, '0'],
  );
  const other = await create({ prompt: 'a fox sim:task-failed' });
  pass(40_000);
  const failed = (await query(other.data.task_id)).data;
  assert.equal(failed.task_status, 'failed');
  assert.doesNotMatch(failed.task_status_msg, /risk control/);
  assert.equal(simulator.control.ledger().length, 0);
});

test('a watermark comes as a second address to another picture', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  const { data } = await create({ watermark_info: { enabled: true } });
  pass(40_000);
  const [image] = (await query(data.task_id)).data.task_result?.images ?? [];
  assert.deepEqual(await sizeAt(image?.watermark_url), ['png', 1024, 1024]);
  const [plain, marked] = await Promise.all(
    [image?.url, image?.watermark_url].map(async (url) => (await fetch(url ?? '')).bytes()),
  );
  assert.notDeepEqual(plain, marked);
  assert.equal(simulator.control.ledger().length, 1);
});

test('addresses end after 30 days, or at once for the images of a partial fault', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'partial', indexes: [1] });
  const { data } = await create({ n: 2 });
  pass(40_000);
  const images = (await query(data.task_id)).data.task_result?.images ?? [];
  const statuses = () => Promise.all(images.map(async ({ url }) => (await fetch(url)).status));
  assert.deepEqual(await statuses(), [200, 403]);
  pass(30 * 86_400_000 - 1);
  assert.deepEqual(await statuses(), [200, 403]);
  pass(1);
  assert.deepEqual(await statuses(), [403, 403]);
});

test('lists newest first, page by page, within the documented bounds', async (t) => {
  const { create, get } = await start(t);
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.unshift((await create({})).data.task_id);
  const page = async (query: string) =>
    (await get<TaskData[]>(`/v1/images/omni-image${query}`)).data?.map(({ task_id }) => task_id);
  assert.deepEqual(await page(''), ids);
  assert.deepEqual(await page('?pageNum=2&pageSize=2'), ids.slice(2));
  for (const query of ['?pageNum=0', '?pageNum=1001', '?pageSize=501', '?pageSize=x'])
    assert.equal((await get(`/v1/images/omni-image${query}`)).code, 1201, query);
});

test('the balance goes down by what was deducted', async (t) => {
  const { pass, create, query, get } = await start(t);
  const left = async () => {
    type Costs = { resource_pack_subscribe_infos: { remaining_quantity: number }[] };
    const { data } = await get<Costs>('/account/costs?start_time=1789000000000&end_time=1791000000000');
    return data.resource_pack_subscribe_infos[0]?.remaining_quantity ?? 0;
  };
  const before = await left();
  const { data } = await create({ n: 3 });
  pass(40_000);
  await query(data.task_id);
  assert.equal(before - (await left()), 24);
  assert.equal((await get('/account/costs')).code, 1201);
});

test('the omni model makes series and 4k at its own price', async (t) => {
  const { pass, create, query } = await start(t);
  const omni = {
    model_name: 'kling-v3-omni',
    resolution: '4k',
    result_type: 'series',
    series_amount: 2,
    n: 5,
  };
  const { data } = await create(omni);
  pass(40_000);
  const done = (await query(data.task_id)).data;
  assert.deepEqual([done.task_result?.result_type, done.task_result?.images], ['series', []]);
  assert.equal(done.task_result?.series_images?.length, 2);
  assert.equal(done.final_unit_deduction, '32');
  assert.deepEqual(await sizeAt(done.task_result?.series_images?.[0]?.url), ['png', 4096, 4096]);
});

test('every named error has the status and code of the table', async (t) => {
  const { simulator, create, query } = await start(t);
  for (const [error, { status, code, message }] of Object.entries(klingErrors)) {
    simulator.control.inject({ on: 'any', kind: 'status', error, times: 2 });
    for (const answer of [await create({}), await query('x')])
      assert.deepEqual([answer.status, answer.code, answer.message], [status, code, message]);
  }
  assert.equal((await create({ prompt: 'sim:throttled' })).code, 1302);
});

test('every word of the trigger table sets something off, and no other word does', () => {
  for (const name of Object.keys(klingTriggers))
    assert.notDeepEqual(scriptOf(`a fox sim:${name}`), scriptOf('a fox'), name);
  assert.deepEqual(scriptOf('a moderated fox sim:nothing'), scriptOf('a fox'));
});

test('plays the oddities seen on the wire', async (t) => {
  const { simulator, pass, create, query } = await start(t);
  const odd = async (name: string) => {
    const { data } = await create({ prompt: `a fox sim:${name}`, external_task_id: `gw-${name}` });
    const early = (await query(data.task_id)).data;
    pass(40_000);
    return { early, data: (await query(data.task_id)).data };
  };
  assert.equal((await odd('succeeded')).data.task_status, 'succeeded');
  assert.equal((await odd('unknown-state')).early.task_status, 'polishing');
  assert.deepEqual(Object.keys((await odd('without-index')).data.task_result?.images[0] ?? {}), ['url']);
  assert.equal((await odd('without-task-info')).data.task_info, undefined);
  assert.deepEqual((await odd('null-external-id')).data.task_info, { external_task_id: null });
  const lean = (await odd('without-later-additions')).data;
  assert.deepEqual([Object.keys(lean.task_result ?? {}), lean.final_unit_deduction], [['images'], undefined]);
  assert.deepEqual((await odd('without-images')).data.task_result?.images, []);
  const refused = await create({ prompt: 'a fox sim:code-on-200' });
  assert.deepEqual([refused.status, refused.code, refused.data], [200, 1303, undefined]);
  const { data } = await create({});
  pass(40_000);
  simulator.control.inject({ on: 'poll', kind: 'wrong-state-order' });
  simulator.control.inject({
    on: 'poll',
    kind: 'variant',
    name: 'succeeded',
    match: { promptIncludes: 'fox' },
  });
  assert.equal((await query(data.task_id)).data.task_status, 'processing');
  assert.equal((await query(data.task_id)).data.task_status, 'succeeded');
});

test('is quick by real time unless told otherwise', async (t) => {
  const simulator = await startKlingSimulator({ draw: fastDraw });
  t.after(() => simulator.close());
  const headers = { authorization: `Bearer ${simulator.credential.apiKey}` };
  const url = `${simulator.baseUrl}/v1/images/omni-image`;
  const began = performance.now();
  const created = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ prompt: 'a fox' }) });
  const { task_id: id } = ((await created.json()) as Answer).data;
  for (let state = ''; state !== 'succeed';) {
    assert.ok(performance.now() - began < 20_000);
    state = ((await (await fetch(`${url}/${id}`, { headers })).json()) as Answer).data.task_status;
  }
  assert.ok(performance.now() - began >= 290);
});

test('knows no other path: no model list, no older endpoint', async (t) => {
  const { get } = await start(t);
  for (const path of ['/v1/models', '/v1/images/generations', '/'])
    assert.equal((await get(path)).status, 404);
});
