import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { imageSize } from 'image-size';
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
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import type { InjectedFault } from '../../src/sandbox/kit.ts';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { sixModels } from './six-models.ts';

/** The official client, with nothing changed but base URL and key (openai-images.md section 9). */

const frozenSecret = `sk-${'f'.repeat(40)}`;
const narrowSecret = `sk-${'n'.repeat(40)}`;
const requestId = /^req_[0-9A-HJKMNP-TV-Z]{26}$/;

let easel: TestGateway;
let client: OpenAI;
before(async () => {
  easel = await startTestGateway({
    clock: fastClock(150),
    env: unhurried,
    sandbox: { draw: fastDraw, delayMs: 1 },
  });
  client = new OpenAI({ baseURL: `${easel.url}/v1`, apiKey: testSecret });
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const frozen = await createKey('frozen', tools, frozenSecret);
    if (frozen.kind === 'created') await tools.keys.change(frozen.key.id, { state: 'frozen' });
    const narrow = await createKey('narrow', tools, narrowSecret);
    if (narrow.kind === 'created') await tools.keys.change(narrow.key.id, { models: ['glm-image'] });
  });
});
after(() => easel.close());

let answeredBefore = 0;
beforeEach(() => {
  answeredBefore = easel.logged.length;
});

/** The `x-stainless-retry-count` of each create that the gateway has answered in this test. */
function attempts(): unknown[] {
  return easel.logged
    .slice(answeredBefore)
    .filter(({ facts }) => facts['route'] === '/v1/images/generations')
    .map(({ facts }) => facts['retryCount']);
}

function inject(upstream: string, fault: InjectedFault): void {
  easel.gateway.sandbox?.simulators.get(upstream)?.control.inject(fault);
}

/** What a failing call throws. */
async function thrownBy(work: Promise<unknown>): Promise<APIError> {
  const thrown = await work.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof APIError, String(thrown));
  return thrown;
}

for (const model of Object.keys(sixModels)) {
  test(`images.generate makes pictures with ${model}, as URL and as base64`, async () => {
    const linked = await client.images.generate({
      model,
      prompt: 'a lighthouse',
      n: 2,
      response_format: 'url',
    });
    assert.match(linked._request_id ?? '', requestId);
    assert.ok(Math.abs(linked.created - Date.now() / 1000) < 86_400);
    assert.equal(linked.data?.length, 2);
    for (const { url, b64_json } of linked.data ?? []) {
      assert.equal(b64_json, undefined);
      const bytes = await (await fetch(url ?? '')).arrayBuffer();
      assert.ok((imageSize(new Uint8Array(bytes)).width ?? 0) >= 1024);
    }
    const embedded = await client.images.generate({
      model,
      prompt: 'a lighthouse',
      response_format: 'b64_json',
    });
    const [image] = embedded.data ?? [];
    assert.equal(image?.url, undefined);
    assert.ok((imageSize(Buffer.from(image?.b64_json ?? '', 'base64')).width ?? 0) >= 1024);
    const { usage } = embedded;
    assert.ok(
      Number(usage?.output_tokens) > 0 && Number(usage?.total_tokens) >= Number(usage?.output_tokens),
    );
    assert.deepEqual(attempts(), [0, 0]);
  });
}

test('models.list and models.retrieve know the six models', async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) {
    assert.equal(model.object, 'model');
    assert.ok(Number.isInteger(model.created) && model.owned_by !== '');
    ids.push(model.id);
  }
  for (const id of Object.keys(sixModels)) assert.ok(ids.includes(id), id);
  for (const id of ids) assert.equal((await client.models.retrieve(id)).id, id);
  assert.equal((await client.models.retrieve('gemini-3-pro-image')).id, 'nano-banana-pro');
  const narrow = client.withOptions({ apiKey: narrowSecret });
  assert.deepEqual(
    (await narrow.models.list()).data.map(({ id }) => id),
    ['glm-image'],
  );
  assert.ok((await thrownBy(narrow.models.retrieve('seedream-4.5'))) instanceof NotFoundError);
});

test('a wrong key is an AuthenticationError and is not sent again', async () => {
  const stranger = client.withOptions({ apiKey: `sk-${'x'.repeat(40)}` });
  const error = await thrownBy(stranger.images.generate({ model: 'seedream-4.5', prompt: 'a boat' }));
  assert.ok(error instanceof AuthenticationError);
  assert.deepEqual([error.code, error.param, error.type], ['401', null, 'invalid_api_key']);
  assert.match(error.requestID ?? '', requestId);
  assert.match(error.message, /Invalid API key or token provided/);
  assert.deepEqual(attempts(), [0]);
});

test('a frozen key, and a model the key may not use, are PermissionDeniedErrors', async () => {
  const boat = { model: 'seedream-4.5', prompt: 'a boat' };
  for (const [apiKey, type, param] of [
    [frozenSecret, 'api_key_frozen', null],
    [narrowSecret, 'model_access_denied', 'model'],
  ] as const) {
    const error = await thrownBy(client.withOptions({ apiKey }).images.generate(boat));
    assert.ok(error instanceof PermissionDeniedError);
    assert.deepEqual([error.code, error.param, error.type], ['403', param, type]);
  }
  assert.deepEqual(attempts(), [0, 0]);
});

test('an unknown model is a NotFoundError, wherever it is named', async () => {
  for (const work of [
    client.images.generate({ model: 'dall-e-3', prompt: 'a boat' }),
    client.models.retrieve('dall-e-3'),
  ]) {
    const error = await thrownBy(work);
    assert.ok(error instanceof NotFoundError);
    assert.deepEqual([error.code, error.param, error.type], ['404', 'model', 'model_not_found']);
    assert.match(error.requestID ?? '', requestId);
  }
  assert.deepEqual(attempts(), [0]);
});

test('what the model cannot do is a BadRequestError that names the field', async () => {
  const model = 'seedream-4.5';
  for (const [body, param, message] of [
    [{ size: '1024x1024' as const }, 'size', /1920x1920/],
    [{ n: 11 }, 'n', /1 to 10/],
    [{ quality: 'high' as const }, 'quality', /not available/],
    [{ style: 'vivid' as const }, 'style', /not available/],
    [{ background: 'transparent' as const }, 'background', /not available/],
  ] as const) {
    const error = await thrownBy(client.images.generate({ model, prompt: 'a boat', ...body }));
    assert.ok(error instanceof BadRequestError);
    assert.deepEqual([error.code, error.param, error.type], ['400', param, 'invalid_request_error']);
    assert.match(error.message, message);
  }
  assert.deepEqual(attempts(), [0, 0, 0, 0, 0]);
});

test('images.edit takes a mask where the model has one, and is told by name where it has none', async () => {
  const side = { width: 320, height: 320 };
  const solid = await sharp({ create: { ...side, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const hole = await sharp({ create: { ...side, channels: 4, background: '#0000' } })
    .png()
    .toBuffer();
  const image = await toFile(solid, 'boat.png', { type: 'image/png' });
  const mask = await toFile(hole, 'hole.png', { type: 'image/png' });
  const edited = await client.images.edit({ model: 'gpt-image-2', prompt: 'at night', image, mask });
  assert.ok((imageSize(Buffer.from(edited.data?.[0]?.b64_json ?? '', 'base64')).width ?? 0) >= 1024);
  const error = await thrownBy(
    client.images.edit({ model: 'seedream-4.5', prompt: 'at night', image, mask }),
  );
  assert.ok(error instanceof BadRequestError);
  assert.deepEqual([error.code, error.param, error.type], ['400', 'mask', 'invalid_request_error']);
});

test('images.createVariation, which went with its model, is a NotFoundError that says what to use', async () => {
  const image = await toFile(Buffer.from('any'), 'boat.png', { type: 'image/png' });
  const error = await thrownBy(client.images.createVariation({ image }));
  assert.ok(error instanceof NotFoundError);
  assert.deepEqual([error.code, error.type], ['404', 'not_found_error']);
  assert.match(error.message, /\/v1\/images\/edits/);
});

test('stream: true is answered with an event for the finished image', async () => {
  const events = await client.images.generate({
    model: 'seedream-4.0',
    prompt: 'a boat',
    size: '1024x1024',
    stream: true,
  });
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  assert.deepEqual(types, ['image_generation.completed']);
});

test('refused content is a BadRequestError on the prompt', async () => {
  inject('ark', { on: 'submit', kind: 'moderation' });
  const error = await thrownBy(client.images.generate({ model: 'seedream-4.5', prompt: 'a boat' }));
  assert.ok(error instanceof BadRequestError);
  assert.deepEqual([error.code, error.param, error.type], ['400', 'prompt', 'invalid_request_error']);
  assert.deepEqual(attempts(), [0]);
});

const sentOnce: readonly {
  what: string;
  model: string;
  upstream: string;
  fault: InjectedFault;
  status: number;
  type: new (...args: never[]) => APIError;
}[] = [
  {
    what: '424 outcome_unknown',
    model: 'seedream-4.5',
    upstream: 'ark',
    fault: { on: 'submit', kind: 'cut-after' },
    status: 424,
    type: APIError,
  },
  {
    what: '424 upstream_bad_reply',
    model: 'seedream-4.5',
    upstream: 'ark',
    fault: { on: 'submit', kind: 'garbage' },
    status: 424,
    type: APIError,
  },
  {
    what: '502 generation_failed',
    model: 'kling-image-o1',
    upstream: 'kling',
    fault: { on: 'submit', kind: 'variant', name: 'task-failed' },
    status: 502,
    type: InternalServerError,
  },
  {
    what: '502 upstream_auth',
    model: 'nano-banana-pro',
    upstream: 'gemini',
    fault: { on: 'submit', kind: 'status', error: 'auth' },
    status: 502,
    type: InternalServerError,
  },
];
for (const { what, model, upstream, fault, status, type } of sentOnce) {
  test(`${what} may have been paid for or cannot get better: the client sends it once`, async () => {
    inject(upstream, fault);
    const error = await thrownBy(client.images.generate({ model, prompt: 'a boat' }));
    assert.ok(error instanceof type);
    assert.equal(error.status, status);
    assert.equal(error.code, String(status));
    assert.equal(error.type, 'api_error');
    assert.equal(error.headers?.get('x-should-retry'), 'false');
    assert.deepEqual(attempts(), [0]);
  });
}

/** The waits that replies announce, which a test has no time for; the client waits 1 ms instead. */
const announced: number[] = [];
const hurried: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const waitMs = response.headers.get('retry-after-ms');
  if (waitMs === null) return response;
  announced.push(Number(waitMs));
  const headers = new Headers(response.headers);
  headers.set('retry-after-ms', '1');
  return new Response(response.body, { status: response.status, headers });
};

test('503 model_unavailable is sent again, and every wait is one that the client honours', async () => {
  // The route is out of service since the test before.
  const patient = client.withOptions({ fetch: hurried });
  const error = await thrownBy(patient.images.generate({ model: 'nano-banana-pro', prompt: 'a boat' }));
  assert.ok(error instanceof InternalServerError);
  assert.equal(error.status, 503);
  assert.deepEqual(attempts(), [0, 1, 2]);
  assert.ok(announced.splice(0).every((ms) => ms > 0 && ms <= 60_000));
});

test('429 upstream_throttled is a RateLimitError after resends with the wait that the upstream asked for', async () => {
  inject('ark', {
    on: 'submit',
    kind: 'status',
    error: 'throttled',
    times: 1000,
    match: { promptIncludes: 'throttled boat' },
  });
  const patient = client.withOptions({ fetch: hurried });
  const error = await thrownBy(
    patient.images.generate({ model: 'seedream-4.0', prompt: 'a throttled boat' }),
  );
  assert.ok(error instanceof RateLimitError);
  assert.deepEqual([error.code, error.type], ['429', 'rate_limit_error']);
  assert.deepEqual(attempts(), [0, 1, 2]);
  assert.ok(announced.splice(0).every((ms) => ms > 0 && ms <= 60_000));
});

test('a client that resends gets its picture once the upstream has recovered', async () => {
  const patient = client.withOptions({ fetch: hurried, maxRetries: 5 });
  const control = easel.gateway.sandbox?.simulators.get('ark')?.control;
  control?.inject({
    on: 'submit',
    kind: 'status',
    error: 'throttled',
    times: 5,
    match: { promptIncludes: 'hopeful' },
  });
  const before = control?.ledger().length ?? 0;
  const { data } = await patient.images.generate({
    model: 'dola-seedream-5.0-lite',
    prompt: 'a hopeful boat',
  });
  assert.equal(data?.length, 1);
  assert.equal((control?.ledger().length ?? 0) - before, 1);
});
