import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { FormPart } from './form-body.ts';
import { makeFormBody } from './form-body.ts';

async function readBack(parts: readonly FormPart[]): Promise<[string, unknown][]> {
  const { chunks, contentType, length } = makeFormBody(parts);
  const bytes = Buffer.concat([...chunks()]);
  assert.equal(bytes.length, length);
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  return [...form.entries()];
}

test('fields and files come out as they went in, in their order', async () => {
  const picture = new Uint8Array(randomBytes(100_000));
  const entries = await readBack([
    { name: 'prompt', text: 'eine "Möwe"\r\n--easel\r\nund ein Boot' },
    { name: 'image[]', fileName: 'one.png', mimeType: 'image/png', bytes: picture },
    { name: 'image[]', fileName: 'two.jpg', mimeType: 'image/jpeg', bytes: Uint8Array.of(13, 10, 45, 45) },
    { name: 'empty', text: '' },
  ]);
  assert.deepEqual(
    entries.map(([name]) => name),
    ['prompt', 'image[]', 'image[]', 'empty'],
  );
  const [prompt, one, two, empty] = entries.map(([, value]) => value);
  assert.equal(prompt, 'eine "Möwe"\r\n--easel\r\nund ein Boot');
  assert.ok(one instanceof File && two instanceof File);
  assert.deepEqual(
    [one.name, one.type, two.name, two.type],
    ['one.png', 'image/png', 'two.jpg', 'image/jpeg'],
  );
  assert.deepEqual(await one.bytes(), picture);
  assert.deepEqual(await two.bytes(), Uint8Array.of(13, 10, 45, 45));
  assert.equal(empty, '');
});

test('a name cannot end its header', async () => {
  const { chunks } = makeFormBody([{ name: 'a"\r\nx: y', text: '1' }], 'b');
  assert.match(
    Buffer.concat([...chunks()]).toString(),
    /^--b\r\n.*name="a%22%0D%0Ax: y"\r\n\r\n1\r\n--b--\r\n$/,
  );
});

test('pictures are not copied, and every form has another boundary', () => {
  const bytes = new Uint8Array(10);
  const parts = [{ name: 'image', fileName: 'a.png', mimeType: 'image/png', bytes }];
  const form = makeFormBody(parts);
  assert.ok([...form.chunks()].includes(bytes));
  assert.deepEqual([...form.chunks()], [...form.chunks()]);
  assert.notEqual(form.contentType, makeFormBody(parts).contentType);
});
