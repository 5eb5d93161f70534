import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { groupMembers } from './process-group.ts';
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

/**
 * Runs one test file in a process group of its own and ends whatever is left of the group.
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
  const folder = mkdtempSync(path.join(tmpdir(), 'easel-test-'));
  try {
    const reports = path.join(folder, 'reports');
    const child = spawn(
      process.execPath,
      [`--test-reporter=${reporter}`, `--test-reporter-destination=${reports}`, tethered, 'at-once', file],
      { cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    const output = collect(child);
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const kill = () => killGroup(child);
    options.signal.addEventListener('abort', kill);
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      kill();
    }, options.limitMs);
    const [code, signal] = await ended;
    clearTimeout(limit);
    options.signal.removeEventListener('abort', kill);
    const survivors = isLate || child.pid === undefined ? [] : await survivorsOf(child.pid);
    kill();

    const told = readReports(reports);
    const failures = told.failures;
    if (isLate) {
      failures.push({
        name: 'the file',
        detail: `did not end within ${options.limitMs / 1000} s${during(told.open)}`,
      });
    } else if (!told.isComplete && told.passed === 0 && code === 0 && told.open.length === 0) {
      failures.push({ name: 'the file', detail: 'has no test, or ended before the first one began' });
    } else if (!told.isComplete) {
      failures.push({
        name: 'the file',
        detail: `ended early (${signal ?? `exit code ${code}`})${during(told.open)}`,
      });
    } else if (code !== 0 && failures.length === 0 && told.leftOut.length === 0) {
      failures.push({ name: 'the file', detail: `exit code ${code} although every test passed` });
    } else if (told.passed === 0 && failures.length === 0 && told.leftOut.length === 0) {
      failures.push({ name: 'the file', detail: 'has suites and no test' });
    }
    if (survivors.length > 0)
      failures.push({ name: 'the file', detail: `left running: ${survivors.join(', ')}` });
    return {
      passed: told.passed,
      failures: [...failures, ...told.leftOut],
      durationMs: performance.now() - startedAt,
      output: output(),
    };
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

function during(open: string[]): string {
  return open.length === 0 ? '' : `, during: ${open.join(', ')}`;
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
async function survivorsOf(group: number): Promise<string[]> {
  let survivors = groupMembers(group);
  for (let round = 0; round < 10 && survivors.length > 0; round += 1) {
    await sleep(50);
    survivors = groupMembers(group);
  }
  return survivors;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
