import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';

const mark = 'EASEL_BENCH_NETWORK';

/** Debian keeps `ip` where only root's PATH may look. */
const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Root may; others where the system lets them be root of their own namespace. */
const ways = [['--net'], ['--net', '--map-root-user']] as const;

/** Whether this is the second run, which sees no network but its own loopback. */
export function hasOwnNetwork(): boolean {
  if (process.env[mark] === undefined) return false;
  const others = Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    .filter(({ internal }) => !internal);
  if (others.length > 0) throw new Error(`${mark} is set, but this process sees the machine's network`);
  return true;
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
    env: { ...process.env, ...env, PATH: searchPath, [mark]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

function works(way: readonly string[]): boolean {
  try {
    execFileSync('unshare', [...way, 'sh', '-c', 'ip link set lo up'], {
      env: { PATH: searchPath },
      stdio: 'ignore',
      timeout: 10_000,
    });
    return true;
  } catch {
    return false;
  }
}
