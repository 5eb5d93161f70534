import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peers } from './peers.ts';
import { median } from './statistics.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What the figures were measured on. */
export function describeMachine(folder: string): Record<string, string> {
  const cores = cpus();
  return {
    processor: `${cores.length} x ${cores[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${/^PRETTY_NAME="(.*)"$/m.exec(read('/etc/os-release'))?.[1] ?? process.platform}, kernel ${release()}`,
    disk: `a synced write of 4 kB takes ${median(syncTimes(folder)).toFixed(2)} ms`,
    load: describeLoad(),
  };
}

/** What a durable record costs at the least, in the folder where everything is kept. */
function syncTimes(folder: string): number[] {
  const file = path.join(folder, 'synced');
  const handle = openSync(file, 'w');
  const block = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 30 }, () => {
    const startedAt = performance.now();
    writeSync(handle, block);
    fdatasyncSync(handle);
    return performance.now() - startedAt;
  });
  closeSync(handle);
  unlinkSync(file);
  return times;
}

/** What else the machine does counts as well: a run on a busy machine says little. */
function describeLoad(): string {
  const [load = 0] = loadavg();
  const isBusy = load > availableParallelism() / 2;
  return `${load.toFixed(2)} when the run began${isBusy ? ': **the machine was busy, the figures are noisy**' : ''}`;
}

/** What was measured. */
export function describeVersions({ nginx, portkey }: Peers, program = root): Record<string, string> {
  return {
    easel: easelVersion(program),
    node: process.version,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    undici: versionIn(path.join(program, 'node_modules', 'undici')),
    ...(nginx === undefined ? {} : { nginx: nginxVersion(nginx) }),
    ...(portkey === undefined
      ? {}
      : { portkey: versionIn(path.join(portkey, 'node_modules', '@portkey-ai', 'gateway')) }),
  };
}

function easelVersion(program: string): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: program,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const isChanged = git('status', '--porcelain', '--', 'src', 'package-lock.json') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', with changes that are not committed' : ''}`;
  } catch {
    return 'unknown';
  }
}

function nginxVersion(program: string): string {
  try {
    // It says so on stderr.
    return (
      /nginx\/(\S+)/.exec(execFileSync('sh', ['-c', '"$0" -v 2>&1', program], { encoding: 'utf8' }))?.[1] ??
      ''
    );
  } catch {
    return 'unknown';
  }
}

function versionIn(folder: string): string {
  return (
    (JSON.parse(read(path.join(folder, 'package.json')) || '{}') as { version?: string }).version ?? 'unknown'
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
