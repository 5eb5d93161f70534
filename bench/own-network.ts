import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';

const mark = 'EASEL_BENCH_NETWORK';

/** Root may; others where the system lets them be root of their own namespace. */
const ways = [['--net'], ['--net', '--map-root-user']] as const;

/** Whether this process sees no network but its own loopback. */
export function hasOwnNetwork(): boolean {
  return process.env[mark] !== undefined;
}

/**
 * Runs this program again in a network of its own that has a loopback and nothing else (Linux): a peer that listens
 * on every interface is reached by nobody then. Undefined where that is not possible; else the exit code.
 */
export async function runWithOwnNetwork(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<number | undefined> {
  const way = ways.find(works);
  if (process.platform !== 'linux' || way === undefined) return undefined;
  const up = 'ip link set lo up && exec "$0" "$@"';
  const child = spawn('unshare', [...way, 'sh', '-c', up, process.execPath, script, ...args], {
    env: { ...process.env, ...env, [mark]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

function works(way: readonly string[]): boolean {
  try {
    execFileSync('unshare', [...way, 'sh', '-c', 'ip link set lo up'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
