import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateImage } from 'ai';
import sharp from 'sharp';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';

/** The AI SDK's two clients as they are, with nothing set but base URL and key (openai-images.md section 9). */

let easel: TestGateway;
let compatible: ReturnType<typeof createOpenAICompatible>;
let firstParty: ReturnType<typeof createOpenAI>;
let picture: Buffer;
/** JSON bodies of the requests of a test, in the order they were sent. */
const bodies: Record<string, unknown>[] = [];
/** Addresses of the requests of a test. */
const asked: string[] = [];

const watched: typeof fetch = async (input, init) => {
  asked.push(new URL(input instanceof Request ? input.url : String(input)).pathname);
  if (typeof init?.body === 'string') bodies.push(JSON.parse(init.body) as Record<string, unknown>);
  return await fetch(input, init);
};

before(async () => {
  easel = await startTestGateway({
    clock: fastClock(150),
    env: unhurried,
    sandbox: { draw: fastDraw, delayMs: 1 },
  });
  const settings = { apiKey: testSecret, baseURL: `${easel.url}/v1`, fetch: watched };
  compatible = createOpenAICompatible({ name: 'easel', ...settings });
  firstParty = createOpenAI(settings);
  picture = await sharp({ create: { width: 512, height: 512, channels: 3, background: '#257' } })
    .png()
    .toBuffer();
});
after(() => easel.close());
beforeEach(() => {
  bodies.length = 0;
  asked.length = 0;
});

test('twelve images are asked for in two calls, of ten and of two, and all are there', async () => {
  const model = compatible.imageModel('seedream-4.0');
  const { images, warnings } = await generateImage({ model, prompt: 'a boat', n: 12 });
  assert.equal(images.length, 12);
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    bodies.map(({ n }) => Number(n)).toSorted((a, b) => a - b),
    [2, 10],
  );
  assert.equal(new Set(images.map(({ base64 }) => base64)).size, 12);
});

for (const id of ['kling-image-o1', 'seedream-4.5', 'nano-banana-pro', 'glm-image', 'gpt-image-2']) {
  test(`${id} makes images of the media type that they are`, async () => {
    const { image, usage } = await generateImage({ model: compatible.imageModel(id), prompt: 'a boat' });
    const { format } = await sharp(image.uint8Array).metadata();
    assert.equal(image.mediaType, `image/${format}`);
    assert.ok((usage.outputTokens ?? 0) > 0);
  });
}

test('what the model cannot do is shown in our words, and asked once', async () => {
  const model = compatible.imageModel('seedream-4.5');
  const failure: unknown = await generateImage({ model, prompt: 'a boat', size: '1024x1024' }).catch(
    (error: unknown) => error,
  );
  assert.ok(APICallError.isInstance(failure), String(failure));
  assert.equal(failure.statusCode, 400);
  assert.match(failure.message, /1920x1920/);
  assert.equal(failure.isRetryable, false);
  assert.equal(asked.length, 1);
});

test('options of our own pass through the client as they are', async () => {
  const model = compatible.imageModel('seedream-4.5');
  const providerOptions = { easel: { seed: 7, size: '2K', ratio: '16:9' } };
  const [first, second] = [
    await generateImage({ model, prompt: 'a boat', providerOptions }),
    await generateImage({ model, prompt: 'a boat', providerOptions }),
  ];
  assert.equal(first.image.base64, second.image.base64);
  const { width, height } = await sharp(first.image.uint8Array).metadata();
  assert.deepEqual([width, height], [2848, 1600]);
});

for (const count of [1, 3]) {
  test(`${count} ${count === 1 ? 'image is' : 'images are'} edited with a model for compatible servers`, async () => {
    const images = Array.from({ length: count }, () => picture);
    const prompt = { text: 'at night', images };
    const { image } = await generateImage({ model: compatible.imageModel('nano-banana-pro'), prompt });
    assert.ok(image.uint8Array.length > 0);
    assert.equal(asked[0], '/v1/images/edits');
    const [seen] = (easel.gateway.sandbox?.simulators.get('gemini')?.control.requests() ?? [])
      .filter(({ on }) => on === 'submit')
      .slice(-1);
    assert.equal(JSON.stringify(seen?.body).split('"inlineData"').length - 1, count);
  });
}

test('the client for OpenAI itself generates and edits, with a mask', async () => {
  const model = firstParty.image('gpt-image-2');
  const made = await generateImage({ model, prompt: 'a boat', size: '1024x1024' });
  assert.equal(made.images.length, 1);
  assert.equal('response_format' in (bodies[0] ?? {}), false);
  const mask = await sharp({ create: { width: 512, height: 512, channels: 4, background: '#0000' } })
    .png()
    .toBuffer();
  const edited = await generateImage({ model, prompt: { text: 'at night', images: [picture], mask } });
  assert.equal(edited.images.length, 1);
  assert.equal(asked.at(-1), '/v1/images/edits');
});

test('the client for OpenAI itself asks another model for base64, one image a call', async () => {
  const model = firstParty.image('nano-banana-pro');
  const { images } = await generateImage({ model, prompt: 'a boat', n: 2 });
  assert.equal(images.length, 2);
  assert.deepEqual(
    bodies.map((body) => [body['n'], body['response_format']]),
    [
      [1, 'b64_json'],
      [1, 'b64_json'],
    ],
  );
});

test('twelve images of an OpenAI model are asked for in two calls by its own client', async () => {
  const model = firstParty.image('gpt-image-2');
  const { images } = await generateImage({ model, prompt: 'a boat', n: 12 });
  assert.equal(new Set(images.map(({ base64 }) => base64)).size, 12);
  assert.deepEqual(
    bodies.map(({ n }) => Number(n)).toSorted((a, b) => a - b),
    [2, 10],
  );
});

test('the client for OpenAI itself shows a refusal in our words too, of an edit as well, and asks once', async () => {
  const prompt = { text: 'at night', images: [picture], mask: picture };
  for (const [work, words] of [
    [
      () => generateImage({ model: firstParty.image('seedream-4.5'), prompt: 'a boat', size: '1024x1024' }),
      /1920x1920/,
    ],
    [() => generateImage({ model: firstParty.image('gpt-image-2'), prompt }), /transparen/],
  ] as const) {
    asked.length = 0;
    const failure: unknown = await work().catch((error: unknown) => error);
    assert.ok(APICallError.isInstance(failure), String(failure));
    assert.equal(failure.statusCode, 400);
    assert.match(failure.message, words);
    assert.equal(asked.length, 1);
  }
});
