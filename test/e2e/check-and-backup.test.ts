import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { ulid } from 'ulid';
import { easelCommand } from '../kit/easel-command.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import {
  answered,
  startTestGateway,
  testSecret,
  type TestGateway,
  type TestGatewayOptions,
} from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { smallDisk } from '../kit/small-disk.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';

async function start(t: TestContext, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const easel = await startTestGateway({ dataDir: await temporaryFolder(t), ...options });
  t.after(() => easel.close());
  return easel;
}

/** Makes pictures and gives the record's id. */
async function make(easel: TestGateway, n = 1, model = 'seedream-4.5'): Promise<string> {
  const made = await easel.ask('POST', create, { model, prompt: `number ${Math.random()}`, n });
  assert.equal(made.status, 200, made.text);
  return String(made.at('id'));
}

/** The files of a record's pictures, by index. */
async function filesOf(dataDir: string, id: string): Promise<string[]> {
  const folder = path.join(dataDir, 'objects', 'images', id.slice(-2).toLowerCase());
  const names = await readdir(folder);
  return names
    .filter((name) => name.startsWith(id))
    .sort()
    .map((name) => path.join(folder, name));
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}

test('check says that everything agrees, beside a running gateway', async (t) => {
  const easel = await start(t);
  await make(easel, 2);
  await make(easel, 1, 'nano-banana-pro');
  const { code, out, error } = await easelCommand(easel.dataDir, 'check');
  assert.equal(code, 0, out + error);
  assert.match(out, /2 records, 3 pictures, 0 assets, .*\nEverything agrees\./);
});

test('check finds missing, damaged and orphaned files, and repair leaves what is good as it was', async (t) => {
  const easel = await start(t);
  const [good, half, gone, altered, shortened] = [
    await make(easel, 2),
    await make(easel, 2),
    await make(easel),
    await make(easel),
    await make(easel),
  ];
  const goodFiles = await filesOf(easel.dataDir, good);
  const before = await Promise.all(goodFiles.map((file) => readFile(file)));
  await rm((await filesOf(easel.dataDir, half))[0] ?? '');
  await rm((await filesOf(easel.dataDir, gone))[0] ?? '');
  const alteredFile = (await filesOf(easel.dataDir, altered))[0] ?? '';
  const bytes = await readFile(alteredFile);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(alteredFile, bytes);
  await appendFile((await filesOf(easel.dataDir, shortened))[0] ?? '', 'x');
  const orphan = path.join(easel.dataDir, 'objects/images/zz/img_01ARZ3NDEKTSV4RRFFQ69G5FZZ_0.png');
  await mkdir(path.dirname(orphan), { recursive: true });
  await writeFile(orphan, 'nobody knows me');
  const stranger = path.join(easel.dataDir, 'objects/images/holiday.png');
  await writeFile(stranger, 'put here by hand');

  const found = await easelCommand(easel.dataDir, 'check');
  assert.equal(found.code, 1, found.out + found.error);
  assert.match(found.out, /files are missing: 2\n/);
  assert.match(found.out, /not what was stored: 2\n/);
  assert.match(found.out, /belong to no record: 1\n/);
  assert.match(found.out, /did not put there: 1\n/);
  assert.match(found.out, /6 wrong\. To repair/);
  assert.match(found.out, new RegExp(`${altered} picture 0: other bytes`));
  assert.match(found.out, new RegExp(`${shortened} picture 0: another size`));
  // Looking changes nothing.
  assert.ok(await exists(orphan));
  assert.equal((await easel.ask('GET', `/v1/images/${gone}`)).at('status'), 'completed');

  const repaired = await easelCommand(easel.dataDir, 'check', '--repair');
  assert.equal(repaired.code, 1, 'what somebody put there by hand is left alone');
  assert.match(repaired.out, /1 could not be repaired/);
  assert.deepEqual(await Promise.all(goodFiles.map((file) => readFile(file))), before);
  assert.ok(!(await exists(orphan)));
  assert.ok(await exists(stranger));
  const rest = await easel.ask('GET', `/v1/images/${half}`);
  assert.equal(rest.at('status'), 'completed');
  assert.deepEqual(
    [rest.at('images.0.index'), rest.at('images.1'), rest.at('failed_images.0.index')],
    [1, undefined, 0],
  );
  for (const id of [gone, altered, shortened]) {
    const record = await easel.ask('GET', `/v1/images/${id}`);
    assert.equal(record.at('status'), 'failed');
    assert.match(String(record.at('error.message')), /lost or damaged on this server/);
  }
  const aside = path.join(easel.dataDir, 'damaged');
  assert.equal((await readdir(aside)).length, 2);

  await rm(stranger);
  const again = await easelCommand(easel.dataDir, 'check');
  assert.equal(again.code, 0, again.out);
});

test('copies of a picture agree with anything, and are orphans when their record is gone', async (t) => {
  const easel = await start(t);
  const id = await make(easel);
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.equal((await fetch(String(record.at('images.0.thumbnail_url')))).status, 200);
  const [copy = ''] = await readdir(path.join(easel.dataDir, 'objects/copies', id.slice(-2).toLowerCase()));
  const sound = await easelCommand(easel.dataDir, 'check');
  assert.match(sound.out, /Everything agrees\./, sound.out + sound.error);

  const left = path.join(
    easel.dataDir,
    'objects/copies/zz',
    copy.replace(id, 'img_01ARZ3NDEKTSV4RRFFQ69G5FZZ'),
  );
  await mkdir(path.dirname(left), { recursive: true });
  await writeFile(left, 'of a picture that was deleted');
  const found = await easelCommand(easel.dataDir, 'check', '--repair');
  assert.match(found.out, /belong to no record: 1\n/);
  assert.ok(!(await exists(left)));
  assert.equal((await fetch(String(record.at('images.0.thumbnail_url')))).status, 200);
});

test('assets are checked too: what is lost is forgotten, what nobody owns is removed', async (t) => {
  const easel = await start(t);
  const ids: string[] = [];
  for (let side = 40; side < 43; side += 1) {
    const picture = sharp({ create: { width: side, height: 32, channels: 3, background: 'red' } });
    const form = new FormData();
    form.append('file', new Blob([Buffer.from(await picture.png().toBuffer())]));
    const headers = { authorization: `Bearer ${testSecret}` };
    const sent = await fetch(`${easel.url}/v1/assets`, { method: 'POST', headers, body: form });
    ids.push(String((await answered(sent)).at('data.assetId')));
  }
  const folder = path.join(easel.dataDir, 'objects', 'assets');
  const fileOf = (id = '') => path.join(folder, id.slice(-2).toLowerCase(), `${id}.png`);
  const sound = await easelCommand(easel.dataDir, 'check');
  assert.match(sound.out, /0 pictures, 3 assets, .*\nEverything agrees\./, sound.out + sound.error);

  const [good = '', gone = '', altered = ''] = ids;
  const before = await readFile(fileOf(good));
  await rm(fileOf(gone));
  await appendFile(fileOf(altered), 'x');
  const orphan = fileOf('ua_01ARZ3NDEKTSV4RRFFQ69G5FZZ');
  await mkdir(path.dirname(orphan), { recursive: true });
  await writeFile(orphan, 'nobody knows me');
  // Its bytes are there and its row is not yet: an upload that is under way.
  const fresh = fileOf(`ua_${ulid()}`);
  await mkdir(path.dirname(fresh), { recursive: true });
  await writeFile(fresh, 'a moment ago');
  const stranger = path.join(folder, 'holiday.png');
  await writeFile(stranger, 'put here by hand');

  const found = await easelCommand(easel.dataDir, 'check');
  assert.equal(found.code, 1, found.out + found.error);
  assert.match(found.out, new RegExp(`files are missing: 1\n.*asset ${gone}: no file`));
  assert.match(found.out, new RegExp(`not what was stored: 1\n.*asset ${altered}: another size`));
  assert.match(found.out, /belong to no record: 1\n.*01ARZ3NDEKTSV4RRFFQ69G5FZZ/);
  assert.match(found.out, /did not put there: 1\n/);
  assert.match(found.out, /4 wrong\. To repair/);
  assert.equal((await easel.ask('GET', `/v1/assets/${gone}`)).status, 200, 'looking changes nothing');

  const repaired = await easelCommand(easel.dataDir, 'check', '--repair');
  assert.match(repaired.out, /1 could not be repaired/, repaired.out + repaired.error);
  assert.deepEqual(await readFile(fileOf(good)), before);
  assert.deepEqual([await exists(orphan), await exists(fresh), await exists(stranger)], [false, true, true]);
  assert.equal((await easel.ask('GET', `/v1/assets/${good}`)).status, 200);
  for (const id of [gone, altered]) assert.equal((await easel.ask('GET', `/v1/assets/${id}`)).status, 404);
  assert.equal((await readdir(path.join(easel.dataDir, 'damaged'))).length, 1);

  await rm(stranger);
  assert.equal((await easelCommand(easel.dataDir, 'check')).code, 0);
  await easel.gateway.close();
  const later = await easelCommand(easel.dataDir, 'check');
  assert.match(later.out, /belong to no record: 1\n/, 'no gateway runs that could still write its row');
});

test('check --sizes-only is content with the right number of bytes', async (t) => {
  const easel = await start(t);
  const file = (await filesOf(easel.dataDir, await make(easel)))[0] ?? '';
  await writeFile(file, Buffer.alloc((await stat(file)).size));
  assert.equal((await easelCommand(easel.dataDir, 'check', '--sizes-only')).code, 0);
  assert.equal((await easelCommand(easel.dataDir, 'check')).code, 1);
});

test('a picture that a closed record has a place for is taken up by it', async (t) => {
  const easel = await start(t);
  const id = await make(easel);
  const file = (await filesOf(easel.dataDir, id))[0] ?? '';
  const hidden = path.join(easel.dataDir, 'kept-elsewhere');
  await writeFile(hidden, await readFile(file));
  await rm(file);
  assert.equal((await easelCommand(easel.dataDir, 'check', '--repair')).code, 0);
  assert.equal((await easel.ask('GET', `/v1/images/${id}`)).at('status'), 'failed');
  // Somebody finds it in a backup and puts it back.
  await writeFile(file, await readFile(hidden));
  assert.equal((await easelCommand(easel.dataDir, 'check')).code, 1);
  const { code, out } = await easelCommand(easel.dataDir, 'check', '--repair');
  assert.equal(code, 0, out);
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.equal(record.at('status'), 'completed');
  assert.equal((await fetch(String(record.at('url')))).status, 200);
});

test('a picture that is being stored is nobody’s orphan, and a draft in use is left alone', async (t) => {
  const pictures = heldDraw(fastDraw);
  const easel = await start(t, { sandbox: { draw: pictures.draw, delayMs: 1 } });
  // The first image is stored, the second is on its way for as long as we look.
  pictures.hold('two boats', 1);
  t.after(() => pictures.release());
  const asked = easel.ask('POST', create, { model: 'seedream-4.5', prompt: 'two boats', n: 2 });
  const images = path.join(easel.dataDir, 'objects', 'images');
  await until(async () =>
    (await readdir(images, { recursive: true }).catch(() => [])).some((name) => name.includes('_')),
  );
  const { code, out } = await easelCommand(easel.dataDir, 'check', '--repair');
  assert.equal(code, 0, out);
  assert.match(out, /1 records, 1 of them in progress/);
  pictures.release();
  assert.equal((await asked).status, 200);
});

test('drafts of a process that died are found and removed when no gateway runs', async (t) => {
  const easel = await start(t);
  await make(easel);
  const draft = path.join(easel.dataDir, 'objects/.drafts/1-aabbccddeeff-0.draft');
  await writeFile(draft, 'half a picture');
  assert.equal((await easelCommand(easel.dataDir, 'check')).code, 0, 'a running gateway looks after them');
  await easel.gateway.close();
  const found = await easelCommand(easel.dataDir, 'check');
  assert.equal(found.code, 1);
  assert.match(found.out, /Unfinished files/);
  assert.equal((await easelCommand(easel.dataDir, 'check', '--repair')).code, 0);
  assert.ok(!(await exists(draft)));
});

for (const how of ['linked', 'copied', 'on another disk'] as const) {
  test(`a backup made beside a running gateway (${how}) passes the check and can be run from`, async (t) => {
    const easel = await start(t);
    const ids = [await make(easel, 3), await make(easel, 1, 'nano-banana-pro')];
    const parent = how === 'on another disk' ? (await smallDisk(t)).folder : await temporaryFolder(t);
    const copy = path.join(parent, 'backup');
    const made = await easelCommand(easel.dataDir, 'backup', copy, ...(how === 'copied' ? ['--copy'] : []));
    assert.equal(made.code, 0, made.out + made.error);
    assert.match(made.out, /2 records and 4 pictures/);
    assert.deepEqual((await readdir(copy)).sort(), ['easel.db', 'objects']);
    assert.equal((await stat(path.join(copy, 'easel.db'))).mode & 0o077, 0);
    const [original, second] = [
      await filesOf(easel.dataDir, ids[0] ?? ''),
      await filesOf(copy, ids[0] ?? ''),
    ];
    const isSame = (await stat(original[0] ?? '')).ino === (await stat(second[0] ?? '')).ino;
    assert.equal(isSame, how === 'linked');

    // What happens to the original afterwards does not touch the copy.
    await easel.ask('DELETE', `/v1/images/${ids[0]}`);
    const checked = await easelCommand(copy, 'check');
    assert.equal(checked.code, 0, checked.out + checked.error);
    const again = await startTestGateway({ dataDir: copy, env: { EASEL_MIN_FREE_BYTES: '0' } });
    t.after(() => again.close());
    for (const id of ids) {
      const url = String((await again.ask('GET', `/v1/images/${id}`)).at('url'));
      assert.equal((await fetch(url)).status, 200);
    }
    await make(again);
  });
}

test('a backup holds every picture of every record in it while pictures are made and deleted', async (t) => {
  const easel = await start(t);
  const kept: string[] = [];
  const over = new AbortController();
  const busy = Array.from({ length: 3 }, async () => {
    while (!over.signal.aborted) {
      const id = await make(easel);
      if (Math.random() < 0.5) await easel.ask('DELETE', `/v1/images/${id}`);
      else kept.push(id);
    }
  });
  await until(() => kept.length > 5, 30_000);
  const copy = path.join(await temporaryFolder(t), 'copy');
  const made = await easelCommand(easel.dataDir, 'backup', copy);
  assert.equal(made.code, 0, made.out + made.error);
  const checked = await easelCommand(copy, 'check');
  assert.equal(checked.code, 0, checked.out + checked.error);
  over.abort();
  await Promise.all(busy);
  const { code, out } = await easelCommand(easel.dataDir, 'check');
  assert.equal(code, 0, out);
});

test('backup refuses a folder with something in it and one among the pictures, and changes nothing', async (t) => {
  const easel = await start(t);
  await make(easel);
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'thesis.txt'), 'precious');
  const refused = await easelCommand(easel.dataDir, 'backup', folder);
  assert.equal(refused.code, 1);
  assert.match(refused.error, /not empty/);
  assert.deepEqual(await readdir(folder), ['thesis.txt']);
  const inside = await easelCommand(easel.dataDir, 'backup', path.join(easel.dataDir, 'objects', 'backup'));
  assert.equal(inside.code, 1);
  assert.match(inside.error, /among the pictures/);
});

test('both commands say what to do where there is no data yet', async (t) => {
  const folder = await temporaryFolder(t);
  for (const words of [['check'], ['backup', path.join(folder, 'copy')]]) {
    const { code, error } = await easelCommand(path.join(folder, 'nothing'), ...words);
    assert.equal(code, 1);
    assert.match(error, /no Easel data/);
  }
});

test('a database that is none is said in a line, not in a stack', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'easel.db'), 'x'.repeat(10_000));
  for (const words of [['check'], ['backup', path.join(folder, 'copy')]]) {
    const { code, error } = await easelCommand(folder, ...words);
    assert.equal(code, 1);
    assert.match(error, /not a database/);
    assert.ok(!error.includes('    at '), error);
  }
});

test('a database with a broken page is found out', async (t) => {
  const easel = await start(t);
  await make(easel, 2);
  await easel.gateway.close();
  const file = path.join(easel.dataDir, 'easel.db');
  const bytes = await readFile(file);
  bytes.fill(0xff, 4096 * 3 + 8, 4096 * 4);
  await writeFile(file, bytes);
  const { code, out, error } = await easelCommand(easel.dataDir, 'check');
  assert.equal(code, 1);
  assert.match(out + error, /damaged|cannot be read|malformed/);
  assert.ok(!error.includes('    at '), error);
});
