import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { startRawServer, type RawServer } from '../kit/raw-server.ts';
import { watchUntouched } from '../kit/untouched.ts';

/** Input images that are none, and addresses that a server must not be made to fetch (public-api.md section 4.3). */

let easel: TestGateway;
let inside: RawServer;
let assertUntouched: () => Promise<void>;
before(async () => {
  easel = await startTestGateway({
    env: { EASEL_ALLOW_HTTP_INPUTS: 'true' },
    sandbox: { draw: claimedDraw, delayMs: 1 },
  });
  inside = await startRawServer((socket) => socket.end());
  assertUntouched = await watchUntouched(easel);
});
after(async () => {
  await assertUntouched();
  assert.equal(inside.connections(), 0, 'an address inside was reached');
  await Promise.all([easel.close(), inside.close()]);
});

/** A request that has nothing wrong but its input images. */
function edit(images: object) {
  return easel.ask('POST', '/v1/images/generations', { model: 'seedream-4.5', prompt: 'a boat', ...images });
}

const dataUri = (bytes: Uint8Array, type = 'image/png'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#3377aa' } });
const png = await blank(64, 48).png().toBuffer();
const jpeg = await blank(64, 48).jpeg().toBuffer();
const noise = await sharp({
  create: {
    width: 256,
    height: 256,
    channels: 3,
    background: '#000',
    noise: { type: 'gaussian', mean: 128, sigma: 60 },
  },
})
  .png()
  .toBuffer();
const bomb = await claimedDraw({
  prompt: '',
  seed: 0,
  width: 100_000,
  height: 100_000,
  format: 'png',
  inputs: [],
  watermark: false,
});
const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>';

const liars: readonly { what: string; url: string }[] = [
  { what: 'text that calls itself PNG', url: dataUri(Buffer.from('a boat')) },
  {
    what: 'HTML that calls itself JPEG',
    url: dataUri(Buffer.from('<html><body>no</body></html>'), 'image/jpeg'),
  },
  {
    what: 'a PDF that calls itself PNG',
    url: dataUri(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')),
  },
  { what: 'a PNG signature and nothing else', url: dataUri(png.subarray(0, 8)) },
  { what: 'a PNG cut off within its header', url: dataUri(noise.subarray(0, 30)) },
  { what: 'a PNG cut off within its pixels', url: dataUri(noise.subarray(0, noise.length >> 1)) },
  {
    what: 'a JPEG cut off within its pixels',
    url: dataUri(jpeg.subarray(0, jpeg.length - 40), 'image/jpeg'),
  },
  {
    what: 'a PNG whose pixels are noise',
    url: dataUri(
      await claimedDraw({
        prompt: '',
        seed: 0,
        width: 64,
        height: 64,
        format: 'png',
        inputs: [],
        watermark: false,
      }),
    ),
  },
  { what: 'a PNG that claims 100,000 x 100,000 pixels', url: dataUri(bomb) },
  {
    what: 'a picture of 36.1 megapixels',
    url: dataUri(await blank(6016, 6001).png({ compressionLevel: 1 }).toBuffer()),
  },
  { what: 'a picture of 14 pixels a side', url: dataUri(await blank(14, 14).png().toBuffer()) },
  {
    what: 'a picture 17 times as wide as high',
    url: dataUri(
      await blank(17 * 16, 16)
        .png()
        .toBuffer(),
    ),
  },
  { what: 'SVG', url: dataUri(Buffer.from(svg), 'image/svg+xml') },
  { what: 'SVG that calls itself PNG', url: dataUri(Buffer.from(svg)) },
  {
    what: 'SVG behind a declaration',
    url: dataUri(Buffer.from(`<?xml version="1.0"?>\n${svg}`), 'image/png'),
  },
  { what: 'base64 without a data: prefix', url: png.toString('base64') },
  { what: 'base64 that is none', url: 'data:image/png;base64,@@@@' },
  { what: 'base64 of the wrong length', url: 'data:image/png;base64,AAAAA' },
  { what: 'a data URI without data', url: 'data:image/png;base64,' },
  { what: 'a data URI that is not base64', url: 'data:image/png,%89PNG' },
  { what: 'a data URI of text', url: `data:text/plain;base64,${png.toString('base64')}` },
  {
    what: 'more than 20 MiB',
    url: `data:image/png;base64,${'A'.repeat(4 * Math.ceil((20 * 1024 * 1024 + 1) / 3))}`,
  },
];
for (const { what, url } of liars) {
  test(`${what} is no input image, in each of its spellings`, async () => {
    const refused = { status: 400, reason: 'invalid_image' };
    assertRefused(await edit({ image: url }), { ...refused, param: 'image' });
    const images = [dataUri(png), { image_url: { url } }];
    assertRefused(await edit({ reference_images: images }), { ...refused, param: 'reference_images[1]' });
  });
}

test('HEIC is refused where the upstream does not take it', async () => {
  const heic = Buffer.from('0000001c667479706865696300000000', 'hex');
  assertRefused(await edit({ image: dataUri(heic, 'image/heic') }), {
    status: 400,
    reason: 'invalid_image',
    param: 'image',
  });
});

const insideUrls = (port: number): string[] => [
  `https://127.0.0.1:${port}/a.png`,
  `https://127.1:${port}/a.png`,
  `https://127.9.9.9:${port}/a.png`,
  `https://2130706433:${port}/a.png`,
  `https://0x7f000001:${port}/a.png`,
  `https://0177.0.0.1:${port}/a.png`,
  `https://0x7f.1:${port}/a.png`,
  `https://0.0.0.0:${port}/a.png`,
  `https://0:${port}/a.png`,
  `https://[::1]:${port}/a.png`,
  `https://[::]:${port}/a.png`,
  `https://[::ffff:127.0.0.1]:${port}/a.png`,
  `https://[::ffff:7f00:1]:${port}/a.png`,
  `https://[::127.0.0.1]:${port}/a.png`,
  `https://[64:ff9b::7f00:1]:${port}/a.png`,
  `https://localhost:${port}/a.png`,
  `https://LOCALHOST:${port}/a.png`,
  `https://localhost.:${port}/a.png`,
  `https://boat.localhost:${port}/a.png`,
  `https://easel@127.0.0.1:${port}/a.png`,
  `https://127.0.0.1%2f@127.0.0.1:${port}/a.png`,
  `https://１２７.０.０.１:${port}/a.png`,
];
const privateUrls = [
  'https://10.0.0.1/a.png',
  'https://172.16.0.1/a.png',
  'https://172.31.255.254/a.png',
  'https://192.168.1.1/a.png',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/a.png',
  'https://192.0.2.1/a.png',
  'https://198.18.0.1/a.png',
  'https://224.0.0.1/a.png',
  'https://255.255.255.255/a.png',
  'https://[fe80::1]/a.png',
  'https://[fc00::1]/a.png',
  'https://[fd12:3456::1]/a.png',
  'https://[ff02::1]/a.png',
  'https://[2001:db8::1]/a.png',
  'https://[::ffff:10.0.0.1]/a.png',
  'https://user:secret@example.com/a.png',
];

test('no address inside is fetched, however it is written, and each is answered with the same text', async () => {
  const texts = new Set<string>();
  const https = [...insideUrls(inside.port), ...privateUrls];
  for (const url of [...https, ...https.map((url) => url.replace('https:', 'http:'))]) {
    const answer = await edit({ reference_images: [dataUri(png), url] });
    assertRefused(answer, { status: 400, reason: 'image_fetch_failed', param: 'reference_images[1]' });
    texts.add(String(answer.at('error.message')));
  }
  assert.equal(texts.size, 1, [...texts].join('\n'));
});

test('plain http is fetched only where the operator allows it', async () => {
  const strict = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 } });
  try {
    const answer = await strict.ask('POST', '/v1/images/generations', {
      model: 'seedream-4.5',
      prompt: 'a boat',
      image_url: 'http://example.com/a.png',
    });
    assertRefused(answer, { status: 400, reason: 'image_fetch_failed', param: 'image_url' });
  } finally {
    await strict.close();
  }
});

const wrongForms: readonly { images: object; reason: string; param: string }[] = [
  { images: { image: 'file:///etc/passwd' }, reason: 'invalid_value', param: 'image' },
  { images: { image: 'ftp://example.com/a.png' }, reason: 'invalid_value', param: 'image' },
  { images: { image: 'gopher://example.com/a.png' }, reason: 'invalid_value', param: 'image' },
  { images: { image: 'https://' }, reason: 'invalid_value', param: 'image' },
  { images: { image: 'https://exa mple.com/a.png' }, reason: 'invalid_value', param: 'image' },
  { images: { image: `https://example.com/${'a'.repeat(20_000)}` }, reason: 'invalid_value', param: 'image' },
  { images: { image: '' }, reason: 'invalid_value', param: 'image' },
  { images: { image: 7 }, reason: 'invalid_type', param: 'image' },
  { images: { image: true }, reason: 'invalid_type', param: 'image' },
  { images: { images: [[dataUri(png)]] }, reason: 'invalid_type', param: 'images[0]' },
  { images: { images: [dataUri(png), null] }, reason: 'invalid_type', param: 'images[1]' },
  { images: { images: [{}] }, reason: 'missing_parameter', param: 'images[0]' },
  { images: { images: [{ url: 7 }] }, reason: 'invalid_type', param: 'images[0]' },
  {
    images: { images: [{ url: dataUri(png), name: 'boat' }] },
    reason: 'unknown_parameter',
    param: 'images[0].name',
  },
  {
    images: { images: [{ url: dataUri(png), image_url: dataUri(png) }] },
    reason: 'invalid_value',
    param: 'images[0].image_url',
  },
  { images: { image: 'asset://ua_01K3ZQ8V5N7D2M4R6T9W1X3Y5B' }, reason: 'asset_not_found', param: 'image' },
  { images: { image: 'asset://nonsense' }, reason: 'asset_not_found', param: 'image' },
  { images: { images: [dataUri(png)], image: dataUri(png) }, reason: 'invalid_value', param: 'image' },
  {
    images: { image_url: dataUri(png), image_urls: [dataUri(png)] },
    reason: 'invalid_value',
    param: 'image_urls',
  },
];
for (const { images, reason, param } of wrongForms) {
  test(`${JSON.stringify(images).slice(0, 70)} gives ${reason} on ${param}`, async () => {
    assertRefused(await edit(images), { status: 400, reason, param });
  });
}

const limits = {
  'kling-image-o1': 10,
  'seedream-4.5': 14,
  'seedream-4.0': 14,
  'dola-seedream-5.0-lite': 14,
  'nano-banana-pro': 14,
};
for (const [model, max] of Object.entries(limits)) {
  test(`${model} takes no more than ${max} input images`, async () => {
    const images = Array.from({ length: max + 1 }, () => dataUri(png));
    assertRefused(await edit({ model, image_urls: images }), {
      status: 400,
      reason: 'too_many_inputs',
      param: 'image_urls',
    });
  });
}

test('glm-image takes no input image at all, in any spelling', async () => {
  for (const spelling of ['reference_images', 'images', 'image', 'image_urls', 'image_url']) {
    const answer = await edit({ model: 'glm-image', [spelling]: dataUri(png) });
    assertRefused(answer, { status: 400, reason: 'unsupported_parameter', param: spelling });
  }
});

test('the first bad image of several is the one that is named', async () => {
  const bad = dataUri(Buffer.from('a boat'));
  const answer = await edit({ images: [dataUri(png), bad, 'https://127.0.0.1/a.png', bad] });
  assertRefused(answer, { status: 400, reason: 'invalid_image', param: 'images[1]' });
});
