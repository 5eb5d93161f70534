import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { makeStorageWatch } from './storage-watch.ts';

/** A watch on a disk that is told how it is; time moves only by hand. */
function watchOn(disk: { free: number | Error; held?: number; works?: boolean }) {
  let nowMs = 1_000_000;
  let looks = 0;
  const logged: string[] = [];
  const log = (level: string) => (_facts: object, message: string) =>
    void logged.push(`${level}: ${message}`);
  const watch = makeStorageWatch({
    freeBytes: async () => {
      looks += 1;
      if (disk.free instanceof Error) throw disk.free;
      return disk.free;
    },
    minFreeBytes: 1000,
    heldBytes: () => disk.held ?? 0,
    probe: async () => {
      if (disk.works === false) throw new Error('it does not work');
    },
    clock: { now: () => nowMs, sleep: () => Promise.reject(new Error('nobody sleeps here')) },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  });
  return { watch, logged, looks: () => looks, pass: (ms: number) => void (nowMs += ms) };
}

async function refusal(work: Promise<void>): Promise<GatewayError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GatewayError);
  return error;
}

test('however many come, the disk is looked at once a second', async () => {
  const { watch, looks, pass } = watchOn({ free: 5000 });
  await Promise.all(Array.from({ length: 100 }, () => watch.admit()));
  pass(900);
  await watch.admit();
  assert.equal(looks(), 1);
  pass(100);
  await watch.admit();
  assert.equal(looks(), 2);
  // A clock that was put back is no reason to look away.
  pass(-3_600_000);
  await watch.admit();
  assert.equal(looks(), 3);
});

test('too little space is a 503 with a wait, said once in the log, and once more when it is over', async () => {
  const disk = { free: 5000 };
  const { watch, logged, pass } = watchOn(disk);
  await watch.admit();
  assert.ok(await watch.isWell());
  disk.free = 999;
  for (let i = 0; i < 3; i += 1) {
    pass(1000);
    const error = await refusal(watch.admit());
    assert.deepEqual([error.reason, error.status, error.shouldRetry], ['storage_unavailable', 503, true]);
    assert.ok((error.retryAfterMs ?? 0) > 0);
    assert.match(error.message, /disk space.*nothing was generated/);
  }
  assert.equal(await watch.isWell(), false);
  disk.free = 1000;
  pass(1000);
  await watch.admit();
  assert.equal(logged.length, 2);
  assert.match(logged[0] ?? '', /^error: .*EASEL_MIN_FREE_BYTES/);
  assert.match(logged[1] ?? '', /^info: .*well again/);
});

test('a disk that cannot be asked, or pictures in memory, stop new work', async () => {
  const disk: Parameters<typeof watchOn>[0] = { free: new Error('gone') };
  const { watch, pass } = watchOn(disk);
  assert.match((await refusal(watch.admit())).message, /cannot store/);
  disk.free = 5000;
  disk.held = 1;
  pass(1000);
  assert.match((await refusal(watch.admit())).message, /cannot store/);
});

test('one picture that waits stops new work only while the storage as a whole does not work', async () => {
  const disk = { free: 5000, works: true };
  const { watch, pass } = watchOn(disk);
  const end = watch.noteWaiting();
  await watch.admit();
  disk.works = false;
  pass(1000);
  await refusal(watch.admit());
  end();
  end();
  pass(1000);
  await watch.admit();
  const other = watch.noteWaiting();
  pass(1000);
  await refusal(watch.admit());
  other();
});
