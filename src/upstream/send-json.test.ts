import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { httpAnswer, startRawServer } from '../../test/kit/raw-server.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { ProviderContext, ProviderFacts } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { createUpstreamClient } from './client.ts';
import { sendJson } from './send-json.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function quiet(): void {}

async function start(answer: Buffer) {
  const server = await startRawServer((socket) => socket.write(answer));
  const client = createUpstreamClient({
    objects: { create: () => Promise.reject(new Error('no pictures here')) },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  const signed: unknown[] = [];
  const provider: Pick<ProviderFacts, 'authorize' | 'readFault'> = {
    authorize: (credential, exchange) => {
      signed.push(exchange);
      return { authorization: credential.kind === 'key' ? `Bearer ${credential.apiKey}` : '' };
    },
    readFault: ({ status }) => new UpstreamFault('auth', { details: `status ${status}` }),
  };
  const route: Pick<Route, 'baseUrl' | 'credential'> = {
    baseUrl: `${server.origin}/v4`,
    credential: { kind: 'key', apiKey: 'k1' },
  };
  const context: ProviderContext = {
    route: route as Route,
    client,
    signal: new AbortController().signal,
    now: () => 17,
  };
  return { server, provider, context, signed };
}

test('posts a body below the base URL, and signs the very text that is sent', async () => {
  const { server, provider, context, signed } = await start(httpAnswer(200, '{"id":1}'));
  const body = { prompt: 'eine Möwe' };
  const read = await sendJson(context, provider, {
    path: '/images?x=1',
    body,
    headers: { 'accept-language': 'en' },
    read: (answer) => answer.body,
  });
  assert.deepEqual(read, { id: 1 });
  const [head = '', sent = ''] = (server.requests[0] ?? '').split('\r\n\r\n');
  assert.match(head, /^POST \/v4\/images\?x=1 /);
  for (const line of [
    'content-type: application/json',
    'accept: application/json',
    'accept-language: en',
    'authorization: Bearer k1',
  ]) {
    assert.ok(head.includes(`\r\n${line}\r\n`) || head.endsWith(`\r\n${line}`), line);
  }
  const text = Buffer.from(sent, 'latin1').toString();
  assert.deepEqual(JSON.parse(text), body);
  assert.deepEqual(signed, [
    { method: 'POST', url: `${server.origin}/v4/images?x=1`, body: text, nowMs: 17 },
  ]);
});

test('asks with GET and no body or type where there is nothing to send', async () => {
  const { server, provider, context, signed } = await start(httpAnswer(200, '{}'));
  await sendJson(context, provider, { path: '/tasks/1', harmless: true, read: () => undefined });
  assert.match(server.requests[0] ?? '', /^GET \/v4\/tasks\/1 /);
  assert.doesNotMatch(server.requests[0] ?? '', /content-type|content-length/);
  assert.deepEqual(signed, [{ method: 'GET', url: `${server.origin}/v4/tasks/1`, body: '', nowMs: 17 }]);
});

test('leaves it to the provider what a refusal means', async () => {
  const { provider, context } = await start(httpAnswer(401, '{}'));
  await assert.rejects(
    sendJson(context, provider, { path: '/images', body: {}, read: () => undefined }),
    (error) => error instanceof UpstreamFault && error.kind === 'auth' && error.message === 'status 401',
  );
});

test('posts a form in the place of JSON, which is not signed', async () => {
  const { server, provider, context, signed } = await start(httpAnswer(200, '{"id":1}'));
  const bytes = Uint8Array.of(137, 80, 78, 71);
  const read = await sendJson(context, provider, {
    path: '/images/edits',
    form: [
      { name: 'prompt', text: 'a boat' },
      { name: 'image', fileName: 'image.png', mimeType: 'image/png', bytes },
    ],
    read: (answer) => answer.body,
  });
  assert.deepEqual(read, { id: 1 });
  const [head = '', sent = ''] = (server.requests[0] ?? '').split(/\r\n\r\n(.*)/s);
  assert.match(head, /^POST \/v4\/images\/edits /);
  const contentType = /\r\ncontent-type: (multipart\/form-data; boundary=[^\r]+)/.exec(head)?.[1] ?? '';
  const body = new Response(Buffer.from(sent, 'latin1'), { headers: { 'content-type': contentType } });
  const form = await body.formData();
  assert.equal(form.get('prompt'), 'a boat');
  const image = form.get('image');
  assert.ok(image instanceof File);
  assert.deepEqual(await image.bytes(), bytes);
  assert.deepEqual(signed, [
    { method: 'POST', url: `${server.origin}/v4/images/edits`, body: '', nowMs: 17 },
  ]);
});
