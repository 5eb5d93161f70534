import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { withWebhooks } from '../../src/compose-stores.ts';
import { makeWebhookSecret } from '../../src/core/webhook.ts';
import { describeApi } from '../kit/api-description.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../kit/gateway.ts';
import { startGatewayProcess } from '../kit/gateway-process.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat' };
const later = { prefer: 'respond-async' };

interface Message {
  headers: Record<string, string>;
  body: string;
}

interface Receiver {
  origin: string;
  messages: Message[];
  /** What it answers from now on. */
  answer: { status: number; location?: string };
}

async function receive(t: TestContext): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      receiver.messages.push({
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString(),
      });
      const { status, location } = receiver.answer;
      response.writeHead(status, location === undefined ? {} : { location }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(() => server.close());
  const receiver: Receiver = { origin: `http://127.0.0.1:${port}`, messages: [], answer: { status: 204 } };
  return receiver;
}

interface Bench extends TestGateway {
  secret: string;
  receiver: Receiver;
  hook: { webhook_url: string };
}

async function start(t: TestContext, options: TestGatewayOptions = {}): Promise<Bench> {
  const receiver = await receive(t);
  const { env, ...rest } = options;
  const easel = await startTestGateway({
    sandbox: { draw: claimedDraw, delayMs: 1 },
    env: { EASEL_WEBHOOK_ORIGINS: receiver.origin, ...env },
    ...rest,
  });
  t.after(() => easel.close());
  const secret = await giveSecret(easel.dataDir);
  return { ...easel, secret, receiver, hook: { webhook_url: `${receiver.origin}/hook?for=easel` } };
}

async function giveSecret(dataDir: string): Promise<string> {
  const secret = makeWebhookSecret();
  await withWebhooks({ dataDir }, async (webhooks, keys) => {
    const key = await keys.find('env');
    assert.ok(key !== undefined);
    await webhooks.setSecret(key.id, secret, Date.now());
  });
  return secret;
}

interface Payload {
  type: string;
  timestamp: string;
  data: { id: string; status: string; url: string | null; error: { reason: string } | null };
}

test('the end of a generation is told once, signed as Standard Webhooks has it, with links that work', async (t) => {
  const { receiver, secret, hook, ...easel } = await start(t);
  const accepted = await easel.ask('POST', create, { ...boat, ...hook }, later);
  assert.equal(accepted.status, 202);
  await until(() => receiver.messages.length === 1);
  const [message] = receiver.messages;
  assert.ok(message !== undefined);
  const payload = new Webhook(secret).verify(message.body, message.headers) as Payload;
  describeApi((await easel.ask('GET', '/openapi.json')).text).checkMessage(message.body);
  assert.equal(payload.type, 'image.completed');
  assert.ok(Math.abs(Date.parse(payload.timestamp) - Date.now()) < 60_000);
  assert.equal(payload.data.id, accepted.at('id'));
  assert.equal(payload.data.status, 'completed');
  assert.match(message.headers['webhook-id'] ?? '', /^msg_/);
  assert.equal(message.headers['content-type'], 'application/json');
  const { url } = payload.data;
  assert.ok(url?.startsWith(easel.url) === true);
  assert.equal((await fetch(url)).status, 200);
  assert.throws(() => new Webhook(makeWebhookSecret()).verify(message.body, message.headers));
});

test('a secret that was replaced is signed with beside the new one, so that a receiver can follow', async (t) => {
  const { receiver, secret: old, hook, ...easel } = await start(t);
  const made = await easelCommand(easel.dataDir, 'keys', 'webhook-secret', 'env');
  assert.match(made.error, /for 24 hours/);
  const fresh = made.out.trim();
  await easel.ask('POST', create, { ...boat, ...hook }, later);
  await until(() => receiver.messages.length === 1);
  const [message] = receiver.messages;
  assert.ok(message !== undefined);
  for (const secret of [old, fresh]) new Webhook(secret).verify(message.body, message.headers);
  assert.equal(message.headers['webhook-signature']?.split(' ').length, 2);
  assert.throws(() => new Webhook(makeWebhookSecret()).verify(message.body, message.headers));
});

test('a failed generation is told too', async (t) => {
  const { receiver, hook, ...easel } = await start(t);
  await easel.ask('POST', create, { ...boat, ...hook, prompt: 'a boat sim:moderated' }, later);
  await until(() => receiver.messages.length === 1);
  const payload = JSON.parse(receiver.messages[0]?.body ?? '') as Payload;
  assert.equal(payload.type, 'image.failed');
  assert.equal(payload.data.error?.reason, 'content_policy');
});

test('a message that is not taken is sent again under the same id, and a redirect is not followed', async (t) => {
  const { receiver, hook, ...easel } = await start(t, { clock: fastClock(200) });
  receiver.answer = { status: 307, location: `${receiver.origin}/elsewhere` };
  await easel.ask('POST', create, { ...boat, ...hook }, later);
  await until(() => receiver.messages.length === 1);
  receiver.answer = { status: 503 };
  await until(() => receiver.messages.length === 2);
  receiver.answer = { status: 200 };
  await until(() => receiver.messages.length === 3);
  const ids = receiver.messages.map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, 1);
  assert.ok(ids[0] !== undefined);
  await until(async () => (await deliveries(easel.dataDir))[0]?.state === 'delivered');
  assert.equal((await deliveries(easel.dataDir))[0]?.attempts, 3);
});

test('a receiver that is gone (410) is not asked again', async (t) => {
  const { receiver, hook, ...easel } = await start(t, { clock: fastClock(200) });
  receiver.answer = { status: 410 };
  await easel.ask('POST', create, { ...boat, ...hook }, later);
  await until(async () => (await deliveries(easel.dataDir))[0]?.state === 'given_up');
  assert.equal(receiver.messages.length, 1);
  assert.equal((await deliveries(easel.dataDir))[0]?.lastStatus, 410);
});

test('an address is refused before anything is generated when it cannot be right', async (t) => {
  const { receiver, hook, ...easel } = await start(t);
  const refused = async (webhookUrl: unknown, headers: Record<string, string> = later) => {
    const answer = await easel.ask('POST', create, { ...boat, webhook_url: webhookUrl }, headers);
    assert.equal(answer.status, 400, String(webhookUrl));
    assert.equal(answer.at('error.param'), 'webhook_url');
    return answer.at('error.reason');
  };
  assert.equal(await refused(hook.webhook_url, {}), 'invalid_value');
  assert.equal(await refused(7), 'invalid_type');
  for (const url of [
    'not a url',
    'http://example.com/hook',
    'ftp://example.com/hook',
    'https://user:word@example.com/',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://169.254.169.254/latest',
    'https://localhost/hook',
    'https://0x7f.1/hook',
    `https://example.com/${'a'.repeat(2048)}`,
  ]) {
    assert.equal(await refused(url), 'invalid_value');
  }
  assert.equal(receiver.messages.length, 0);
  const listed = await easel.ask('GET', '/v1/images?status=all');
  assert.deepEqual(listed.at('data'), []);
});

test('a key without a secret for signing is told so', async (t) => {
  const easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 } });
  t.after(() => easel.close());
  const body = { ...boat, webhook_url: 'https://example.com/hook' };
  const answer = await easel.ask('POST', create, body, later);
  assert.equal(answer.status, 400);
  assert.match(String(answer.at('error.message')), /webhook-secret/);
});

test(
  'a message that was due when the process was killed is sent by the next',
  { timeout: 60_000 },
  async (t) => {
    const receiver = await receive(t);
    const dataDir = await temporaryFolder(t);
    const env = { EASEL_WEBHOOK_ORIGINS: receiver.origin };
    const easel = await startGatewayProcess(dataDir, [], env);
    t.after(() => easel.kill());
    const secret = await giveSecret(dataDir);
    receiver.answer = { status: 500 };
    const body = { ...boat, webhook_url: `${receiver.origin}/` };
    const accepted = await easel.post(create, body, later);
    assert.equal(accepted.status, 202, accepted.text);
    await until(() => receiver.messages.length === 1, 20_000);
    await easel.kill();
    receiver.answer = { status: 200 };
    const next = await startGatewayProcess(dataDir, [], env);
    t.after(() => next.kill());
    await until(() => receiver.messages.length === 2, 40_000);
    const [first, second] = receiver.messages;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
    new Webhook(secret).verify(second.body, second.headers);
  },
);

test(
  'the command line makes the secret, shows the messages and sends one again',
  { timeout: 60_000 },
  async (t) => {
    const { receiver, hook, ...easel } = await start(t);
    const run = (...words: string[]) => easelCommand(easel.dataDir, ...words);
    const made = await run('keys', 'webhook-secret', 'env');
    const secret = made.out.trim();
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    await easel.ask('POST', create, { ...boat, ...hook }, later);
    await until(() => receiver.messages.length === 1);
    new Webhook(secret).verify(receiver.messages[0]?.body ?? '', receiver.messages[0]?.headers ?? {});
    await until(async () => (await deliveries(easel.dataDir))[0]?.state === 'delivered');
    const listed = await run('webhooks', 'list');
    const id = receiver.messages[0]?.headers['webhook-id'] ?? '';
    assert.match(listed.out, new RegExp(`${id} .*delivered +1 .*HTTP 204`));
    assert.ok(!listed.out.includes('for=easel'));
    await run('webhooks', 'redeliver', id);
    await until(() => receiver.messages.length === 2);
    assert.equal(receiver.messages[1]?.headers['webhook-id'], id);
    const unknown = await run('webhooks', 'redeliver', 'msg_unknown');
    assert.equal(unknown.code, 1);
  },
);

async function deliveries(dataDir: string) {
  let found: { state: string; attempts: number; lastStatus: number | undefined }[] = [];
  await withWebhooks({ dataDir }, async (webhooks) => {
    found = await webhooks.list(100);
  });
  return found;
}
