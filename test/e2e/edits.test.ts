import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const edits = '/v1/images/edits';
let easel: TestGateway;
let client: OpenAI;
let red: Buffer<ArrayBuffer>;
let blue: Buffer<ArrayBuffer>;

before(async () => {
  easel = await startTestGateway({
    sandbox: { draw: fastDraw, delayMs: 1 },
    env: { EASEL_MAX_INPUT_BYTES: '200000' },
  });
  client = new OpenAI({ apiKey: testSecret, baseURL: `${easel.url}/v1`, maxRetries: 0 });
  red = await picture('red');
  blue = await picture('blue', 1, 340);
});
after(() => easel.close());

async function picture(background: string, alpha = 1, side = 320): Promise<Buffer<ArrayBuffer>> {
  const flat = sharp({ create: { width: side, height: side, channels: 4, background } }).ensureAlpha(alpha);
  return Buffer.from(await flat.png().toBuffer());
}

type Part = readonly [field: string, value: string | Uint8Array<ArrayBuffer>, type?: string, name?: string];

/** A form with exactly these parts, in this order. */
async function send(parts: readonly Part[], headers: Record<string, string> = {}): Promise<Answered> {
  const form = new FormData();
  for (const [field, value, type = 'application/octet-stream', name = 'blob'] of parts) {
    if (typeof value === 'string') form.append(field, value);
    else form.append(field, new Blob([value], { type }), name);
  }
  const response = await fetch(`${easel.url}${edits}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testSecret}`, ...headers },
    body: form,
  });
  return await answered(response);
}

let prompts = 0;
function fresh(): string {
  prompts += 1;
  return `a boat, number ${prompts}`;
}

/** The widths of the pictures that Ark was sent for a prompt; the log keeps only their beginnings. */
function sentTo(prompt: string): number[] {
  const bodies = easel.gateway.sandbox?.simulators.get('ark')?.control.requests() ?? [];
  const found = bodies
    .map(({ body }) => Object(body) as Record<string, unknown>)
    .find((body) => body['prompt'] === prompt);
  const images = [found?.['image']].flat().filter((image) => typeof image === 'string');
  return images.map((image) =>
    Buffer.from(image.slice(image.indexOf(',') + 1, image.indexOf(',') + 41), 'base64').readUInt32BE(16),
  );
}

function upstreamRequests(): number {
  const simulators = [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  return simulators.flatMap(({ control }) => control.requests()).length;
}

async function assertNoFiles(): Promise<void> {
  await until(async () => (await readdir(join(easel.dataDir, 'uploads'))).length === 0);
}

test("OpenAI's own client edits one image and several, in their order", async () => {
  for (const images of [[red], [red, blue]]) {
    const prompt = fresh();
    const files = await Promise.all(
      images.map((bytes, i) => toFile(bytes, `${i}.png`, { type: 'image/png' })),
    );
    const result = await client.images.edit({
      model: 'seedream-4.5',
      prompt,
      image: images.length === 1 && files[0] !== undefined ? files[0] : files,
      n: 2,
      response_format: 'b64_json',
    });
    assert.equal(result.data?.length, 2);
    assert.ok((result.data?.[0]?.b64_json ?? '').length > 100);
    assert.deepEqual(sentTo(prompt), [320, 340].slice(0, images.length));
  }
  await assertNoFiles();
});

test('every spelling, in any order, before and behind the scalars', async () => {
  const model: Part = ['model', 'seedream-4.5'];
  for (const parts of [
    [model, ['image', red]],
    [['image[]', red, 'image/png', 'x.txt'], model],
    [['image', red, 'image/png'], model, ['image', blue]],
    [['image[1]', blue], model, ['image[0]', red]],
    [model, ['image[]', red], ['image[]', blue]],
    [model, ['images', red]],
    [model, ['image', `data:image/png;base64,${red.toString('base64')}`]],
  ] as const satisfies Part[][]) {
    const prompt = fresh();
    const answer = await send([
      ...parts,
      ['prompt', prompt],
      ['size', '2K'],
      ['watermark', 'False'],
      ['seed', ''],
    ]);
    assert.equal(answer.status, 200, answer.text);
    const count = parts.length - 1;
    assert.deepEqual(sentTo(prompt), [320, 340].slice(0, count));
  }
  await assertNoFiles();
});

test('options come as one JSON text or in brackets', async () => {
  for (const option of [
    ['sequential_image_generation_options', '{"max_images": 2}'],
    ['sequential_image_generation_options[max_images]', '2'],
  ] as const) {
    const answer = await send([
      ['model', 'seedream-4.5'],
      ['prompt', fresh()],
      ['image', red],
      ['sequential_image_generation', 'auto'],
      option,
    ]);
    assert.equal(answer.status, 200, answer.text);
    const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
    assert.deepEqual(record.at('parameters.sequential_image_generation_options'), { max_images: 2 });
  }
});

test('a mask lies on the first image, is a PNG with transparency and of its size', async () => {
  const good: readonly Part[] = [
    ['model', 'gpt-image-2'],
    ['prompt', 'a boat'],
    ['image', red],
  ];
  const answer = await send([...good, ['mask', await picture('white', 0)]]);
  assert.equal(answer.status, 200, answer.text);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.deepEqual(record.at('parameters'), {});
  const opaque = await sharp(red).removeAlpha().png().toBuffer();
  const webp = await sharp(await picture('white', 0))
    .webp()
    .toBuffer();
  for (const bad of [await picture('white', 0, 319), opaque, webp]) {
    const refused = await send([...good, ['mask', Buffer.from(bad)]]);
    assertRefused(refused, { status: 400, reason: 'invalid_image', param: 'mask' });
  }
  const alone = {
    model: 'gpt-image-2',
    prompt: 'a boat',
    mask: `data:image/png;base64,${red.toString('base64')}`,
  };
  const refused = await easel.ask('POST', '/v1/images/generations', alone);
  assertRefused(refused, { status: 400, reason: 'invalid_value', param: 'mask' });
});

test('JSON edits name images as OpenAI does', async () => {
  const prompt = fresh();
  const image_url = `data:image/png;base64,${red.toString('base64')}`;
  const answer = await easel.ask('POST', edits, { model: 'seedream-4.5', prompt, images: [{ image_url }] });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(sentTo(prompt), [320]);
});

test('what is wrong is named as the caller spelled it, and nothing is sent upstream', async () => {
  const earlier = upstreamRequests();
  const good: readonly Part[] = [
    ['model', 'seedream-4.5'],
    ['prompt', 'a boat'],
  ];
  const cases: readonly (readonly [readonly Part[], string, string])[] = [
    [good, 'missing_parameter', 'image'],
    [[...good, ['image', Buffer.from('no picture')]], 'invalid_image', 'image'],
    [[...good, ['image', red], ['image', Buffer.from('no picture')]], 'invalid_image', 'image[1]'],
    [[...good, ['image', Buffer.alloc(200_001)]], 'invalid_image', 'image'],
    [[...good, ['image', red], ['n', 'two']], 'invalid_type', 'n'],
    [[...good, ['image', red], ['n', '11']], 'invalid_value', 'n'],
    [[...good, ['image', red], ['prompt', 'again']], 'invalid_value', 'prompt'],
    [[...good, ['image', red], ['mask', red]], 'unsupported_parameter', 'mask'],
    [[...good, ['image', red], ['markup', red]], 'unknown_parameter', 'markup'],
    [[...good, ['image', red], ['size', red]], 'invalid_type', 'size'],
    [[...good, ['image', red], ['images', red]], 'invalid_value', 'images'],
    [
      [
        ['prompt', 'a boat'],
        ['image', red],
      ],
      'missing_parameter',
      'model',
    ],
    [
      [
        ['model', 'seedream-4.5'],
        ['image', red],
      ],
      'missing_parameter',
      'prompt',
    ],
    [
      [
        ['model', 'glm-image'],
        ['prompt', 'a boat'],
        ['image', red],
      ],
      'unsupported_parameter',
      'image',
    ],
  ];
  for (const [parts, reason, param] of cases) {
    const answer = await send(parts);
    assertRefused(answer, { status: 400, reason, param });
  }
  assertRefused(await easel.ask('POST', edits, { model: 'seedream-4.5', prompt: 'a boat' }), {
    status: 400,
    reason: 'missing_parameter',
    param: 'image',
  });
  assert.equal(upstreamRequests(), earlier);
  await assertNoFiles();
});

test('a form that is cut off, has no boundary or goes to another address is refused in our form', async () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [edits, 'multipart/form-data', 'x', 'invalid_value'],
    [edits, 'multipart/form-data; boundary=x', '', 'invalid_value'],
    [
      edits,
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n1',
      'invalid_value',
    ],
    [
      edits,
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n1',
      'invalid_value',
    ],
    ['/v1/images/generations', 'multipart/form-data; boundary=x', '--x--\r\n', 'invalid_content_type'],
  ];
  for (const [path, type, body, reason] of cases) {
    const answer = await easel.ask('POST', path, body, { 'content-type': type });
    assertRefused(answer, { status: reason === 'invalid_value' ? 400 : 415, reason });
  }
  await assertNoFiles();
});

test('equal fields and equal files are one request by its Idempotency-Key, other files are not', async () => {
  const headers = { 'idempotency-key': 'edit-1' };
  const parts: readonly Part[] = [
    ['model', 'seedream-4.5'],
    ['prompt', fresh()],
    ['image', red],
  ];
  const first = await send(parts, headers);
  assert.equal(first.status, 200, first.text);
  const again = await send(parts.toReversed(), headers);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.at('id'), first.at('id'));
  const other = await send([...parts.slice(0, 2), ['image', blue]], headers);
  assertRefused(other, { status: 400, reason: 'idempotency_key_reused', param: 'Idempotency-Key' });
});

test('a client that leaves in the middle of its upload leaves no file behind', async () => {
  const body =
    '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + 'y'.repeat(100_000);
  const request = httpRequest(`${easel.url}${edits}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${testSecret}`,
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': '150000',
    },
  });
  request.on('error', () => undefined);
  request.write(body);
  await until(async () => (await readdir(join(easel.dataDir, 'uploads'))).length === 1);
  request.destroy();
  await assertNoFiles();
});

test('what a killed process had been sent is gone after the next start', async (t) => {
  const dataDir = await temporaryFolder(t);
  await mkdir(join(dataDir, 'uploads', 'form-abc'), { recursive: true });
  await writeFile(join(dataDir, 'uploads', 'form-abc', '0'), 'half a picture');
  const next = await startTestGateway({ dataDir, sandbox: { draw: fastDraw } });
  t.after(() => next.close());
  await assert.rejects(readdir(join(dataDir, 'uploads')), { code: 'ENOENT' });
});

test('a form announced larger than the limit is refused before it is read', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(
      `${easel.url}${edits}`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${testSecret}`,
          'content-type': 'multipart/form-data; boundary=x',
          'content-length': String(331 * 1024 * 1024),
        },
      },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          resolve(`${response.statusCode} ${text}`);
          request.destroy();
        });
      },
    );
    request.on('error', reject);
    request.flushHeaders();
  });
  assert.match(answer, /^413 .*body_too_large/);
});
