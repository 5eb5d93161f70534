import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { createByteDance } from '@ai-sdk/bytedance';
import { APICallError, generateImage } from 'ai';
import sharp from 'sharp';

import { fastDraw } from '../../../test/kit/fast-draw.ts';
import { measureImage } from '../../sandbox/kit-inputs.ts';
import type { Draw, Simulator, SimulatorOptions } from '../../sandbox/kit.ts';
import { arkErrors } from './simulator-errors.ts';
import { readJob } from './simulator-request.ts';
import { arkTriggers, readScript } from './simulator-scripts.ts';
import { startArkSimulator } from './simulator.ts';

interface Answer {
  model: string;
  created: number;
  data: { url: string; b64_json: string; size: string; error?: { code: string; message: string } }[];
  usage?: { generated_images: number; output_tokens: number; total_tokens: number };
  error?: { code: string; message: string; param: string; type: string };
}

async function start(t: TestContext, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startArkSimulator({ draw: fastDraw, delayMs: 0, ...options });
  t.after(() => simulator.close());
  return simulator;
}

function post(simulator: Simulator, body: unknown, key = simulator.credential.apiKey): Promise<Response> {
  return fetch(`${simulator.baseUrl}/images/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function ask(
  simulator: Simulator,
  body: Record<string, unknown>,
): Promise<Answer & { status: number }> {
  const response = await post(simulator, {
    model: 'seedream-4-0-250828',
    prompt: 'a fox',
    size: '1K',
    ...body,
  });
  return { status: response.status, ...((await response.json()) as Answer) };
}

async function bytesAt(url: string | undefined): Promise<Buffer> {
  return Buffer.from(await (await fetch(url ?? '')).arrayBuffer());
}

function facts(bytes: Uint8Array): unknown[] {
  const { type, width, height } = measureImage(bytes) ?? {};
  return [type, width, height];
}

/** A PNG of the given size as a data URI. */
async function picture(width: number, height: number): Promise<string> {
  const bytes = await sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

const groupStream = {
  model: 'seedream-4-0-250828',
  size: '1K',
  stream: true,
  sequential_image_generation: 'auto',
  sequential_image_generation_options: { max_images: 3 },
};

interface Event {
  name: string | undefined;
  data: Record<string, unknown> | '[DONE]';
}

async function eventsOf(response: Response): Promise<Event[]> {
  const frames = (await response.text()).split('\n\n').filter((frame) => frame !== '');
  return frames.map((frame) => {
    const data = /^data: (.*)$/m.exec(frame)?.[1] ?? '';
    return {
      name: /^event: (.*)$/m.exec(frame)?.[1],
      data: data === '[DONE]' ? data : (JSON.parse(data) as Record<string, unknown>),
    };
  });
}

test('answers the published example under the id it was asked by', async (t) => {
  const simulator = await start(t);
  const response = await post(simulator, {
    model: 'dola-seedream-5.0-lite',
    prompt: 'A minimalist sunrise over calm water, digital illustration',
    size: '2048x2048',
  });
  assert.match(response.headers.get('x-request-id') ?? '', /^02\d{13}[0-9a-f]{32}$/);
  assert.match(response.headers.get('x-client-request-id') ?? '', /^unknown-\d+-\w+$/);
  const answer = (await response.json()) as Answer;
  assert.deepEqual(Object.keys(answer), ['model', 'created', 'data', 'usage']);
  assert.equal(answer.model, 'dola-seedream-5.0-lite');
  assert.deepEqual(answer.usage, { generated_images: 1, output_tokens: 16384, total_tokens: 16384 });
  assert.equal(answer.data[0]?.size, '2048x2048');
  assert.match(answer.data[0]?.url ?? '', /X-Tos-Expires=86400&.*X-Tos-Signature=[0-9a-f]{64}$/);
  assert.deepEqual(facts(await bytesAt(answer.data[0]?.url)), ['jpg', 2048, 2048]);
  assert.equal(simulator.control.ledger().length, 1);
});

test('knows the ids and aliases of both platforms and nothing else', async (t) => {
  const simulator = await start(t);
  for (const model of [
    'seedream-4-5-251128',
    'doubao-seedream-5-0-lite-260128',
    'seedream-5-0-lite-260128',
  ]) {
    const answer = await ask(simulator, { model, size: '2K' });
    assert.deepEqual([answer.status, answer.model], [200, model]);
  }
  for (const model of ['seedream-4-5', 'seedream-3-0-t2i', 'gpt-image-1']) {
    const answer = await ask(simulator, { model });
    assert.deepEqual([answer.status, answer.error?.code], [404, 'InvalidEndpointOrModel.NotFound']);
    assert.equal(answer.error?.type, 'NotFound');
  }
});

test('refuses a wrong key in the words of the service', async (t) => {
  const simulator = await start(t);
  const response = await post(simulator, { model: 'seedream-4-0-250828', prompt: 'a' }, 'another');
  const id = response.headers.get('x-request-id');
  assert.equal(response.status, 401);
  assert.deepEqual(await response.json(), {
    error: {
      code: 'AuthenticationError',
      message: `the API key or AK/SK in the request is missing or invalid. request id: ${id}`,
      param: '',
      type: 'Unauthorized',
    },
  });
});

test('refuses sizes by pixels, ratio and tier, model by model', async (t) => {
  const simulator = await start(t);
  const message = async (model: string, size: unknown) => {
    const answer = await ask(simulator, { model, size });
    return answer.status === 200
      ? answer.data[0]?.size
      : answer.error?.message.replace(/ Request id: \w+$/, '');
  };
  const notValid = 'The parameter `size` specified in the request is not valid: ';
  const tooSmall = `${notValid}image size must be at least 3686400 pixels.`;
  const [v40, v45, lite] = ['seedream-4-0-250828', 'doubao-seedream-4-5-251128', 'seedream-5-0-260128'];
  assert.equal(await message(v45, '1024x1024'), tooSmall);
  assert.equal(await message(lite, '1500x1500'), tooSmall);
  assert.equal(await message(v40, '800x800'), `${notValid}image size must be at least 921600 pixels.`);
  assert.equal(await message(v40, '4096x4097'), `${notValid}image size must be at most 16777216 pixels.`);
  assert.equal(await message(lite, '4096x4096'), `${notValid}image size must be at most 10404496 pixels.`);
  const noTier = `${notValid}the specified size is not supported for model doubao-seedream-4-5.`;
  for (const size of ['1K', 'adaptive', '2k', '2048*2048', 2048])
    assert.equal(await message(v45, size), noTier);
  assert.match((await message(lite, '4K')) ?? '', /not supported for model seedream-5-0/);
  assert.match((await message(v40, '16384x1000')) ?? '', /ratio/);
  assert.equal(await message(v40, '1600x600'), '1600x600');
  assert.equal(await message(v45, '3750x1250'), '3750x1250');
  assert.equal(await message(v45, undefined), '2048x2048');
  assert.equal(simulator.control.ledger().length, 3);
});

test('refuses wrong values of known fields and charges nothing', async (t) => {
  const simulator = await start(t);
  const lite = 'seedream-5-0-260128';
  const refused: [Record<string, unknown>, string, string][] = [
    [{ model: undefined }, 'MissingParameter', 'model'],
    [{ prompt: '' }, 'MissingParameter', 'prompt'],
    [{ prompt: 7 }, 'InvalidParameter', 'prompt'],
    [{ response_format: 'base64' }, 'InvalidParameter', 'response_format'],
    [{ watermark: 'false' }, 'InvalidParameter', 'watermark'],
    [{ stream: 1 }, 'InvalidParameter', 'stream'],
    [{ sequential_image_generation: 'on' }, 'InvalidParameter', 'sequential_image_generation'],
    [
      { sequential_image_generation: 'auto', sequential_image_generation_options: { max_images: 16 } },
      'InvalidParameter',
      'max_images',
    ],
    [{ model: lite, size: '2K', output_format: 'webp' }, 'InvalidParameter', 'output_format'],
    [{ model: lite, size: '2K', optimize_prompt_options: { mode: 'fast' } }, 'InvalidParameter', 'mode'],
    [{ model: lite, size: '2K', tools: [{ type: 'calculator' }] }, 'InvalidParameter', 'tools'],
  ];
  for (const [body, code, parameter] of refused) {
    const answer = await ask(simulator, body);
    assert.deepEqual([answer.status, answer.error?.code], [400, code], JSON.stringify(body));
    assert.ok(answer.error?.message.includes(parameter), answer.error?.message);
  }
  const broken = (await (await post(simulator, '{"model":')).json()) as Answer;
  assert.equal(broken.error?.code, 'InvalidParameter');
  assert.equal(simulator.control.ledger().length, 0);
});

test('ignores n, unknown fields and fields of other models, and bills one image', async (t) => {
  const simulator = await start(t);
  const answer = await ask(simulator, {
    n: 4,
    quality: 'hd',
    made_up: true,
    output_format: 'webp',
    guidance_scale: 99,
    tools: 'x',
    sequential_image_generation_options: { max_images: 99 },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.data.length, 1);
  assert.deepEqual(facts(await bytesAt(answer.data[0]?.url)), ['jpg', 1024, 1024]);
  assert.equal(simulator.control.ledger().length, 1);
});

test('a tier takes its shape from the prompt, else from the first input', async (t) => {
  const simulator = await start(t);
  const sizeOf = async (body: Record<string, unknown>) => (await ask(simulator, body)).data[0]?.size;
  assert.equal(await sizeOf({ prompt: 'a lighthouse, portrait 3:4' }), '864x1152');
  assert.equal(await sizeOf({ prompt: '\u706F\u5854 16\uFF1A9' }), '1312x736');
  assert.equal(await sizeOf({ prompt: 'a widescreen view at 12:30' }), '1312x736');
  assert.equal(await sizeOf({ prompt: 'a lighthouse' }), '1024x1024');
  const tall = await picture(300, 460);
  assert.equal(await sizeOf({ image: tall }), '832x1248');
  assert.equal(await sizeOf({ image: [tall], size: '1024x1024' }), '1024x1024');
  assert.equal(await sizeOf({ image: 'https://assets.example.test/tall.png' }), '1024x1024');
});

test('honours a seed, draws another picture without one, and marks unless told not to', async (t) => {
  const simulator = await start(t);
  const draw = async (body: Record<string, unknown>) =>
    (await ask(simulator, { response_format: 'b64_json', watermark: false, ...body })).data[0]?.b64_json;
  const seven = await draw({ seed: 7 });
  assert.equal(await draw({ seed: 7 }), seven);
  assert.notEqual(await draw({ seed: 8 }), seven);
  assert.notEqual(await draw({ seed: -1 }), await draw({ seed: -1 }));
  assert.notEqual(await draw({}), await draw({}));
  const marked = await draw({ seed: 7, watermark: true });
  assert.notEqual(marked, seven);
  assert.equal(await draw({ seed: 7, watermark: undefined }), marked);
});

test('5.0 lite makes png when asked and reports its web search', async (t) => {
  const simulator = await start(t);
  const lite = { model: 'seedream-5-0-260128', size: '2K' };
  const answer = await ask(simulator, { ...lite, output_format: 'png', tools: [{ type: 'web_search' }] });
  assert.deepEqual(facts(await bytesAt(answer.data[0]?.url)), ['png', 2048, 2048]);
  assert.deepEqual(answer.usage, {
    generated_images: 1,
    output_tokens: 16384,
    total_tokens: 16384,
    tool_usage: { web_search: 1 },
  } as Answer['usage']);
});

test('a group makes as many different images as its ceiling, counting references against 15', async (t) => {
  const simulator = await start(t);
  const group = async (max: number | undefined, references: number, more: Record<string, unknown> = {}) =>
    ask(simulator, {
      sequential_image_generation: 'auto',
      ...(max === undefined ? {} : { sequential_image_generation_options: { max_images: max } }),
      ...(references === 0 ? {} : { image: Array(references).fill('https://assets.example.test/a.png') }),
      ...more,
    });
  const three = await group(3, 0, { seed: 5 });
  assert.deepEqual(three.usage, { generated_images: 3, output_tokens: 12288, total_tokens: 12288 });
  assert.equal(new Set(simulator.control.ledger().map(({ sha256 }) => sha256)).size, 3);
  assert.equal((await group(undefined, 12)).data.length, 3);
  assert.equal((await group(1, 14)).data.length, 1);
  assert.match((await group(4, 12)).error?.message ?? '', /must not exceed 15/);
  assert.match((await group(1, 15)).error?.message ?? '', /between 1 and 14/);
  simulator.control.inject({ on: 'submit', kind: 'variant', name: 'fewer', value: 2 });
  assert.equal((await group(4, 0)).data.length, 2);
  assert.equal((await group(4, 0, { prompt: 'four foxes sim:fewer' })).data.length, 3);
});

test('checks inputs by their bytes', async (t) => {
  const drawn: number[] = [];
  const draw: Draw = (request) => {
    drawn.push(request.inputs.length);
    return fastDraw(request);
  };
  const simulator = await start(t, { draw });
  const good = await picture(100, 100);
  const refused: [unknown, string][] = [
    ['', 'InvalidImageURL.EmptyURL'],
    ['iVBORw0KGgo', 'InvalidImageURL.InvalidFormat'],
    [good.replace('image/png', 'image/PNG'), 'InvalidImageURL.InvalidFormat'],
    ['data:image/png;base64,AAAA', 'InvalidImageURL.InvalidFormat'],
    [await picture(14, 100), 'InvalidParameter'],
    [await picture(16, 300), 'InvalidParameter'],
    [await picture(6001, 6001), 'InvalidParameter'],
    [[], 'InvalidParameter'],
    [[5], 'InvalidParameter'],
    [`data:image/png;base64,${Buffer.alloc(10 * 1024 * 1024 + 1).toString('base64')}`, 'InvalidParameter'],
  ];
  for (const [image, code] of refused) {
    const answer = await ask(simulator, { image });
    assert.deepEqual([answer.status, answer.error?.code], [400, code], String(image).slice(0, 40));
  }
  assert.equal((await ask(simulator, { image: [good, 'https://a.example.test/b.png', good] })).status, 200);
  assert.deepEqual(drawn, [2]);
});

test('a rejected image leaves the others standing; an internal error ends the rest', async (t) => {
  const simulator = await start(t);
  const group = {
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 3 },
  };
  simulator.control.inject({ on: 'submit', kind: 'partial', indexes: [1] });
  const rejected = await ask(simulator, group);
  assert.deepEqual(rejected.data[1], {
    error: {
      code: 'OutputImageSensitiveContentDetected',
      message: 'The request failed because the output image may contain sensitive information.',
    },
  });
  assert.deepEqual([rejected.data.length, rejected.usage?.generated_images], [3, 2]);
  assert.deepEqual(
    simulator.control.ledger().map(({ index }) => index),
    [0, 2],
  );
  const ended = await ask(simulator, { ...group, prompt: 'foxes sim:internal:1' });
  assert.deepEqual(
    ended.data.map(({ error }) => error?.code),
    [undefined, 'InternalServiceError'],
  );
  assert.equal(simulator.control.ledger().length, 3);
});

test('nothing made is an error status and costs nothing', async (t) => {
  const simulator = await start(t);
  const outcomes: [string, number, string][] = [
    ['sim:moderated', 400, 'InputTextSensitiveContentDetected'],
    ['sim:moderated-input', 400, 'InputImageSensitiveContentDetected'],
    ['sim:moderated-output', 400, 'OutputImageSensitiveContentDetected'],
    ['sim:internal', 500, 'InternalServiceError'],
    ['sim:throttled', 429, 'ModelAccountIpmRateLimitExceeded'],
  ];
  for (const [prompt, status, code] of outcomes) {
    const answer = await ask(simulator, { prompt: `a fox ${prompt}` });
    assert.deepEqual([answer.status, answer.error?.code], [status, code]);
  }
  simulator.control.inject({ on: 'submit', kind: 'moderation', stage: 'output' });
  assert.equal((await ask(simulator, {})).error?.code, 'OutputImageSensitiveContentDetected');
  simulator.control.inject({ on: 'submit', kind: 'moderation' });
  assert.equal((await ask(simulator, {})).error?.code, 'InputTextSensitiveContentDetected');
  for (const name of ['error-on-200', 'empty-data'])
    simulator.control.inject({ on: 'submit', kind: 'variant', name });
  const told = await ask(simulator, {});
  assert.deepEqual(
    [told.status, told.data, told.error?.code],
    [200, [], 'OutputImageSensitiveContentDetected'],
  );
  const empty = await ask(simulator, {});
  assert.deepEqual([empty.status, empty.data, empty.usage?.generated_images], [200, [], 0]);
  assert.equal(simulator.control.ledger().length, 0);
});

test('every named error has the status, code and shape of the table', async (t) => {
  const simulator = await start(t);
  for (const [error, { status, code, type }] of Object.entries(arkErrors)) {
    simulator.control.inject({ on: 'submit', kind: 'status', error });
    const answer = await ask(simulator, {});
    assert.deepEqual([answer.status, answer.error?.code, answer.error?.type], [status, code, type]);
    assert.match(answer.error?.message ?? '', /[^.]\. [Rr]equest id: 02\w+$/);
  }
});

test('every word of the trigger table sets something off, and no other word does', () => {
  const group = { model: 'seedream-4-0-250828', sequential_image_generation: 'auto' };
  const outcome = (prompt: string) => readScript(readJob({ ...group, prompt }), undefined);
  for (const name of Object.keys(arkTriggers))
    assert.notDeepEqual(outcome(`a fox sim:${name}`), outcome('a fox'), name);
  assert.deepEqual(outcome('a moderated fox sim:nothing'), outcome('a fox'));
});

test('streams an event per image, then completed and [DONE]', async (t) => {
  const simulator = await start(t);
  const response = await post(simulator, { ...groupStream, prompt: 'foxes sim:moderated-output:1' });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const seen = await eventsOf(response);
  const [first, second, third, completed, done] = seen.map(({ data }) => data as Record<string, unknown>);
  assert.deepEqual(
    seen.map(({ name }) => name),
    [
      'image_generation.partial_succeeded',
      'image_generation.partial_failed',
      'image_generation.partial_succeeded',
      'image_generation.completed',
      undefined,
    ],
  );
  assert.deepEqual(
    [first?.['type'], first?.['image_index'], first?.['size']],
    [seen[0]?.name, 0, '1024x1024'],
  );
  assert.deepEqual(facts(await bytesAt(first?.['url'] as string)), ['jpg', 1024, 1024]);
  assert.deepEqual(
    [second?.['image_index'], (second?.['error'] as { code?: string } | undefined)?.code],
    [1, 'OutputImageSensitiveContentDetected'],
  );
  assert.equal(third?.['image_index'], 2);
  assert.deepEqual(completed?.['usage'], { generated_images: 2, output_tokens: 8192, total_tokens: 8192 });
  assert.equal(done, '[DONE]');
  assert.equal(simulator.control.ledger().length, 2);
});

test('a stream can have gaps, lose its end, or be cut, after its images were charged', async (t) => {
  const simulator = await start(t);
  const types = async (prompt: string) =>
    (await eventsOf(await post(simulator, { ...groupStream, prompt }))).map(({ data }) => {
      if (data === '[DONE]') return data;
      return typeof data['type'] === 'string' ? data['type'].split('.')[1] : Object.keys(data)[0];
    });
  const [made, end] = ['partial_succeeded', 'completed'];
  assert.deepEqual(await types('a sim:moderated-output:0 sim:silent-failures'), [made, made, end, '[DONE]']);
  assert.deepEqual(await types('a sim:without-completed sim:without-done'), [made, made, made]);
  assert.deepEqual(await types('a sim:error-frame'), ['error']);
  assert.equal(simulator.control.ledger().length, 5);
  simulator.control.inject({ on: 'submit', kind: 'cut-body' });
  await assert.rejects(types('a fox'));
  assert.equal(simulator.control.ledger().length, 8);
});

test('images per minute are counted for each model, groups by their images', async (t) => {
  let now = 1_790_000_000_000;
  const simulator = await start(t, { capacity: 3, now: () => now });
  const two = { sequential_image_generation: 'auto', sequential_image_generation_options: { max_images: 2 } };
  assert.equal((await ask(simulator, two)).status, 200);
  assert.equal((await ask(simulator, two)).error?.code, 'ModelAccountIpmRateLimitExceeded');
  assert.equal((await ask(simulator, {})).status, 200);
  assert.equal((await ask(simulator, {})).status, 429);
  assert.equal((await ask(simulator, { model: 'seedream-4-5-251128', size: '2K' })).status, 200);
  now += 60_000;
  assert.equal((await ask(simulator, two)).status, 200);
});

test('a picture is gone for its address after 24 hours', async (t) => {
  let now = 1_790_000_000_000;
  const simulator = await start(t, { now: () => now });
  const url = (await ask(simulator, {})).data[0]?.url ?? '';
  now += 24 * 3_600_000 - 1;
  assert.equal((await fetch(url)).status, 200);
  assert.equal((await fetch(url, { headers: { authorization: 'Bearer x' } })).status, 400);
  now += 1;
  assert.equal((await fetch(url)).status, 403);
});

test('lists its models with a status, for keys only', async (t) => {
  const simulator = await start(t);
  const list = await fetch(`${simulator.baseUrl}/models`, {
    headers: { authorization: `Bearer ${simulator.credential.apiKey}` },
  });
  const { data } = (await list.json()) as { data: { id: string; status: string }[] };
  assert.ok(data.some(({ id, status }) => id === 'seedream-4-5-251128' && status === 'Active'));
  assert.equal((await fetch(`${simulator.baseUrl}/models`)).status, 401);
});

test('serves @ai-sdk/bytedance: one image, several, with an input, and its error', async (t) => {
  const simulator = await start(t);
  const provider = createByteDance({ apiKey: simulator.credential.apiKey, baseURL: simulator.baseUrl });
  const model = provider.image('seedream-4-5-251128');
  const one = await generateImage({
    model,
    prompt: 'a fox',
    size: '2048x2048',
    providerOptions: { bytedance: { watermark: false } },
  });
  assert.deepEqual(facts(one.image.uint8Array), ['jpg', 2048, 2048]);
  const several = await generateImage({ model, prompt: 'a fox', n: 3, size: '1920x1920' });
  assert.equal(new Set(several.images.map(({ base64 }) => base64)).size, 3);
  const input = await (await fetch(await picture(64, 64))).bytes();
  const edited = await generateImage({ model, prompt: { text: 'make it red', images: [input] } });
  assert.deepEqual(facts(edited.image.uint8Array), ['jpg', 2048, 2048]);
  assert.equal(simulator.control.ledger().length, 5);
  await assert.rejects(
    generateImage({ model, prompt: 'a fox', size: '1024x1024', maxRetries: 0 }),
    (cause) =>
      APICallError.isInstance(cause) &&
      cause.statusCode === 400 &&
      /at least 3686400 pixels/.test(cause.message),
  );
});
