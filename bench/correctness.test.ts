import assert from 'node:assert/strict';
import { appendFileSync, globSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../test/kit/temporary-folder.ts';
import { readModelName } from './answers.ts';
import { startRun, type BenchRun } from './bench-run.ts';
import { checkStored } from './check-stored.ts';
import { shapedModels, startEasel } from './contestants/easel.ts';
import type { LoadResult } from './load-job.ts';
import type { Runner } from './measure.ts';
import { ensurePictures } from './pictures.ts';
import { checkLinks } from './workloads/play-cell.ts';
import { easelRequest, imageRequest, upstreamAnswer } from './workloads/requests.ts';

const requests = 6;
const inside = 'b64-40k';
const link = 'url-30k';
const models = { openai: [inside, `${inside}-chunked`, link], gemini: inside, ark: link };

/** What callers of Easel name, and what the upstream answers then. */
const asked: readonly (readonly [string, string])[] = [
  ...models.openai.map((model) => [model, model] as const),
  [shapedModels.gemini, models.gemini],
  [shapedModels.ark, models.ark],
];

test('what Easel stores and delivers is what the upstream sent, for every shape of it and both reply formats', async (t) => {
  const run = await startSmallRun(t);
  const place = await run.makePlace('easel');
  const dataDir = path.join(place.folder, 'data');
  const easel = await startEasel(models, place, dataDir);
  t.after(() => easel.stop());
  let sent = 0;
  for (const [name, answer] of asked) {
    const { pictureBytes } = readModelName(answer);
    for (const format of ['url', 'b64_json'] as const) {
      const played = await play(run, easelRequest(easel, name, format, pictureBytes).request);
      assert.deepEqual(played.failureTexts, [], `${name} as ${format}`);
      assert.equal(played.latenciesMs.length, requests);
      sent += requests;
      const links = await checkLinks(run, played.replies, pictureBytes);
      assert.deepEqual(links, { checked: format === 'url' ? 2 : 0, problems: [] });
    }
  }
  await easel.stop();
  const answers = new Map(asked);
  const check = () =>
    checkStored(
      dataDir,
      sent,
      (model) => readModelName(answers.get(model) ?? '').pictureBytes,
      run.readPicture,
    );
  const stored = await check();
  assert.deepEqual(stored.problems, []);
  assert.equal(stored.pictures, sent);

  const [kept] = globSync(path.join(dataDir, 'objects', 'images', '**', '*.png'));
  appendFileSync(kept ?? '', 'more');
  assert.deepEqual(
    (await check()).problems.map((problem) => problem.replace(/^\S+ /, '')),
    ['the file is not what the upstream sent'],
  );
});

test('the pass-through hands on every byte, with and without a length', async (t) => {
  const run = await startSmallRun(t);
  const { proxies } = await run.startPeers();
  for (const contestant of [run.direct, ...proxies]) {
    for (const model of models.openai) {
      const played = await play(run, imageRequest(contestant, model, upstreamAnswer(model)));
      assert.deepEqual(played.failureTexts, [], `${contestant.name} ${model}`);
      assert.equal(played.latenciesMs.length, requests);
    }
  }
});

test('a reply that is not the one expected is a failure and no measurement', async (t) => {
  const run = await startSmallRun(t);
  const wrong: readonly Runner['request'][] = [
    // Another picture of the same size.
    {
      ...imageRequest(run.direct, inside, upstreamAnswer(inside)),
      body: `{"model":"${inside}","prompt":"#1"}`,
    },
    imageRequest(run.direct, inside, upstreamAnswer('b64-44k')),
    imageRequest(run.direct, link, upstreamAnswer(inside)),
    imageRequest(run.direct, 'nonsense', upstreamAnswer(link)),
    { ...imageRequest(run.direct, inside, upstreamAnswer(inside)), origin: 'http://127.0.0.1:1' },
  ];
  for (const request of wrong) {
    const played = await play(run, { ...request, keepReplies: 1 });
    assert.ok(played.failures > 0);
    assert.equal(played.failures + played.latenciesMs.length, requests);
  }
});

async function startSmallRun(t: TestContext): Promise<BenchRun> {
  const run = await startRun(await temporaryFolder(t), {
    choice: { isQuick: true },
    peers: { nginx: undefined, portkey: undefined },
    print: () => {},
  });
  t.after(() => run.close());
  for (const model of [inside, link, 'b64-44k'])
    await ensurePictures(run.place.pictures, readModelName(model).pictureBytes);
  return run;
}

async function play(run: BenchRun, request: Runner['request']): Promise<LoadResult> {
  return await run.load.play({
    ...request,
    firstNumber: run.load.nextNumber(requests),
    connections: 3,
    maxRequests: requests,
    maxMs: 60_000,
  });
}
