import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Ajv } from 'ajv';
import { startGeminiSimulator } from '../../src/providers/gemini/simulator.ts';
import { startOpenaiSimulator } from '../../src/providers/openai/simulator.ts';
import { startZaiSimulator } from '../../src/providers/zai/simulator.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { startLiveGateway } from '../kit/live-gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { allTiers, sixModels } from './six-models.ts';

/** GET /v1/models (public-api.md section 11) and the rule of the sandbox (section 14). */

const sandbox = { draw: claimedDraw, delayMs: 1 };

async function started(t: TestContext, env: Record<string, string> = {}): Promise<TestGateway> {
  const easel = await startTestGateway({ env: { ...unhurried, ...env }, sandbox, clock: fastClock(20) });
  t.after(() => easel.close());
  return easel;
}

function create(easel: TestGateway, model: string, more: object = {}) {
  return easel.ask('POST', '/v1/images/generations', { model, prompt: 'a boat', ...more });
}

test('the list shows what each model takes, and its schemas say what requests are held to', async (t) => {
  const easel = await started(t);
  const list = await easel.ask('GET', '/v1/models');
  assert.equal(list.at('object'), 'list');
  const data = list.at('data');
  assert.ok(Array.isArray(data));
  const ajv = new Ajv({ strict: false });
  for (const [id, facts] of Object.entries(sixModels)) {
    const one = await easel.ask('GET', `/v1/models/${id}`);
    assert.deepEqual(
      JSON.parse(one.text),
      data.find((model: unknown) => Object(model).id === id),
    );
    assert.deepEqual(
      ['object', 'type', 'available', 'sandbox', 'input_images.max', 'max_prompt_length'].map((name) =>
        one.at(name),
      ),
      ['model', 'image', true, true, facts.maxInputs, facts.maxPrompt],
    );
    assert.ok(Number.isInteger(one.at('created')));
    assert.match(String(one.at('display_name')), /\S/);
    const parameters = Object(one.at('parameters')) as Record<string, object>;
    assert.deepEqual(one.at('supported_parameters'), Object.keys(parameters));
    assert.equal('seed' in parameters, facts.hasSeed);
    assert.equal('quality' in parameters, Object.keys(facts.quality).length > 0);
    assert.equal('sequential_image_generation' in parameters, facts.hasGroups);

    const isLegal = (name: string, value: unknown): boolean => ajv.validate(parameters[name] ?? false, value);
    const sizes = Object.values(facts.presets).flatMap((table) => Object.values(table));
    for (const size of [...facts.tiers, ...sizes, ...facts.free.legal, 'auto'])
      assert.ok(isLegal('size', size), size);
    for (const size of [...allTiers.filter((tier) => !facts.tiers.includes(tier)), '8K', 'wide', ''])
      assert.ok(!isLegal('size', size), size);
    for (const ratio of [...facts.ratios, 'auto']) assert.ok(isLegal('ratio', ratio), ratio);
    assert.ok(!isLegal('ratio', '7:5'));
    for (const [n, legal] of [
      [0, false],
      [1, true],
      [facts.maxCount, true],
      [facts.maxCount + 1, false],
      ['2', false],
    ] as const)
      assert.equal(isLegal('n', n), legal, `n ${n}`);
    for (const quality of Object.keys(facts.quality)) assert.ok(isLegal('quality', quality), quality);

    // What JSON Schema cannot say of free sizes stands beside it.
    const free = Object(one.at('x-size')) as { presets: unknown; minPixels?: number; maxPixels?: number };
    assert.deepEqual(
      Object.values(Object(free.presets) as object)
        .flatMap((table: object) => Object.values(table) as string[])
        .toSorted((a, b) => a.localeCompare(b)),
      sizes.toSorted((a, b) => a.localeCompare(b)),
    );
    assert.equal(free.minPixels !== undefined && free.maxPixels !== undefined, facts.free.legal.length > 0);
  }
});

test('an unknown model, and the names of members of every object, are 404', async (t) => {
  const easel = await started(t);
  for (const name of ['none', '', 'constructor', '__proto__', 'a/b/c', 'x'.repeat(300)])
    assertRefused(await easel.ask('GET', `/v1/models/${name}`), {
      status: 404,
      reason: 'model_not_found',
      type: 'model_not_found',
      param: 'model',
    });
});

const sandboxOf = async (easel: TestGateway): Promise<Record<string, unknown>> => {
  const list = await easel.ask('GET', '/v1/models');
  const data = list.at('data') as { id: string; available: boolean; sandbox: boolean }[];
  return Object.fromEntries(
    data
      .filter(({ id }) => id in sixModels)
      .map(({ id, available, sandbox }) => [id, available ? (sandbox ? 'sandbox' : 'live') : 'none']),
  );
};
const all = (state: string): Record<string, unknown> =>
  Object.fromEntries(Object.keys(sixModels).map((id) => [id, state]));

test('without any credential every model is served by the sandbox, and says so', async (t) => {
  const easel = await started(t);
  assert.deepEqual(await sandboxOf(easel), all('sandbox'));
  for (const [id, { upstream }] of Object.entries(sixModels)) {
    const answer = await create(easel, id);
    assert.equal(answer.headers.get('x-served-by'), `sandbox/${upstream}`);
    assert.equal(answer.at('usage.cost'), null);
  }
});

test('with one credential its models are live and the others are nobody’s, unless the sandbox is turned on', async (t) => {
  const upstream = await startGeminiSimulator(sandbox);
  t.after(() => upstream.close());
  const env = { GEMINI_API_KEY: upstream.credential.apiKey, GEMINI_BASE_URL: upstream.baseUrl };
  for (const EASEL_SANDBOX of ['auto', 'off', 'on']) {
    const easel = await started(t, { ...env, EASEL_SANDBOX });
    const others = EASEL_SANDBOX === 'on' ? 'sandbox' : 'none';
    assert.deepEqual(await sandboxOf(easel), { ...all(others), 'nano-banana-pro': 'live' }, EASEL_SANDBOX);
    const live = await create(easel, 'nano-banana-pro');
    assert.equal(live.status, 200, live.text);
    assert.equal(live.headers.get('x-served-by'), 'gemini/default');
    assert.deepEqual(
      [live.at('model'), live.at('usage.input_tokens') !== undefined],
      ['gemini-3-pro-image', true],
    );
    const other = await create(easel, 'seedream-4.5');
    if (EASEL_SANDBOX === 'on') assert.equal(other.headers.get('x-served-by'), 'sandbox/ark');
    else assertRefused(other, { status: 503, reason: 'model_unavailable' });
  }
  assert.equal(upstream.control.ledger().length, 3);
});

test('with the sandbox off and no credential nothing is served', async (t) => {
  const easel = await started(t, { EASEL_SANDBOX: 'off' });
  assert.equal(easel.gateway.sandbox, undefined);
  assert.deepEqual(await sandboxOf(easel), all('none'));
  const answer = await create(easel, 'glm-image');
  assertRefused(answer, { status: 503, reason: 'model_unavailable' });
  // As whenever there is no usable route (section 4.5): trying again costs nothing.
  assert.equal(answer.headers.get('x-should-retry'), 'true');
  assert.equal(answer.headers.get('retry-after'), '1');
});

/** The values that glm-image's card lists for its watermark. */
async function watermarkOf(easel: TestGateway): Promise<unknown> {
  return (await easel.ask('GET', '/v1/models/glm-image')).at('parameters.watermark.enum');
}

test('glm-image without its watermark needs a route that the upstream has granted it to', async (t) => {
  const simulator = await startZaiSimulator(sandbox);
  t.after(() => simulator.close());
  const sent = () =>
    simulator.control
      .requests()
      .filter(({ on }) => on === 'submit')
      .map(({ body }) => Object(body).watermark_enabled as unknown);
  const clock = fastClock(20);
  const route = { name: 'main', simulator };
  const plain = await startLiveGateway(t, { 'glm-image': [route] }, { clock });
  assertRefused(await create(plain, 'glm-image', { watermark: false }), {
    status: 400,
    reason: 'invalid_value',
    param: 'watermark',
  });
  assert.deepEqual(await watermarkOf(plain), [true], 'what is refused is not offered');
  const granted = await startLiveGateway(
    t,
    { 'glm-image': [{ ...route, facts: { watermarkFree: true } }] },
    { clock },
  );
  assert.equal(await watermarkOf(granted), undefined);
  const answer = await create(granted, 'glm-image', { watermark: false });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await create(granted, 'glm-image', { watermark: true })).status, 200);
  assert.equal((await create(granted, 'glm-image')).status, 200);
  assert.deepEqual(sent(), [false, true, undefined]);
});

test('native_params is true only where a route takes them', async (t) => {
  const [openai, gemini] = [await startOpenaiSimulator(sandbox), await startGeminiSimulator(sandbox)];
  t.after(() => Promise.all([openai.close(), gemini.close()]));
  const file = join(await temporaryFolder(t), 'easel.json');
  const route = { provider: 'openai', name: 'other', baseUrl: openai.baseUrl, apiKeyEnv: 'OTHER_KEY' };
  const native = { provider: 'gemini', name: 'main', baseUrl: gemini.baseUrl, apiKeyEnv: 'OTHER_KEY' };
  const models = {
    // A card of another provider, and one of the operator's own that promises too much.
    'seedream-4.5': { routes: [route] },
    'own-model': { routes: [route], card: { nativeParams: true } },
    'nano-banana-pro': { routes: [route, native] },
  };
  await writeFile(file, JSON.stringify({ models }));
  const easel = await started(t, { EASEL_CONFIG: file, OTHER_KEY: openai.credential.apiKey });
  const shown = async (id: string) => (await easel.ask('GET', `/v1/models/${id}`)).at('native_params');
  assert.deepEqual(
    await Promise.all(
      ['seedream-4.5', 'own-model', 'nano-banana-pro', 'gpt-image-2', 'glm-image'].map(shown),
    ),
    [false, false, true, false, true],
  );
  for (const model of ['seedream-4.5', 'own-model', 'gpt-image-2']) {
    const body = { model, prompt: 'a boat' };
    const refused = await easel.ask('POST', '/v1/images/generations', body, { 'native-params': 'true' });
    assertRefused(refused, { status: 400, reason: 'native_not_supported' });
  }
});
