import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { imageSize } from 'image-size';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway();
});
after(() => easel.close());

const models = [
  'kling-image-o1',
  'seedream-4.5',
  'seedream-4.0',
  'dola-seedream-5.0-lite',
  'nano-banana-pro',
  'glm-image',
];

test('the published example is answered word for word, and its link gives a real 2048x2048 picture', async () => {
  const answer = await easel.ask('POST', '/v1/images/generations', {
    model: 'dola-seedream-5.0-lite',
    prompt: 'A minimalist sunrise over calm water, digital illustration',
    size: '2048x2048',
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.at('model'), 'dola-seedream-5.0-lite');
  assert.deepEqual(answer.at('usage'), {
    generated_images: 1,
    output_tokens: 16384,
    total_tokens: 16384,
    cost: null,
  });
  assert.equal(answer.at('data.0.size'), '2048x2048');
  assert.equal(answer.headers.get('x-served-by'), 'sandbox/ark');
  assert.equal(answer.headers.get('x-image-id'), answer.at('id'));
  const picture = await fetch(String(answer.at('data.0.url')));
  assert.equal(picture.status, 200);
  const { width, height } = imageSize(new Uint8Array(await picture.arrayBuffer()));
  assert.deepEqual([width, height], [2048, 2048]);
});

for (const model of models) {
  test(`${model} gives a picture whose record, link, bytes and hash agree`, async () => {
    const made = await easel.ask('POST', '/v1/images/generations', {
      model,
      prompt: `a lighthouse for ${model}`,
    });
    assert.equal(made.status, 200, made.text);
    const id = String(made.at('id'));
    const record = await easel.ask('GET', `/v1/images/${id}`);
    assert.equal(record.at('status'), 'completed');
    assert.equal(record.at('model'), model);
    const bytes = new Uint8Array(await (await fetch(String(made.at('data.0.url')))).arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), record.at('images.0.sha256'));
    assert.equal(
      `${String(record.at('images.0.width'))}x${String(record.at('images.0.height'))}`,
      made.at('data.0.size'),
    );
    const content = await easel.ask('GET', `/v1/images/${id}/content?format=url`);
    assert.equal(content.at('image_id'), id);
  });

  test(`${model} gives several different pictures, as base64 too`, async () => {
    const made = await easel.ask('POST', '/v1/images/generations', {
      model,
      prompt: 'three boats',
      n: 3,
      response_format: 'b64_json',
    });
    assert.equal(made.status, 200, made.text);
    const pictures = [0, 1, 2].map((i) => Buffer.from(String(made.at(`data.${i}.b64_json`)), 'base64'));
    assert.equal(new Set(pictures.map((bytes) => createHash('sha256').update(bytes).digest('hex'))).size, 3);
    for (const bytes of pictures) assert.ok((imageSize(bytes).width ?? 0) > 500);
    assert.equal(Number(made.headers.get('content-length')), Buffer.byteLength(made.text));
    assert.equal(made.at('usage.generated_images'), 3);
  });
}

test('the list shows newest first, pages both ways, and forgets what was deleted', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i += 1)
    ids.unshift(
      String(
        (await easel.ask('POST', '/v1/images/generations', { model: 'glm-image', prompt: `page ${i}` })).at(
          'id',
        ),
      ),
    );
  const page = await easel.ask('GET', '/v1/images?limit=2');
  assert.deepEqual([page.at('data.0.id'), page.at('data.1.id'), page.at('has_more')], [ids[0], ids[1], true]);
  const next = await easel.ask('GET', `/v1/images?limit=1&after=${ids[1]}`);
  assert.equal(next.at('data.0.id'), ids[2]);
  const back = await easel.ask('GET', `/v1/images?limit=1&before=${ids[1]}`);
  assert.equal(back.at('data.0.id'), ids[0]);
  const url = String(page.at('data.0.url'));
  assert.equal((await fetch(url)).status, 200);
  assert.deepEqual((await easel.ask('DELETE', `/v1/images/${ids[0]}`)).at('deleted'), true);
  assert.equal((await fetch(url)).status, 404);
  assert.equal((await easel.ask('DELETE', `/v1/images/${ids[0]}`)).status, 404);
  assert.equal((await easel.ask('GET', '/v1/images?limit=1')).at('data.0.id'), ids[1]);
});
