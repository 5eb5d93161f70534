import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { groupMembers, processesWith, type RunningProcess } from './processes.ts';
import type { TestReport } from './report.ts';

/** How one test file went. A file without failures has passed at least one test. */
export interface FileResult {
  passed: number;
  failures: { name: string; detail: string }[];
  durationMs: number;
  /** What the file printed, of interest when it failed. */
  output: string;
}

const reporter = new URL('report.ts', import.meta.url).href;
const tethered = fileURLToPath(new URL('../../bootstrap/tethered.mjs', import.meta.url));
const maxOutputCharacters = 20_000;
let filesRun = 0;

/**
 * Runs one test file, in a process group of its own, and ends whatever it leaves running.
 *
 * Besides failed tests these are failures: a test left out (skip, todo), no test at all, an end before the last test's
 * end (process.exit, a crash), not ending within `limitMs`, and a process left running. `node --test` lets most of
 * them pass.
 */
export async function runFile(
  file: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; limitMs: number; signal: AbortSignal },
): Promise<FileResult> {
  const startedAt = performance.now();
  filesRun += 1;
  // By the name of this variable all that the file starts is found again. It is a new one each time, so that a runner
  // inside a test adds its own.
  const mark = `EASEL_TEST_FILE_${process.pid}_${filesRun}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'easel-test-'));
  try {
    const reports = path.join(folder, 'reports');
    const child = spawn(
      process.execPath,
      [`--test-reporter=${reporter}`, `--test-reporter-destination=${reports}`, tethered, 'at-once', file],
      {
        cwd: options.cwd,
        env: { ...options.env, [mark]: '1' },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    const output = collect(child);
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const group = child.pid;
    const left = () => (group === undefined ? [] : [...groupMembers(group), ...processesWith(mark)]);
    const kill = () => left().forEach(killProcess);
    options.signal.addEventListener('abort', kill);
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      kill();
    }, options.limitMs);
    const [code, signal] = await ended;
    clearTimeout(limit);
    options.signal.removeEventListener('abort', kill);
    const survivors = isLate ? [] : await survivorsAmong(left);
    kill();

    const told = readReports(reports);
    const late = isLate ? `did not end within ${options.limitMs / 1000} s` : undefined;
    const failures = [...told.failures, ...told.leftOut];
    const fault = faultOf(told, code, signal, late);
    if (fault !== undefined) failures.push({ name: 'the file', detail: fault });
    if (survivors.length > 0) {
      const commands = new Set(survivors.map(({ pid, command }) => `${command} (${pid})`));
      failures.push({ name: 'the file', detail: `left running: ${[...commands].join(', ')}` });
    }
    return { passed: told.passed, failures, durationMs: performance.now() - startedAt, output: output() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Told {
  passed: number;
  failures: { name: string; detail: string }[];
  leftOut: { name: string; detail: string }[];
  /** Tests that began and did not end. */
  open: string[];
  isComplete: boolean;
}

/** What is wrong with a file beyond its tests. */
function faultOf(
  told: Told,
  code: number | null,
  signal: NodeJS.Signals | null,
  late: string | undefined,
): string | undefined {
  const during = told.open.length === 0 ? '' : `, during: ${told.open.join(', ')}`;
  if (late !== undefined) return late + during;
  if (!told.isComplete) {
    const isEmpty = code === 0 && told.passed === 0 && told.open.length === 0;
    if (isEmpty) return 'has no test, or ended before the first one began';
    return `ended early (${signal ?? `exit code ${code}`})${during}`;
  }
  if (told.failures.length > 0 || told.leftOut.length > 0) return undefined;
  if (code !== 0) return `exit code ${code} although every test passed`;
  return told.passed === 0 ? 'has suites and no test' : undefined;
}

function readReports(file: string): Told {
  const told: Told = { passed: 0, failures: [], leftOut: [], open: [], isComplete: false };
  const open = new Map<number, string>();
  for (const line of readLines(file)) {
    const report = JSON.parse(line) as TestReport;
    if (report.kind === 'started') open.set(report.id, report.name);
    else if (report.kind === 'ended') told.isComplete = true;
    else {
      open.delete(report.id);
      if (report.kind === 'passed') told.passed += 1;
      else if (report.kind === 'failed') told.failures.push(report);
      else told.leftOut.push(report);
    }
  }
  told.open = [...open.values()];
  return told;
}

function readLines(file: string): string[] {
  try {
    // What follows the last line feed was cut off with the process.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    // The process did not get as far as opening it.
    return [];
  }
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      text = (text + chunk).slice(-maxOutputCharacters);
    });
  }
  return () => text;
}

/** What runs on after the file's own process has ended; a moment is given to what has just been told to stop. */
async function survivorsAmong(left: () => RunningProcess[]): Promise<RunningProcess[]> {
  let survivors = left();
  for (let round = 0; round < 10 && survivors.length > 0; round += 1) {
    await sleep(50);
    survivors = left();
  }
  return survivors;
}

function killProcess({ pid }: RunningProcess): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
