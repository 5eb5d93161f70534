// `npm test [-- path…]`: every check and every test, or only the tests whose path contains one of the words given.
// `npm run check`: the checks alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFiles } from './runner/run-files.ts';

/** In the order of their speed. What must be true of the repository besides its tests is added here. */
const checks: { name: string; command: [string, ...string[]] }[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'types of the console', command: ['tsc', '--noEmit', '-p', 'console'] },
  { name: 'unused', command: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
];

const checkLimitMs = 120_000;
const fileLimitMs = 300_000;
/** Tests of what happens over time. */
const waiting = [path.join('test', 'chaos'), path.join('test', 'e2e', 'storage-faults')];
const neverOurs = new Set(['node_modules', '.runtime', '.git', 'data', 'dist']);

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// Every temporary folder of a test is made in here, so that what a killed test leaves goes too. Others may pass
// through it: a database server does not run as root.
const scratch = mkdtempSync(path.join(tmpdir(), 'easel-tests-'));
chmodSync(scratch, 0o711);
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
process.env['TMPDIR'] = scratch;

const env = {
  ...process.env,
  // What the checks and tests start by the name of `node` is the Node that runs this.
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
  NODE_COMPILE_CACHE: path.join(root, '.runtime', 'compile-cache'),
};

// Until the end is reached this is a failure, whatever ends it.
process.exitCode = 1;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // Test files are process groups of their own, so that a signal to ours does not reach them.
    stop.abort();
    process.stderr.write(`stopped by ${signal}\n`);
    process.exit(1);
  });
}

const words = process.argv.slice(2);
const isCheckOnly = words.includes('--check');
const filters = words.filter((word) => word !== '--check');

let failedChecks = 0;
if (filters.length === 0) {
  for (const { name, command } of checks) if (!(await passes(name, command))) failedChecks += 1;
}
if (isCheckOnly) {
  console.log(
    failedChecks === 0 ? 'All checks passed.' : `${failedChecks} of ${checks.length} checks failed.`,
  );
  process.exitCode = failedChecks === 0 ? 0 : 1;
} else {
  const startedAt = performance.now();
  const { files, beside } = await findTests();
  const tally = await runFiles(files, {
    beside,
    cwd: root,
    env,
    atOnce: Math.max(2, Math.min(8, availableParallelism())),
    limitMs: fileLimitMs,
    signal: stop.signal,
    print: (text) => process.stdout.write(text),
  });
  console.log(`tests ${secondsSince(startedAt)}`);
  if (filters.length > 0) console.log('Only the tests that were asked for; the checks were left out.');
  if (failedChecks > 0)
    console.log(`${failedChecks} of ${checks.length} checks failed, see above; each counts below.`);
  const failed = tally.failed + failedChecks;
  console.log(`${tally.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function passes(name: string, [tool, ...args]: [string, ...string[]]): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(path.join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: checkLimitMs,
    signal: stop.signal,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const isFine = await once(child, 'close').then(
    ([code]) => code === 0,
    (error: unknown) => {
      output += `${String(error)}\n`;
      return false;
    },
  );
  if (!isFine) process.stdout.write(`\n${output}`);
  console.log(`${isFine ? 'ok    ' : 'FAILED'} ${secondsSince(startedAt)}  ${name}`);
  return isFine;
}

/**
 * Whole-program tests first: they take longest, and the short ones fill the gaps at the end. Some wait for two thirds of
 * their time, three minutes together, and run beside all others.
 */
async function findTests(): Promise<{ files: string[]; beside: string[] }> {
  const found: string[] = [];
  for await (const file of glob('**/*.test.ts', { cwd: root, exclude: isNeverOurs })) {
    if (filters.length === 0 || filters.some((filter) => file.includes(filter))) found.push(file);
  }
  const inOrder = found.toSorted().map((file) => ({ file: path.join(root, file), kind: kindOf(file) }));
  const of = (wanted: TestKind) => inOrder.filter(({ kind }) => kind === wanted).map(({ file }) => file);
  return { files: [...of('whole'), ...of('small')], beside: of('waiting') };
}

type TestKind = 'waiting' | 'whole' | 'small';

function kindOf(file: string): TestKind {
  if (waiting.some((place) => file.startsWith(place))) return 'waiting';
  return file.startsWith(`test${path.sep}`) ? 'whole' : 'small';
}

function isNeverOurs(name: string): boolean {
  return neverOurs.has(path.basename(name));
}

function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(2).padStart(7)} s`;
}
