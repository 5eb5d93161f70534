import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { withWebhooks } from '../../src/compose-stores.ts';
import { makeWebhookSecret } from '../../src/core/webhook.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { signIn, testAdminKey, trySignIn, type ConsoleClient } from '../kit/console-client.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

/** What the admin API tells of all keys: records, usage, what is under way, messages, and what operators did. */

const drawing = heldDraw();
const notFound = { status: 404, reason: 'not_found', type: 'not_found_error' };

let easel: TestGateway;
let admin: ConsoleClient;
let other: { id: string; authorization: string };
before(async () => {
  easel = await startTestGateway({
    sandbox: { draw: drawing.draw, delayMs: 1 },
    env: { EASEL_ADMIN_KEY: testAdminKey },
  });
  admin = await signIn(easel);
  other = await makeKey('other');
});
after(async () => {
  drawing.release();
  await easel.close();
});

async function makeKey(name: string): Promise<{ id: string; authorization: string }> {
  const made = await admin.ask('POST', '/admin/keys', { name });
  return { id: String(made.at('id')), authorization: `Bearer ${String(made.at('secret'))}` };
}

const create = (
  prompt: string,
  headers: Record<string, string> = {},
  body: Record<string, unknown> = {},
): Promise<Answered> =>
  easel.ask('POST', '/v1/images/generations', { model: 'seedream-4.5', prompt, ...body }, headers);

interface Listed {
  data: { id: string; key: { id: string; name: string | null } }[];
  has_more: boolean;
  last_id: string;
}
const list = async (query: string): Promise<Listed> => {
  const answer = await admin.ask('GET', `/admin/images?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text) as Listed;
};

test("every key's images are listed, newest first, by page, by key and by the words of their prompts", async () => {
  const mine = [await create('a zebra at noon'), await create('a zebra at night')];
  const theirs = await create('a zebra at dawn', { authorization: other.authorization });
  const all = await list('q=zebra');
  assert.deepEqual(
    all.data.map(({ key }) => key.name),
    ['other', 'env', 'env'],
  );
  assert.equal(all.data[0]?.key.id, other.id);
  const first = await list('q=zebra&limit=2');
  assert.equal(first.has_more, true);
  const rest = await list(`q=zebra&limit=2&after=${first.last_id}`);
  assert.deepEqual(
    [...first.data, ...rest.data].map(({ id }) => id),
    [theirs, ...mine.toReversed()].map((answer) => answer.at('id')),
  );
  const ofOther = await list(`key=${other.id}&q=zebra`);
  assert.deepEqual(
    ofOther.data.map(({ id }) => id),
    [theirs.at('id')],
  );
  assert.deepEqual((await list('model=glm-image&q=zebra')).data, []);
  // Sketches have no cost, and what has none is within no bounds.
  assert.deepEqual((await list('cost_min=0')).data, []);
  for (const [query, param] of [
    ['key=other', 'key'],
    ['cost_min=cheap', 'cost_min'],
    ['cost_max=-1', 'cost_max'],
    ['limit=0', 'limit'],
  ] as const) {
    const refused = await admin.ask('GET', `/admin/images?${query}`);
    assert.deepEqual([refused.status, refused.at('error.param')], [400, param]);
  }
});

test("an admin sees, downloads and deletes any key's image", async () => {
  const key = await makeKey('passing');
  const made = await create('a boat', { authorization: key.authorization });
  const path = `/admin/images/${String(made.at('id'))}`;
  const record = await admin.ask('GET', path);
  assert.deepEqual(record.at('key'), { id: key.id, name: 'passing' });
  const content = await admin.ask('GET', `${path}/content?format=binary`);
  assert.equal(content.status, 200);
  assert.match(content.headers.get('content-type') ?? '', /^image\//);
  assert.equal((await fetch(String(record.at('images.0.url')))).status, 200);
  await admin.ask('DELETE', `/admin/keys/${key.id}`);
  assert.deepEqual((await admin.ask('GET', path)).at('key'), { id: key.id, name: null });
  assert.equal((await admin.ask('DELETE', path)).at('deleted'), true);
  for (const [method, at] of [
    ['GET', ''],
    ['GET', '/content'],
    ['DELETE', ''],
  ] as const)
    assertRefused(await admin.ask(method, `${path}${at}`), notFound);
});

test('usage is told by day, key and model, with latencies, and as a table', async () => {
  const key = await makeKey('=SUM(A1)');
  await create('a boat', { authorization: key.authorization }, { n: 2 });
  await create('a boat', { authorization: key.authorization });
  const answer = await admin.ask('GET', `/admin/usage?key=${key.id}`);
  const { data } = JSON.parse(answer.text) as { data: Record<string, unknown>[] };
  assert.equal(data.length, 1);
  const [row = {}] = data;
  const { latency_p50_ms: p50, latency_p95_ms: p95, output_tokens: tokens, ...counted } = row;
  assert.ok(typeof p50 === 'number' && typeof p95 === 'number' && p95 >= p50);
  assert.ok(Number(tokens) > 0);
  assert.deepEqual(counted, {
    date: new Date().toISOString().slice(0, 10),
    key: { id: key.id, name: '=SUM(A1)' },
    model: 'seedream-4.5',
    requests: 2,
    images: 3,
    failed: 0,
    unknown: 0,
    cost: null,
  });
  for (const [query, headers] of [
    ['&format=csv', {}],
    ['', { accept: 'text/csv' }],
  ] as const) {
    const table = await admin.ask('GET', `/admin/usage?key=${key.id}${query}`, undefined, headers);
    assert.match(table.headers.get('content-type') ?? '', /^text\/csv/);
    const [head, line, end] = table.text.split('\r\n');
    assert.match(head ?? '', /^date,key_id,key,model,requests,images,/);
    assert.ok(line?.includes(`,${key.id},'=SUM(A1),seedream-4.5,2,3,`), line);
    assert.equal(end, '');
  }
  // What a spreadsheet set to Japanese or Chinese takes for the same sign.
  const wide = await makeKey('＝SUM(A1)');
  await create('a boat', { authorization: wide.authorization });
  const wideTable = await admin.ask('GET', `/admin/usage?key=${wide.id}&format=csv`);
  assert.ok(wideTable.text.includes(`,${wide.id},'＝SUM(A1),`), wideTable.text);
  const everyones = await admin.ask('GET', '/admin/usage');
  assert.ok((JSON.parse(everyones.text) as { data: object[] }).data.length > 1);
  assert.equal((await admin.ask('GET', '/admin/usage?from=2026-02-30')).status, 400);
});

test('what is under way is told with the step of each call, and then with its end', async () => {
  drawing.hold('slowly');
  const accepted = await create('a snail, slowly', { prefer: 'respond-async' }, { n: 2 });
  const id = String(accepted.at('id'));
  const find = async (place: 'in_flight' | 'finished') => {
    const answer = await admin.ask('GET', '/admin/activity');
    const activity = JSON.parse(answer.text) as Record<typeof place, { id: string; calls?: object[] }[]>;
    return activity[place].find((one) => one.id === id);
  };
  let seen: { calls?: object[] } | undefined;
  await until(async () => {
    seen = await find('in_flight');
    return JSON.stringify(seen?.calls).match(/"step":"sent"/g)?.length === 2;
  });
  const { calls, ...head } = { ...seen };
  assert.deepEqual(head, {
    id,
    key: { id: (await easelKey()).id, name: 'env' },
    model: 'seedream-4.5',
    prompt: 'a snail, slowly',
    created_at: accepted.at('created_at'),
  });
  assert.deepEqual(calls, [
    { number: 0, step: 'sent', route: 'sandbox/ark', images: 1, attempts: 1 },
    { number: 1, step: 'sent', route: 'sandbox/ark', images: 1, attempts: 1 },
  ]);
  drawing.release();
  let finished: Record<string, unknown> | undefined;
  await until(async () => {
    finished = await find('finished');
    return finished !== undefined;
  });
  assert.equal(await find('in_flight'), undefined);
  assert.deepEqual([finished?.['status'], finished?.['images'], finished?.['error']], ['completed', 2, null]);
});

async function easelKey(): Promise<{ id: string }> {
  const { data } = JSON.parse((await admin.ask('GET', '/admin/keys')).text) as {
    data: { id: string; name: string }[];
  };
  const key = data.find(({ name }) => name === 'env');
  assert.ok(key !== undefined);
  return key;
}

test('what is usual is told to whoever may use the model', async () => {
  await create('a boat');
  const own = await signIn(easel, { key: testSecret });
  for (const client of [admin, own]) {
    const usual = await client.ask('GET', '/admin/seconds?model=seedream-4-5-251128');
    assert.equal(usual.at('model'), 'seedream-4.5');
    assert.ok(Number(usual.at('usual_ms')) > 0);
  }
  assert.equal((await own.ask('GET', '/admin/seconds?model=glm-image')).at('usual_ms'), null);
  const narrow = await admin.ask('POST', '/admin/keys', { name: 'narrow', models: ['glm-image'] });
  const limited = await signIn(easel, { key: narrow.at('secret') });
  for (const refused of [
    await limited.ask('GET', '/admin/seconds?model=seedream-4.5'),
    await admin.ask('GET', '/admin/seconds?model=nothing'),
  ])
    assertRefused(refused, {
      status: 404,
      reason: 'model_not_found',
      type: 'model_not_found',
      param: 'model',
    });
  await admin.ask('PATCH', `/admin/keys/${String(narrow.at('id'))}`, { state: 'frozen' });
  assertRefused(await limited.ask('GET', '/admin/seconds?model=glm-image'), {
    status: 403,
    reason: 'api_key_frozen',
    type: 'api_key_frozen',
  });
});

test('messages to webhooks are listed without the query of their address, and one is sent again', async (t) => {
  let received = 0;
  const server = createServer((request, response) => {
    request.resume();
    received += 1;
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told = await startTestGateway({
    sandbox: { draw: drawing.draw, delayMs: 1 },
    env: { EASEL_ADMIN_KEY: testAdminKey, EASEL_WEBHOOK_ORIGINS: origin },
  });
  t.after(() => told.close());
  await withWebhooks({ dataDir: told.dataDir }, async (webhooks, keys) => {
    const key = await keys.find('env');
    await webhooks.setSecret(key?.id ?? '', makeWebhookSecret(), Date.now());
  });
  const client = await signIn(told);
  const body = { model: 'seedream-4.5', prompt: 'a boat', webhook_url: `${origin}/hook?token=secret` };
  const made = await told.ask('POST', '/v1/images/generations', body, { prefer: 'respond-async' });
  const delivered = async () =>
    (await client.ask('GET', '/admin/webhooks')).at('data.0.state') === 'delivered';
  await until(delivered);
  const listed = await client.ask('GET', '/admin/webhooks');
  assert.deepEqual(
    [listed.at('data.0.url'), listed.at('data.0.image_id'), listed.at('data.0.last_status')],
    [`${origin}/hook`, made.at('id'), 204],
  );
  assert.ok(!listed.text.includes('secret'));
  const again = await client.ask('POST', `/admin/webhooks/${String(listed.at('data.0.id'))}/redeliver`);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.at('object'), undefined);
  await until(() => received === 2);
  assertRefused(await client.ask('POST', '/admin/webhooks/msg_nothing/redeliver'), notFound);
});

test('acts of operators are in the audit log with who and what, from the console, the API and the command line', async () => {
  const started = (await admin.ask('GET', '/admin/audit?limit=1')).at('data.0.id');
  const made = await admin.ask('POST', '/admin/keys', { name: 'watched' });
  const id = String(made.at('id'));
  await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'frozen' });
  const bearer = { authorization: `Bearer ${testAdminKey}` };
  await easel.ask('PATCH', `/admin/keys/${id}`, { limits: { concurrency: 3 }, name: 'seen' }, bearer);
  assert.equal((await easelCommand(easel.dataDir, 'keys', 'unfreeze', 'seen')).code, 0);
  await admin.ask('POST', `/admin/keys/${id}/rotate`);
  await admin.ask('DELETE', `/admin/keys/${id}`);
  const picture = await create('a boat');
  await admin.ask('DELETE', `/admin/images/${String(picture.at('id'))}`);
  await trySignIn(easel, { key: `sk-${'z'.repeat(40)}` });
  const guest = await signIn(easel, { key: testSecret });
  await guest.ask('DELETE', '/admin/session');

  const answer = await admin.ask('GET', '/admin/audit');
  const entries = (JSON.parse(answer.text) as { data: Record<string, string>[] }).data;
  const fresh = entries.slice(
    0,
    entries.findIndex((entry) => entry['id'] === started),
  );
  const { id: envId } = await easelKey();
  assert.deepEqual(
    fresh.toReversed().map(({ actor, action, target, detail }) => [actor, action, target, detail]),
    [
      ['console session', 'key.create', id, "'watched'"],
      ['console session', 'key.freeze', id, "'watched': state"],
      ['admin key', 'key.change', id, "'seen': name, concurrency"],
      ['command line', 'key.unfreeze', id, "'seen'"],
      ['console session', 'key.rotate', id, "'seen'"],
      ['console session', 'key.delete', id, "'seen'"],
      ['console session', 'image.delete', picture.at('id'), null],
      ['console session', 'session.refused', null, 'with a key from 127.0.0.1'],
      ['console session', 'session.sign_in', envId, "with API key 'env' from 127.0.0.1"],
      ['console session', 'session.sign_out', envId, null],
    ],
  );
  const [newest] = entries;
  const older = await admin.ask('GET', `/admin/audit?limit=2&before=${newest?.['id']}`);
  assert.deepEqual(JSON.parse(older.text).data, entries.slice(1, 3));
  for (const query of ['limit=101', 'limit=x', 'before=yesterday'])
    assert.equal((await admin.ask('GET', `/admin/audit?${query}`)).status, 400, query);
});
