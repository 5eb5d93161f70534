import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { sql } from 'kysely';

import { temporaryFolder } from '../../test/kit/temporary-folder.ts';
import { until } from '../../test/kit/until.ts';
import { makeCommits } from './sqlite-commits.ts';

/** Commits to a file whose disk takes what is asked of it when the test says so. */
async function bench(t: TestContext) {
  const file = `${await temporaryFolder(t)}/numbers.db`;
  const writer = new DatabaseSync(file);
  writer.exec('pragma journal_mode = wal; create table numbers (number integer primary key) strict');
  const reader = new DatabaseSync(file, { readOnly: true });
  const syncs: PromiseWithResolvers<void>[] = [];
  const commits = makeCommits(writer, () => {
    const sync = Promise.withResolvers<void>();
    syncs.push(sync);
    return sync.promise;
  });
  t.after(() => {
    reader.close();
    writer.close();
  });
  const add = (number: number) => (query: Parameters<Parameters<typeof commits.write>[0]>[0]) =>
    sql`insert into numbers values (${number})`.execute(query);
  const all = reader.prepare('select number from numbers order by number');
  return {
    commits,
    syncs,
    write: (number: number) => commits.write(add(number)),
    writeSoon: (number: number) => commits.writeSoon(add(number)),
    numbers: () => all.all().map(({ number }) => number),
  };
}

test('while the disk takes one group the next one gathers, and is written with one sync', async (t) => {
  const { write, numbers, syncs, commits } = await bench(t);
  const first = write(1);
  await until(() => syncs.length === 1);
  const others = [2, 3].map(write);
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  assert.deepEqual(numbers(), [1]);
  others.push(write(4));
  syncs[0]?.resolve();
  await first;
  await until(() => syncs.length === 2);
  assert.deepEqual(numbers(), [1, 2, 3, 4]);
  syncs[1]?.resolve();
  await Promise.all(others);
  assert.equal(syncs.length, 2);
  await commits.close();
});

test('a group that is full does not wait for a slow disk, and what waits is written when the store closes', async (t) => {
  const { write, numbers, syncs, commits } = await bench(t);
  const writes = [write(0)];
  await until(() => syncs.length === 1);
  for (let number = 1; number <= 40; number += 1) writes.push(write(number));
  await until(() => syncs.length === 2);
  assert.equal(numbers().length, 33);
  const closed = commits.close();
  await until(() => syncs.length === 3);
  assert.equal(numbers().length, 41);
  for (const sync of syncs) sync.resolve();
  await Promise.all(writes);
  await closed;
});

test('a note goes with the next write, by itself after a while, and at the latest when the store closes', async (t) => {
  const { write, writeSoon, numbers, syncs, commits } = await bench(t);
  const notes = [writeSoon(1)];
  for (let turns = 0; turns < 5; turns += 1) await nextTurn();
  assert.deepEqual(numbers(), []);
  notes.push(write(2));
  await until(() => syncs.length === 1);
  assert.deepEqual(numbers(), [1, 2]);
  syncs[0]?.resolve();
  await Promise.all(notes);
  const alone = writeSoon(3);
  await until(() => syncs.length === 2);
  syncs[1]?.resolve();
  await alone;
  const last = writeSoon(4);
  const closed = commits.close();
  await until(() => syncs.length === 3);
  assert.deepEqual(numbers(), [1, 2, 3, 4]);
  syncs[2]?.resolve();
  await last;
  await closed;
});

test('a failure is told to whoever wrote it, and the others of its group are there', async (t) => {
  const { write, numbers, syncs, commits } = await bench(t);
  const writes = [write(1), write(2), write(1), write(3)];
  await until(() => syncs.length === 1);
  syncs[0]?.resolve();
  const outcomes = await Promise.allSettled(writes);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(numbers(), [1, 2, 3]);
  await commits.close();
});

test('what the disk did not take is told to all who wrote it, and the next write is tried', async (t) => {
  const { write, syncs, commits } = await bench(t);
  const writes = [write(1), write(2)];
  await until(() => syncs.length === 1);
  syncs[0]?.reject(new Error('no disk'));
  const outcomes = await Promise.allSettled(writes);
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['rejected']));
  const next = write(3);
  await until(() => syncs.length === 2);
  syncs[1]?.resolve();
  await next;
  await commits.close();
});
