import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { signIn, testAdminKey, type ConsoleClient } from '../kit/console-client.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';

/** /admin/keys: making, changing and ending keys from the console. */

const clock = fastClock(1);
const picture = { model: 'seedream-4.5', prompt: 'a boat' };
const notFound = { status: 404, reason: 'not_found', type: 'not_found_error' };
const unauthorized = { status: 401, reason: 'invalid_api_key' };

let easel: TestGateway;
let admin: ConsoleClient;
before(async () => {
  const sandbox = { draw: fastDraw, delayMs: 1 };
  easel = await startTestGateway({ clock, sandbox, env: { EASEL_ADMIN_KEY: testAdminKey } });
  admin = await signIn(easel);
});
after(() => easel.close());

async function make(body: Record<string, unknown>): Promise<{ id: string; secret: string; made: Answered }> {
  const made = await admin.ask('POST', '/admin/keys', body);
  assert.equal(made.status, 201, made.text);
  return { id: String(made.at('id')), secret: String(made.at('secret')), made };
}

const using = (secret: string, method: string, path: string, body?: unknown): Promise<Answered> =>
  easel.ask(method, path, body, { authorization: `Bearer ${secret}` });

test('a key is made with its limits, shows its secret once, works, and is listed', async () => {
  const soon = Math.floor(clock.now() / 1000) + 3600;
  const { id, secret, made } = await make({
    name: '  Café 東京 ',
    models: ['seedream-4-5-251128', 'glm-image', 'seedream-4.5'],
    expires_at: soon,
    parameter_handling: 'lenient',
    limits: { requests_per_minute: 50, budget: { amount: '5.00', currency: 'USD' }, budget_period: 'month' },
  });
  assert.match(secret, /^sk-[A-Za-z0-9]{40}$/);
  const { secret: shown, ...key } = JSON.parse(made.text) as Record<string, unknown>;
  assert.equal(shown, secret);
  assert.deepEqual(key, {
    object: 'key',
    id,
    name: 'Café 東京',
    state: 'active',
    hint: secret.slice(-4),
    built_in: false,
    created_at: key['created_at'],
    expires_at: soon,
    models: ['seedream-4.5', 'glm-image'],
    parameter_handling: 'lenient',
    limits: {
      requests_per_minute: 50,
      images_per_minute: null,
      concurrency: null,
      budget: { amount: '5.00', currency: 'USD' },
      budget_images: null,
      budget_period: 'month',
    },
    budget_used: { images: 0, cost: { amount: '0.000000', currency: 'USD' } },
  });
  assert.equal((await using(secret, 'GET', '/v1/images')).headers.get('x-ratelimit-limit-requests'), '50');
  assert.deepEqual(JSON.parse((await admin.ask('GET', `/admin/keys/${id}`)).text), key);
  const list = await admin.ask('GET', '/admin/keys');
  assert.ok(!list.text.includes(secret));
  const named = (JSON.parse(list.text) as { data: { name: string; built_in: boolean }[] }).data;
  const builtIn = named.filter((one) => one.built_in).map(({ name }) => name);
  assert.deepEqual(builtIn.toSorted(), ['console', 'env']);
});

test('a change holds from the next request on, and what is not named stays', async () => {
  const { id, secret } = await make({ name: 'changing', limits: { concurrency: 2, images_per_minute: 9 } });
  const changed = await admin.ask('PATCH', `/admin/keys/${id}`, {
    name: 'changed',
    limits: { concurrency: null, requests_per_minute: 7 },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.at('name'), 'changed');
  const { limits } = JSON.parse(changed.text) as { limits: Record<string, unknown> };
  assert.deepEqual(limits, {
    requests_per_minute: 7,
    images_per_minute: 9,
    concurrency: null,
    budget: null,
    budget_images: null,
    budget_period: null,
  });
  assert.equal(changed.at('budget_used'), null);
  assert.equal((await using(secret, 'GET', '/v1/images')).headers.get('x-ratelimit-limit-requests'), '7');

  await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'frozen' });
  const refused = await using(secret, 'GET', '/v1/images');
  assertRefused(refused, { status: 403, reason: 'api_key_frozen', type: 'api_key_frozen' });
  await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'active', models: ['glm-image'] });
  assert.equal((await using(secret, 'GET', '/v1/images')).status, 200);
  assert.equal((await using(secret, 'POST', '/v1/images/generations', picture)).status, 403);
  await admin.ask('PATCH', `/admin/keys/${id}`, { models: null });
  assert.equal((await using(secret, 'POST', '/v1/images/generations', picture)).status, 200);
});

test('a rotated key has a new secret and its old records; the old secret is refused', async () => {
  const { id, secret } = await make({ name: 'rotating' });
  const made = await using(secret, 'POST', '/v1/images/generations', picture);
  const rotated = await admin.ask('POST', `/admin/keys/${id}/rotate`);
  const fresh = String(rotated.at('secret'));
  assert.notEqual(fresh, secret);
  assert.deepEqual([rotated.at('id'), rotated.at('hint')], [id, fresh.slice(-4)]);
  assertRefused(await using(secret, 'GET', '/v1/images'), unauthorized);
  assert.equal((await using(fresh, 'GET', `/v1/images/${String(made.at('id'))}`)).status, 200);
});

test('a deleted key is refused, gone from the list, and gives its name free', async () => {
  const { id, secret } = await make({ name: 'ending' });
  assert.equal((await admin.ask('DELETE', `/admin/keys/${id}`)).status, 204);
  assertRefused(await using(secret, 'GET', '/v1/images'), unauthorized);
  for (const [method, path, body] of [
    ['GET', ''],
    ['PATCH', '', {}],
    ['POST', '/rotate'],
    ['DELETE', ''],
  ] as const)
    assertRefused(await admin.ask(method, `/admin/keys/${id}${path}`, body), notFound);
  const again = await make({ name: 'ending' });
  assert.notEqual(again.id, id);
});

test('what is used of a budget is what its ledger holds: images that came, and those under way', async () => {
  const { id, secret } = await make({ name: 'spending', limits: { budget_images: 5 } });
  await using(secret, 'POST', '/v1/images/generations', { ...picture, n: 2 });
  const made = await using(secret, 'POST', '/v1/images/generations', picture);
  await using(secret, 'DELETE', `/v1/images/${String(made.at('id'))}`);
  const used = (await admin.ask('GET', `/admin/keys/${id}`)).at('budget_used');
  assert.deepEqual(used, { images: 3, cost: null });
});

test('the keys that the server looks after itself can be frozen, not renamed, rotated or deleted', async () => {
  const list = await admin.ask('GET', '/admin/keys');
  const keys = (JSON.parse(list.text) as { data: { id: string; name: string; hint: string }[] }).data;
  for (const name of ['env', 'console']) {
    const { id = '', hint } = keys.find((key) => key.name === name) ?? {};
    assert.equal(hint, name === 'env' ? testSecret.slice(-4) : '');
    const refused = { status: 400, reason: 'invalid_value', shouldRetry: 'false' };
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'other' }],
      ['POST', '/rotate'],
      ['DELETE', ''],
    ] as const) {
      const answer = await admin.ask(method, `/admin/keys/${id}${path}`, body);
      assert.deepEqual([answer.status, answer.at('error.reason')], [refused.status, refused.reason]);
    }
    assert.equal((await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'frozen' })).status, 200);
    assert.equal((await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'active' })).status, 200);
  }
  const { code, error } = await easelCommand(easel.dataDir, 'keys', 'delete', 'console');
  assert.deepEqual([code, /looks after itself/.test(error)], [1, true]);
});

test('a body that is not as it should be is refused by the name of its field', async () => {
  const { id } = await make({ name: 'steady' });
  const bad: [Record<string, unknown>, string, string][] = [
    [{ name: 'a', nam: 'x' }, 'unknown_parameter', 'nam'],
    [{ name: '' }, 'invalid_value', 'name'],
    [{ name: 'x'.repeat(65) }, 'invalid_value', 'name'],
    [{ name: 'two\nlines' }, 'invalid_value', 'name'],
    [{ name: 'turned\u202earound' }, 'invalid_value', 'name'],
    [{ name: id }, 'invalid_value', 'name'],
    [{ name: 'env' }, 'invalid_value', 'name'],
    [{ name: 'console' }, 'invalid_value', 'name'],
    [{ name: 'admin-keys-test', expires_at: 1 }, 'invalid_value', 'expires_at'],
    [{ name: 'a', expires_at: 'soon' }, 'invalid_type', 'expires_at'],
    [{ name: 'a', models: [] }, 'invalid_value', 'models'],
    [{ name: 'a', models: ['seedream-4.5', 'nothing'] }, 'invalid_value', 'models[1]'],
    [{ name: 'a', parameter_handling: 'loose' }, 'invalid_value', 'parameter_handling'],
    [{ name: 'a', limits: { concurrency: 0 } }, 'invalid_value', 'limits.concurrency'],
    [{ name: 'a', limits: { concurrency: 1.5 } }, 'invalid_type', 'limits.concurrency'],
    [{ name: 'a', limits: { concurency: 1 } }, 'unknown_parameter', 'limits.concurency'],
    [
      { name: 'a', limits: { budget: { amount: 5, currency: 'USD' } } },
      'invalid_type',
      'limits.budget.amount',
    ],
    [{ name: 'a', limits: { budget: '5' } }, 'invalid_type', 'limits.budget'],
    [{ name: 'a', limits: { budget_period: 'week' } }, 'invalid_value', 'limits.budget_period'],
  ];
  for (const [body, reason, param] of bad) {
    for (const [method, path] of [
      ['POST', '/admin/keys'],
      ['PATCH', `/admin/keys/${id}`],
    ] as const) {
      const answer = await admin.ask(method, path, body);
      assert.deepEqual(
        [answer.status, answer.at('error.reason'), answer.at('error.param')],
        [400, reason, param],
        `${method} ${JSON.stringify(body)} -> ${answer.text}`,
      );
    }
  }
  assertRefused(await admin.ask('POST', '/admin/keys', {}), {
    status: 400,
    reason: 'missing_parameter',
    param: 'name',
  });
  assertRefused(await admin.ask('POST', '/admin/keys', { name: 'steady' }), {
    status: 400,
    reason: 'invalid_value',
    param: 'name',
  });
  const large = await admin.ask('POST', '/admin/keys', { name: 'a', models: ['x'.repeat(70_000)] });
  assert.equal(large.status, 413);
});
