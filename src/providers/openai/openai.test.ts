import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { inputPicture, startProviderBench } from '../../../test/kit/provider-bench.ts';
import { answerOf, inputOf, refusalOf, requestOf } from '../../../test/kit/provider-calls.ts';
import { cardSchema } from '../../core/card.ts';
import { UpstreamFault } from '../../core/fault.ts';
import type { ImageRequest } from '../../core/image-request.ts';
import type { Preview, ProviderContext } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { readResult } from '../../upstream/openai-shaped.ts';
import { makeEventReader } from '../../upstream/openai-shaped-events.ts';
import { faults, readFault, reasons } from './faults.ts';
import { openai } from './index.ts';
import { openCard } from './models.ts';
import { toExchange } from './request.ts';
import { startOpenaiSimulator, type OpenaiSimulatorOptions } from './simulator.ts';

const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
const route = { upstreamModel: 'gpt-image-2', upstreamFields: {} };
const square = { tier: '1K', ratio: '1:1', pixels: { width: 1024, height: 1024 } };

function ask(facts: Partial<ImageRequest>, over: Partial<Route> = {}) {
  return toExchange(
    requestOf({ model: 'gpt-image-2', shape: square, ...facts }),
    { ...route, ...over },
    undefined,
  );
}

function read(body: unknown, facts: Partial<ImageRequest> = {}) {
  const request = requestOf({ model: 'gpt-image-2', ...facts });
  return readResult(answerOf(body), { request, baseUrl: 'http://box.local:30000/v1', readFault });
}

function kindOf(status: number, body: unknown): string {
  return readFault(refusalOf(status, body)).kind;
}

function error(members: Record<string, unknown>): unknown {
  return { error: { message: 'm', type: 'invalid_request_error', param: null, code: null, ...members } };
}

test('text alone goes to generations as JSON, and nothing is said that was not asked', () => {
  assert.deepEqual(ask({}), {
    path: '/images/generations',
    body: { model: 'gpt-image-2', prompt: 'A paper boat on a rain gutter', n: 1, size: '1024x1024' },
  });
});

test('everything that was asked for is said in the words of the API', () => {
  const { body } = ask({
    n: 3,
    quality: 'high',
    outputFormat: 'webp',
    outputCompression: 80,
    background: 'transparent',
    moderation: 'low',
    user: 'u1',
    seed: 7,
    negativePrompt: 'blurry',
    style: 'vivid',
    watermark: false,
    inputFidelity: 'high',
    group: { maxImages: 4 },
    providerOptions: { safety_identifier: 's1' },
  });
  assert.deepEqual(body, {
    safety_identifier: 's1',
    model: 'gpt-image-2',
    prompt: 'A paper boat on a rain gutter',
    n: 3,
    size: '1024x1024',
    quality: 'high',
    watermark: false,
    seed: 7,
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 4 },
    output_format: 'webp',
    negative_prompt: 'blurry',
    style: 'vivid',
    background: 'transparent',
    moderation: 'low',
    output_compression: 80,
    input_fidelity: 'high',
    user: 'u1',
  });
});

test('a card without sizes passes on what the caller said', () => {
  const open = { tier: '2K', ratio: '16:9', pixels: undefined };
  const { body } = ask({ shape: open });
  assert.deepEqual([Object(body).size, Object(body).aspect_ratio], ['2K', '16:9']);
  const none = { tier: undefined, ratio: undefined, pixels: undefined };
  assert.ok(!('size' in Object(ask({ shape: none }).body)));
});

test("the route's own fields stand in every request, and never in the place of ours", () => {
  const upstreamFields = { response_format: 'b64_json', step: 20, prompt: 'other', quality: 'low' };
  const { body } = ask({ quality: 'high' }, { upstreamFields });
  const { prompt, response_format, step, quality } = Object(body);
  assert.deepEqual(
    [prompt, response_format, step, quality],
    ['A paper boat on a rain gutter', 'b64_json', 20, 'high'],
  );
  assert.equal(Object(ask({}, { upstreamFields }).body).quality, 'low');
});

test('input images go to edits as files, one as image, several as image[], then the mask', () => {
  const one = ask({ inputs: [inputOf(bytes)], n: 2 });
  assert.equal(one.path, '/images/edits');
  assert.equal(one.body, undefined);
  assert.deepEqual(one.form, [
    { name: 'model', text: 'gpt-image-2' },
    { name: 'prompt', text: 'A paper boat on a rain gutter' },
    { name: 'n', text: '2' },
    { name: 'size', text: '1024x1024' },
    { name: 'image', fileName: 'image-1.png', mimeType: 'image/png', bytes },
  ]);
  const two = ask({
    inputs: [inputOf(bytes), inputOf(bytes, 'jpeg')],
    mask: inputOf(bytes),
    watermark: true,
  });
  assert.deepEqual(
    two.form?.map((part) => [part.name, 'text' in part ? part.text : part.fileName]).slice(-4),
    [
      ['watermark', 'true'],
      ['image[]', 'image-1.png'],
      ['image[]', 'image-2.jpeg'],
      ['mask', 'mask.png'],
    ],
  );
});

const refused = (facts: Partial<ImageRequest>) => {
  try {
    ask(facts);
  } catch (thrown) {
    return thrown instanceof UpstreamFault ? [thrown.kind, thrown.facts.param] : thrown;
  }
  return undefined;
};

test('what would be lost or would be taken for settings is refused before it is sent', () => {
  assert.deepEqual(refused({ mask: inputOf(bytes) }), ['parameter', 'mask']);
  const tag = '<sd_cpp_extra_args>{"lora":"/etc/passwd"}</sd_cpp_extra_args>';
  assert.deepEqual(refused({ prompt: `a fox ${tag}` }), ['parameter', 'prompt']);
  assert.equal(refused({ prompt: 'a fox <b>bold</b>' }), undefined);
});

test('links are read beside the base URL, and null and empty members are no images', () => {
  const { images } = read({
    data: [
      { url: '/v1/images/7/content', b64_json: null, revised_prompt: '' },
      { url: 'https://cdn.example/a.png', revised_prompt: 'a finer fox' },
      { url: '', b64_json: null },
    ],
  });
  assert.deepEqual(images.slice(0, 2), [
    { kind: 'link', position: 0, url: 'http://box.local:30000/v1/images/7/content' },
    { kind: 'link', position: 1, url: 'https://cdn.example/a.png', revisedPrompt: 'a finer fox' },
  ]);
  const [, , last] = images;
  assert.ok(last?.kind === 'failed' && last.fault.kind === 'bad_reply');
});

const placesOf = (indexes: readonly unknown[]) =>
  read({ data: indexes.map((index) => ({ index, url: 'https://a.example/' })) }).images.map(
    ({ position }) => position,
  );

test('places that cannot be meant are not believed, or one paid image would take the place of another', () => {
  assert.deepEqual(placesOf([2, 0]), [2, 0]);
  assert.deepEqual(placesOf([0, 0, 0]), [0, 1, 2]);
  assert.deepEqual(placesOf([1, undefined]), [0, 1]);
  assert.deepEqual(placesOf(['a', -1]), [0, 1]);
});

test('another Easel says which of several images failed, and why', () => {
  const { images } = read({
    model: 'seedream-4-5-251128',
    data: [
      { index: 0, url: 'https://a.example/0.png' },
      { index: 2, url: 'https://a.example/2.png' },
    ],
    failed_images: [
      {
        index: 1,
        error: {
          message: 'm',
          type: 'invalid_request_error',
          reason: 'content_policy',
          code: '400',
          param: null,
        },
      },
    ],
  });
  assert.deepEqual(
    images.map((image) => [image.position, image.kind === 'failed' ? image.fault.kind : image.kind]),
    [
      [0, 'link'],
      [2, 'link'],
      [1, 'content'],
    ],
  );
});

const usageOf = (usage: unknown) => read({ data: [{ url: 'https://a.example/' }], usage }).usage;

test('tokens are passed on as they are reported, and all zero means not counted', () => {
  assert.deepEqual(usageOf({ input_tokens: 61, output_tokens: 1568, total_tokens: 1629 }), {
    inputTokens: 61,
    outputTokens: 1568,
    totalTokens: 1629,
  });
  assert.deepEqual(usageOf({ prompt_tokens: 0, completion_tokens: 4175, total_tokens: 4175 }), {
    inputTokens: 0,
    outputTokens: 4175,
    totalTokens: 4175,
  });
  assert.equal(usageOf({ input_tokens: 0, output_tokens: 0, total_tokens: 0 }), undefined);
  assert.equal(usageOf({ input_tokens: 'many' }), undefined);
  assert.equal(usageOf(null), undefined);
});

test('an answer that says it did otherwise than asked is a result with warnings', () => {
  const data = [{ url: 'https://a.example/' }];
  const asked = { shape: square, quality: 'high', background: 'auto', outputFormat: 'webp' as const };
  const { warnings } = read(
    { data, size: '1536x1024', quality: 'medium', background: 'opaque', output_format: 'png' },
    asked,
  );
  assert.deepEqual(
    warnings?.map(({ param, requested, used }) => [param, requested, used]),
    [
      ['size', '1024x1024', '1536x1024'],
      ['quality', 'high', 'medium'],
    ],
    'the format is converted here',
  );
  assert.deepEqual(read({ data }, asked).warnings, []);
});

test('every code of the contract, in every form that servers write it', () => {
  for (const [code, meaning] of Object.entries(faults)) {
    const kind = typeof meaning === 'string' ? meaning : meaning.kind;
    assert.equal(kindOf(400, error({ code })), kind, code);
    assert.equal(kindOf(400, { error: 'text', code }), kind, code);
  }
  for (const [reason, meaning] of Object.entries(reasons)) {
    assert.equal(
      kindOf(502, error({ code: '502', reason })),
      typeof meaning === 'string' ? meaning : meaning.kind,
      reason,
    );
  }
});

test('a refusal without a known code is judged by its status', () => {
  const kinds: [number, unknown, string][] = [
    [400, { error: 'prompt required' }, 'parameter'],
    [400, { detail: 'unknown model' }, 'parameter'],
    [400, error({}), 'parameter'],
    [401, undefined, 'auth'],
    [402, { error: { code: 402, message: 'no credits' } }, 'billing'],
    [403, error({ code: null }), 'auth'],
    [404, undefined, 'misconfigured'],
    [408, undefined, 'unknown'],
    [413, '<html>', 'parameter'],
    [422, { detail: [{ loc: ['body', 'n'], msg: 'too many', type: 'x' }] }, 'parameter'],
    [424, error({ code: '424' }), 'unknown'],
    [429, { error: 'job queue is full' }, 'throttled'],
    [429, error({ type: 'insufficient_quota', code: null }), 'billing'],
    [500, { error: 'server_error', message: 'no results' }, 'unknown'],
    [500, error({ type: 'server_error' }), 'unknown'],
    [503, { detail: 'Diffusion engine not initialized' }, 'unknown'],
    [503, error({ code: 'model_loading' }), 'overloaded'],
    [400, error({ message: 'Your request was rejected as a result of our safety system.' }), 'content'],
    [
      200,
      error({ code: 'contentFilter', message: 'Your task failed as a result of our safety system.' }),
      'content',
    ],
  ];
  for (const [status, body, kind] of kinds)
    assert.equal(kindOf(status, body), kind, JSON.stringify([status, body]));
});

const fieldOf = (body: unknown) => {
  const { kind, facts } = readFault(refusalOf(400, body));
  return [kind, facts.param];
};

test("the field at fault is told by our name, and the route's own fields are the operator's business", () => {
  const invalid = (param: string) => error({ code: 'invalid_value', param });
  assert.deepEqual(fieldOf(invalid('size')), ['parameter', 'size']);
  assert.deepEqual(fieldOf(invalid('aspect_ratio')), ['parameter', 'ratio']);
  assert.deepEqual(fieldOf(invalid('image[1]')), ['parameter', 'reference_images[1]']);
  assert.deepEqual(fieldOf(invalid('image[]')), ['parameter', 'reference_images']);
  assert.deepEqual(fieldOf(invalid('images[2].image_url')), ['parameter', 'reference_images[2]']);
  assert.deepEqual(fieldOf(error({ code: 'invalid_image_file', param: 'mask' })), [
    'parameter',
    'reference_images',
  ]);
  assert.deepEqual(fieldOf({ detail: [{ loc: ['body', 'quality'], msg: 'm' }] }), ['parameter', 'quality']);
  assert.deepEqual(fieldOf({ error: "bad 'n' value" }), ['parameter', 'n']);
  assert.deepEqual(fieldOf(invalid('model')), ['misconfigured', undefined]);
  assert.deepEqual(fieldOf(error({ code: 'unknown_parameter', param: 'response_format' })), [
    'misconfigured',
    undefined,
  ]);
});

const waitOf = (message: string, headers: Record<string, string> = {}) =>
  readFault(refusalOf(429, error({ code: 'rate_limit_exceeded', message }), headers)).facts.waitMs;

test('the finest wait that is told counts', () => {
  assert.equal(waitOf('m', { 'retry-after': '1', 'retry-after-ms': '534' }), 534);
  assert.equal(waitOf('Please try again in 9s.', { 'retry-after': '3' }), 3000);
  assert.equal(waitOf('Please try again in 534ms. Visit'), 534);
  assert.equal(waitOf('Please try again in 58.891s.'), 58_891);
  assert.equal(waitOf('Please try again in 6m0s.'), 360_000);
  assert.equal(waitOf('Please try later.'), undefined);
});

test('the open card takes every field and says what may be ignored', () => {
  const card = cardSchema.parse(openCard('flux.1-schnell'));
  assert.deepEqual(card.upstreamFields, { response_format: 'b64_json' });
  assert.equal(card.imagesPerCall, 1);
  assert.ok(card.hollowParameters['seed'] !== undefined);
  const family = cardSchema.parse(openCard('gpt-image-1-mini'));
  assert.deepEqual([family.upstreamFields, family.hollowParameters], [{}, {}]);
});

/** A bench whose simulator has the manners of another server. */
function startBench(t: TestContext, flavour: OpenaiSimulatorOptions['flavour'] = 'openai') {
  return startProviderBench(t, openai, (options) => startOpenaiSimulator({ ...options, flavour }));
}

function reading(n: number) {
  const request = requestOf({ model: 'gpt-image-2', n });
  const asking = { request, baseUrl: 'http://box.local/v1', readFault };
  return makeEventReader(asking, { perImage: 1, take: async () => undefined });
}

test('events of a group keep the places they name, and no two images share one', async () => {
  const reader = reading(5);
  const url = 'https://a.example/';
  for (const event of [
    { type: 'image_generation.completed', index: 1, url },
    { type: 'image_generation.failed', index: 2, error: { message: 'm', reason: 'content_policy' } },
    { type: 'image_generation.completed', index: 1, url },
    { type: 'image_generation.text_chunk', text: 'thinking' },
    { type: 'image_generation.completed', url },
  ]) {
    assert.equal(await reader.take(answerOf(event)), event.type.endsWith('.completed'));
  }
  const { images } = reader.end(new UpstreamFault('unknown'));
  assert.deepEqual(
    images.map((image) => [image.position, image.kind === 'failed' ? image.fault.kind : image.kind]),
    [
      [1, 'link'],
      [2, 'content'],
      [0, 'link'],
      [3, 'link'],
      [4, 'unknown'],
    ],
  );
});

function wishing(perImage: number) {
  const seen: [Omit<Preview, 'draft'>, number][] = [];
  const previews: ProviderContext['previews'] & {} = {
    perImage,
    async take({ draft, ...place }) {
      const picture = await sharp(await draft.readAt(0, draft.bytes)).metadata();
      seen.push([place, picture.width]);
    },
  };
  return { seen, previews };
}

test('previews are shown while the images are made, and are gone afterwards', async (t) => {
  const bench = await startBench(t);
  const { seen, previews } = wishing(2);
  const request = bench.request({ n: 2 });
  const { images, usage } = await bench.make(request, { previews });
  assert.deepEqual(seen, [
    [{ position: 0, number: 0 }, 1024],
    [{ position: 0, number: 1 }, 1024],
    [{ position: 1, number: 0 }, 1024],
    [{ position: 1, number: 1 }, 1024],
  ]);
  assert.deepEqual(
    images.map(({ kind, position }) => [kind, position]),
    [
      ['held', 0],
      ['held', 1],
    ],
  );
  // 784 an image and 100 a preview.
  assert.equal(usage?.outputTokens, 2 * 784 + 4 * 100);
  assert.equal(usage?.totalTokens, (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0));
  for (const image of images) assert.ok((await bench.bytesOf(image)).length > 0);
  const edited = await bench.make(bench.request({ inputs: [await inputPicture(1)] }), { previews });
  assert.equal(edited.images.length, 1);
  assert.equal(seen.length, 6);
});

test('a stream may be odd in every way the simulator knows', async (t) => {
  const bench = await startBench(t);
  for (const name of [
    'without-event-names',
    'with-done',
    'heartbeats',
    'without-previews',
    'plain-json',
    'null-members',
    'links',
    'without-usage',
  ]) {
    bench.simulator.control.reset();
    const { previews } = wishing(1);
    const { images } = await bench.make(bench.request({ prompt: `a fox sim:${name}` }), { previews });
    assert.equal(images.length, 1, name);
    assert.ok((await bench.bytesOf(images[0])).length > 0, name);
    assert.equal(bench.simulator.control.ledger().length, 1, name);
  }
});

test('a stream that breaks off keeps what came, and its end says why the rest did not', async (t) => {
  const bench = await startBench(t);
  const { previews } = wishing(1);
  const some = await bench.make(bench.request({ prompt: 'a fox sim:breaks-off', n: 3 }), { previews });
  assert.deepEqual(
    some.images.map((image) => [image.position, image.kind === 'failed' ? image.fault.kind : image.kind]),
    [
      [0, 'held'],
      [1, 'unknown'],
      [2, 'unknown'],
    ],
  );
  assert.ok((await bench.bytesOf(some.images[0])).length > 0);
  const none = bench.make(bench.request({ prompt: 'a fox sim:breaks-off' }), { previews });
  assert.equal((await bench.faultOf(none)).kind, 'unknown');
  const withheld = bench.make(bench.request({ prompt: 'a fox sim:moderated-output' }), { previews });
  assert.equal((await bench.faultOf(withheld)).kind, 'content');
  bench.simulator.control.inject({ on: 'submit', kind: 'cut-body' });
  const cut = await bench.make(bench.request({ n: 2 }), { previews });
  assert.deepEqual(
    cut.images.map((image) => (image.kind === 'failed' ? image.fault.kind : image.kind)),
    ['held', 'unknown'],
  );
});

test('a preview that cannot be shown costs no picture', async (t) => {
  const bench = await startBench(t);
  const previews = { perImage: 3, take: () => Promise.reject(new Error('the caller has left')) };
  assert.equal((await bench.make(bench.request(), { previews })).images[0]?.kind, 'held');
});

test('several images in one answer that brings fewer are those that came', async (t) => {
  const bench = await startBench(t);
  const { images } = await bench.make(bench.request({ prompt: 'a fox sim:fewer', n: 3 }));
  assert.deepEqual(
    images.map(({ position }) => position),
    [0, 1],
  );
});

test('a mask reaches the upstream beside the image it lies on', async (t) => {
  const bench = await startBench(t);
  const create = {
    width: 512,
    height: 512,
    channels: 4 as const,
    background: { r: 0, g: 0, b: 0, alpha: 0 },
  };
  const mask = { ...inputOf(await sharp({ create }).png().toBuffer()), width: 512, height: 512 };
  const { images } = await bench.make(bench.request({ inputs: [await inputPicture(3)], mask }));
  assert.equal(images.length, 1);
  const { body } = bench.simulator.control.requests().at(-1) ?? {};
  assert.deepEqual([Object(body).image.mimeType, Object(body).mask.fileName], ['image/png', 'mask.png']);
});

const noKey = { kind: 'none' } as const;

test('LocalAI: no key is sent, links are downloaded, base64 comes when the route asks for it', async (t) => {
  const bench = await startBench(t, 'localai');
  const local = { credential: noKey, upstreamModel: 'flux.1-schnell' };
  const open = requestOf({
    model: 'flux.1-schnell',
    shape: { tier: undefined, ratio: undefined, pixels: undefined },
  });
  const linked = await bench.make(open, { route: local });
  assert.equal(linked.images[0]?.kind, 'link');
  assert.ok((await bench.bytesOf(linked.images[0])).length > 0);
  assert.equal(linked.usage, undefined);
  const { upstreamFields } = cardSchema.parse(openCard('flux.1-schnell'));
  const held = await bench.make(open, { route: { ...local, upstreamFields } });
  assert.equal(held.images[0]?.kind, 'held');
  for (const { headers } of bench.simulator.control.requests()) assert.ok(!('authorization' in headers));
  const loading = await bench.faultOf(bench.make({ ...open, prompt: 'sim:loading' }, { route: local }));
  assert.deepEqual([loading.kind, loading.facts.waitMs], ['overloaded', 5000]);
  const opaque = await bench.faultOf(bench.make({ ...open, prompt: 'sim:opaque' }, { route: local }));
  assert.equal(opaque.kind, 'unknown');
});

test('sd-server: edits as files, and its errors in a string', async (t) => {
  const bench = await startBench(t, 'sd-server');
  const local = { credential: noKey, upstreamModel: 'sd-cpp-local' };
  const inputs = [await inputPicture(9), await inputPicture(99)];
  const open = requestOf({ model: 'sd', shape: { ...square, pixels: { width: 512, height: 256 } } });
  const { images } = await bench.make({ ...open, inputs, outputFormat: 'jpeg' }, { route: local });
  const { width, height, format } = await sharp(await bench.bytesOf(images[0])).metadata();
  assert.deepEqual([width, height, format], [512, 256, 'jpeg']);
  const blank = await bench.faultOf(bench.make({ ...open, prompt: '' }, { route: local }));
  assert.deepEqual([blank.kind, blank.facts.param], ['parameter', 'prompt']);
});
