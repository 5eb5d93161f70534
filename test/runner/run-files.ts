import path from 'node:path';
import { runFile } from './run-file.ts';

/** The sum over test files: every kind of failure of run-file.ts counts as one. */
export interface Tally {
  passed: number;
  failed: number;
}

/**
 * Runs test files, so many at a time, in the order given, and those of `beside` one after the other at the same time.
 * Prints one line per file and failures in full.
 *
 * @returns the sum; no file at all is one failure, so that a mistyped filter cannot look like success
 */
export async function runFiles(
  files: readonly string[],
  options: {
    cwd: string;
    env: NodeJS.ProcessEnv;
    atOnce: number;
    /** Files that wait much more than they work. */
    beside?: readonly string[];
    limitMs: number;
    signal: AbortSignal;
    print: (text: string) => void;
  },
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 };
  const beside = [...(options.beside ?? [])];
  if (files.length + beside.length === 0) {
    options.print('No test file matches.\n');
    tally.failed += 1;
  }
  const waiting = [...files];
  const worker = async (queue: string[]) => {
    for (let file = queue.shift(); file !== undefined && !options.signal.aborted; file = queue.shift()) {
      const result = await runFile(file, options);
      tally.passed += result.passed;
      tally.failed += result.failures.length;
      const name = path.relative(options.cwd, file);
      const seconds = (result.durationMs / 1000).toFixed(2);
      const verdict = result.failures.length === 0 ? 'ok    ' : 'FAILED';
      options.print(
        `${verdict} ${seconds.padStart(7)} s ${String(result.passed).padStart(4)} passed  ${name}\n`,
      );
      for (const failure of result.failures) {
        options.print(`\n  ${name}: ${failure.name}\n${indent(failure.detail)}\n`);
      }
      if (result.failures.length > 0 && result.output.trim() !== '') {
        options.print(`\n  It printed:\n${indent(result.output.trimEnd())}\n\n`);
      }
    }
  };
  await Promise.all([worker(beside), ...Array.from({ length: options.atOnce }, () => worker(waiting))]);
  return tally;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
