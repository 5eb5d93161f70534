import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { startSketchMaker } from './maker.ts';
import { startWorkerPool } from './worker-pool.ts';

const run = promisify(execFile);
const request = {
  prompt: 'a cat',
  seed: 1,
  width: 64,
  height: 64,
  format: 'png',
  inputs: [],
  watermark: false,
} as const;
const makerFile = new URL('./maker.ts', import.meta.url).href;

/** A worker of a few lines: it answers, throws, or dies, as the job says. */
const entry = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads';
    parentPort.on('message', ({ id, job }) => {
      if (job === 'die') process.exit(3);
      if (job === 'throw') throw new Error('boom');
      if (job === 'fail') parentPort.postMessage({ id, error: 'no such colour' });
      else if (job !== 'hang') parentPort.postMessage({ id, result: { job, threadId } });
    });
  `)}`,
);
interface Answer {
  readonly job: string;
  readonly threadId: number;
}

it('lets the process end by itself while its workers are idle', async () => {
  const script = `import { startSketchMaker } from ${JSON.stringify(makerFile)};
    const bytes = await startSketchMaker({ workers: 2 }).draw(${JSON.stringify(request)});
    console.log(bytes.length > 100);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 20_000,
  });
  assert.equal(stdout.trim(), 'true');
});

it('loads no drawing code and starts no thread before the first drawing', async () => {
  const script = `import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ resolve(specifier, context, next) { seen.push(specifier); return next(specifier, context); } });
    const { startSketchMaker } = await import(${JSON.stringify(makerFile)});
    startSketchMaker();
    console.log(JSON.stringify(seen.filter((name) => /sharp|resvg|emoji|draw|understand/.test(name))), process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort/.test(name)).length);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 20_000,
  });
  assert.equal(stdout.trim(), '[] 0');
});

it('keeps the event loop free while it draws', async () => {
  const maker = startSketchMaker({ workers: 1 });
  await maker.draw(request);
  let turns = 0;
  const timer = setInterval(() => turns++, 2);
  await maker.draw({ ...request, prompt: 'a forest, oil painting', width: 1024, height: 1024 });
  clearInterval(timer);
  await maker.close();
  assert.ok(turns >= 10, `${turns} turns of the loop during the drawing`);
});

it('refuses to draw once it is closed', async () => {
  const maker = startSketchMaker();
  await maker.close();
  await assert.rejects(maker.draw(request), /closed/);
});

it('rejects what is under way when it is closed', async () => {
  const maker = startSketchMaker({ workers: 1 });
  const drawings = [1, 2, 3].map(
    async (seed) => await maker.draw({ ...request, seed, width: 2048, height: 2048 }),
  );
  const settled = Promise.allSettled(drawings);
  await maker.close();
  for (const result of await settled)
    assert.equal(
      result.status === 'rejected' && result.reason instanceof Error && /closed/.test(result.reason.message),
      true,
    );
});

it('fails only the job of a worker that dies, and replaces the worker', async () => {
  const pool = startWorkerPool<string, Answer>({ entry, workers: 1, what: 'The test' });
  const first = await pool.run('one');
  const results = await Promise.allSettled([pool.run('die'), pool.run('two')]);
  assert.match(
    String(results[0]?.status === 'rejected' && results[0].reason),
    /The test could not be made: its worker ended with code 3/,
  );
  assert.equal(results[1]?.status === 'fulfilled' && results[1].value.job, 'two');
  assert.notEqual(results[1]?.status === 'fulfilled' && results[1].value.threadId, first.threadId);
  await pool.close();
});

it('keeps the cause of a crash, and the worker after a mere failure', async () => {
  const pool = startWorkerPool<string, Answer>({ entry, workers: 1, what: 'The test' });
  const { threadId } = await pool.run('one');
  await assert.rejects(pool.run('fail'), /no such colour/);
  assert.equal((await pool.run('two')).threadId, threadId);
  await assert.rejects(
    pool.run('throw'),
    (error: Error) => error.cause instanceof Error && error.cause.message === 'boom',
  );
  await pool.close();
});

it('starts no more workers than it may, and uses each of them', async () => {
  const pool = startWorkerPool<string, Answer>({ entry, workers: 2, what: 'The test' });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => pool.run(`job ${index}`)));
  assert.equal(new Set(answers.map(({ threadId }) => threadId)).size, 2);
  assert.deepEqual(
    answers.map(({ job }) => job),
    Array.from({ length: 12 }, (_, index) => `job ${index}`),
  );
  await pool.close();
});
