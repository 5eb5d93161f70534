import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { sixModels } from './six-models.ts';

/** output_format on every model (public-api.md sections 4.1 and 4.4): what callers get, and what is kept. */

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
});
after(() => easel.close());

const formats = ['png', 'jpeg', 'webp'] as const;
const extension = { png: 'png', jpeg: 'jpg', webp: 'webp' };

async function make(body: object, of = easel): Promise<Answered> {
  const answer = await of.ask('POST', '/v1/images/generations', { prompt: 'a boat', ...body });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

async function fetchBytes(url: unknown): Promise<{ bytes: Buffer; type: string | null }> {
  const response = await fetch(String(url));
  assert.equal(response.status, 200);
  return {
    bytes: Buffer.from(await response.arrayBuffer()),
    type: response.headers.get('content-type'),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const model of Object.keys(sixModels)) {
  test(`${model} delivers every output_format, as a link and as base64, and keeps what the provider made`, async () => {
    for (const output_format of formats) {
      const made = await make({ model, output_format });
      const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
      const urls = [made.at('data.0.url'), record.at('url'), record.at('images.0.url')];
      for (const url of urls)
        assert.ok(new URL(String(url)).pathname.endsWith(`/0.${extension[output_format]}`));
      const { bytes, type } = await fetchBytes(urls[0]);
      const seen = await sharp(bytes).metadata();
      assert.deepEqual([seen.format, type], [output_format, `image/${output_format}`]);
      assert.equal(`${seen.width}x${seen.height}`, made.at('data.0.size'));
      assert.equal(made.at('warnings'), undefined);

      const keptUrl = record.at('images.0.original_url') ?? record.at('images.0.url');
      const kept = await fetchBytes(keptUrl);
      assert.equal(sha256(kept.bytes), record.at('images.0.sha256'));
      assert.equal(kept.bytes.length, record.at('images.0.bytes'));
      assert.equal(kept.type, record.at('images.0.mime_type'));
      const isConverted = kept.type !== `image/${output_format}`;
      assert.equal(record.at('images.0.original_url') !== undefined, isConverted);
      if (!isConverted) assert.deepEqual(kept.bytes, bytes);

      const inline = await make({ model, output_format, n: 2, response_format: 'b64_json' });
      for (const i of [0, 1]) {
        const picture = Buffer.from(String(inline.at(`data.${i}.b64_json`)), 'base64');
        assert.equal((await sharp(picture).metadata()).format, output_format);
      }
      assert.equal(Number(inline.headers.get('content-length')), Buffer.byteLength(inline.text));
    }
  });
}

test('what a provider can make itself is asked of it and not made again here', async () => {
  for (const output_format of ['png', 'jpeg'] as const) {
    const made = await make({ model: 'dola-seedream-5.0-lite', output_format });
    const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
    assert.equal(record.at('images.0.mime_type'), `image/${output_format}`);
    assert.equal(record.at('images.0.original_url'), undefined);
  }
  const webp = await make({ model: 'dola-seedream-5.0-lite', output_format: 'webp' });
  const record = await easel.ask('GET', `/v1/images/${String(webp.at('id'))}`);
  // Without loss, so that only one step has any.
  assert.equal(record.at('images.0.mime_type'), 'image/png');
});

test('without output_format nothing is converted', async () => {
  const made = await make({ model: 'nano-banana-pro' });
  const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
  assert.equal(record.at('images.0.original_url'), undefined);
  assert.equal(new URL(String(record.at('url'))).searchParams.has('as'), false);
});

test('the content of a converted image is the converted one, and its original by its format', async () => {
  const made = await make({ model: 'nano-banana-pro', output_format: 'webp' });
  const path = `/v1/images/${String(made.at('id'))}/content`;
  const { bytes } = await fetchBytes(made.at('data.0.url'));
  const content = async (query: string) => {
    const response = await fetch(`${easel.url}${path}?${query}`, {
      headers: { authorization: `Bearer ${testSecret}` },
    });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  };
  const whole = await content('format=binary');
  assert.deepEqual(whole.bytes, bytes);
  assert.equal(whole.response.headers.get('content-type'), 'image/webp');
  assert.match(String(whole.response.headers.get('content-disposition')), /_0\.webp"$/);
  assert.deepEqual((await content('format=redirect')).bytes, bytes);
  const link = await easel.ask('GET', `${path}?format=url`);
  assert.deepEqual((await fetchBytes(link.at('url'))).bytes, bytes);
  const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
  assert.equal(sha256((await content('format=binary&as=jpeg')).bytes), record.at('images.0.sha256'));
});

test('an image with its output_format is the input of the next one', async () => {
  const made = await make({ model: 'nano-banana-pro', output_format: 'webp' });
  const next = await make({ model: 'seedream-4.5', image: made.at('data.0.url') });
  assert.equal(next.at('data.0.size'), '2048x2048');
});

test('an image that was paid for and cannot be converted is delivered as it was made, and said so', async (t) => {
  const damaged = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 } });
  t.after(() => damaged.close());
  const model = 'seedream-4.5';
  const inline = await make({ model, output_format: 'webp', response_format: 'b64_json' }, damaged);
  const record = await damaged.ask('GET', `/v1/images/${String(inline.at('id'))}`);
  assert.equal(
    sha256(Buffer.from(String(inline.at('data.0.b64_json')), 'base64')),
    record.at('images.0.sha256'),
  );
  assert.equal(inline.at('warnings.0.param'), 'output_format');
  assert.deepEqual([inline.at('warnings.0.requested'), inline.at('warnings.0.used')], ['webp', 'jpeg']);
  // A link costs nothing to ask for again; its original has a link of its own.
  const refused = await fetch(String(record.at('images.0.url')));
  assert.equal(refused.status, 500);
  assert.match(await refused.text(), /Fetch it as it was made/);
  for (const header of ['etag', 'cache-control']) assert.equal(refused.headers.get(header), null);
  assert.equal((await fetch(String(record.at('images.0.thumbnail_url')))).status, 500);
  await fetchBytes(record.at('images.0.original_url'));
});
