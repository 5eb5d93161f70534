import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { imageSize } from 'image-size';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';

/**
 * What programs in the field send, field by field and in their order, as their public sources have it:
 * open-webui/open-webui backend/open_webui/routers/images.py (image_generations, image_edits, get_image_data),
 * danny-avila/LibreChat api/app/clients/tools/structured/OpenAIImageTools.js, CherryHQ/cherry-studio
 * src/renderer/src/aiCore/legacy/middleware/feat/ImageGenerationMiddleware.ts, vercel/ai
 * packages/openai-compatible/src/image/openai-compatible-image-model.ts before 3.0.13. Models are those that an operator would
 * have set there.
 */

const bearer = { authorization: `Bearer ${testSecret}` };
let easel: TestGateway;
let client: OpenAI;
let picture: Buffer;
before(async () => {
  easel = await startTestGateway({
    clock: fastClock(150),
    env: unhurried,
    sandbox: { draw: fastDraw, delayMs: 1 },
  });
  client = new OpenAI({ baseURL: `${easel.url}/v1`, apiKey: testSecret });
  picture = await sharp({ create: { width: 512, height: 512, channels: 3, background: '#257' } })
    .png()
    .toBuffer();
});
after(() => easel.close());

interface Part {
  name: string;
  text?: string;
  file?: { name: string; type: string; bytes: Buffer };
}

/** A form as Python's aiohttp and npm's form-data write it; texts have a type of their own in the first. */
function formOf(parts: readonly Part[], textType?: string): { boundary: string; body: Buffer } {
  const boundary = '0f4c1b2a9d8e4f6ab1c2d3e4f5a6b7c8';
  const pieces = parts.flatMap(({ name, text, file }) => {
    const about =
      file === undefined
        ? `name="${name}"${textType === undefined ? '' : `\r\nContent-Type: ${textType}`}`
        : `name="${name}"; filename="${file.name}"\r\nContent-Type: ${file.type}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; ${about}\r\n\r\n`;
    return [Buffer.from(head), file?.bytes ?? Buffer.from(text ?? ''), Buffer.from('\r\n')];
  });
  return { boundary, body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) };
}

/** Reads a reply as Open WebUI does: a url is fetched with the headers of the request but its Content-Type. */
async function readAsOpenWebUi(answer: Answered): Promise<Buffer[]> {
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  const { data } = JSON.parse(answer.text) as { data: { url?: string; b64_json?: string }[] };
  return await Promise.all(
    data.map(async ({ url, b64_json }) => {
      if (url === undefined) return Buffer.from(b64_json ?? '', 'base64');
      const file = await fetch(url, { headers: bearer });
      assert.equal(file.status, 200);
      assert.match(file.headers.get('content-type') ?? '', /^image\//);
      return Buffer.from(await file.arrayBuffer());
    }),
  );
}

function assertPictures(pictures: readonly Uint8Array[], count: number): void {
  assert.equal(pictures.length, count);
  for (const bytes of pictures) assert.ok((imageSize(bytes).width ?? 0) >= 512);
}

for (const [what, body] of [
  [
    'base64',
    { model: 'nano-banana-pro', prompt: 'a boat', n: 1, size: '1024x1024', response_format: 'b64_json' },
  ],
  [
    'base64 of two',
    { model: 'seedream-4.5', prompt: 'a boat', n: 2, size: '2048x2048', response_format: 'b64_json' },
  ],
  [
    'a url, by its own parameters',
    { model: 'kling-image-o1', prompt: 'a boat', n: 1, size: '1024x1024', response_format: 'url' },
  ],
  [
    'what a gpt-image model makes, without response_format',
    { model: 'gpt-image-2', prompt: 'a boat', n: 1, size: 'auto' },
  ],
] as const) {
  test(`Open WebUI generates ${what}`, async () => {
    const answer = await easel.ask('POST', '/v1/images/generations', body, {
      accept: '*/*',
      'user-agent': 'Python/3.11 aiohttp/3.12.15',
    });
    assertPictures(await readAsOpenWebUi(answer), body.n);
  });
}

for (const [what, files, last] of [
  ['one image, which it calls image', ['image'], { name: 'response_format', text: 'b64_json' }],
  [
    'several images, which it calls image[]',
    ['image[]', 'image[]'],
    { name: 'response_format', text: 'b64_json' },
  ],
  ['an image and takes a url', ['image[]'], { name: 'response_format', text: 'url' }],
] as const) {
  test(`Open WebUI edits ${what}`, async () => {
    const { boundary, body } = formOf(
      [
        { name: 'model', text: 'nano-banana-pro' },
        { name: 'prompt', text: 'the same at night' },
        { name: 'n', text: '1' },
        { name: 'size', text: '1024x1024' },
        last,
        ...files.map((name) => ({
          name,
          file: { name: '7b0c6d1e-3c8a-4f65-9f0f-6a1b2c3d4e5f.png', type: 'image/png', bytes: picture },
        })),
      ],
      'text/plain; charset=utf-8',
    );
    const answer = await easel.ask('POST', '/v1/images/edits', body, {
      accept: '*/*',
      'user-agent': 'Python/3.11 aiohttp/3.12.15',
      'content-type': `multipart/form-data; boundary=${boundary}`,
    });
    assertPictures(await readAsOpenWebUi(answer), 1);
  });
}

for (const model of ['kling-image-o1', 'seedream-4.0', 'nano-banana-pro', 'glm-image', 'gpt-image-2']) {
  test(`version 5 or 6 of the AI SDK, which always asks for base64, generates with ${model}`, async () => {
    const answer = await easel.ask(
      'POST',
      '/v1/images/generations',
      { model, prompt: 'a boat', n: 2, response_format: 'b64_json' },
      { accept: '*/*', 'user-agent': 'ai/6.0.31 ai-sdk/provider-utils/4.0.5 runtime/node.js/24' },
    );
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    const { data } = JSON.parse(answer.text) as { data: { b64_json: string }[] };
    assertPictures(
      data.map((each) => Buffer.from(each.b64_json, 'base64')),
      2,
    );
  });
}

test('LibreChat generates with the official client, and every field that it always sends', async () => {
  const { data } = await client.images.generate({
    model: 'gpt-image-2',
    prompt: 'a boat',
    n: 1,
    background: 'auto',
    output_format: 'png',
    quality: 'auto',
    size: 'auto',
  });
  assertPictures([Buffer.from(data?.[0]?.b64_json ?? '', 'base64')], 1);
});

test('LibreChat edits with a form that it streams, without a length', async () => {
  const { boundary, body } = formOf([
    { name: 'model', text: 'gpt-image-2' },
    { name: 'prompt', text: 'the same at night' },
    { name: 'quality', text: 'auto' },
    { name: 'size', text: 'auto' },
    { name: 'image[]', file: { name: 'boat.png', type: 'image/png', bytes: picture } },
    { name: 'image[]', file: { name: 'gutter.png', type: 'image/png', bytes: picture } },
  ]);
  const stream = new Blob([new Uint8Array(body)]).stream();
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    duplex: 'half',
    body: stream,
    headers: {
      ...bearer,
      accept: 'application/json, text/plain, */*',
      'user-agent': 'axios/1.12.2',
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
  };
  const answer = await answered(await fetch(`${easel.url}/v1/images/edits`, init));
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assertPictures([Buffer.from(String(answer.at('data.0.b64_json')), 'base64')], 1);
});

for (const model of ['seedream-4.5', 'glm-image', 'gpt-image-2']) {
  test(`Cherry Studio generates with ${model}`, async () => {
    const { data } = await client.images.generate({ model, prompt: 'a boat', response_format: 'b64_json' });
    assertPictures([Buffer.from(data?.[0]?.b64_json ?? '', 'base64')], 1);
  });
}

test("Cherry Studio edits the user's image together with the one it was given before", async () => {
  const image = [
    await toFile(new Blob([new Uint8Array(picture)]), 'boat.png', { type: 'image/.png' }),
    await toFile(new Blob([new Uint8Array(picture)]), 'assistant_image.png', { type: 'image/png' }),
  ];
  const { data } = await client.images.edit({ model: 'nano-banana-pro', image, prompt: 'at night' });
  const [{ url = '' } = {}] = data ?? [];
  const file = await fetch(url);
  assertPictures([new Uint8Array(await file.arrayBuffer())], 1);
});
