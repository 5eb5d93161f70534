import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import type { Draw, Simulator } from '../../src/sandbox/kit.ts';
import { signIn, testAdminKey, trySignIn } from '../kit/console-client.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../kit/gateway.ts';
import { openDatabase } from '../kit/open-database.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { smallDisk, type SmallDisk } from '../kit/small-disk.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';

/** A gateway whose pictures lie on a small disk; with `everything` its records too. */
async function onSmallDisk(
  t: TestContext,
  options: TestGatewayOptions & { everything?: boolean } = {},
): Promise<{ easel: TestGateway; disk: SmallDisk; simulator: (name: string) => Simulator }> {
  const { everything = false, env, ...overrides } = options;
  const disk = await smallDisk(t);
  const dataDir = everything ? disk.folder : await temporaryFolder(t);
  if (!everything) await symlink(disk.folder, path.join(dataDir, 'objects'));
  const easel = await startTestGateway({
    dataDir,
    // Twenty times as fast: pauses and deadlines of seconds.
    clock: fastClock(20),
    env: { EASEL_MIN_FREE_BYTES: '0', EASEL_DEADLINE_MS: '30000', ...env },
    ...overrides,
  });
  t.after(() => easel.close());
  return { easel, disk, simulator: (name) => simulatorOf(easel, name) };
}

function simulatorOf(easel: TestGateway, name: string): Simulator {
  const simulator = easel.gateway.sandbox?.simulators.get(name);
  assert.ok(simulator !== undefined);
  return simulator;
}

/** Pictures of some megabytes, which do not fit into what is written at once. */
const largeDraw: Draw = ({ width, height, format }) => {
  const picture = sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });
  return (format === 'png' ? picture.png({ compressionLevel: 0 }) : picture.jpeg({ quality: 90 })).toBuffer();
};

async function statusOf(easel: TestGateway, id: string): Promise<unknown> {
  return (await easel.ask('GET', `/v1/images/${id}`)).at('status');
}

async function hashOf(easel: TestGateway, id: string): Promise<string> {
  const url = String((await easel.ask('GET', `/v1/images/${id}`)).at('url'));
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
}

const made = {
  'nano-banana-pro': 'gemini',
  'seedream-4.5': 'ark',
  'kling-image-o1': 'kling',
  'glm-image': 'zai',
};

for (const [model, provider] of Object.entries(made)) {
  test(`${model}: a full disk delays a picture and does not lose it`, async (t) => {
    const { easel, disk, simulator } = await onSmallDisk(t, { sandbox: { draw: largeDraw } });
    await disk.fill();
    const answer = await easel.ask('POST', create, { model, prompt: 'a lighthouse' });
    assert.equal(answer.status, 424, answer.text);
    assert.equal(answer.at('error.reason'), 'generation_timeout');
    assert.equal(answer.headers.get('x-should-retry'), 'false');
    const id = String(answer.headers.get('x-image-id'));
    assert.equal(await statusOf(easel, id), 'in_progress');
    await disk.free();
    await until(async () => (await statusOf(easel, id)) === 'completed');
    const ledger = simulator(provider).control.ledger();
    assert.equal(ledger.length, 1);
    assert.equal(await hashOf(easel, id), ledger[0]?.sha256);
  });
}

test('while pictures wait for the disk nothing new is begun, and afterwards it is again', async (t) => {
  const { easel, disk, simulator } = await onSmallDisk(t, {
    sandbox: { draw: largeDraw },
    env: { EASEL_DEADLINE_MS: '60000' },
  });
  await disk.fill();
  const first = await easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'a lighthouse' });
  assert.equal(first.status, 424);
  const refused = await easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'a second one' });
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.at('error.reason'), 'storage_unavailable');
  assert.equal(refused.headers.get('x-should-retry'), 'true');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal((await easel.ask('GET', '/readyz')).status, 503);
  assert.equal(simulator('gemini').control.ledger().length, 1);
  await disk.free();
  await until(async () => (await easel.ask('GET', '/readyz')).status === 200);
  const again = await easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'a second one' });
  assert.equal(again.status, 200, again.text);
});

test('below the free space that was set nothing is begun, and the log says so once', async (t) => {
  const { easel, disk, simulator } = await onSmallDisk(t, { env: { EASEL_MIN_FREE_BYTES: '12000000' } });
  const body = { model: 'seedream-4.5', prompt: 'a lighthouse' };
  assert.equal((await easel.ask('POST', create, body)).status, 200);
  await disk.fill();
  await until(async () => (await easel.ask('POST', create, body)).status === 503);
  const charged = simulator('ark').control.ledger().length;
  for (let i = 0; i < 3; i += 1) {
    const answer = await easel.ask('POST', create, body);
    assert.equal(answer.at('error.reason'), 'storage_unavailable');
    assert.match(String(answer.at('error.message')), /disk space/);
    assert.equal(answer.at('error.type'), 'api_error');
  }
  const ready = await easel.ask('GET', '/readyz');
  assert.deepEqual([ready.status, ready.at('storage')], [503, false]);
  assert.equal(simulator('ark').control.ledger().length, charged);
  await disk.free();
  await until(async () => (await easel.ask('POST', create, body)).status === 200);
  const told = easel.logged.filter(({ message }) => /EASEL_MIN_FREE_BYTES|well again/.test(message));
  assert.deepEqual(
    told.map(({ level }) => level),
    ['error', 'info'],
  );
});

for (const [model, provider] of Object.entries(made)) {
  test(`${model}: a disk that is full for records and pictures at once delays both`, async (t) => {
    const pictures = heldDraw(fastDraw);
    const { easel, disk, simulator } = await onSmallDisk(t, {
      everything: true,
      sandbox: { draw: pictures.draw },
    });
    const { control } = simulator(provider);
    pictures.hold('lighthouse');
    t.after(() => pictures.release());
    const answering = easel.ask('POST', create, { model, prompt: 'a lighthouse' });
    await until(() => control.requests().length > 0);
    await disk.fill();
    pictures.release();
    const answer = await answering;
    assert.equal(answer.at('error.reason'), 'generation_timeout', answer.text);
    const id = String(answer.headers.get('x-image-id'));
    await disk.free();
    await until(async () => (await statusOf(easel, id)) === 'completed');
    assert.equal(control.ledger().length, 1);
    assert.equal(await hashOf(easel, id), control.ledger()[0]?.sha256);
  });
}

test('a record that cannot be opened costs nothing and is a 503', async (t) => {
  const { easel, disk, simulator } = await onSmallDisk(t, { everything: true });
  await disk.fill();
  const answer = await easel.ask('POST', create, { model: 'seedream-4.5', prompt: 'x '.repeat(1500) });
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.at('error.reason'), 'storage_unavailable');
  assert.equal(simulator('ark').control.requests().length, 0);
  await disk.free();
  await until(async () => (await easel.ask('GET', '/readyz')).status === 200);
  assert.equal((await easel.ask('POST', create, { model: 'seedream-4.5', prompt: 'again' })).status, 200);
});

test('a database that another process holds for long delays a paid picture and does not lose it', async (t) => {
  const { easel, simulator } = await onSmallDisk(t, { env: { EASEL_DEADLINE_MS: '3600000' } });
  const { control } = simulator('gemini');
  control.inject({ on: 'submit', kind: 'late', byMs: 1000 });
  const answering = easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'a lighthouse' });
  await until(() => control.requests().length === 1);
  const other = openDatabase(path.join(easel.dataDir, 'easel.db'));
  t.after(() => other.isOpen && other.close());
  other.exec('begin immediate');
  // Our own waiting for the lock has failed once, so it is the next try that stores the picture.
  await until(() =>
    easel.logged.some(({ message }) => /Recording the end of a generation failed/.test(message)),
  );
  other.exec('commit');
  const answer = await answering;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await hashOf(easel, String(answer.at('id'))), control.ledger()[0]?.sha256);
});

test('a picture inside an answer is published even when the gateway is stopped while the disk is full', async (t) => {
  const { easel, disk, simulator } = await onSmallDisk(t, { env: { EASEL_DRAIN_MS: '60000' } });
  await disk.fill();
  const answer = await easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'a lighthouse' });
  const id = String(answer.headers.get('x-image-id'));
  const closing = easel.gateway.close();
  await disk.free();
  await closing;
  const next = await startTestGateway({ dataDir: easel.dataDir });
  t.after(() => next.close());
  await until(async () => (await statusOf(next, id)) === 'completed');
  assert.equal(await hashOf(next, id), simulator('gemini').control.ledger()[0]?.sha256);
});

test('an operator sees what is there on a full disk, and is told why nothing can be changed', async (t) => {
  const { easel, disk } = await onSmallDisk(t, {
    everything: true,
    env: { EASEL_ADMIN_KEY: testAdminKey },
    sandbox: { draw: fastDraw },
  });
  const admin = await signIn(easel);
  const link = (await easel.gateway.makeSignInLink(easel.url)).split('#sign-in=')[1];
  await disk.fill();
  for (const path of ['/admin/session', '/admin/activity', '/admin/images', '/admin/models'])
    assert.equal((await admin.ask('GET', path)).status, 200, path);
  for (const refused of [
    await admin.ask('POST', '/admin/keys', { name: 'new' }),
    await trySignIn(easel, { link }),
  ]) {
    assert.deepEqual(
      [refused.status, refused.at('error.reason')],
      [503, 'storage_unavailable'],
      refused.text,
    );
    assert.match(refused.text, /Look at its disk/);
  }
  assert.ok(easel.logged.some(({ message }) => message === 'The records cannot be read or written.'));
  await disk.free();
  assert.equal((await trySignIn(easel, { link })).status, 200, 'the link was not used up');
});
