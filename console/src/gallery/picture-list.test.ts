import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../api/errors.ts';
import { expiryOf, justNewer, makePictureList } from './picture-list.ts';
import type { PageQuery, Picture, PictureSource } from './source.ts';

const id = (number: number): string => `img_01K3ZQ8V5N0000000000${String(number).padStart(6, '0')}`;

/** A list somewhere else, which changes while it is looked at. */
function makeElsewhere(numbers: readonly number[]) {
  const there = new Set(numbers);
  const asked: PageQuery[] = [];
  let exp = 4000;
  let fault: ApiError | undefined;
  const source: PictureSource = {
    page(query) {
      asked.push(query);
      if (fault !== undefined) return Promise.reject(fault);
      const { after = '~', before = '', limit } = query;
      const found = [...there]
        .map(id)
        .filter((id) => id < after && id > before)
        .toSorted()
        .reverse();
      const page = query.before === undefined ? found.slice(0, limit) : found.slice(-limit);
      const pictures = page.map((id) => picture(id, exp));
      return Promise.resolve({ pictures, hasMore: found.length > limit });
    },
    picture: (wanted) =>
      Promise.resolve([...there].map(id).includes(wanted) ? picture(wanted, exp) : undefined),
  };
  return {
    source,
    there,
    asked,
    failWith: (error: ApiError | undefined) => void (fault = error),
    expireAt: (seconds: number) => void (exp = seconds),
  };
}

function picture(id: string, exp: number): Picture {
  const thumbnail_url = `http://easel.example/v1/files/${id}/0.webp?exp=${exp}&sig=00`;
  return { id, images: [{ index: 0, thumbnail_url }] } as unknown as Picture;
}

const count = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const newest = (from: number, to: number): string[] => count(from, to).map(id).reverse();

test('a long list is walked page by page to its end, each record once', async () => {
  const { source, asked } = makeElsewhere(count(1, 250));
  const list = makePictureList(source);
  assert.equal(list.get().phase, 'loading');
  await list.reload();
  assert.deepEqual(list.get().ids, newest(151, 250));
  await Promise.all([list.loadOlder(), list.loadOlder()]);
  await list.loadOlder();
  assert.deepEqual(list.get().ids, newest(1, 250));
  assert.equal(list.get().hasOlder, false);
  await list.loadOlder();
  assert.equal(asked.length, 3);
});

test('new pictures wait until they are asked for, and nothing moves before', async () => {
  const { source, there } = makeElsewhere(count(1, 20));
  const list = makePictureList(source);
  await list.reload();
  for (const number of [21, 22, 23]) there.add(number);
  await list.look();
  assert.deepEqual(list.get().ids, newest(1, 20));
  assert.equal(list.get().newCount, 3);
  await list.look();
  assert.equal(list.get().newCount, 3);
  list.showNew();
  assert.deepEqual(list.get().ids, newest(1, 23));
  assert.equal(list.get().newCount, 0);
});

test('a picture that took longer than a younger one comes into its own place', async () => {
  const { source, there } = makeElsewhere([1, 2, 4]);
  const list = makePictureList(source);
  await list.reload();
  there.add(3);
  await list.look();
  assert.equal(list.get().newCount, 1);
  list.showNew();
  assert.deepEqual(list.get().ids, newest(1, 4));
});

test('a picture that leaves the list while it is looked at keeps its place and is known to be gone', async () => {
  const { source, there } = makeElsewhere(count(1, 60));
  const list = makePictureList(source, () => 0);
  await list.reload();
  there.delete(59);
  there.delete(5);
  await list.look();
  assert.deepEqual(list.get().ids, newest(1, 60));
  assert.equal(list.isGone(id(59)), true);
  assert.equal(list.picture(id(59)), undefined);
  // Further down than one look sees.
  assert.equal(list.isGone(id(5)), false);
  there.add(59);
  await list.look();
  assert.equal(list.isGone(id(59)), false);
});

test('when more came than one look sees, the list begins anew and loses none', async () => {
  const { source, there } = makeElsewhere(count(1, 200));
  const list = makePictureList(source);
  await list.reload();
  for (const number of count(201, 280)) there.add(number);
  await list.look();
  list.showNew();
  assert.deepEqual(list.get().ids, newest(251, 280));
  await list.loadOlder();
  await list.loadOlder();
  await list.loadOlder();
  assert.deepEqual(list.get().ids, newest(1, 280));
});

test('the first picture of an empty gallery appears by itself', async () => {
  const { source, there } = makeElsewhere([]);
  const list = makePictureList(source);
  await list.reload();
  assert.deepEqual(list.get(), { ...list.get(), ids: [], phase: 'ready', hasOlder: false });
  there.add(1);
  await list.look();
  assert.deepEqual(list.get().ids, [id(1)]);
});

test('far records are forgotten, and come back when they are looked at', async () => {
  const { source, asked } = makeElsewhere(count(1, 3000));
  const list = makePictureList(source);
  await list.reload();
  for (let page = 1; page < 30; page += 1) {
    await list.need(page * 100 - 20, page * 100 - 1);
    await list.loadOlder();
  }
  const { ids } = list.get();
  assert.equal(ids.length, 3000);
  const keptCount = () => ids.filter((id) => list.picture(id) !== undefined).length;
  assert.ok(keptCount() <= 1200, String(keptCount()));
  assert.equal(list.picture(id(2990)), undefined);
  const before = asked.length;
  await list.need(0, 29);
  assert.equal(asked.length, before + 1);
  assert.deepEqual(
    ids.slice(0, 30).map((id) => list.picture(id)?.id),
    newest(2971, 3000),
  );
});

test('links that end are fetched anew before they do', async () => {
  const { source, asked, expireAt } = makeElsewhere(count(1, 10));
  let now = 1_000_000;
  const list = makePictureList(source, () => now);
  await list.reload();
  await list.need(0, 9);
  assert.equal(asked.length, 1);
  expireAt(9000);
  now = 3_950_000;
  await list.need(0, 9);
  assert.equal(asked.length, 2);
  const [image] = list.picture(id(3))?.images ?? [];
  assert.equal(expiryOf(image?.thumbnail_url ?? ''), 9000);
});

test('pictures that cannot be shown ask together, and those deleted elsewhere are known to be gone', async () => {
  const { source, asked, there } = makeElsewhere(count(1, 50));
  const list = makePictureList(source);
  await list.reload();
  there.delete(40);
  await Promise.all([list.renew(id(42)), list.renew(id(40)), list.renew(id(38))]);
  assert.equal(asked.length, 2);
  assert.equal(list.isGone(id(40)), true);
  assert.equal(list.isGone(id(42)), false);
});

test('what is being deleted is out of sight, comes back, and holds its place for the cursor', async () => {
  const { source, there } = makeElsewhere(count(1, 101));
  const list = makePictureList(source);
  await list.reload();
  list.setRemoved(new Set([id(2), id(50)]));
  assert.equal(list.get().ids.length, 98);
  list.setRemoved(new Set([id(2)]));
  assert.equal(list.get().ids.length, 99);
  there.delete(2);
  await list.loadOlder();
  assert.deepEqual(list.get().ids, [...newest(3, 101), id(1)]);
  // A look whose answer was made before the deletion does not bring it back.
  there.add(2);
  await list.look();
  assert.equal(list.get().newCount, 0);
});

test('a failure is told, keeps what was loaded, and the next attempt goes on', async () => {
  const offline = new ApiError({ message: 'no', status: 0, type: 'no_answer', reason: 'offline' });
  const { source, failWith } = makeElsewhere(count(1, 150));
  const list = makePictureList(source);
  failWith(offline);
  await list.reload();
  assert.equal(list.get().phase, 'failed');
  assert.equal(list.get().error, offline);
  failWith(undefined);
  await list.reload();
  assert.equal(list.get().phase, 'ready');
  failWith(offline);
  await list.loadOlder();
  assert.equal(list.get().olderError, offline);
  assert.equal(list.get().ids.length, 100);
  failWith(undefined);
  await list.loadOlder();
  assert.equal(list.get().olderError, undefined);
  assert.equal(list.get().ids.length, 150);
});

test('what is missing while the gateway does not answer is asked for at the next look, and not in between', async () => {
  const { source, asked, failWith, expireAt } = makeElsewhere(count(1, 50));
  let now = 0;
  const list = makePictureList(source, () => now);
  await list.reload();
  now = 5_000_000;
  expireAt(9000);
  failWith(new ApiError({ message: 'no', status: 0, type: 'no_answer', reason: 'offline' }));
  const { ids } = list.get();
  let changes = 0;
  list.subscribe(() => (changes += 1));
  await list.need(0, 19);
  assert.deepEqual([asked.length, changes], [2, 0]);
  assert.equal(list.get().ids, ids);
  failWith(undefined);
  await list.look();
  const [image] = list.picture(id(35))?.images ?? [];
  assert.equal(expiryOf(image?.thumbnail_url ?? ''), 9000);
});

test('the id just above another one is the least that is', () => {
  assert.equal(justNewer('img_01K3ZQ8V5N0000000000000000'), 'img_01K3ZQ8V5N0000000000000001');
  assert.equal(justNewer('img_01K3ZQ8V5N00000000000000HZ'), 'img_01K3ZQ8V5N00000000000000J0');
});
