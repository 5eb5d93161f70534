import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { makeIdMaker } from '../../src/core/ids.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, type Answered, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

/** Public-api.md section 7, and the content half of section 8. */

const otherSecret = `sk-${'o'.repeat(40)}`;
const asOther = { authorization: `Bearer ${otherSecret}` };
const clock = fastClock(1);
const pictures = heldDraw();
const minuteMs = 60_000;
/** Made by nobody, at any time. */
const unknownId = makeIdMaker(() => clock.now());

let easel: TestGateway;
/** Ids of the first key, oldest first, a minute between them. */
const ids: string[] = [];
/** When each was made, Unix seconds. */
const madeAt: number[] = [];
let otherId: string;

const made: readonly { model: string; prompt: string; fails?: true }[] = [
  { model: 'seedream-4.5', prompt: 'A paper boat on a rain gutter' },
  { model: 'nano-banana-pro', prompt: 'An old lighthouse, oil on canvas' },
  { model: 'seedream-4.5', prompt: '雨后的小巷里有一只橘猫' },
  { model: 'seedream-4.0', prompt: 'Boats and lighthouses sim:moderated', fails: true },
  { model: 'nano-banana-pro', prompt: '橘子和猫头鹰, 100% cotton_paper' },
  { model: 'seedream-4.5', prompt: 'a BOAT, again' },
  { model: 'dola-seedream-5.0-lite', prompt: 'Ein Leuchtturm in Übersee' },
];

before(async () => {
  easel = await startTestGateway({ clock, sandbox: { draw: pictures.draw, delayMs: 1 } });
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    await createKey('other', tools, otherSecret);
  });
  for (const [place, { model, prompt, fails }] of made.entries()) {
    clock.skip(minuteMs);
    const beforeSeconds = Math.floor(clock.now() / 1000);
    const answer = await create({ model, prompt });
    madeAt.push(Number(answer.at('created') ?? beforeSeconds));
    assert.equal(answer.status, fails === true ? 400 : 200, answer.text);
    ids.push(answer.headers.get('x-image-id') ?? '');
    if (place === 3)
      otherId = String((await create({ model, prompt: 'a boat of another key' }, asOther)).at('id'));
  }
});
after(() => easel.close());

function create(body: object, headers?: Record<string, string>): Promise<Answered> {
  return easel.ask('POST', '/v1/images/generations', body, headers);
}

function list(query: string, headers?: Record<string, string>): Promise<Answered> {
  return easel.ask('GET', `/v1/images?${query}`, undefined, headers);
}

function idsOf(page: Answered): string[] {
  const data = page.at('data');
  assert.ok(Array.isArray(data), page.text);
  return data.map((record: unknown) => String(Object(record).id));
}

/** Walks to the end in one direction, page by page, and checks what each page says of itself. */
async function walk(
  order: string,
  direction: 'after' | 'before',
  limit: number,
  from?: string,
): Promise<string[]> {
  const seen: string[] = [];
  let cursor = from;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await list(
      `order=${order}&limit=${limit}${cursor === undefined ? '' : `&${direction}=${cursor}`}`,
    );
    const pageIds = idsOf(page);
    assert.equal(page.at('first_id'), pageIds[0] ?? null);
    assert.equal(page.at('last_id'), pageIds.at(-1) ?? null);
    assert.ok(pageIds.length <= limit);
    if (direction === 'after') seen.push(...pageIds);
    else seen.unshift(...pageIds);
    if (page.at('has_more') === false) return seen;
    assert.equal(pageIds.length, limit, 'a page with more behind it is full');
    cursor = direction === 'after' ? pageIds.at(-1) : pageIds[0];
  }
  throw new Error('the walk has no end');
}

test('the list is newest first, and its records have the first eight fields of the source', async () => {
  const page = await list('');
  assert.deepEqual(idsOf(page), ids.toReversed());
  assert.deepEqual(Object.keys(JSON.parse(page.text) as object), [
    'object',
    'data',
    'has_more',
    'first_id',
    'last_id',
  ]);
  assert.deepEqual([page.at('object'), page.at('has_more')], ['list', false]);
  const record = page.at('data.6');
  assert.deepEqual(Object.keys(Object(record)).slice(0, 8), [
    'id',
    'object',
    'status',
    'model',
    'prompt',
    'created_at',
    'url',
    'error',
  ]);
  assert.deepEqual(
    ['id', 'object', 'status', 'model', 'prompt', 'created_at', 'error'].map((name) =>
      page.at(`data.6.${name}`),
    ),
    [ids[0], 'image', 'completed', 'seedream-4.5', 'A paper boat on a rain gutter', madeAt[0], null],
  );
  assert.equal(page.at('data.6.url'), page.at('data.6.images.0.url'));
});

test('a record tells what was asked, what came, and who made it', async () => {
  const answer = await create({
    model: 'SEEDREAM-4.5',
    prompt: 'told',
    n: 2,
    size: '2K',
    ratio: '16:9',
    seed: 7,
  });
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.equal(record.status, 200);
  assert.deepEqual(record.at('parameters'), { n: 2, size: '2K', ratio: '16:9', seed: 7 });
  assert.deepEqual(record.at('usage'), answer.at('usage'));
  assert.deepEqual(record.at('warnings'), answer.at('warnings'));
  assert.deepEqual(record.at('failed_images'), []);
  assert.deepEqual(
    ['model', 'provider', 'provider_model', 'attempts', 'created_at'].map((name) => record.at(name)),
    ['seedream-4.5', 'ark', 'seedream-4-5-251128', 2, answer.at('created')],
  );
  for (const index of [0, 1]) {
    const { url, ...image } = Object(record.at(`images.${index}`)) as Record<string, unknown>;
    const bytes = new Uint8Array(await (await fetch(String(url))).arrayBuffer());
    assert.deepEqual(
      {
        index: image['index'],
        width: image['width'],
        height: image['height'],
        mime_type: image['mime_type'],
        bytes: image['bytes'],
        sha256: image['sha256'],
      },
      {
        index,
        width: 2848,
        height: 1600,
        mime_type: 'image/jpeg',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    );
  }
  assert.ok(Number(record.at('duration_ms')) >= 0);
  assert.equal((await easel.ask('DELETE', `/v1/images/${String(answer.at('id'))}`)).status, 200);
});

test('a failed record carries the inner error of its reply, and no image', async () => {
  const record = await easel.ask('GET', `/v1/images/${ids[3]}`);
  assert.deepEqual(
    ['status', 'url', 'images', 'usage'].map((name) => record.at(name)),
    ['failed', null, [], null],
  );
  assert.deepEqual(
    ['type', 'param', 'code', 'reason'].map((name) => record.at(`error.${name}`)),
    ['invalid_request_error', 'prompt', '400', 'content_policy'],
  );
});

for (const order of ['desc', 'asc']) {
  for (const limit of [1, 2, 3, 7, 100]) {
    test(`pages of ${limit} in order ${order} show every record once, walked either way`, async () => {
      const expected = order === 'asc' ? ids : ids.toReversed();
      assert.deepEqual(await walk(order, 'after', limit), expected);
      const last = expected.at(-1) ?? '';
      assert.deepEqual(await walk(order, 'before', limit, last), expected.slice(0, -1));
      // From a place within the list too.
      const middle = expected[3] ?? '';
      assert.deepEqual(await walk(order, 'after', limit, middle), expected.slice(4));
      assert.deepEqual(await walk(order, 'before', limit, middle), expected.slice(0, 3));
    });
  }
}

test('a page ends exactly at the last record without promising more', async () => {
  const page = await list('limit=7');
  assert.deepEqual([idsOf(page).length, page.at('has_more')], [7, false]);
  const none = await list(`after=${ids[0]}`);
  assert.deepEqual(
    [none.at('data'), none.at('has_more'), none.at('first_id'), none.at('last_id')],
    [[], false, null, null],
  );
});

test('a cursor of a deleted, a foreign or an unknown record holds its place and reveals nothing', async () => {
  clock.skip(minuteMs);
  const unknown = unknownId('img');
  const removed = String((await create({ model: 'seedream-4.5', prompt: 'to be deleted' })).at('id'));
  clock.skip(minuteMs);
  const newest = String((await create({ model: 'seedream-4.5', prompt: 'newest' })).at('id'));
  await easel.ask('DELETE', `/v1/images/${removed}`);
  for (const cursor of [removed, unknown]) {
    assert.deepEqual(idsOf(await list(`after=${cursor}`)), ids.toReversed());
    assert.deepEqual(idsOf(await list(`before=${cursor}`)), [newest]);
    assert.deepEqual(idsOf(await list(`order=asc&after=${cursor}`)), [newest]);
  }
  assert.deepEqual(idsOf(await list(`after=${otherId}`)), ids.slice(0, 4).toReversed());
  assert.deepEqual(idsOf(await list(`order=asc&after=${otherId}`)), [...ids.slice(4), newest]);
  assert.equal((await easel.ask('DELETE', `/v1/images/${newest}`)).status, 200);
});

test('records deleted during a walk are missing, and no other', async () => {
  const extra: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    clock.skip(1000);
    extra.unshift(String((await create({ model: 'seedream-4.5', prompt: `walk ${i}` })).at('id')));
  }
  const first = await list('limit=2');
  assert.deepEqual(idsOf(first), extra.slice(0, 2));
  // The cursor itself and the first record behind it go.
  for (const id of extra.slice(1, 3)) await easel.ask('DELETE', `/v1/images/${id}`);
  const second = await list(`limit=2&after=${extra[1]}`);
  assert.deepEqual(idsOf(second), extra.slice(3, 5));
  for (const id of [extra[0], extra[3], extra[4]]) await easel.ask('DELETE', `/v1/images/${id}`);
});

const badQueries: readonly (readonly [query: string, param: string])[] = [
  ...['0', '-1', '101', '1.5', 'ten', '', '1e1', '9999999999', '%2010'].map(
    (limit) => [`limit=${limit}`, 'limit'] as const,
  ),
  ...['up', 'DESC', '', 'asc,desc'].map((order) => [`order=${order}`, 'order'] as const),
  ...['after', 'before'].flatMap((name) =>
    [
      '',
      'x',
      'img_',
      'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5',
      'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5BB',
      'req_01K3ZQ8V5N7D2M4R6T9W1X3Y5B',
      'img_01k3zq8v5n7d2m4r6t9w1x3y5b',
      'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5U',
      "img_01K3ZQ8V5N7D2M4R6T9W1X3Y5'",
    ].map((cursor) => [`${name}=${encodeURIComponent(cursor)}`, name] as const),
  ),
  ['after=img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B&before=img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B', 'before'],
  ...['done', 'COMPLETED', ''].map((status) => [`status=${status}`, 'status'] as const),
  ...['created_after', 'created_before'].flatMap((name) =>
    ['yesterday', '-1', '1.5', '', '2026-11-22'].map((time) => [`${name}=${time}`, name] as const),
  ),
  [`q=${'boat '.repeat(21).trim().replaceAll(' ', '+')}`, 'q'],
];
for (const [query, param] of badQueries) {
  test(`the list refuses ${query.slice(0, 60)}`, async () => {
    assertRefused(await list(query), { status: 400, reason: 'invalid_value', param });
  });
}

test('query parameters nobody knows are ignored', async () => {
  assert.deepEqual(idsOf(await list('page=2&sort=name&limit=1')), [ids.at(-1)]);
});

/** Ids by their place in `made`. */
function pick(...places: number[]): (string | undefined)[] {
  return places.map((place) => ids[place]);
}

test('a list can be narrowed by status, model, time and words, and combinations of them', async () => {
  const boats = pick(5, 3, 0);
  for (const [query, expected] of [
    ['status=completed', pick(6, 5, 4, 2, 1, 0)],
    ['status=failed', pick(3)],
    ['status=in_progress', []],
    ['status=all', ids.toReversed()],
    ['model=seedream-4.5', pick(5, 2, 0)],
    ['model=Seedream-4-5-251128', pick(5, 2, 0)],
    ['model=nothing-like-it', []],
    [`created_after=${madeAt[4]}`, pick(6, 5, 4)],
    [`created_before=${madeAt[2]}`, pick(1, 0)],
    [`created_after=${madeAt[2]}&created_before=${madeAt[4]}`, pick(3, 2)],
    [`created_after=${madeAt[4]}&created_before=${madeAt[2]}`, []],
    ['created_after=99999999999', []],
    ['q=boat', boats],
    ['q=BOAT', boats],
    ['q=boa', boats],
    ['q=lighthouse+boat', pick(3)],
    ['q=boat+++lighthouse', pick(3)],
    ['q=%E6%A9%98', pick(4, 2)],
    [`q=${encodeURIComponent('橘猫')}`, pick(2)],
    [`q=${encodeURIComponent('猫')}`, pick(4, 2)],
    [`q=${encodeURIComponent('小巷 橘猫')}`, pick(2)],
    [`q=${encodeURIComponent('ÜBERSEE')}`, pick(6)],
    [`q=${encodeURIComponent('100%')}`, pick(4)],
    [`q=${encodeURIComponent('cotton_p')}`, pick(4)],
    [`q=${encodeURIComponent('cotton%')}`, []],
    [`q=${encodeURIComponent('"boat')}`, []],
    [`q=${encodeURIComponent("boat' OR 1=1")}`, []],
    [`q=${encodeURIComponent('another key')}`, []],
    ['q=', ids.toReversed()],
    ['q=boat&status=completed&model=seedream-4.5&order=asc', pick(0, 5)],
    [`q=boat&after=${ids[5]}`, pick(3, 0)],
    [`q=boat&limit=1&before=${ids[0]}`, pick(3)],
  ] as const) {
    assert.deepEqual(idsOf(await list(query)), expected, query);
  }
});

test('a running generation is seen by its id and by status, and in no other list', async () => {
  pictures.hold('slow');
  const running = create({ model: 'seedream-4.5', prompt: 'a slow boat' });
  await until(async () => idsOf(await list('status=in_progress')).length === 1, 30_000);
  const [id = ''] = idsOf(await list('status=all&limit=1'));
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.deepEqual(
    ['status', 'url', 'error', 'images', 'usage', 'duration_ms'].map((name) => record.at(name)),
    ['in_progress', null, null, [], null, null],
  );
  assert.ok(!idsOf(await list('')).includes(id));
  const notReady = { status: 400, reason: 'not_ready' };
  const content = await easel.ask('GET', `/v1/images/${id}/content`);
  assertRefused(content, notReady);
  assert.equal(content.at('error.message'), 'Image is not ready yet. Current status: in_progress');
  assertRefused(await easel.ask('DELETE', `/v1/images/${id}`), notReady);
  pictures.release();
  assert.equal((await running).status, 200);
  assert.equal((await easel.ask('DELETE', `/v1/images/${id}`)).status, 200);
});

test("another key's record is as if it had never been", async () => {
  for (const [method, of] of [
    ['GET', ''],
    ['HEAD', ''],
    ['DELETE', ''],
    ['GET', '/content'],
    ['GET', '/content?format=url'],
    ['GET', '/content?format=binary'],
    ['GET', '/content?format=binary&index=7'],
  ] as const) {
    const foreign = await easel.ask(method, `/v1/images/${ids[0]}${of}`, undefined, asOther);
    const unknown = await easel.ask(method, `/v1/images/${unknownId('img')}${of}`, undefined, asOther);
    assert.equal(foreign.status, 404);
    assert.deepEqual([foreign.status, foreign.text], [unknown.status, unknown.text]);
    if (method !== 'HEAD')
      assertRefused(foreign, { status: 404, reason: 'not_found', type: 'not_found_error' });
  }
  assert.deepEqual(idsOf(await list('status=all', asOther)), [otherId]);
  assert.equal((await easel.ask('GET', `/v1/images/${ids[0]}`)).status, 200);
});

test('no id but a whole one of ours finds anything', async () => {
  const id = ids[0] ?? '';
  for (const wrong of [
    id.toLowerCase(),
    id.slice(4),
    `${id}0`,
    id.slice(0, -1),
    `${id}%00`,
    `${id}%20`,
    'img_*',
    '%25',
    "'",
    'null',
  ])
    assertRefused(await easel.ask('GET', `/v1/images/${wrong}`), {
      status: 404,
      reason: 'not_found',
      type: 'not_found_error',
    });
});

test('content is a redirect, an address or the bytes, of the image asked for', async () => {
  const answer = await create({ model: 'nano-banana-pro', prompt: 'three boats', n: 3 });
  const id = String(answer.at('id'));
  const record = await easel.ask('GET', `/v1/images/${id}`);
  for (const [query, index] of [
    ['', 0],
    ['index=0', 0],
    ['index=2', 2],
    ['index=00001', 1],
  ] as const) {
    const hash = record.at(`images.${index}.sha256`);
    for (const format of ['', 'format=redirect']) {
      const redirect = await easel.ask('GET', `/v1/images/${id}/content?${format}&${query}`);
      assert.equal(redirect.status, 302);
      assert.equal(redirect.headers.get('cache-control'), 'no-store');
      const bytes = await fetch(redirect.headers.get('location') ?? '');
      assert.equal(sha256(new Uint8Array(await bytes.arrayBuffer())), hash);
    }
    const url = await easel.ask('GET', `/v1/images/${id}/content?format=url&${query}`);
    assert.equal(url.headers.get('cache-control'), 'no-store');
    const { url: link, ...facts } = JSON.parse(url.text) as Record<string, unknown>;
    assert.deepEqual(facts, { image_id: id, expires_in: 3600, index });
    assert.equal(sha256(new Uint8Array(await (await fetch(String(link))).arrayBuffer())), hash);

    const binary = await fetch(`${easel.url}/v1/images/${id}/content?format=binary&${query}`, {
      headers: { authorization: `Bearer sk-${'t'.repeat(40)}` },
    });
    const bytes = new Uint8Array(await binary.arrayBuffer());
    assert.equal(sha256(bytes), hash);
    assert.equal(binary.headers.get('content-type'), 'image/jpeg');
    assert.equal(binary.headers.get('content-length'), String(bytes.length));
    assert.equal(binary.headers.get('content-disposition'), `attachment; filename="${id}_${index}.jpg"`);
    assert.equal(binary.headers.get('x-content-type-options'), 'nosniff');

    for (const format of ['redirect', 'url', 'binary']) {
      const head = await easel.ask('HEAD', `/v1/images/${id}/content?format=${format}&${query}`);
      assert.equal(head.status, format === 'redirect' ? 302 : 200);
      assert.equal(head.text, '');
      if (format === 'binary') assert.equal(head.headers.get('content-length'), String(bytes.length));
    }
  }
  for (const [query, param] of [
    ['format=png', 'format'],
    ['format=', 'format'],
    ['format=URL', 'format'],
    ['index=-1', 'index'],
    ['index=', 'index'],
    ['index=one', 'index'],
    ['index=1.0', 'index'],
  ] as const)
    assertRefused(await easel.ask('GET', `/v1/images/${id}/content?${query}`), {
      status: 400,
      reason: 'invalid_value',
      param,
    });
  for (const index of ['3', '1000000', '99999999999999999999'])
    assertRefused(await easel.ask('GET', `/v1/images/${id}/content?index=${index}`), {
      status: 404,
      reason: 'not_found',
      type: 'not_found_error',
      param: 'index',
    });
  await easel.ask('DELETE', `/v1/images/${id}`);
});

test('of a failed record there is no content', async () => {
  for (const format of ['redirect', 'url', 'binary']) {
    const answer = await easel.ask('GET', `/v1/images/${ids[3]}/content?format=${format}`);
    assertRefused(answer, { status: 400, reason: 'not_ready' });
    assert.equal(answer.at('error.message'), 'Image is not ready yet. Current status: failed');
  }
});

test('deleting takes the record, its files and its addresses away, once', async () => {
  const answer = await create({ model: 'seedream-4.5', prompt: 'soon gone', n: 2 });
  const id = String(answer.at('id'));
  assert.equal((await filesOf(id)).length, 2);
  const links = [String(answer.at('data.0.url')), String(answer.at('data.1.url'))];
  const deleted = await easel.ask('DELETE', `/v1/images/${id}`);
  assert.deepEqual(JSON.parse(deleted.text), { id, object: 'image', deleted: true });
  assert.deepEqual(await filesOf(id), []);
  const gone = { status: 404, reason: 'not_found', type: 'not_found_error' };
  for (const link of links) assertRefused(await easel.ask('GET', link.slice(easel.url.length)), gone);
  for (const method of ['GET', 'DELETE']) assertRefused(await easel.ask(method, `/v1/images/${id}`), gone);
  assertRefused(await easel.ask('GET', `/v1/images/${id}/content`), gone);
  assert.ok(!idsOf(await list('status=all')).includes(id));
});

async function filesOf(id: string): Promise<string[]> {
  const files = await readdir(path.join(easel.dataDir, 'objects'), { recursive: true });
  return files.filter((file) => file.includes(id));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
