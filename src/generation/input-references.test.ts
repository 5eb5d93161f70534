import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError, type ErrorReason } from '../core/errors.ts';
import { fc } from '../../test/kit/made-up.ts';
import { readInputReferences, readReference, type Reference } from './input-references.ts';

const assetId = 'ua_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';
const https = 'https://example.org/a.png';
const remote: Reference = { kind: 'remote', url: https };

function references(body: Record<string, unknown>): Reference[] {
  return readInputReferences(body).map(({ reference }) => reference);
}

function refuses(body: Record<string, unknown>, reason: ErrorReason, param: string): void {
  assert.throws(
    () => readInputReferences(body),
    (error) => {
      assert(error instanceof GatewayError);
      assert.deepEqual([error.reason, error.param], [reason, param]);
      assert(error.message.length < 300, 'the message does not repeat the value');
      return true;
    },
    JSON.stringify(body).slice(0, 100),
  );
}

test('every spelling takes a list, and one value stands for a list', () => {
  for (const field of ['reference_images', 'images', 'image', 'image_urls', 'image_url']) {
    assert.deepEqual(readInputReferences({ prompt: 'x', [field]: [https] }), [
      { field, param: `${field}[0]`, reference: remote },
    ]);
    assert.deepEqual(readInputReferences({ [field]: https }), [{ field, param: field, reference: remote }]);
  }
});

test('no field, null and an empty list are no input images', () => {
  assert.deepEqual(readInputReferences({ prompt: 'x' }), []);
  assert.deepEqual(readInputReferences({ images: null }), []);
  assert.deepEqual(readInputReferences({ images: [] }), []);
  assert.deepEqual(references({ images: null, image: https }), [remote], 'null is not a second spelling');
});

test('two spellings at once are refused on the one written second', () => {
  refuses({ images: [https], image: https }, 'invalid_value', 'image');
  refuses({ image: https, images: [] }, 'invalid_value', 'images');
  refuses({ image_url: https, prompt: 'x', reference_images: [https] }, 'invalid_value', 'reference_images');
});

test('strings and all object forms name the same image', () => {
  for (const item of [https, { url: https }, { image_url: https }, { image_url: { url: https } }]) {
    assert.deepEqual(references({ images: [item] }), [remote]);
    assert.deepEqual(references({ image: item }), [remote]);
  }
  assert.deepEqual(references({ images: [{ url: https, image_url: null }] }), [remote]);
});

test('data URIs, assets and http addresses are told apart', () => {
  assert.deepEqual(references({ image: 'data:image/PNG;base64,AAECAw==' }), [
    { kind: 'inline', mime: 'image/png', base64: 'AAECAw==' },
  ]);
  assert.deepEqual(references({ image: 'DATA:image/jpeg;name=a.jpg;base64,AAEC\r\nAwQF\n' }), [
    { kind: 'inline', mime: 'image/jpeg', base64: 'AAECAwQF' },
  ]);
  assert.deepEqual(references({ image: `asset://${assetId}` }), [{ kind: 'asset', assetId }]);
  assert.deepEqual(references({ image: { file_id: assetId } }), [{ kind: 'asset', assetId }]);
  // This server's own files may be on http; the scheme is judged where the address is read.
  assert.deepEqual(references({ image: 'http://127.0.0.1:8080/v1/files/a' }), [
    { kind: 'remote', url: 'http://127.0.0.1:8080/v1/files/a' },
  ]);
});

test('order and duplicates are kept', () => {
  const urls = ['https://b.example/', 'https://a.example/', 'https://b.example/'];
  assert.deepEqual(
    references({ images: urls }),
    urls.map((url) => ({ kind: 'remote', url })),
  );
  assert.deepEqual(
    readInputReferences({ images: urls }).map(({ param }) => param),
    ['images[0]', 'images[1]', 'images[2]'],
  );
});

test('values of the wrong type, blank or with strange fields are refused by name', () => {
  for (const value of [5, true, [https], [null]]) refuses({ images: [value] }, 'invalid_type', 'images[0]');
  refuses({ images: [https, null] }, 'invalid_type', 'images[1]');
  refuses({ image: 7 }, 'invalid_type', 'image');
  refuses({ images: [{ url: 5 }] }, 'invalid_type', 'images[0]');
  refuses({ images: [{ url: { url: https } }] }, 'invalid_type', 'images[0]');
  refuses({ images: [{ image_url: { url: null } }] }, 'missing_parameter', 'images[0].image_url');
  refuses({ images: [{}] }, 'missing_parameter', 'images[0]');
  refuses({ images: [https, { url: https, detail: 'high' }] }, 'unknown_parameter', 'images[1].detail');
  refuses({ image: { image_url: { url: https, detail: 1 } } }, 'unknown_parameter', 'image.image_url.detail');
  refuses({ image: { url: https, image_url: https } }, 'invalid_value', 'image.image_url');
  refuses({ image: JSON.parse(`{"__proto__":"${https}"}`) }, 'unknown_parameter', 'image.__proto__');
  for (const blank of ['', ' ', '\n\t', ' ']) {
    refuses({ images: [https, blank] }, 'invalid_value', 'images[1]');
    refuses({ image_url: blank }, 'invalid_value', 'image_url');
  }
});

test('bare base64 and data URIs that are no picture are invalid images', () => {
  const faulty = [
    'iVBORw0KGgoAAAANSUhEUg==',
    'cat.png',
    '//example.org/a.png',
    'data:',
    'data:,',
    'data:image/png',
    'data:image/png,AAAA',
    'data:image/png;base64',
    'data:image/png;base64,',
    'data:image/png;base64,====',
    'data:image/png;base64,A',
    'data:image/png;base64,AAAAA',
    'data:image/png;base64,AA=',
    'data:image/png;base64,AAA==',
    'data:image/png;base64,AA==AA==',
    'data:image/png;base64,AA-_',
    'data:image/png;base64,AA%2B',
    'data:image/png;base64,{"a":1}',
    'data:;base64,AAAA',
    'data:text/html;base64,PGh0bWw+',
    'data:application/octet-stream;base64,AAAA',
    'data:image/svg+xml;base64,PHN2Zz4=',
    'data:IMAGE/SVG+XML;charset=utf-8;base64,PHN2Zz4=',
    'data:image/svg+xml,<svg/>',
    `data:image/png;${'x'.repeat(5000)};base64,AAAA`,
  ];
  for (const image of faulty) {
    refuses({ image }, 'invalid_image', 'image');
    refuses({ images: [https, { url: image }] }, 'invalid_image', 'images[1]');
  }
});

test('other schemes and impossible addresses are invalid values', () => {
  const schemes = ['ftp://a/b.png', 'file:///etc/passwd', 'gs://b/o.png', 'blob:https://a/b', 'C:\\a.png'];
  for (const url of [...schemes, 'https://', 'https://[::1', `https://a.example/${'x'.repeat(20_000)}`]) {
    refuses({ images: [url] }, 'invalid_value', 'images[0]');
  }
});

test('a malformed asset id is answered like one that never existed', () => {
  for (const id of ['', 'ua_', 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B', `${assetId}/..`, '../x']) {
    refuses({ images: [`asset://${id}`] }, 'asset_not_found', 'images[0]');
  }
  refuses({ images: [https, { file_id: 'file-9k2' }] }, 'asset_not_found', 'images[1].file_id');
  refuses({ images: [{ file_id: 9 }] }, 'invalid_type', 'images[0].file_id');
});

test('forty megabytes of base64 are checked in well under a second', () => {
  const image = `data:image/png;base64,${'A'.repeat(40_000_000)}`;
  const before = process.cpuUsage();
  readReference(image, 'image');
  refuses({ image: `${image}*` }, 'invalid_image', 'image');
  // Of this process: the machine may have other things to do.
  assert(process.cpuUsage(before).user < 2_000_000);
});

test('whatever JSON stands there, the answer is a list or a refusal that names the field', () => {
  const spelling = fc.constantFrom('reference_images', 'images', 'image', 'image_urls', 'image_url');
  const text = fc.oneof(
    fc.string(),
    fc
      .constantFrom('https://', 'data:', 'asset://', 'data:image/png;base64,')
      .chain((head) => fc.string({ unit: 'binary' }).map((tail) => head + tail)),
  );
  const item = fc.oneof(
    fc.jsonValue(),
    text,
    fc.dictionary(
      fc.constantFrom('url', 'image_url', 'file_id', 'x', '__proto__'),
      fc.oneof(text, fc.jsonValue()),
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(spelling, fc.oneof(item, fc.array(item))), (body) => {
      try {
        for (const { field, param } of readInputReferences(body)) assert(param.startsWith(field));
      } catch (error) {
        assert(error instanceof GatewayError, String(error));
        assert(error.param !== null && Object.keys(body).some((field) => error.param?.startsWith(field)));
      }
    }),
    { numRuns: 500 },
  );
});
