import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { RawServer } from '../../test/kit/raw-server.ts';
import { makeMemoryDraft, type MemoryDraft } from '../../test/kit/memory-draft.ts';
import { httpAnswer, startRawServer } from '../../test/kit/raw-server.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { DownloaderOptions, DownloadRoute } from './download.ts';
import { createDownloader } from './download.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  closers.push(() => server.close());
  return server;
}

function makeDownloader(options: Partial<DownloaderOptions> & { onWrite?: () => void } = {}) {
  const drafts: MemoryDraft[] = [];
  const waits: number[] = [];
  const logged: unknown[] = [];
  const note = (...facts: unknown[]) => void logged.push(facts);
  const downloader = createDownloader({
    objects: {
      create: async () => {
        const draft = makeMemoryDraft({}, () => options.onWrite?.());
        drafts.push(draft);
        return draft;
      },
    },
    log: { debug: note, info: note, warn: note, error: note },
    clock: {
      now: () => 0,
      sleep: async (ms, signal) => {
        waits.push(ms);
        signal?.throwIfAborted();
      },
    },
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ...options,
  });
  closers.push(() => downloader.close());
  return { downloader, drafts, waits, logged };
}

function routeTo(...origins: string[]): DownloadRoute {
  return { baseUrl: 'https://api.example/v1', downloadOrigins: origins };
}

const never = new AbortController().signal;
const picture = Buffer.from('bytes of a picture');
const whole = httpAnswer(200, picture, { 'content-type': 'image/png' });

async function faultOf(promise: Promise<unknown>): Promise<UpstreamFault> {
  const error = await promise.then(
    () => assert.fail('no fault'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UpstreamFault, String(error));
  return error;
}

test('fetches a link into a draft, sending no credential', async () => {
  const server = await serve((socket) => socket.write(whole));
  const { downloader, drafts } = makeDownloader();
  const draft = await downloader.fetch(`${server.origin}/a.png?sig=1`, routeTo(server.origin), never);
  assert.equal(draft, drafts[0]);
  assert.deepEqual(drafts[0]?.content, picture);
  assert.doesNotMatch(server.requests[0] ?? '', /authorization|cookie|key/i);
});

function uri(bytes: Buffer | string): string {
  return `data:image/png;base64,${typeof bytes === 'string' ? bytes : bytes.toString('base64')}`;
}

test('takes the bytes of a data: URI, strictly and within the limit', async () => {
  const { downloader, drafts, logged } = makeDownloader({ limits: { maxBytes: 100 } });
  const draft = await downloader.fetch(uri(picture), routeTo(), never);
  assert.equal(draft, drafts[0]);
  assert.deepEqual(drafts[0]?.content, picture);
  await downloader.fetch(uri(Buffer.alloc(100)), routeTo(), never);
  for (const broken of [uri(Buffer.alloc(104)), uri('aGFsZ'), uri('!!!!'), uri(''), 'data:image/png,plain']) {
    const fault = await faultOf(downloader.fetch(broken, routeTo(), never));
    assert.equal(fault.kind, 'bad_reply');
  }
  assert.equal(drafts.length, 2);
  assert.ok(!JSON.stringify(logged).includes('base64'));
});

test('asks the origin of the base URL and the named origins, and no other place that is not public', async () => {
  const server = await serve((socket) => socket.write(whole));
  const other = await serve((socket) => socket.write(redirectToSecret()));
  function redirectToSecret(): Buffer {
    return httpAnswer(302, '', { location: `${server.origin}/secret` });
  }
  const { downloader, drafts, waits } = makeDownloader();
  await downloader.fetch(
    `${server.origin}/x`,
    { baseUrl: `${server.origin}/v1`, downloadOrigins: [] },
    never,
  );
  await downloader.fetch(`${server.origin}/x`, routeTo(`${server.origin}/`), never);
  assert.equal(server.requests.length, 2);
  for (const link of [
    `${server.origin}/x`,
    `http://localhost:${server.port}/x`,
    `http://cdn.example:${server.port}/x`,
    `http://user:pass@127.0.0.1:${server.port}/x`,
    'file:///etc/passwd',
    'no link',
    `${other.origin}/redirected`,
  ]) {
    const fault = await faultOf(downloader.fetch(link, routeTo(other.origin), never));
    assert.equal(fault.kind, 'bad_reply', link);
  }
  assert.equal(server.requests.length, 2);
  assert.deepEqual(waits, []);
  assert.equal(drafts.length, 2);
});

test('asks again with growing waits while a link is not there yet or its server stumbles', async () => {
  const answers = [
    httpAnswer(404, 'not yet'),
    httpAnswer(503, ''),
    whole.subarray(0, whole.length - 3),
    Buffer.alloc(0),
    httpAnswer(200, ''),
    whole,
  ];
  const server = await serve((socket, _, number) => socket.end(answers[number] ?? ''));
  const { downloader, drafts, waits } = makeDownloader();
  const draft = await downloader.fetch(`${server.origin}/a`, routeTo(server.origin), never);
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000]);
  // From zero each time: nothing of the cut answer is in the picture.
  assert.deepEqual(drafts.at(-1)?.content, picture);
  assert.deepEqual(
    drafts.map((one) => one.isDiscarded),
    drafts.map((one) => one !== draft),
  );
  assert.equal(drafts.length, 3);
});

test('gives up after six tries, saying that it might be had later', async () => {
  const server = await serve((socket) => socket.write(httpAnswer(404, '')));
  const { downloader, logged } = makeDownloader();
  const fault = await faultOf(
    downloader.fetch(`${server.origin}/a?signature=secret`, routeTo(server.origin), never),
  );
  assert.equal(fault.kind, 'unknown');
  assert.match(fault.facts.details ?? '', /status 404/);
  assert.equal(server.requests.length, 6);
  assert.doesNotMatch(JSON.stringify([fault.facts, logged]), /signature/);
});

for (const status of [403, 410, 400, 401]) {
  test(`does not ask again after ${status}`, async () => {
    const server = await serve((socket) => socket.write(httpAnswer(status, '')));
    const { downloader, drafts } = makeDownloader();
    const fault = await faultOf(downloader.fetch(`${server.origin}/a`, routeTo(server.origin), never));
    assert.equal(fault.kind, 'bad_reply');
    assert.equal(server.requests.length, 1);
    assert.equal(drafts.length, 0);
  });
}

test('stops reading a picture that is too large, and discards it', async () => {
  const server = await serve((socket) => {
    socket.write('HTTP/1.1 200 X\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(1000)));
    };
    socket.on('drain', more);
    more();
  });
  const { downloader, drafts } = makeDownloader({ limits: { maxBytes: 10_000 } });
  const fault = await faultOf(downloader.fetch(`${server.origin}/a`, routeTo(server.origin), never));
  assert.equal(fault.kind, 'bad_reply');
  assert.ok(drafts[0]?.isDiscarded === true && drafts[0].bytes <= 10_000);
});

test('gives up a try that takes too long, and begins another', async () => {
  const server = await serve((socket, _, number) => {
    if (number > 0) socket.write(whole);
    else socket.write(whole.subarray(0, whole.length - 3));
  });
  const { downloader, drafts } = makeDownloader({ limits: { tryTimeoutMs: 300 } });
  const draft = await downloader.fetch(`${server.origin}/a`, routeTo(server.origin), never);
  assert.ok(server.requests.length > 1);
  assert.deepEqual(drafts.at(-1)?.content, picture);
  assert.ok(drafts.every((one) => one.isDiscarded === (one !== draft)));
});

test('lets an error of the object store through at once', async () => {
  const server = await serve((socket) => socket.write(whole));
  const full = new Error('ENOSPC');
  const { downloader } = makeDownloader({ objects: { create: () => Promise.reject(full) } });
  await assert.rejects(downloader.fetch(`${server.origin}/a`, routeTo(server.origin), never), full);
  assert.equal(server.requests.length, 1);
});

test('ends with the reason of the signal, also while it waits, and leaves no draft', async () => {
  const reason = new Error('stopping');
  const reading = new AbortController();
  const half = await serve((socket) => socket.write(whole.subarray(0, whole.length - 3)));
  const { downloader, drafts } = makeDownloader({ onWrite: () => reading.abort(reason) });
  await assert.rejects(downloader.fetch(`${half.origin}/a`, routeTo(half.origin), reading.signal), reason);
  assert.deepEqual(
    drafts.map((draft) => draft.isDiscarded),
    [true],
  );

  const waiting = new AbortController();
  const missing = await serve((socket) => {
    waiting.abort(reason);
    socket.write(httpAnswer(404, ''));
  });
  await assert.rejects(
    downloader.fetch(`${missing.origin}/a`, routeTo(missing.origin), waiting.signal),
    reason,
  );
});
