import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { cookieOf, signIn, testAdminKey, trySignIn } from '../kit/console-client.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

/** Signing in to the console, and what a session may (docs/console.md). */

const clock = fastClock(1);
const sandbox = { draw: fastDraw, delayMs: 1 };
const env = { EASEL_ADMIN_KEY: testAdminKey };
const hourMs = 60 * 60 * 1000;
const unauthorized = { status: 401, reason: 'invalid_api_key' };
const forbidden = { status: 403, type: 'invalid_request_error' };
const picture = { model: 'seedream-4.5', prompt: 'a boat' };

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ clock, sandbox, env });
});
after(() => easel.close());

const isSecure = (setCookie: string | null): boolean => (setCookie ?? '').includes('; Secure');
const ask = async (of: TestGateway, cookie: string): Promise<number> =>
  (await fetch(`${of.url}/admin/session`, { headers: { cookie } })).status;

const tokenOf = (link: string): string => link.split('#sign-in=')[1] ?? '';

test('the admin key opens a session that reaches the admin API and stands for the key `console`', async () => {
  const admin = await signIn(easel);
  assert.equal(admin.session.at('role'), 'admin');
  assert.equal(admin.session.at('acting_key.name'), 'console');
  assert.equal(admin.session.at('sandbox'), true);
  assert.equal(admin.session.at('version'), '0.1.0');
  assert.equal(admin.session.headers.get('cache-control'), 'no-store');
  const attributes = (admin.session.headers.get('set-cookie') ?? '').split('; ').slice(1);
  assert.deepEqual(attributes, ['Path=/', 'Max-Age=604800', 'HttpOnly', 'SameSite=Strict']);

  const seen = await admin.ask('GET', '/admin/session');
  assert.equal(seen.at('csrf_token'), admin.csrfToken);
  assert.equal((await admin.ask('GET', '/admin/keys')).status, 200);
  const made = await admin.ask('POST', '/v1/images/generations', picture);
  assert.equal(made.status, 200, made.text);
  assert.equal((await admin.ask('GET', '/v1/images')).at('first_id'), made.at('id'));
  // What the console made is not the API key's.
  const foreign = await easel.ask('GET', `/v1/images/${String(made.at('id'))}`);
  assertRefused(foreign, { status: 404, reason: 'not_found', type: 'not_found_error' });
});

test('an API key opens a session of its own: its pictures, and nothing of the admin API', async () => {
  const own = await signIn(easel, { key: testSecret });
  assert.equal(own.session.at('role'), 'key');
  assert.equal(own.session.at('acting_key.name'), 'env');
  const made = await own.ask('POST', '/v1/images/generations', picture);
  assert.equal((await easel.ask('GET', `/v1/images/${String(made.at('id'))}`)).status, 200);
  const foreign = await (await signIn(easel)).ask('POST', '/v1/images/generations', picture);
  for (const [method, part] of [
    ['GET', ''],
    ['GET', '/content'],
    ['DELETE', ''],
  ] as const) {
    const answer = await own.ask(method, `/v1/images/${String(foreign.at('id'))}${part}`);
    assertRefused(answer, { status: 404, reason: 'not_found', type: 'not_found_error' });
    const asAdmin = await own.ask(method, `/admin/images/${String(foreign.at('id'))}${part}`);
    assertRefused(asAdmin, { ...forbidden, reason: 'admin_required' });
  }
  const keyId = String(own.session.at('acting_key.id'));
  for (const [method, path, body] of [
    ['GET', '/admin/keys'],
    ['GET', `/admin/keys/${keyId}`],
    ['POST', '/admin/keys', { name: 'mine' }],
    ['PATCH', `/admin/keys/${keyId}`, { limits: { concurrency: null } }],
    ['POST', `/admin/keys/${keyId}/rotate`],
    ['DELETE', `/admin/keys/${keyId}`],
    ['PUT', '/admin/session/acting-key', { key_id: keyId }],
  ] as const)
    assertRefused(await own.ask(method, path, body), { ...forbidden, reason: 'admin_required' });
});

test('a one-time link signs in once, within fifteen minutes, and as an admin', async () => {
  const link = await easel.gateway.makeSignInLink(easel.url);
  assert.ok(link.startsWith(`${easel.url}/#sign-in=`));
  const admin = await signIn(easel, { link: tokenOf(link) });
  assert.equal(admin.session.at('role'), 'admin');
  assertRefused(await trySignIn(easel, { link: tokenOf(link) }), unauthorized);
  assert.equal((await admin.ask('GET', '/admin/keys')).status, 200);

  const late = await easel.gateway.makeSignInLink(easel.url);
  clock.skip(15 * 60_000);
  assertRefused(await trySignIn(easel, { link: tokenOf(late) }), unauthorized);
});

test('of two browsers that follow one link at once, one gets in', async () => {
  const link = tokenOf(await easel.gateway.makeSignInLink(easel.url));
  const answers = await Promise.all([trySignIn(easel, { link }), trySignIn(easel, { link })]);
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 401],
  );
});

test('a command makes a link beside a running gateway, which is the only way in without an admin key', async () => {
  const open = await startTestGateway({ sandbox });
  try {
    assertRefused(await trySignIn(open, { key: testAdminKey }), unauthorized);
    const made = await easelCommand(open.dataDir, 'sign-in-link');
    assert.equal(made.code, 0, made.error);
    const admin = await signIn(open, { link: tokenOf(made.out.trim()) });
    assert.equal((await admin.ask('GET', '/admin/keys')).status, 200);
    const bearer = { authorization: `Bearer ${testAdminKey}` };
    assertRefused(await open.ask('GET', '/admin/keys', undefined, bearer), unauthorized);
  } finally {
    await open.close();
  }
});

test('a body that names both a key and a link, neither, or anything else is refused', async () => {
  const bad: [unknown, { reason: string; param?: string }][] = [
    [{}, { reason: 'invalid_value' }],
    [{ key: testAdminKey, link: 'x' }, { reason: 'invalid_value' }],
    [{ key: 7 }, { reason: 'invalid_type', param: 'key' }],
    [{ key: '' }, { reason: 'invalid_value', param: 'key' }],
    [
      { key: testAdminKey, remember: true },
      { reason: 'unknown_parameter', param: 'remember' },
    ],
  ];
  for (const [body, refusal] of bad) assertRefused(await trySignIn(easel, body), { status: 400, ...refusal });
  const form = await fetch(`${easel.url}/admin/session`, { method: 'POST', body: `key=${testAdminKey}` });
  assert.equal(form.status, 415);
});

test('what a cookie authorises and changes something needs the token of its own session, under /v1 too', async () => {
  const admin = await signIn(easel);
  const other = await signIn(easel);
  const made = await admin.ask('POST', '/v1/images/generations', picture);
  const refused = { ...forbidden, reason: 'bad_csrf_token' };
  for (const [method, path, body] of [
    ['POST', '/v1/images/generations', picture],
    ['DELETE', `/v1/images/${String(made.at('id'))}`],
    ['POST', '/admin/keys', { name: 'forged' }],
    ['DELETE', '/admin/session'],
  ] as const)
    for (const token of ['', 'x', other.csrfToken, `${admin.csrfToken}x`, admin.csrfToken.toLowerCase()])
      assertRefused(await admin.ask(method, path, body, { 'x-csrf-token': token }), refused);
  assert.equal((await admin.ask('GET', `/v1/images/${String(made.at('id'))}`)).status, 200);
  assert.equal((await admin.ask('DELETE', `/v1/images/${String(made.at('id'))}`)).status, 200);
});

test('a request with an Authorization header never uses the cookie beside it', async () => {
  const admin = await signIn(easel);
  const wrong = { authorization: `Bearer sk-${'w'.repeat(40)}` };
  assertRefused(await admin.ask('GET', '/v1/images', undefined, wrong), unauthorized);
  assertRefused(await admin.ask('GET', '/admin/keys', undefined, wrong), unauthorized);
  assertRefused(await admin.ask('GET', '/admin/session', undefined, wrong), unauthorized);
  const right = { authorization: `Bearer ${testSecret}` };
  const asKey = await admin.ask('POST', '/v1/images/generations', picture, { ...right, 'x-csrf-token': '' });
  assert.equal(asKey.status, 200, 'a Bearer token needs no CSRF token');
  assert.equal((await easel.ask('GET', `/v1/images/${String(asKey.at('id'))}`)).status, 200);
});

test('the admin key as a Bearer token reaches the admin API, and nothing under /v1', async () => {
  const bearer = { authorization: `Bearer ${testAdminKey}` };
  assert.equal((await easel.ask('GET', '/admin/keys', undefined, bearer)).status, 200);
  assertRefused(await easel.ask('GET', '/v1/images', undefined, bearer), unauthorized);
  assertRefused(await easel.ask('GET', '/admin/session', undefined, bearer), unauthorized);
  assertRefused(await easel.ask('GET', '/admin/keys'), unauthorized);
});

test('a session ends by signing out, and its cookie is good no more', async () => {
  const admin = await signIn(easel);
  const out = await admin.ask('DELETE', '/admin/session');
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie') ?? '', /^easel_session=; .*Max-Age=0/);
  for (const path of ['/admin/session', '/admin/keys', '/v1/images'])
    assertRefused(await admin.ask('GET', path), unauthorized);
});

test('signing in again gives another cookie and ends the session of the first', async () => {
  const first = await signIn(easel);
  const second = await trySignIn(easel, { key: testAdminKey }, { cookie: first.cookie });
  assert.notEqual(cookieOf(second), first.cookie);
  assertRefused(await first.ask('GET', '/admin/session'), unauthorized);
});

test('a session that nobody uses ends after twelve hours, and one in use after seven days', async () => {
  const idle = await signIn(easel);
  const used = await signIn(easel);
  clock.skip(11 * hourMs);
  assert.equal((await used.ask('GET', '/admin/session')).status, 200);
  clock.skip(hourMs);
  assertRefused(await idle.ask('GET', '/admin/session'), unauthorized);
  assertRefused(await idle.ask('GET', '/v1/images'), unauthorized);
  for (let hours = 12; hours < 7 * 24 - 1; hours += 8) {
    assert.equal((await used.ask('GET', '/admin/session')).status, 200, `after ${hours} hours`);
    clock.skip(8 * hourMs);
  }
  clock.skip(hourMs);
  assertRefused(await used.ask('GET', '/admin/session'), unauthorized);
});

test('a session outlives a restart, and ends when the admin key is replaced', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startTestGateway({ dataDir, sandbox, env });
  const { cookie } = await signIn(first);
  const link = await signIn(first, { link: tokenOf(await first.gateway.makeSignInLink(first.url)) });
  await first.close();
  const second = await startTestGateway({ dataDir, sandbox, env });
  assert.deepEqual([await ask(second, cookie), await ask(second, link.cookie)], [200, 200]);
  await second.close();
  const third = await startTestGateway({ dataDir, sandbox, env: { EASEL_ADMIN_KEY: `${testAdminKey}2` } });
  assert.deepEqual([await ask(third, cookie), await ask(third, link.cookie)], [401, 200]);
  await third.close();
});

test('neither a cookie nor a link nor a secret is in the database, the audit log or the log', async () => {
  const link = tokenOf(await easel.gateway.makeSignInLink(easel.url));
  const admin = await signIn(easel, { link });
  const own = await signIn(easel, { key: testSecret });
  await trySignIn(easel, { key: `sk-${'q'.repeat(40)}` });
  const kept = await filesOf(easel.dataDir);
  const log = JSON.stringify(easel.logged);
  for (const secret of [
    link,
    admin.cookie.split('=')[1] ?? '',
    own.csrfToken,
    testAdminKey,
    testSecret,
    'q'.repeat(40),
  ]) {
    assert.ok(secret.length > 20);
    assert.ok(!kept.includes(secret));
    assert.ok(!log.includes(secret));
  }
});

test('the cookie is Secure where the browser came by https', async () => {
  const proxied = await startTestGateway({ sandbox, env: { ...env, EASEL_TRUST_PROXY: 'true' } });
  const named = await startTestGateway({
    sandbox,
    env: { ...env, EASEL_PUBLIC_URL: 'https://easel.example.org' },
  });
  try {
    const key = { key: testAdminKey };
    const https = await trySignIn(proxied, key, { 'x-forwarded-proto': 'https' });
    assert.ok(isSecure(https.headers.get('set-cookie')));
    assert.ok(!isSecure((await trySignIn(proxied, key)).headers.get('set-cookie')));
    assert.ok(
      !isSecure((await trySignIn(easel, key, { 'x-forwarded-proto': 'https' })).headers.get('set-cookie')),
    );
    assert.ok(isSecure((await signInFrom(named, undefined, testAdminKey, 'easel.example.org')).setCookie));
  } finally {
    await proxied.close();
    await named.close();
  }
});

test('who fails ten times in a minute waits, others do not, and a hundred failures make all wait', async () => {
  const own = fastClock(1);
  const busy = await startTestGateway({ clock: own, sandbox, env });
  try {
    for (let i = 0; i < 5; i += 1) await signIn(busy);
    const wrong = (address: string) => signInFrom(busy, address, `sk-${'w'.repeat(40)}`);
    for (let i = 0; i < 10; i += 1) assert.equal((await wrong('127.0.0.2')).status, 401);
    const refused = await signInFrom(busy, '127.0.0.2', testAdminKey);
    assert.equal(refused.status, 429);
    assert.ok(refused.retryAfter >= 1 && refused.retryAfter <= 60);
    assert.equal((await signInFrom(busy, '127.0.0.3', testAdminKey)).status, 200);
    for (let host = 4; host < 13; host += 1)
      for (let i = 0; i < 10; i += 1) assert.equal((await wrong(`127.0.0.${host}`)).status, 401);
    assert.equal((await signInFrom(busy, '127.0.0.99', testAdminKey)).status, 429);
    own.skip(60_000);
    assert.equal((await signInFrom(busy, '127.0.0.99', testAdminKey)).status, 200);
    assert.equal((await signInFrom(busy, '127.0.0.2', testAdminKey)).status, 200);
  } finally {
    await busy.close();
  }
});

test('an admin acts as the key that was chosen, and stays signed in when that is frozen or deleted', async () => {
  const admin = await signIn(easel);
  const created = await admin.ask('POST', '/admin/keys', { name: 'chosen' });
  const id = String(created.at('id'));
  const asChosen = await admin.ask('PUT', '/admin/session/acting-key', { key_id: id });
  assert.equal(asChosen.at('acting_key.name'), 'chosen');
  const made = await admin.ask('POST', '/v1/images/generations', picture);
  const bearer = { authorization: `Bearer ${String(created.at('secret'))}` };
  const record = `/v1/images/${String(made.at('id'))}`;
  assert.equal((await easel.ask('GET', record, undefined, bearer)).status, 200);

  await admin.ask('PATCH', `/admin/keys/${id}`, { state: 'frozen' });
  assertRefused(await admin.ask('GET', '/v1/images'), {
    status: 403,
    reason: 'api_key_frozen',
    type: 'api_key_frozen',
  });
  assert.equal((await admin.ask('GET', '/admin/session')).at('acting_key.name'), 'chosen');
  assert.equal((await admin.ask('GET', '/admin/keys')).status, 200);

  assert.equal((await admin.ask('DELETE', `/admin/keys/${id}`)).status, 204);
  assert.equal((await admin.ask('GET', '/admin/session')).at('acting_key.name'), 'console');
  assert.equal((await admin.ask('GET', '/v1/images')).status, 200);
  const unknown = await admin.ask('PUT', '/admin/session/acting-key', { key_id: id });
  assertRefused(unknown, { status: 404, reason: 'not_found', type: 'not_found_error', param: 'key_id' });
});

test("an API key's session ends when the key is deleted, rotated or expires", async () => {
  const admin = await signIn(easel);
  const ends: ((id: string) => Promise<unknown>)[] = [
    (id) => admin.ask('DELETE', `/admin/keys/${id}`),
    (id) => admin.ask('POST', `/admin/keys/${id}/rotate`),
    (id) => {
      const soon = Math.floor(clock.now() / 1000) + 5;
      return admin.ask('PATCH', `/admin/keys/${id}`, { expires_at: soon }).then(() => clock.skip(6000));
    },
  ];
  for (const [i, end] of ends.entries()) {
    const created = await admin.ask('POST', '/admin/keys', { name: `ending-${i}` });
    const own = await signIn(easel, { key: created.at('secret') });
    assert.equal((await own.ask('GET', '/v1/images')).status, 200);
    await end(String(created.at('id')));
    assertRefused(await own.ask('GET', '/v1/images'), unauthorized);
    assertRefused(await own.ask('GET', '/admin/session'), unauthorized);
  }
});

/** From an address of its own on loopback, and with a Host of its own. */
function signInFrom(
  { url }: TestGateway,
  localAddress: string | undefined,
  key: string,
  host?: string,
): Promise<{ status: number; retryAfter: number; setCookie: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    retryAfter: number;
    setCookie: string;
  }>();
  const sent = httpRequest(`${url}/admin/session`, {
    method: 'POST',
    ...(localAddress === undefined ? {} : { localAddress }),
    headers: { 'content-type': 'application/json', ...(host === undefined ? {} : { host }) },
  });
  sent.on('error', reject);
  sent.on('response', (reply) => {
    reply.resume();
    reply.on('end', () =>
      resolve({
        status: reply.statusCode ?? 0,
        retryAfter: Number(reply.headers['retry-after'] ?? 0),
        setCookie: reply.headers['set-cookie']?.[0] ?? '',
      }),
    );
  });
  sent.end(JSON.stringify({ key }));
  return promise;
}

/** Everything that the data folder holds, as text. */
async function filesOf(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map((file) => readFile(`${file.parentPath}/${file.name}`, 'latin1')),
  );
  return texts.join('\n');
}
