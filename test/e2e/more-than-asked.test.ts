import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

const picture = (index: number) =>
  fastDraw({
    prompt: `extra ${index}`,
    seed: index,
    width: 2048,
    height: 2048,
    format: 'jpeg',
    inputs: [],
    watermark: false,
  });

test('more images than a group was asked for are all kept, behind the others: they were paid for', async (t) => {
  // An upstream of Ark's form that brings five where three were asked for.
  const upstream = createServer((request, response) => {
    const place = /^\/picture\/(\d)$/.exec(request.url ?? '');
    if (place !== null) {
      void picture(Number(place[1])).then((bytes) =>
        response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes),
      );
      return;
    }
    request.resume().on('end', () => {
      const data = [0, 1, 2, 3, 4].map((i) => ({ url: `${origin}/picture/${i}`, size: '2048x2048' }));
      const usage = { generated_images: 5, output_tokens: 81_920, total_tokens: 81_920 };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ model: 'seedream-4-5-251128', created: 1, data, usage }));
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  t.after(() => upstream.close());
  // A server on a TCP port has an address of this form.
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const file = join(await temporaryFolder(t), 'easel.json');
  const route = { provider: 'ark', name: 'generous', baseUrl: origin, apiKeyEnv: 'GENEROUS_KEY' };
  await writeFile(file, JSON.stringify({ models: { 'seedream-4.5': { routes: [route] } } }));
  const easel = await startTestGateway({ env: { EASEL_CONFIG: file, GENEROUS_KEY: 'generous-key' } });
  t.after(() => easel.close());

  const made = await easel.ask('POST', '/v1/images/generations', {
    model: 'seedream-4.5',
    prompt: 'three paper boats',
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 3 },
  });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => made.at(`data.${i}.index`)),
    [0, 1, 2, 3, 4],
  );
  const record = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
  const hashes = new Set([0, 1, 2, 3, 4].map((i) => record.at(`images.${i}.sha256`)));
  assert.equal(hashes.size, 5);
});
