import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { createKey } from '../../src/core/api-keys.ts';
import { makeIdMaker } from '../../src/core/ids.ts';
import { withKeys } from '../../src/compose-stores.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { manualClock } from '../kit/manual-clock.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

let easel: TestGateway;
let png: Buffer<ArrayBuffer>;
before(async () => {
  easel = await startTestGateway({ sandbox: { draw: fastDraw, delayMs: 1 } });
  const made = sharp({ create: { width: 320, height: 240, channels: 3, background: 'red' } });
  png = Buffer.from(await made.png().toBuffer());
});
after(() => easel.close());

interface Sent {
  file?: Uint8Array<ArrayBuffer>;
  name?: string;
  groupId?: string;
  colour?: string;
}

async function upload({ file, ...texts }: Sent, gateway = easel, secret = testSecret): Promise<Answered> {
  const form = new FormData();
  for (const [field, value] of Object.entries(texts)) form.append(field, value);
  if (file !== undefined) form.append('file', new Blob([file]), 'boat.bin');
  const headers = { authorization: `Bearer ${secret}` };
  return await answered(await fetch(`${gateway.url}/v1/assets`, { method: 'POST', headers, body: form }));
}

test('an asset is uploaded, found, listed, used in requests and deleted', async () => {
  const made = await upload({ file: png, name: 'Boat', groupId: 'boats' });
  assert.equal(made.status, 200, made.text);
  const id = String(made.at('data.assetId'));
  const { createdAt, ...data } = Object(made.at('data')) as Record<string, unknown>;
  assert.ok(Number.isInteger(createdAt));
  assert.deepEqual(
    { ...JSON.parse(made.text), data },
    {
      code: 0,
      msg: 'OK',
      serviceCode: null,
      data: {
        assetId: id,
        name: 'Boat',
        status: 'active',
        mediaType: 'image',
        mimeType: 'image/png',
        fileType: 'png',
        filename: 'boat.bin',
        sizeBytes: png.length,
        width: 320,
        height: 240,
        aspectRatio: '4:3',
        assetGroupId: 'boats',
        uri: `asset://${id}`,
      },
    },
  );
  assert.equal((await easel.ask('GET', `/v1/assets/${id}`)).text, made.text);
  const list = await easel.ask('GET', '/v1/assets?current=1&size=1');
  assert.equal(list.at('data.list.0.assetId'), id);
  assert.deepEqual(list.at('data.pagination'), { current: 1, size: 1, total: 1 });

  const body = { model: 'seedream-4.5', prompt: 'a boat' };
  for (const [path, images] of [
    ['/v1/images/generations', { reference_images: [`asset://${id}`] }],
    ['/v1/images/edits', { images: [{ file_id: id }] }],
  ] as const) {
    const answer = await easel.ask('POST', path, { ...body, ...images });
    assert.equal(answer.status, 200, answer.text);
  }
  assert.deepEqual((await easel.ask('DELETE', `/v1/assets/${id}`)).at('data'), {
    assetId: id,
    deleted: true,
  });
  for (const method of ['GET', 'DELETE'])
    assertRefused(await easel.ask(method, `/v1/assets/${id}`), {
      status: 404,
      reason: 'not_found',
      type: 'not_found_error',
    });
  assertRefused(await easel.ask('POST', '/v1/images/generations', { ...body, image: `asset://${id}` }), {
    status: 400,
    reason: 'asset_not_found',
    param: 'image',
  });
  assert.deepEqual(
    (await readdir(join(easel.dataDir, 'objects', 'assets'), { recursive: true })).filter((name) =>
      name.includes(id),
    ),
    [],
  );
});

test("another key's asset does not exist", async () => {
  let secret = '';
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const made = await createKey('other', { ...tools, ids: makeIdMaker(Date.now) });
    if (made.kind === 'created') secret = made.secret;
  });
  const id = String((await upload({ file: png })).at('data.assetId'));
  const headers = { authorization: `Bearer ${secret}` };
  for (const method of ['GET', 'DELETE'])
    assertRefused(await easel.ask(method, `/v1/assets/${id}`, undefined, headers), {
      status: 404,
      reason: 'not_found',
      type: 'not_found_error',
    });
  assert.deepEqual((await easel.ask('GET', '/v1/assets', undefined, headers)).at('data.list'), []);
  const body = { model: 'seedream-4.5', prompt: 'a boat', images: [`asset://${id}`] };
  assertRefused(await easel.ask('POST', '/v1/images/generations', body, headers), {
    status: 400,
    reason: 'asset_not_found',
    param: 'images[0]',
  });
  assert.equal((await easel.ask('GET', `/v1/assets/${id}`)).status, 200);
});

test('what is no image, and a form that is not as described, is refused', async () => {
  for (const [sent, reason, param] of [
    [{ file: Buffer.from('no picture') }, 'invalid_image', 'file'],
    [{ name: 'x' }, 'missing_parameter', 'file'],
    [{ file: png, name: 'x'.repeat(257) }, 'invalid_value', 'name'],
    [{ file: png, colour: 'red' }, 'unknown_parameter', 'colour'],
  ] as const) {
    assertRefused(await upload(sent), { status: 400, reason, param });
  }
  const json = await easel.ask('POST', '/v1/assets', { file: 'x' });
  assertRefused(json, { status: 415, reason: 'invalid_content_type' });
  for (const query of ['current=0', 'size=101', 'size=x'])
    assertRefused(await easel.ask('GET', `/v1/assets?${query}`), {
      status: 400,
      reason: 'invalid_value',
      param: query.split('=')[0],
    });
});

test('an asset nobody uses for the retention time is removed, one that is used stays', async (t) => {
  const dataDir = await temporaryFolder(t);
  const env = { EASEL_ASSET_RETENTION_DAYS: '30' };
  const start = (nowMs: number) => {
    const clock = manualClock(nowMs);
    return startTestGateway({ env, dataDir, clock, sandbox: { draw: fastDraw } });
  };
  const dayMs = 24 * 60 * 60 * 1000;
  const firstMs = Date.UTC(2026, 0, 1);
  const first = await start(firstMs);
  const [used, unused] = [await upload({ file: png }, first), await upload({ file: png }, first)].map(
    (made) => String(made.at('data.assetId')),
  );
  await first.close();

  const second = await start(firstMs + 20 * dayMs);
  // Refused for its size, but read: that is a use.
  await second.ask('POST', '/v1/images/edits', {
    model: 'kling-image-o1',
    prompt: 'a boat',
    images: [{ file_id: used }],
  });
  await second.close();

  const third = await start(firstMs + 40 * dayMs);
  t.after(() => third.close());
  await until(async () => (await third.ask('GET', `/v1/assets/${unused}`)).status === 404);
  assert.equal((await third.ask('GET', `/v1/assets/${used}`)).status, 200);
});
