import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { groupMembers } from './processes.ts';
import { runFile, type FileResult } from './run-file.ts';
import { runFiles } from './run-files.ts';

const limitMs = 20_000;
// What a test did is known up to a moment before its process dies; the reports go through a stream.
const pause = `const pause = new Promise((resolve) => setTimeout(resolve, 100));`;

async function run(t: TestContext, source: string, limit = limitMs): Promise<FileResult> {
  const cwd = await temporaryFolder(t);
  const file = path.join(cwd, 'planted.test.mjs');
  writeFileSync(file, `import { test, describe } from 'node:test';\n${pause}\n${source}`);
  const never = new AbortController().signal;
  return runFile(file, { cwd, env: process.env, limitMs: limit, signal: never });
}

function onlyFailure(result: FileResult): string {
  assert.equal(result.failures.length, 1, JSON.stringify(result.failures));
  return `${result.failures[0]?.name}: ${result.failures[0]?.detail}`;
}

test('passed tests are counted one by one, suites are not', async (t) => {
  const result = await run(t, `describe('a', () => { test('b', () => {}); test('c', () => {}); });`);
  assert.deepEqual([result.passed, result.failures], [2, []]);
});

test('a failed test is told with its place in the suites, its error and what the file printed', async (t) => {
  const result = await run(
    t,
    `describe('a', () => { test('b', () => { console.log('hm'); throw new Error('no!'); }); });`,
  );
  assert.match(onlyFailure(result), /^a > b: Error: no!\n +at /);
  assert.equal(result.output, 'hm\n');
});

for (const [what, source, expected] of [
  ['a skipped test', `test('a', () => {}); test.skip('b');`, /^b: skipped/],
  ['a test skipped while it runs', `test('a', (t) => t.skip('no database'));`, /^a: skipped \(no database\)/],
  ['a test to be written', `test('a', () => {}); test.todo('b');`, /^b: todo/],
  ['a file without tests', ``, /^the file: has no test, or ended before the first one/],
  ['an empty suite', `describe('a', () => {});`, /^the file: has suites and no test/],
  ['a file of left out suites', `describe.skip('a', () => { test('b', () => {}); });`, /^a: skipped/],
  ['a file that fails to load', `import 'nowhere';`, /^the file: ended early \(exit code 1\)/],
  [
    'a test that ends the process',
    `test('a', async () => { await pause; process.exit(0); });`,
    /^the file: ended early \(exit code 0\), during: a/,
  ],
  [
    'a crash',
    `test('a', async () => { await pause; process.kill(process.pid, 'SIGSEGV'); });`,
    /^the file: ended early \(SIGSEGV\), during: a/,
  ],
  ['a bad exit code', `test('a', () => {}); process.exitCode = 3;`, /^the file: exit code 3/],
  [
    'a rejection nobody handles',
    `test('a', () => { void Promise.reject(new Error('lost')); });`,
    /^the file: Error: .*lost/,
  ],
] as const) {
  test(`${what} is a failure`, async (t) => {
    assert.match(onlyFailure(await run(t, source)), expected);
  });
}

test('a file that does not end is ended, and told with the test it hung in', async (t) => {
  const result = await run(
    t,
    `test('a', () => {}); test('b', () => new Promise(() => {})); setInterval(() => {}, 1000);`,
    4000,
  );
  assert.equal(onlyFailure(result), 'the file: did not end within 4 s, during: b');
  assert.equal(result.passed, 1);
});

for (const detached of [false, true]) {
  test(`a process left running ${detached ? 'in a group of its own ' : ''}is a failure and is ended`, async (t) => {
    const result = await run(
      t,
      `import { spawn } from 'node:child_process';
       test('a', () => {
         const options = { stdio: 'ignore', detached: ${detached} };
         const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], options);
         child.unref();
         console.log(${detached ? 'child' : 'process'}.pid);
       });`,
    );
    assert.match(onlyFailure(result), /^the file: left running: .*setInterval/);
    const group = Number(result.output);
    assert.ok(group > 1);
    await until(() => groupMembers(group).length === 0);
  });
}

test('no file at all is a failure, and files are summed', async (t) => {
  const cwd = await temporaryFolder(t);
  const file = (name: string, source: string) => {
    writeFileSync(path.join(cwd, name), `import { test } from 'node:test';\n${source}`);
    return path.join(cwd, name);
  };
  let printed = '';
  const options = {
    cwd,
    env: process.env,
    atOnce: 2,
    limitMs,
    signal: new AbortController().signal,
    print: (text: string) => (printed += text),
  };
  assert.deepEqual(await runFiles([], options), { passed: 0, failed: 1 });
  const files = [
    file('a.test.mjs', `test('a', () => {});`),
    file('b.test.mjs', `test('b', () => {}); test('c', () => { throw new Error('no!'); });`),
  ];
  assert.deepEqual(await runFiles(files, options), { passed: 2, failed: 1 });
  assert.deepEqual(await runFiles([], { ...options, beside: files }), { passed: 2, failed: 1 });
  assert.match(printed, /^ok .* 1 passed {2}a\.test\.mjs$/m);
  assert.match(printed, /^FAILED .* 1 passed {2}b\.test\.mjs\n\n {2}b\.test\.mjs: c\n {4}Error: no!/m);
});
