import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { until } from '../kit/until.ts';

let easel: TestGateway;
let png: Buffer<ArrayBuffer>;
let assetId: string;

before(async () => {
  easel = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  const made = sharp({ create: { width: 320, height: 320, channels: 3, background: 'red' } });
  png = Buffer.from(await made.png().toBuffer());
  const form = new FormData();
  form.append('file', new Blob([png]), 'x');
  const headers = { authorization: `Bearer ${testSecret}` };
  const uploaded = await fetch(`${easel.url}/v1/assets`, { method: 'POST', headers, body: form });
  assetId = String((await answered(uploaded)).at('data.assetId'));
});
after(() => easel.close());

function create(body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  return easel.ask('POST', '/v1/images/generations', body, { 'native-params': 'true', ...headers });
}

type Upstream = 'ark' | 'kling' | 'gemini' | 'zai';

/** The last body that an upstream was sent. */
function sentTo(upstream: Upstream): Record<string, unknown> {
  const simulator = easel.gateway.sandbox?.simulators.get(upstream);
  const submits = (simulator?.control.requests() ?? []).filter(({ on }) => on === 'submit');
  return Object(submits.at(-1)?.body) as Record<string, unknown>;
}

function submits(): number {
  const simulators = [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  return simulators.flatMap(({ control }) => control.requests()).filter(({ on }) => on === 'submit').length;
}

const good: readonly (readonly [Upstream, Record<string, unknown>, number])[] = [
  [
    'kling',
    {
      model: 'kling-image-o1',
      prompt: 'a boat',
      n: 2,
      aspect_ratio: '1:1',
      resolution: '1k',
      model_name: 'x',
    },
    2,
  ],
  [
    'ark',
    {
      model: 'seedream-4.5',
      prompt: 'a boat',
      size: '2K',
      response_format: 'b64_json',
      optimize_prompt_options: { mode: 'standard' },
    },
    1,
  ],
  [
    'ark',
    {
      model: 'seedream-4.0',
      prompt: 'a boat',
      sequential_image_generation: 'auto',
      sequential_image_generation_options: { max_images: 3 },
    },
    3,
  ],
  [
    'gemini',
    {
      model: 'nano-banana-pro',
      contents: [{ role: 'user', parts: [{ text: 'a boat' }] }],
      generationConfig: { responseModalities: ['IMAGE'] },
    },
    1,
  ],
  ['zai', { model: 'glm-image', prompt: 'a boat', size: '1280x1280' }, 1],
];

function size(body: Record<string, unknown>): Record<string, unknown> {
  return body['size'] === undefined ? {} : { size: body['size'] };
}

for (const [upstream, body, most] of good) {
  test(`${upstream} takes its own words for ${String(body['model'])}, and answers in the normal shape`, async () => {
    const answer = await create(body);
    assert.equal(answer.status, 200, answer.text);
    const data = answer.at('data');
    assert.ok(Array.isArray(data) && data.length >= 1 && data.length <= most, answer.text);
    assert.match(String(answer.at('data.0.url')), /^http/);
    const sent = sentTo(upstream);
    const { model: _model, model_name: _name, response_format: _format, ...rest } = body;
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(sent[name], value, name);
    const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
    assert.equal(record.at('prompt'), 'a boat');
    assert.equal(record.at('model'), body['model']);
    const { native_params: kept, ...terms } = Object(record.at('parameters')) as Record<string, unknown>;
    assert.deepEqual(kept, JSON.parse(JSON.stringify({ ...body, model: undefined })));
    const expected = { kling: { size: '1K' }, ark: size(body), gemini: {}, zai: { size: '1280x1280' } };
    assert.deepEqual(terms, expected[upstream]);
    const listed = await easel.ask('GET', `/v1/models/${String(body['model'])}`);
    assert.equal(listed.at('native_params'), true);
  });
}

test('our own model ids are put where each upstream has them', async () => {
  await create({ model: 'kling-image-o1', prompt: 'a boat', model_name: 'other' });
  assert.equal(sentTo('kling')['model_name'], 'kling-image-o1');
  assert.equal(typeof sentTo('kling')['external_task_id'], 'string');
  await create({ model: 'seedream-4.5', prompt: 'a boat' });
  assert.equal(sentTo('ark')['model'], 'seedream-4-5-251128');
  await create({ model: 'glm-image', prompt: 'a boat', size: '1280x1280' });
  assert.equal(typeof sentTo('zai')['request_id'], 'string');
});

test('images are checked and put in as the upstream takes them, assets at any depth', async () => {
  const uri = `data:image/png;base64,${png.toString('base64')}`;
  const asset = `asset://${assetId}`;
  const bare = png.toString('base64').slice(0, 40);

  const kling = await create({
    model: 'kling-image-o1',
    prompt: 'a boat',
    image_list: [{ image: asset }, { image: uri }],
  });
  assert.equal(kling.status, 200, kling.text);
  const list = sentTo('kling')['image_list'];
  assert.ok(Array.isArray(list));
  for (const item of list)
    assert.ok(JSON.stringify(item).includes(`"${bare}`), JSON.stringify(item).slice(0, 100));

  const ark = await create({ model: 'seedream-4.5', prompt: 'a boat', image: [uri, asset] });
  assert.equal(ark.status, 200, ark.text);
  assert.ok(
    JSON.stringify(sentTo('ark')['image']).split(`data:image/png;base64,${bare.slice(0, 16)}`).length === 3,
  );

  const parts = [
    { text: 'a boat' },
    { fileData: { fileUri: asset, mimeType: 'image/png' } },
    { inline_data: { mime_type: 'image/png', data: png.toString('base64') } },
  ];
  const gemini = await create({ model: 'nano-banana-pro', contents: [{ role: 'user', parts }] });
  assert.equal(gemini.status, 200, gemini.text);
  const sent = JSON.stringify(sentTo('gemini')['contents']);
  assert.equal(sent.split('inlineData').length, 3);
  assert.ok(!sent.includes('asset:'));

  const record = await easel.ask('GET', `/v1/images/${String(kling.at('id'))}`);
  assert.ok(record.text.length < 10_000);
  assert.ok(record.text.includes(asset));
});

test('edits take native bodies too, which must hold an image and be JSON', async () => {
  const uri = `data:image/png;base64,${png.toString('base64')}`;
  const edit = (body: unknown, headers: Record<string, string> = {}) =>
    easel.ask('POST', '/v1/images/edits', body, { 'native-params': 'true', ...headers });
  const ark = { model: 'seedream-4.5', prompt: 'the boat at night', optimize_prompt_options: {} };
  const made = await edit({ ...ark, image: [uri, `asset://${assetId}`] });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual(sentTo('ark')['optimize_prompt_options'], {});
  const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
  assert.deepEqual(Object.keys(Object(record.at('parameters'))), ['native_params']);

  const earlier = submits();
  assertRefused(await edit(ark), { status: 400, reason: 'missing_parameter' });
  assertRefused(await edit({ model: 'glm-image', prompt: 'a boat' }), {
    status: 400,
    reason: 'missing_parameter',
  });
  const streamed = await edit({ ...ark, image: uri, stream: true });
  assertRefused(streamed, { status: 400, reason: 'invalid_value', param: 'stream' });
  for (const body of [{}, '[]', 'no json'])
    assertRefused(await edit(body), { status: 400, reason: 'native_body_required' });
  const form = new FormData();
  form.append('model', 'seedream-4.5');
  form.append('image', new Blob([png]), 'x.png');
  const headers = { authorization: `Bearer ${testSecret}`, 'native-params': 'true' };
  const sent = await fetch(`${easel.url}/v1/images/edits`, { method: 'POST', headers, body: form });
  assertRefused(await answered(sent), { status: 400, reason: 'native_body_required' });
  assert.equal(submits(), earlier);
});

test('a native request that prefers it is answered at once, and its record has the images later', async () => {
  for (const body of [
    { model: 'kling-image-o1', prompt: 'a boat', n: 2 },
    { model: 'seedream-4.5', prompt: 'a boat', size: '2K' },
  ]) {
    const accepted = await create(body, { prefer: 'respond-async' });
    assert.equal(accepted.status, 202, accepted.text);
    assert.equal(accepted.headers.get('preference-applied'), 'respond-async');
    const place = accepted.headers.get('location') ?? '';
    assert.equal(place, `/v1/images/${String(accepted.at('id'))}`);
    await until(async () => (await easel.ask('GET', place)).at('status') === 'completed');
    const record = await easel.ask('GET', place);
    assert.ok(Number(record.at('usage.generated_images')) >= 1, record.text);
    assert.equal((await fetch(String(record.at('url')))).status, 200);
  }
});

test('handling=lenient is not said to be followed: a native body is sent as it is', async () => {
  const answer = await create(
    { model: 'seedream-4.5', prompt: 'a boat', cfg_scale: 7 },
    { prefer: 'handling=lenient' },
  );
  assert.equal(answer.status, 200, answer.text);
  assert.equal(sentTo('ark')['cfg_scale'], 7);
  assert.equal(answer.headers.get('preference-applied'), null);
});

test('who is to be told, ids and streams belong to the server for every provider, also with respond-async', async () => {
  const earlier = submits();
  const fields = [
    'callback',
    'callback_url',
    'callbackUrl',
    'webhook',
    'webhook_url',
    'external_task_id',
    'request_id',
    'model_id',
    'stream',
  ];
  for (const [, body] of good) {
    for (const param of fields) {
      for (const value of ['https://example.com/hook', false]) {
        const answer = await create({ ...body, [param]: value }, { prefer: 'respond-async' });
        assertRefused(answer, { status: 400, reason: 'invalid_value', param });
      }
    }
  }
  assert.equal(submits(), earlier);
});

test('what belongs to the server, and images that are none, are refused before anything is sent', async () => {
  const earlier = submits();
  const kling = { model: 'kling-image-o1', prompt: 'a boat' };
  const gemini = { model: 'nano-banana-pro', contents: [{ parts: [{ text: 'a boat' }] }] };
  const other = 'ua_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';
  for (const [body, reason, param, headers] of [
    [{ ...kling, callback_url: 'https://example.com' }, 'invalid_value', 'callback_url', {}],
    [{ ...kling, external_task_id: 'x' }, 'invalid_value', 'external_task_id', {}],
    [{ ...kling, request_id: 'x' }, 'invalid_value', 'request_id', {}],
    [{ ...kling, stream: true }, 'invalid_value', 'stream', {}],
    [{ ...kling, image_list: [{ image: `asset://${other}` }] }, 'asset_not_found', 'image_list[0].image', {}],
    [{ ...kling, deep: { er: [`asset://${other}`] } }, 'asset_not_found', 'deep.er[0]', {}],
    [{ ...kling, image_list: [{ image: 'bm8gcGljdHVyZQ==' }] }, 'invalid_image', 'image_list[0].image', {}],
    [
      { ...kling, image_list: [{ image: 'http://127.0.0.1/x.png' }] },
      'image_fetch_failed',
      'image_list[0].image',
      {},
    ],
    [
      {
        ...gemini,
        systemInstruction: { parts: [{ fileData: { fileUri: 'https://127.0.0.1/x.png' } }] },
      },
      'image_fetch_failed',
      'systemInstruction.parts[0].fileData.fileUri',
      {},
    ],
    [
      { ...gemini, system_instruction: { parts: [{ inline_data: { data: 'bm8gcGljdHVyZQ==' } }] } },
      'invalid_image',
      'system_instruction.parts[0].inline_data.data',
      {},
    ],
    [{ model: 'gpt-image-2', prompt: 'a boat' }, 'native_not_supported', undefined, {}],
    [{ prompt: 'a boat' }, 'missing_parameter', 'model', {}],
    [kling, 'invalid_value', 'Native-Provider', { 'native-provider': 'ark' }],
    [{}, 'native_body_required', undefined, {}],
    ['[]', 'native_body_required', undefined, {}],
    ['no json', 'native_body_required', undefined, {}],
    ['{"a":1}', 'native_body_required', undefined, { 'content-type': 'text/plain' }],
  ] as const) {
    const answer = await create(body, headers);
    assertRefused(answer, { status: 400, reason, param });
  }
  assert.equal(submits(), earlier);
});
