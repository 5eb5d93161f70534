import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { imageSize } from 'image-size';
import sharp from 'sharp';
import { startOpenaiSimulator, type OpenaiSimulatorOptions } from '../../src/providers/openai/simulator.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

/** Whole ways to OpenAI-shaped upstreams: the sandbox's, a server that wants no key, another Easel. */

const create = '/v1/images/generations';

async function simulate(t: TestContext, flavour: OpenaiSimulatorOptions['flavour']): Promise<Simulator> {
  const simulator = await startOpenaiSimulator({
    draw: fastDraw,
    delayMs: 1,
    ...(flavour ? { flavour } : {}),
  });
  t.after(() => simulator.close());
  return simulator;
}

/** A gateway with one model over one route. */
async function gatewayTo(
  t: TestContext,
  model: string,
  route: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<TestGateway> {
  const file = path.join(await temporaryFolder(t), 'easel.json');
  await writeFile(
    file,
    JSON.stringify({ models: { [model]: { routes: [{ provider: 'openai', name: 'box', ...route }] } } }),
  );
  const easel = await startTestGateway({ env: { EASEL_CONFIG: file, ...env } });
  t.after(() => easel.close());
  return easel;
}

async function picture(): Promise<string> {
  const bytes = await sharp({ create: { width: 512, height: 512, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

test('gpt-image-2 makes, edits and counts through the sandbox, with base64 unless told', async (t) => {
  const easel = await startTestGateway();
  t.after(() => easel.close());
  const made = await easel.ask('POST', create, {
    model: 'gpt-image-2',
    prompt: 'a fox',
    n: 3,
    quality: 'hd',
    size: '1536x1024',
  });
  assert.equal(made.status, 200, made.text);
  for (const index of [0, 1, 2]) {
    const { width, height } = imageSize(Buffer.from(String(made.at(`data.${index}.b64_json`)), 'base64'));
    assert.deepEqual([width, height], [1536, 1024]);
  }
  assert.equal(made.headers.get('x-served-by'), 'sandbox/openai');
  // 3136 tokens of 1024x1024 at level high.
  assert.equal(made.at('usage.output_tokens'), 3 * 4704);
  assert.equal(made.at('usage.total_tokens'), 3 * 4704 + 2);
  assert.equal(made.at('warnings.0.used'), 'high');
  const edited = await easel.ask('POST', create, {
    model: 'gpt-image-2-2026-04-21',
    prompt: 'bluer',
    images: [await picture(), await picture()],
    response_format: 'url',
    output_format: 'webp',
  });
  assert.equal(edited.status, 200, edited.text);
  assert.match(String(edited.at('data.0.url')), /\.webp\?/);
  const simulator = easel.gateway.sandbox?.simulators.get('openai');
  assert.deepEqual(
    simulator?.control.requests().map(({ path }) => path),
    ['/v1/images/generations', '/v1/images/edits'],
  );
  assert.equal(simulator?.control.ledger().length, 4);
});

test('what gpt-image-2 does not take is refused before anything is sent', async (t) => {
  const easel = await startTestGateway();
  t.after(() => easel.close());
  const refusals: [Record<string, unknown>, string, string][] = [
    [{ size: '1000x1000' }, 'invalid_value', 'size'],
    [{ size: '4096x4096' }, 'invalid_value', 'size'],
    [{ n: 11 }, 'invalid_value', 'n'],
    [{ quality: 'ultra' }, 'invalid_value', 'quality'],
    [{ seed: 7 }, 'unsupported_parameter', 'seed'],
    [{ input_fidelity: 'high' }, 'unsupported_parameter', 'input_fidelity'],
    [{ output_compression: 101 }, 'invalid_value', 'output_compression'],
    [{ output_compression: '50', output_format: 'png' }, 'invalid_type', 'output_compression'],
    // Made as png unless told.
    [{ output_compression: 50 }, 'invalid_value', 'output_compression'],
    [{ output_compression: 50, output_format: 'png' }, 'invalid_value', 'output_compression'],
    [{ background: 'transparent', output_format: 'jpeg' }, 'invalid_value', 'background'],
    // A mask says with transparency what may change; this picture has none.
    [{ mask: await picture(), images: [await picture()] }, 'invalid_image', 'mask'],
    // Previews come in a stream only.
    [{ partial_images: 2 }, 'invalid_value', 'partial_images'],
  ];
  for (const [fields, reason, param] of refusals) {
    const reply = await easel.ask('POST', create, { model: 'gpt-image-2', prompt: 'a fox', ...fields });
    assert.deepEqual(
      [reply.status, reply.at('error.reason'), reply.at('error.param')],
      [400, reason, param],
      param,
    );
  }
  assert.deepEqual(easel.gateway.sandbox?.simulators.get('openai')?.control.requests(), []);
});

test('what only some formats can have is made in those, and lenient handling leaves it out in others', async (t) => {
  const easel = await startTestGateway();
  t.after(() => easel.close());
  const make = (fields: object, headers = {}) =>
    easel.ask('POST', create, { model: 'gpt-image-2', prompt: 'a fox', ...fields }, headers);
  for (const fields of [
    { output_compression: 50, output_format: 'webp' },
    { output_compression: 100 },
    { background: 'transparent' },
    { background: 'transparent', output_format: 'webp' },
    { background: 'opaque', output_format: 'jpeg' },
  ]) {
    const reply = await make(fields);
    assert.equal(reply.status, 200, reply.text.slice(0, 300));
    assert.equal(reply.at('warnings'), undefined);
  }
  const lenient = await make(
    { background: 'transparent', output_compression: 50, output_format: 'jpeg' },
    { prefer: 'handling=lenient' },
  );
  assert.equal(lenient.status, 200, lenient.text.slice(0, 300));
  assert.deepEqual([lenient.at('warnings.0.param'), lenient.at('warnings.1')], ['background', undefined]);
});

test('a server without a key serves a model that nobody described, each image with its own seed', async (t) => {
  const localAi = await simulate(t, 'localai');
  const easel = await gatewayTo(
    t,
    'flux.1-schnell',
    {
      baseUrl: localAi.baseUrl,
      keyless: true,
      price: { unit: 'image', amount: '0', currency: 'USD' },
    },
    { OPENAI_API_KEY: 'sk-meant-for-openai' },
  );
  const body = {
    model: 'flux.1-schnell',
    prompt: 'a fox',
    n: 2,
    size: '640x384',
    seed: 5,
    negative_prompt: 'blurry',
  };
  const made = await easel.ask('POST', create, { ...body, response_format: 'b64_json' });
  assert.equal(made.status, 200, made.text);
  assert.notEqual(made.at('data.0.b64_json'), made.at('data.1.b64_json'));
  const { width, height } = imageSize(Buffer.from(String(made.at('data.0.b64_json')), 'base64'));
  assert.deepEqual([width, height], [640, 384]);
  // It reports no tokens: they are counted from the pixels.
  assert.equal(made.at('usage.output_tokens'), 2 * 960);
  const warned = Object.values(Object(made.at('warnings'))).map((each) => Object(each).param);
  assert.deepEqual(new Set(warned), new Set(['negative_prompt', 'seed']));
  const requests = localAi.control.requests();
  assert.deepEqual(new Set(requests.map(({ body }) => Object(body).seed)), new Set([5, 6]));
  for (const { headers } of requests) assert.ok(!('authorization' in headers));
});

test('links of a compatible server are fetched and kept', async (t) => {
  const localAi = await simulate(t, 'localai');
  const easel = await gatewayTo(t, 'flux.1-schnell', {
    baseUrl: localAi.baseUrl,
    keyless: true,
    upstreamFields: { response_format: null },
    downloadOrigins: [localAi.fileOrigin],
  });
  const made = await easel.ask('POST', create, { model: 'flux.1-schnell', prompt: 'a fox' });
  assert.equal(made.status, 200, made.text);
  assert.ok(String(made.at('data.0.url')).startsWith(`${easel.url}/v1/files/`));
  assert.ok(!('response_format' in Object(localAi.control.requests()[0]?.body)));
});

test('another Easel is an upstream like any other, down to what its failures mean', async (t) => {
  const behind = await startTestGateway();
  t.after(() => behind.close());
  const route = { baseUrl: `${behind.url}/v1`, apiKeyEnv: 'BEHIND', model: 'seedream-4.5' };
  const easel = await gatewayTo(t, 'far-seedream', route, { BEHIND: testSecret });
  const ask = (fields: Record<string, unknown> = {}) =>
    easel.ask('POST', create, {
      model: 'far-seedream',
      prompt: 'a fox',
      size: '2K',
      ratio: '16:9',
      ...fields,
    });
  const made = await ask();
  assert.equal(made.status, 200, made.text);
  assert.equal(made.at('data.0.size'), '2848x1600');
  assert.equal(made.at('model'), 'seedream-4-5-251128');
  assert.equal(made.headers.get('x-served-by'), 'openai/box');
  const grouped = await ask({
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 3 },
    prompt: 'a fox sim:moderated-output:1',
  });
  assert.deepEqual(
    [0, 1].map((place) => grouped.at(`data.${place}.index`)),
    [0, 2],
    grouped.text,
  );
  assert.equal(grouped.at('failed_images.0.error.reason'), 'content_policy');
  const moderated = await ask({ prompt: 'a fox sim:moderated' });
  assert.deepEqual([moderated.status, moderated.at('error.reason')], [400, 'content_policy']);
  const impossible = await ask({ size: '100x100', ratio: null });
  assert.deepEqual(
    [impossible.status, impossible.at('error.reason'), impossible.at('error.param')],
    [400, 'invalid_value', 'size'],
  );
  behind.gateway.sandbox?.simulators.get('ark')?.control.inject({ on: 'submit', kind: 'cut-after' });
  const unknown = await ask();
  assert.deepEqual([unknown.status, unknown.at('error.reason')], [424, 'outcome_unknown']);
});

test('a key that is refused upstream takes the route out of service, and the next request says so', async (t) => {
  const upstream = await simulate(t, 'openai');
  const route = { baseUrl: upstream.baseUrl, apiKeyEnv: 'THE_KEY' };
  const easel = await gatewayTo(t, 'gpt-image-2', route, { THE_KEY: 'sk-wrong-key-for-this' });
  const reply = await easel.ask('POST', create, { model: 'gpt-image-2', prompt: 'a fox' });
  assert.deepEqual(
    [reply.status, reply.at('error.reason'), reply.headers.get('x-should-retry')],
    [502, 'upstream_auth', 'false'],
  );
  assert.ok(!JSON.stringify(easel.logged).includes('sk-wrong-key-for-this'));
  const next = await easel.ask('POST', create, { model: 'gpt-image-2', prompt: 'a fox' });
  assert.deepEqual([next.status, next.at('error.reason')], [503, 'model_unavailable']);
});
