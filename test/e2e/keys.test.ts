import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { childEnv, easelCommand } from '../kit/easel-command.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { answered, startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

/** Keys (public-api.md section 2), and the commands that make and end them beside a running gateway. */

const clock = fastClock(1);
const sandbox = { draw: claimedDraw, delayMs: 1 };
const secretOf = (letter: string): string => `sk-${letter.repeat(40)}`;
const secretForm = /^sk-[A-Za-z0-9]{32,}$/;

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ clock, sandbox });
});
after(() => easel.close());

/** A request with this Authorization header, or without any. */
async function as(
  authorization: string | undefined,
  of: TestGateway = easel,
  at = '/v1/images',
): Promise<Answered> {
  return await answered(
    await fetch(`${of.url}${at}`, { headers: authorization === undefined ? {} : { authorization } }),
  );
}

const bearer = (secret: string): string => `Bearer ${secret}`;
const unauthorized = { status: 401, reason: 'invalid_api_key' };
const frozen = { status: 403, reason: 'api_key_frozen', type: 'api_key_frozen' };

test('a key that is missing, malformed, unknown, deleted or expired gets one and the same 401', async () => {
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const deleted = await createKey('deleted', tools, secretOf('d'));
    if (deleted.kind === 'created') await tools.keys.change(deleted.key.id, { state: 'deleted' });
    const expired = await createKey('expired', tools, secretOf('e'));
    if (expired.kind === 'created') await tools.keys.change(expired.key.id, { expiresAtMs: clock.now() - 1 });
    // Frozen too: whether a key that ended was frozen is nobody's business.
    const both = await createKey('both', tools, secretOf('b'));
    if (both.kind === 'created')
      await tools.keys.change(both.key.id, { state: 'frozen', expiresAtMs: clock.now() - 1 });
  });
  const bodies = new Set<string>();
  const headers = new Set<string>();
  for (const authorization of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    testSecret,
    `Basic ${testSecret}`,
    `Token ${testSecret}`,
    `Bearer${testSecret}`,
    `Bearer ${testSecret} x`,
    `Bearer ${testSecret},`,
    `Bearer "${testSecret}"`,
    `Bearer ${testSecret.slice(0, -1)}`,
    `Bearer ${testSecret}t`,
    `Bearer ${testSecret.toUpperCase()}`,
    'Bearer sk-',
    'Bearer sk-short',
    `Bearer sk-${'t'.repeat(31)}`,
    `Bearer sk-${'-'.repeat(40)}`,
    `Bearer pk-${'t'.repeat(40)}`,
    `Bearer ${'x'.repeat(8000)}`,
    bearer(secretOf('u')),
    bearer(secretOf('d')),
    bearer(secretOf('e')),
    bearer(secretOf('b')),
  ]) {
    const answer = await as(authorization);
    assertRefused(answer, unauthorized);
    bodies.add(answer.text);
    headers.add(
      JSON.stringify([...answer.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date')),
    );
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal(bodies.size, 1, [...bodies].join('\n'));
  assert.equal(headers.size, 1, [...headers].join('\n'));
  assert.equal(JSON.parse([...bodies][0] ?? '').error.message, 'Invalid API key or token provided');
});

test('the word Bearer may be written in any case, with spaces around the key', async () => {
  for (const authorization of [
    bearer(testSecret),
    `bearer ${testSecret}`,
    `BEARER ${testSecret}`,
    `Bearer   ${testSecret}`,
    `Bearer ${testSecret}  `,
  ])
    assert.equal((await as(authorization)).status, 200, authorization);
});

test('a key ends at its time, and not before', async () => {
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const made = await createKey('short', tools, secretOf('s'));
    if (made.kind === 'created') await tools.keys.change(made.key.id, { expiresAtMs: clock.now() + 60_000 });
  });
  assert.equal((await as(bearer(secretOf('s')))).status, 200);
  clock.skip(61_000);
  assertRefused(await as(bearer(secretOf('s'))), unauthorized);
});

test('a key with an allow-list sees and uses its models alone', async () => {
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const made = await createKey('narrow', tools, secretOf('n'));
    if (made.kind === 'created') await tools.keys.change(made.key.id, { models: ['seedream-4.5'] });
  });
  const authorization = { authorization: bearer(secretOf('n')) };
  const list = await as(authorization.authorization, easel, '/v1/models');
  assert.deepEqual([list.at('data.0.id'), list.at('data.1')], ['seedream-4.5', undefined]);
  const notFound = { status: 404, reason: 'model_not_found', type: 'model_not_found', param: 'model' };
  assertRefused(await as(authorization.authorization, easel, '/v1/models/glm-image'), notFound);
  const create = (model: string) =>
    easel.ask('POST', '/v1/images/generations', { model, prompt: 'a boat' }, authorization);
  assert.equal((await create('seedream-4-5-251128')).status, 200);
  assertRefused(await create('glm-image'), {
    status: 403,
    reason: 'model_access_denied',
    type: 'model_access_denied',
    param: 'model',
  });
});

test('keys are made, listed, frozen, unfrozen and deleted beside a running gateway', async () => {
  const command = (...words: string[]) => easelCommand(easel.dataDir, 'keys', ...words);
  const made = await command('create', 'made');
  assert.equal(made.code, 0, made.error);
  const secret = made.out.trim();
  assert.match(secret, secretForm);
  assert.equal((await as(bearer(secret))).status, 200);
  const created = await easel.ask(
    'POST',
    '/v1/images/generations',
    { model: 'seedream-4.5', prompt: 'a boat' },
    { authorization: bearer(secret) },
  );
  assert.equal(created.status, 200);

  const [listed, again, reserved] = await Promise.all([
    command('list'),
    command('create', 'made'),
    command('create', 'env'),
  ]);
  assert.match(listed.out, /^made +active +…\w{4} /m);
  assert.ok(!listed.out.includes(secret.slice(0, -4)));
  for (const refused of [again, reserved]) {
    assert.equal(refused.code, 1);
    assert.match(refused.error, /\S/);
    assert.equal(refused.out, '');
  }

  assert.equal((await command('freeze', 'made')).code, 0);
  assertRefused(await as(bearer(secret)), frozen);
  assert.equal((await command('unfreeze', 'made')).code, 0);
  assert.equal((await as(bearer(secret), easel, `/v1/images/${String(created.at('id'))}`)).status, 200);
  assert.equal((await command('delete', 'made')).code, 0);
  assertRefused(await as(bearer(secret)), unauthorized);

  assert.equal((await command('unfreeze', 'made')).code, 1);
  const reused = await command('create', 'made');
  // A new key of an old name is another key: the records of the first are not its own.
  const successor = bearer(reused.out.trim());
  assert.equal((await as(successor, easel, '/v1/images?status=all')).at('first_id'), null);
  assertRefused(await as(successor, easel, `/v1/images/${String(created.at('id'))}`), {
    status: 404,
    reason: 'not_found',
    type: 'not_found_error',
  });
});

test('the commands say what is missing where there is no gateway yet', async (t) => {
  const folder = await temporaryFolder(t);
  const refused = await easelCommand(folder, 'keys', 'list');
  assert.equal(refused.code, 1);
  assert.match(refused.error, /There is no Easel data/);
  assert.deepEqual(await readdir(folder), []);
});

test('the key named env follows EASEL_API_KEY over restarts, and its records stay', async (t) => {
  const dataDir = await temporaryFolder(t);
  const [one, two] = [secretOf('1'), secretOf('2')];
  const start = (EASEL_API_KEY: string) => startTestGateway({ dataDir, sandbox, env: { EASEL_API_KEY } });

  const first = await start(one);
  const made = await first.ask(
    'POST',
    '/v1/images/generations',
    { model: 'seedream-4.5', prompt: 'a boat' },
    { authorization: bearer(one) },
  );
  const record = `/v1/images/${String(made.at('id'))}`;
  assert.equal((await as(bearer(one), first, record)).status, 200);
  await first.close();

  const second = await start(two);
  assertRefused(await as(bearer(one), second, record), unauthorized);
  assert.equal((await as(bearer(two), second, record)).status, 200);
  // Made at another first start, a key of its own would be printed here; there is one already.
  assert.equal(second.gateway.firstSecret, undefined);
  await second.close();

  const third = await start('');
  assertRefused(await as(bearer(two), third, record), frozen);
  assert.equal(third.gateway.firstSecret, undefined);
  await third.close();

  const fourth = await start(two);
  assert.equal((await as(bearer(two), fourth, record)).status, 200);
  await fourth.close();
});

test('the first start prints a key, once; nothing else ever shows a secret', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startProgram(dataDir);
  const secret = /API key \(shown this once\): (\S+)/.exec(first.output())?.[1] ?? '';
  assert.match(secret, secretForm);
  const [, url = '', body = ''] = /curl (\S+) [\s\S]*-d '(.*)'/.exec(first.output()) ?? [];
  assert.ok(first.output().includes(`-H "Authorization: Bearer ${secret}"`));
  const pasted = await fetch(url, {
    method: 'POST',
    headers: { authorization: bearer(secret), 'content-type': 'application/json' },
    body,
  });
  assert.equal(pasted.status, 200, await pasted.text());
  for (const authorization of [bearer(secret), bearer(`${secret}x`), secret])
    await fetch(`${new URL(url).origin}/v1/models?key=${secret}`, { headers: { authorization } });
  await first.stop();
  assert.equal(first.output().split(secret).length - 1, 2, 'in the welcome and its curl alone');

  const adminKey = `admin-${'k'.repeat(30)}`;
  const second = await startProgram(dataDir, { EASEL_ADMIN_KEY: adminKey, EASEL_LOG_LEVEL: 'trace' });
  assert.equal(
    (await fetch(`${second.url()}/v1/models`, { headers: { authorization: bearer(secret) } })).status,
    200,
  );
  await second.stop();
  assert.ok(second.output().length > 100);
  for (const hidden of [secret, secret.slice(0, 20), adminKey, 'shown this once'])
    assert.ok(!second.output().includes(hidden), `${hidden.slice(0, 8)}… was printed`);
  // Nor does the disk hold it.
  for (const file of await readdir(dataDir, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      assert.ok(!(await readFile(path.join(file.parentPath, file.name))).includes(secret), file.name);
});

test('a secret of wrong form stops the start with the name of its setting, never its value', async (t) => {
  const program = await startProgram(await temporaryFolder(t), {
    EASEL_API_KEY: 'sk-mine',
    EASEL_ADMIN_KEY: 'tiny-one',
    GEMINI_API_KEY: 'AIza with spaces',
  });
  assert.equal(await program.stop(), 1);
  for (const name of ['EASEL_API_KEY', 'EASEL_ADMIN_KEY', 'GEMINI_API_KEY'])
    assert.ok(program.output().includes(name), name);
  assert.doesNotMatch(program.output(), /sk-mine|tiny-one|AIza/);
});

test("no reply and no line of the log holds a caller's secret", async () => {
  for (const authorization of [bearer(testSecret), bearer(secretOf('u')), bearer(secretOf('d'))]) {
    const answer = await easel.ask(
      'POST',
      '/v1/images/generations',
      { model: 'seedream-4.5', prompt: 'a boat', n: 99 },
      { authorization },
    );
    assert.doesNotMatch(answer.text, /sk-/);
  }
  assert.doesNotMatch(JSON.stringify(easel.logged), /sk-\w{8}/);
});

/** The program itself, with no setting but a free port and what is given; resolves when it listens or has ended. */
async function startProgram(dataDir: string, env: Record<string, string> = {}) {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...childEnv(), EASEL_PORT: '0', EASEL_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close');
  const url = () => /is ready at (\S+)/.exec(output)?.[1];
  await until(() => /curl /.test(output) || child.exitCode !== null, 60_000);
  return {
    output: () => output,
    url,
    /** Ends it, if it has not ended by itself; gives the exit code. */
    async stop(): Promise<unknown> {
      child.kill('SIGTERM');
      const [code] = (await ended) as unknown[];
      return code;
    },
  };
}
