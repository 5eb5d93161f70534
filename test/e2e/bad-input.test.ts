import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { answered, startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { watchUntouched } from '../kit/untouched.ts';

/** What reaches POST /v1/images/generations and is no request: each is told what is wrong, and nothing happens. */

const path = '/v1/images/generations';
const mebibyte = 1024 * 1024;

let easel: TestGateway;
let assertUntouched: () => Promise<void>;
before(async () => {
  easel = await startTestGateway({ clock: fastClock(20), sandbox: { draw: claimedDraw, delayMs: 1 } });
  assertUntouched = await watchUntouched(easel);
});
after(async () => {
  await assertUntouched();
  await easel.close();
});

const whole = { model: 'seedream-4.5', prompt: 'a boat' };
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const invalidJson = { status: 400, reason: 'invalid_json' };

test('a tier in lower case is answered with how it is written', async () => {
  for (const [model, field, word] of [
    ['seedream-4.5', 'size', '2k'],
    ['nano-banana-pro', 'size', '4k'],
    ['gpt-image-2', 'quality', 'High'],
  ] as const) {
    const answer = await easel.ask('POST', path, { ...whole, model, [field]: word });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.at('error.param'), field);
    assert.match(String(answer.at('error.message')), /must be written '(2K|4K|high)', not '(2k|4k|High)'/);
  }
});

const bodies: readonly { what: string; body: string | Uint8Array }[] = [
  { what: 'an empty body', body: '' },
  { what: 'white space', body: '  \n ' },
  { what: 'a word', body: 'boat' },
  { what: 'a form', body: 'model=seedream-4.5&prompt=boat' },
  { what: 'JSON that ends early', body: '{"model":"seedream-4.5","prompt":"a bo' },
  { what: 'JSON with something behind it', body: `${JSON.stringify(whole)} {}` },
  { what: 'JSON with a comma too many', body: '{"model":"seedream-4.5","prompt":"a boat",}' },
  { what: 'JSON with a comment', body: `// a boat\n${JSON.stringify(whole)}` },
  { what: 'a list', body: JSON.stringify([whole]) },
  { what: 'a string', body: '"a boat"' },
  { what: 'a number', body: '7' },
  { what: 'null', body: 'null' },
  { what: '100,000 nested lists', body: nested(100_000) },
  { what: '100,000 nested objects', body: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}` },
  {
    what: '100,000 lists nested in a field',
    body: `{"model":"seedream-4.5","prompt":"a","n":${nested(100_000)}}`,
  },
  {
    what: '100,000 lists nested in a field that is passed on',
    body: `{"model":"nano-banana-pro","prompt":"a","provider_options":{"gemini":{"tools":${nested(100_000)}}}}`,
  },
  {
    what: 'a million numbers in a field that nobody knows',
    body: `{"model":"seedream-4.5","prompt":"a","a":[${'1,'.repeat(1_000_000)}1]}`,
  },
  {
    what: 'text that is not UTF-8',
    body: Buffer.from(JSON.stringify({ ...whole, prompt: 'café' }), 'latin1'),
  },
  {
    what: 'text cut off within a character',
    body: Buffer.from(JSON.stringify(whole).replace('boat', '舟')).subarray(0, -4),
  },
  { what: 'UTF-16', body: Buffer.from(`\ufeff${JSON.stringify(whole)}`, 'utf16le') },
  { what: 'random bytes', body: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]) },
];

for (const { what, body } of bodies) {
  test(`${what} is no JSON object`, async () => {
    assertRefused(await easel.ask('POST', path, body, { 'content-type': 'application/json' }), invalidJson);
  });
}

test('an empty object lacks a model, and a byte order mark before it does not matter', async () => {
  const missing = { status: 400, reason: 'missing_parameter', param: 'model' };
  assertRefused(await easel.ask('POST', path, '{}'), missing);
  assertRefused(await easel.ask('POST', path, '\ufeff{}'), missing);
});

for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '']) {
  test(`a field named '${name}' is an unknown one wherever it stands`, async () => {
    const at = (open: string, close: string) =>
      `{"model":"nano-banana-pro","prompt":"a"${open}"${name}":{"seed":1,"tools":1}${close}}`;
    assertRefused(await easel.ask('POST', path, at(',', '')), {
      status: 400,
      reason: 'unknown_parameter',
      param: name,
    });
    assertRefused(await easel.ask('POST', path, at(',"provider_options":{', '}')), {
      status: 400,
      reason: 'unsupported_parameter',
      param: `provider_options.${name}.seed`,
    });
    assertRefused(await easel.ask('POST', path, at(',"provider_options":{"gemini":{', '}}')), {
      status: 400,
      reason: 'unsupported_parameter',
      param: `provider_options.gemini.${name}`,
    });
    const sequential = `{"model":"seedream-4.5","prompt":"a","sequential_image_generation_options":{"${name}":1}}`;
    assertRefused(await easel.ask('POST', path, sequential), {
      status: 400,
      reason: 'unknown_parameter',
      param: `sequential_image_generation_options.${name}`,
    });
  });
}

test('a prototype in the body lends no fields to it', async () => {
  const body = '{"__proto__":{"model":"seedream-4.5","prompt":"a boat"}}';
  assertRefused(await easel.ask('POST', path, body), {
    status: 400,
    reason: 'missing_parameter',
    param: 'model',
  });
});

test('a body beyond 64 MiB is refused by its announced length', async () => {
  const tooLarge = { status: 413, reason: 'body_too_large' };
  const body = Buffer.alloc(64 * mebibyte + 1, ' ');
  assertRefused(await easel.ask('POST', path, body, { 'content-type': 'application/json' }), tooLarge);
});

test('a body beyond 64 MiB is refused while it is read when it announces no length', async () => {
  const chunk = Buffer.alloc(mebibyte, ' ');
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      if (sent > 65) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const response = await fetch(`${easel.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
    body: stream,
    duplex: 'half',
  });
  assertRefused(await answered(response), { status: 413, reason: 'body_too_large' });
});

test('a body within 64 MiB is read: what is too long in it is the prompt', async () => {
  const body = { model: 'seedream-4.5', prompt: 'x'.repeat(60 * mebibyte) };
  assertRefused(await easel.ask('POST', path, body), {
    status: 400,
    reason: 'prompt_too_long',
    param: 'prompt',
  });
});

for (const type of [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json5',
  'application/xml',
  'json',
  'image/png',
  'multipart/form-data; boundary=x',
]) {
  test(`a body of type ${type} is refused as such`, async () => {
    assertRefused(await easel.ask('POST', path, JSON.stringify(whole), { 'content-type': type }), {
      status: 415,
      reason: 'invalid_content_type',
    });
  });
}

for (const type of [
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json;charset="UTF-8"',
]) {
  test(`a body of type ${type} is read as JSON`, async () => {
    const body = JSON.stringify({ model: 'seedream-4.5' });
    assertRefused(await easel.ask('POST', path, body, { 'content-type': type }), {
      status: 400,
      reason: 'missing_parameter',
      param: 'prompt',
    });
  });
}

test('a packed body is told to come unpacked', async () => {
  const body = gzipSync(JSON.stringify(whole));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  assertRefused(await easel.ask('POST', path, body, headers), {
    status: 415,
    reason: 'invalid_content_type',
  });
});

const promptFault = { status: 400, reason: 'invalid_value', param: 'prompt' };
const prompts: readonly { what: string; json: string }[] = [
  { what: 'is empty', json: '""' },
  { what: 'is blank', json: JSON.stringify(' \t\n\u3000\u00a0') },
  { what: 'holds NUL', json: '"a\\u0000boat"' },
  { what: 'holds the first half of a surrogate pair', json: '"a boat \\ud83d"' },
  { what: 'holds the second half of a surrogate pair', json: '"\\ude00 a boat"' },
  { what: 'holds a surrogate pair in the wrong order', json: '"\\ude00\\ud83d"' },
];
for (const { what, json } of prompts) {
  test(`a prompt that ${what} is refused`, async () => {
    assertRefused(await easel.ask('POST', path, `{"model":"seedream-4.5","prompt":${json}}`), promptFault);
  });
}

for (const [prompt, reason] of [
  [7, 'invalid_type'],
  [['a boat'], 'invalid_type'],
  [{ text: 'a boat' }, 'invalid_type'],
  [true, 'invalid_type'],
  [null, 'missing_parameter'],
  [undefined, 'missing_parameter'],
] as const) {
  test(`a prompt that is ${JSON.stringify(prompt)} is refused with ${reason}`, async () => {
    const answer = await easel.ask('POST', path, { model: 'seedream-4.5', prompt });
    assertRefused(answer, { status: 400, reason, param: 'prompt' });
  });
}

test('a prompt of 100,000 characters is too long for every model', async () => {
  for (const model of [
    'kling-image-o1',
    'seedream-4.5',
    'seedream-4.0',
    'dola-seedream-5.0-lite',
    'nano-banana-pro',
    'glm-image',
  ]) {
    const answer = await easel.ask('POST', path, { model, prompt: '画'.repeat(100_000) });
    assertRefused(answer, { status: 400, reason: 'prompt_too_long', param: 'prompt' });
  }
});

for (const [model, status, reason] of [
  [null, 400, 'missing_parameter'],
  [7, 400, 'invalid_type'],
  [['seedream-4.5'], 400, 'invalid_type'],
  [{}, 400, 'invalid_type'],
  ['', 404, 'model_not_found'],
  ['dall-e-3', 404, 'model_not_found'],
  ['__proto__', 404, 'model_not_found'],
  ['constructor', 404, 'model_not_found'],
  ['../seedream-4.5', 404, 'model_not_found'],
  ['x'.repeat(100_000), 404, 'model_not_found'],
] as const) {
  test(`a model that is ${JSON.stringify(model).slice(0, 40)} is refused with ${reason}`, async () => {
    const answer = await easel.ask('POST', path, { model, prompt: 'a boat' });
    assertRefused(answer, {
      status,
      reason,
      param: 'model',
      ...(status === 404 ? { type: 'model_not_found' } : {}),
    });
  });
}

test('no refusal repeats the prompt, the key or a place in the code', async () => {
  const prompt = 'a very secret boat';
  for (const body of [
    { ...whole, prompt, n: 99 },
    { ...whole, prompt, nonsense: 1 },
    { prompt, model: 'none' },
    { ...whole, prompt: prompt.repeat(9000) },
  ]) {
    const { text } = await easel.ask('POST', path, body);
    assert.doesNotMatch(text, /secret boat|sk-|\.ts\b|node_modules|\/src\/|\bat \w+ \(/);
  }
  for (const line of easel.logged) assert.doesNotMatch(JSON.stringify(line), /secret boat|sk-t/);
});
