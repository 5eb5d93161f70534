import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateImage } from 'ai';
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  toFile,
} from 'openai';
import sharp from 'sharp';
import { fastDraw } from '../../../test/kit/fast-draw.ts';
import { measureImage } from '../../sandbox/kit-inputs.ts';
import type { Draw, Simulator } from '../../sandbox/kit.ts';
import { namedErrors } from './simulator-errors.ts';
import { models, retired } from './simulator-models.ts';
import { promptTriggers, readScript } from './simulator-scripts.ts';
import { startOpenaiSimulator, type OpenaiSimulatorOptions } from './simulator.ts';

async function start(t: TestContext, options: Partial<OpenaiSimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startOpenaiSimulator({ draw: fastDraw, delayMs: 0, seed: () => 7, ...options });
  t.after(() => simulator.close());
  return simulator;
}

function clientOf(simulator: Simulator, apiKey = simulator.credential.apiKey): OpenAI {
  return new OpenAI({ baseURL: simulator.baseUrl, apiKey, maxRetries: 0 });
}

async function picture(width = 512, height = 512, alpha = false): Promise<Buffer> {
  const create = { width, height, channels: alpha ? (4 as const) : (3 as const), background: 'teal' };
  return sharp({ create }).png().toBuffer();
}

async function file(bytes: Uint8Array, name = 'a.png', type = 'image/png') {
  return toFile(bytes, name, { type });
}

function facts(b64: string | undefined): unknown[] {
  const { type, width, height } = measureImage(Buffer.from(b64 ?? '', 'base64')) ?? {};
  return [type, width, height];
}

async function post(simulator: Simulator, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${simulator.baseUrl}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${simulator.credential.apiKey}`,
      ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

/** The four keys of a refused request. */
async function refused(simulator: Simulator, body: unknown, path = '/images/generations') {
  const asked =
    typeof body === 'object' && !(body instanceof FormData)
      ? { model: 'gpt-image-2', prompt: 'a fox', ...body }
      : body;
  const { status, text, headers } = await post(simulator, path, asked);
  const { error } = JSON.parse(text);
  assert.deepEqual(Object.keys(error).slice(0, 4), ['message', 'type', 'param', 'code'], text);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.match(headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/);
  return [status, error.code, error.param];
}

const classic = { model: 'gpt-image-1.5', prompt: 'a fox' };

test('the official client generates, with the effective values and the published token counts', async (t) => {
  const simulator = await start(t);
  const reply = await clientOf(simulator).images.generate({
    model: 'gpt-image-1.5',
    prompt: 'a lighthouse in a storm, oil on canvas',
    size: '1536x1024',
    quality: 'medium',
    n: 2,
  });
  assert.match(reply._request_id ?? '', /^req_/);
  const { created, data, ...rest } = reply;
  assert.ok(Math.abs(created - Date.now() / 1000) < 60);
  assert.deepEqual(rest, {
    background: 'opaque',
    output_format: 'png',
    quality: 'medium',
    size: '1536x1024',
    usage: {
      input_tokens: 10,
      input_tokens_details: { image_tokens: 0, text_tokens: 10 },
      output_tokens: 2 * 1568,
      output_tokens_details: { image_tokens: 2 * 1568, text_tokens: 0 },
      total_tokens: 10 + 2 * 1568,
    },
  });
  assert.deepEqual(
    data?.map(({ b64_json }) => facts(b64_json)),
    [
      ['png', 1536, 1024],
      ['png', 1536, 1024],
    ],
  );
  assert.notEqual(data?.[0]?.b64_json, data?.[1]?.b64_json);
  assert.equal(simulator.control.ledger().length, 2);
});

test('output tokens are those of the contract for every size and level', async (t) => {
  const client = clientOf(await start(t));
  const table = { low: [272, 408, 400], medium: [1056, 1584, 1568], high: [4160, 6240, 6208] } as const;
  for (const [quality, counts] of Object.entries(table)) {
    for (const [place, size] of (['1024x1024', '1024x1536', '1536x1024'] as const).entries()) {
      const { usage } = await client.images.generate({ ...classic, size, quality: quality as 'low' });
      assert.equal(usage?.output_tokens, counts[place], `${quality} ${size}`);
    }
  }
  const { usage } = await client.images.generate({
    model: 'gpt-image-2',
    prompt: 'x',
    size: '1024x1024',
    quality: 'low',
  });
  assert.equal(usage?.output_tokens, 196);
});

test('every format comes as it was asked for', async (t) => {
  const client = clientOf(await start(t));
  for (const [format, type] of [
    ['png', 'png'],
    ['jpeg', 'jpg'],
    ['webp', 'webp'],
  ] as const) {
    const { data, output_format } = await client.images.generate({
      ...classic,
      output_format: format,
      size: 'auto',
    });
    assert.deepEqual([output_format, ...facts(data?.[0]?.b64_json)], [format, type, 1024, 1024]);
  }
  const [small, large] = await Promise.all(
    [10, 100].map(async (output_compression) => {
      const reply = await client.images.generate({ ...classic, output_format: 'jpeg', output_compression });
      return reply.data?.[0]?.b64_json?.length ?? 0;
    }),
  );
  assert.ok((small ?? 0) < (large ?? 0));
});

test('the official client edits one image, several, and with a mask', async (t) => {
  const drawn: Parameters<Draw>[0][] = [];
  const draw: Draw = (request) => {
    drawn.push(request);
    return fastDraw(request);
  };
  const simulator = await start(t, { draw });
  const client = clientOf(simulator);
  const [first, second, mask] = [await picture(), await picture(640, 320), await picture(512, 512, true)];
  const edit = { model: 'gpt-image-2', prompt: 'make it blue' };
  const one = await client.images.edit({ ...edit, image: await file(first) });
  assert.deepEqual(facts(one.data?.[0]?.b64_json), ['png', 1024, 1024]);
  assert.deepEqual(one.usage?.input_tokens_details, { image_tokens: 256, text_tokens: 3 });
  const several = await client.images.edit({
    ...edit,
    image: [await file(second, 'wide.png'), await file(first, 'blob', 'application/octet-stream')],
    n: 2,
  });
  // `auto` follows the first input.
  assert.equal(several.size, '1536x1024');
  assert.equal(several.data?.length, 2);
  const masked = await client.images.edit({
    ...edit,
    image: await file(first),
    mask: await file(mask, 'mask.png'),
    size: '1024x1024',
    quality: 'low',
    background: 'transparent',
  });
  assert.equal(masked.quality, 'low');
  assert.equal(masked.background, 'transparent');
  assert.deepEqual(
    drawn.map(({ inputs }) => inputs.map((input) => Buffer.from(input))),
    [[first], [second, first], [second, first], [first, mask]],
  );
  assert.equal(simulator.control.ledger().length, 4);
});

test('an edit is taken as JSON, too', async (t) => {
  const simulator = await start(t);
  const image_url = `data:image/png;base64,${(await picture()).toString('base64')}`;
  const body = {
    model: 'gpt-image-2',
    prompt: 'bluer',
    images: [{ image_url }, { image_url: 'https://a.example/b.png' }],
  };
  const { status, text } = await post(simulator, '/images/edits', body);
  assert.equal(status, 200, text);
  const refusals: [unknown, unknown[]][] = [
    [{ images: undefined }, [400, 'missing_required_parameter', 'images']],
    [{ images: {} }, [400, 'invalid_type', 'images']],
    [{ images: [] }, [400, 'missing_required_parameter', 'image']],
    [{ images: [image_url] }, [400, 'invalid_type', 'images[0]']],
    [{ images: [{ image_url, detail: 'high' }] }, [400, 'invalid_value', 'images[0]']],
    [{ images: [{ file_id: 'file-1' }] }, [400, 'invalid_value', 'images[0].file_id']],
    [
      { images: [{ image_url: 'data:image/png;base64,AAAA' }] },
      [400, 'invalid_image_file', 'images[0].image_url'],
    ],
    [{ images: Array.from({ length: 17 }, () => ({ image_url })) }, [400, 'invalid_value', 'images']],
    [{ images: [{ image_url }], input_fidelity: 'high' }, [400, 'unknown_parameter', 'input_fidelity']],
    [
      { images: [{ image_url }], model: 'gpt-image-1-mini', input_fidelity: 'high' },
      [400, 'invalid_value', 'input_fidelity'],
    ],
    [{ images: [{ image_url }], mask: { image_url } }, [400, 'invalid_value', 'mask']],
  ];
  for (const [change, expected] of refusals) {
    assert.deepEqual(
      await refused(simulator, { ...body, ...Object(change) }, '/images/edits'),
      expected,
      JSON.stringify(change).slice(0, 200),
    );
  }
  assert.equal(simulator.control.ledger().length, 1);
});

test('a form is judged part by part', async (t) => {
  const simulator = await start(t);
  const [image, mask, small] = [
    await picture(),
    await picture(512, 512, true),
    await picture(256, 256, true),
  ];
  const gif = await sharp(image).gif().toBuffer();
  const cases: [[string, string | Buffer][], unknown[]][] = [
    [[], [400, 'missing_required_parameter', 'image']],
    [[['image', 'text']], [400, 'invalid_type', 'image']],
    [
      [
        ['image', image],
        ['image', image],
      ],
      [400, 'invalid_value', 'image'],
    ],
    [[['image', Buffer.from('no picture')]], [400, 'invalid_image_file', 'image']],
    [[['image', gif]], [400, 'invalid_image_format', 'image']],
    [
      [
        ['image', image],
        ['mask', image],
      ],
      [400, 'invalid_value', 'mask'],
    ],
    [
      [
        ['image', image],
        ['mask', small],
      ],
      [400, 'invalid_value', 'mask'],
    ],
    [
      [
        ['image', image],
        ['n', 'two'],
      ],
      [400, 'invalid_type', 'n'],
    ],
    [
      [
        ['image', image],
        ['n', '11'],
      ],
      [400, 'invalid_value', 'n'],
    ],
    [
      [
        ['image', image],
        ['stream', 'yes'],
      ],
      [400, 'invalid_type', 'stream'],
    ],
    [
      [
        ['image', image],
        ['response_format', 'url'],
      ],
      [400, 'unknown_parameter', 'response_format'],
    ],
    [
      [
        ['image', image],
        ['prompt', 'twice'],
      ],
      [400, 'invalid_value', 'prompt'],
    ],
    [Array.from({ length: 17 }, (): [string, Buffer] => ['image[]', image]), [400, 'invalid_value', 'image']],
  ];
  for (const [parts, expected] of cases) {
    const form = new FormData();
    form.set('model', 'gpt-image-2');
    form.set('prompt', 'a fox');
    for (const [name, value] of parts) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, new Blob([new Uint8Array(value)]), 'blob');
    }
    assert.deepEqual(
      await refused(simulator, form, '/images/edits'),
      expected,
      JSON.stringify(parts.map(([name]) => name)),
    );
  }
  const whole = new FormData();
  for (const [name, value] of [
    ['n', '2'],
    ['prompt', 'a fox'],
    ['model', 'gpt-image-2'],
  ] as const)
    whole.append(name, value);
  whole.append('mask', new Blob([new Uint8Array(mask)]), 'm');
  for (let k = 0; k < 16; k += 1) whole.append('image[]', new Blob([new Uint8Array(image)]), 'blob');
  assert.equal((await post(simulator, '/images/edits', whole)).status, 200);
  const seen = simulator.control.requests().at(-1)?.body;
  assert.equal(Object(seen)['image[]'].length, 16);
  assert.equal(Object(seen).n, '2');
});

test('the official client streams, with previews and by image', async (t) => {
  const simulator = await start(t);
  const client = clientOf(simulator);
  const events = [];
  const stream = await client.images.generate({
    model: 'gpt-image-2',
    prompt: 'a fox',
    stream: true,
    partial_images: 2,
    n: 2,
  });
  for await (const event of stream) events.push(event);
  assert.deepEqual(
    events.map((event) => event.type),
    Array.from({ length: 2 }, () => ['partial_image', 'partial_image', 'completed'])
      .flat()
      .map((step) => `image_generation.${step}`),
  );
  for (const event of events) {
    assert.deepEqual(facts(event.b64_json), ['png', 1024, 1024]);
    const { created_at, size, quality, background, output_format } = event;
    assert.deepEqual([size, quality, background, output_format], ['1024x1024', 'medium', 'opaque', 'png']);
    assert.ok(created_at > 1_700_000_000);
  }
  const usages = events.flatMap((event) =>
    event.type === 'image_generation.completed' ? [event.usage] : [],
  );
  assert.deepEqual(
    usages.map(({ input_tokens, output_tokens, total_tokens }) => [
      input_tokens,
      output_tokens,
      total_tokens,
    ]),
    [
      [2, 984, 986],
      [0, 984, 984],
    ],
  );
  const edit = await client.images.edit({
    model: 'gpt-image-2',
    prompt: 'a fox',
    image: await file(await picture()),
    stream: true,
  });
  const types = [];
  for await (const event of edit) types.push(event.type);
  assert.deepEqual(types, ['image_edit.completed']);
  assert.equal(simulator.control.ledger().length, 3);
});

test('a stream that fails is an error for the official client', async (t) => {
  const simulator = await start(t);
  const generate = (prompt: string) =>
    clientOf(simulator).images.generate({ model: 'gpt-image-2', prompt, stream: true });
  for (const [prompt, code] of [
    ['a fox sim:breaks-off', 'image_generation_failed'],
    ['a fox sim:moderated-output', 'moderation_blocked'],
  ] as const) {
    await assert.rejects(
      async () => {
        for await (const _ of await generate(prompt));
      },
      (error) => error instanceof APIError && error.code === code,
    );
  }
  await assert.rejects(generate('a fox sim:moderated'), (error) => error instanceof BadRequestError);
  assert.deepEqual(simulator.control.ledger(), []);
});

test('every error is the class the official client has for it, with all four keys', async (t) => {
  const simulator = await start(t);
  const classes: Partial<Record<number, unknown>> = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
    500: InternalServerError,
    503: InternalServerError,
  };
  for (const [name, { status, type, code, message, ...rest }] of Object.entries(namedErrors)) {
    const work = clientOf(simulator).images.generate({ model: 'gpt-image-2', prompt: `a fox sim:${name}` });
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof (Object(classes[status] ?? APIError) as typeof APIError), name);
    assert.deepEqual(
      [error.status, error.type, error.code, error.param],
      [status, type, code, Object(rest).param ?? null],
    );
    assert.ok(error.message.includes(message), name);
    assert.match(error.requestID ?? '', /^req_/);
  }
  assert.deepEqual(simulator.control.ledger(), []);
});

test('no key, a wrong key and an unknown path are answered as documented', async (t) => {
  const simulator = await start(t);
  await assert.rejects(
    clientOf(simulator, 'sk-wrong').images.generate({ model: 'gpt-image-2', prompt: 'x' }),
    (error) => error instanceof AuthenticationError && error.code === 'invalid_api_key',
  );
  const bare = await fetch(`${simulator.baseUrl}/models`);
  assert.deepEqual([bare.status, Object(await bare.json()).error.code], [401, null]);
  assert.deepEqual(await refused(simulator, {}, '/images/variations'), [404, 'unknown_url', null]);
  assert.deepEqual(await refused(simulator, {}, '/models'), [405, 'method_not_supported', null]);
});

test('parameters are judged as documented', async (t) => {
  const simulator = await start(t);
  const cases: [unknown, unknown[]][] = [
    [{ prompt: null }, [400, 'missing_required_parameter', 'prompt']],
    [{ prompt: 7 }, [400, 'invalid_type', 'prompt']],
    [{ prompt: 'x'.repeat(32_001) }, [400, 'invalid_value', 'prompt']],
    [{ model: undefined }, [400, 'missing_required_parameter', 'model']],
    [{ model: 'gpt-image-9' }, [404, 'model_not_found', null]],
    [{ n: '2' }, [400, 'invalid_type', 'n']],
    [{ n: 0 }, [400, 'invalid_value', 'n']],
    [{ n: 11 }, [400, 'invalid_value', 'n']],
    [{ size: '1000x1000' }, [400, 'invalid_value', 'size']],
    [{ size: '2K' }, [400, 'invalid_value', 'size']],
    [{ size: '3856x2160' }, [400, 'invalid_value', 'size']],
    [{ size: '3200x1024' }, [400, 'invalid_value', 'size']],
    [{ size: '640x640' }, [400, 'invalid_value', 'size']],
    [{ size: '2896x2896' }, [400, 'invalid_value', 'size']],
    [{ ...classic, size: '2048x2048' }, [400, 'invalid_value', 'size']],
    [{ quality: 'xhigh' }, [400, 'invalid_value', 'quality']],
    [{ quality: 'hd' }, [400, 'invalid_value', 'quality']],
    [{ background: 'white' }, [400, 'invalid_value', 'background']],
    [{ background: 'transparent', output_format: 'jpeg' }, [400, 'invalid_value', 'background']],
    [{ output_format: 'bmp' }, [400, 'invalid_value', 'output_format']],
    [{ output_compression: 50 }, [400, 'invalid_value', 'output_compression']],
    [{ output_format: 'webp', output_compression: 101 }, [400, 'invalid_value', 'output_compression']],
    [{ moderation: 'high' }, [400, 'invalid_value', 'moderation']],
    [{ stream: 'true' }, [400, 'invalid_type', 'stream']],
    [{ partial_images: 1 }, [400, 'invalid_value', 'partial_images']],
    [{ stream: true, partial_images: 4 }, [400, 'invalid_value', 'partial_images']],
    [{ response_format: 'b64_json' }, [400, 'unknown_parameter', 'response_format']],
    [{ style: 'vivid' }, [400, 'unknown_parameter', 'style']],
    [{ seed: 1 }, [400, 'unknown_parameter', 'seed']],
    [{ image: 'x' }, [400, 'unknown_parameter', 'image']],
    ['{"model": ', [400, null, null]],
    ['[]', [400, null, null]],
  ];
  for (const [body, expected] of cases)
    assert.deepEqual(await refused(simulator, body), expected, JSON.stringify(body).slice(0, 200));
  const legal = {
    n: null,
    size: '3840x1280',
    quality: 'auto',
    background: 'auto',
    output_format: 'jpeg',
    moderation: 'low',
    safety_identifier: 'u1',
  };
  const { status, text } = await post(simulator, '/images/generations', {
    model: 'gpt-image-2',
    prompt: 'a',
    ...legal,
  });
  assert.equal(status, 200, text);
  assert.equal(JSON.parse(text).safety_identifier, 'u1');
  assert.equal(simulator.control.ledger().length, 1);
});

test('the list has the live models and not the retired ones', async (t) => {
  const client = clientOf(await start(t));
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  assert.deepEqual(
    ids,
    models.flatMap((model) => model.ids),
  );
  assert.equal((await client.models.retrieve('gpt-image-2')).object, 'model');
  for (const id of retired) {
    await assert.rejects(client.models.retrieve(id), (error) => error instanceof NotFoundError);
    await assert.rejects(
      client.images.generate({ model: id, prompt: 'x' }),
      (error) => error instanceof NotFoundError && error.code === 'model_not_found',
    );
  }
});

test('images per minute are counted, and the wait is told in every way', async (t) => {
  let now = 1_795_312_045_000;
  const simulator = await start(t, { capacity: 3, now: () => now });
  const body = { model: 'gpt-image-2', prompt: 'a', n: 2 };
  assert.equal((await post(simulator, '/images/generations', body)).status, 200);
  now += 20_500;
  const { status, headers, text } = await post(simulator, '/images/generations', body);
  assert.equal(status, 429);
  assert.deepEqual([headers.get('retry-after'), headers.get('retry-after-ms')], ['40', '39500']);
  assert.match(JSON.parse(text).error.message, /Please try again in 39\.5s/);
  assert.equal((await post(simulator, '/images/generations', { ...body, n: 1 })).status, 200);
  now += 60_000;
  assert.equal((await post(simulator, '/images/generations', body)).status, 200);
});

test('every word that a prompt may carry sets something off', () => {
  const plain = readScript('a fox', 2, undefined);
  for (const name of Object.keys(promptTriggers))
    assert.notDeepEqual(readScript(`a fox sim:${name}`, 2, undefined), plain, name);
  assert.deepEqual(readScript('a fox sim:nothing', 2, undefined), plain);
});

test('the AI SDK generates and edits', async (t) => {
  const simulator = await start(t);
  const provider = createOpenAICompatible({
    name: 'openai',
    baseURL: simulator.baseUrl,
    apiKey: simulator.credential.apiKey,
  });
  const model = provider.imageModel('gpt-image-2');
  const made = await generateImage({ model, prompt: 'a fox', n: 2, size: '1536x1024' });
  assert.deepEqual(
    made.images.map(({ mediaType, base64 }) => [mediaType, ...facts(base64)]),
    Array.from({ length: 2 }, () => ['image/png', 'png', 1536, 1024]),
  );
  const edited = await generateImage({
    model,
    prompt: { text: 'bluer', images: [await picture(), await picture()] },
  });
  assert.equal(edited.images.length, 1);
  assert.equal(simulator.control.ledger().length, 3);
});

test('LocalAI answers with links, cuts the prompt at a bar and repeats one seed', async (t) => {
  const simulator = await start(t, { flavour: 'localai' });
  const body = { model: 'flux.1-schnell', prompt: 'a fox|blurry', n: 2, size: '640x384', seed: 5 };
  const { status, text } = await post(simulator, '/images/generations', body);
  const reply = JSON.parse(text);
  assert.equal(status, 200);
  assert.deepEqual(reply.usage, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
  const [one, two] = await Promise.all(
    reply.data.map(async ({ url }: { url: string }) => Buffer.from(await (await fetch(url)).arrayBuffer())),
  );
  assert.deepEqual(one, two);
  assert.deepEqual(facts(one.toString('base64')), ['png', 640, 384]);
  assert.equal(simulator.control.ledger()[0]?.prompt, 'a fox');
  const held = await post(simulator, '/images/generations', {
    ...body,
    response_format: 'b64_json',
    size: 'huge',
    n: 1,
  });
  assert.deepEqual(facts(JSON.parse(held.text).data[0].b64_json), ['png', 512, 512]);
  assert.equal((await post(simulator, '/images/edits', body)).status, 404);
  const loading = await post(simulator, '/images/generations', { ...body, prompt: 'sim:loading' });
  assert.deepEqual(
    [loading.status, JSON.parse(loading.text).error.code, loading.headers.get('retry-after')],
    [503, 'model_loading', '5'],
  );
  const opaque = await post(simulator, '/images/generations', { ...body, prompt: 'sim:opaque' });
  assert.deepEqual([opaque.status, opaque.text], [500, '']);
  const blank = await post(simulator, '/images/generations', {});
  assert.equal(JSON.parse(blank.text).error.code, 400);
});

test('sd-server reads five fields, takes settings out of the prompt, and says its errors in a string', async (t) => {
  const simulator = await start(t, { flavour: 'sd-server' });
  const ask = async (body: unknown, path = '/images/generations') => {
    const { status, text } = await post(simulator, path, body);
    return { status, ...JSON.parse(text) };
  };
  const made = await ask({
    prompt: 'a fox',
    n: 2,
    size: '640x384',
    seed: 5,
    response_format: 'url',
    stream: true,
  });
  assert.deepEqual(Object.keys(made), ['status', 'created', 'data', 'output_format']);
  assert.notEqual(made.data[0].b64_json, made.data[1].b64_json);
  assert.deepEqual(facts(made.data[0].b64_json), ['png', 640, 384]);
  const tag = 'a fox<sd_cpp_extra_args>{"width":128,"height":64}</sd_cpp_extra_args>';
  assert.deepEqual(facts((await ask({ prompt: tag })).data[0].b64_json), ['png', 128, 64]);
  assert.deepEqual(await ask({}), { status: 400, error: 'prompt required' });
  const form = new FormData();
  form.set('prompt', 'bluer');
  form.append('image[]', new Blob(['no picture']), 'blob');
  form.append('image[]', new Blob([new Uint8Array(await picture())]), 'blob');
  assert.equal((await ask(form, '/images/edits')).status, 200);
  assert.equal((await ask({ prompt: 'x' }, '/nowhere').catch(() => ({ status: 404 }))).status, 404);
});
