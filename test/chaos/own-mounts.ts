import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rmdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { objectsDiskSize } from './upsets.ts';

const run = promisify(execFile);
const mark = 'CHAOS_HAS_OWN_MOUNTS';

/**
 * Runs this program again with mounts of its own (Linux, root), so that a small disk for the objects can be mounted
 * and filled up: whatever ends the program, the mount goes with its last process. Undefined where that is not
 * possible, or where this is that second run; else the second run's exit code.
 */
export async function runWithOwnMounts(script: string, args: readonly string[]): Promise<number | undefined> {
  if (process.env[mark] !== undefined || process.platform !== 'linux') return undefined;
  try {
    await run('unshare', ['--mount', 'true']);
  } catch {
    return undefined;
  }
  const child = spawn('unshare', ['--mount', process.execPath, script, ...args], {
    env: { ...process.env, [mark]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  passOnSignals(child);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== null) console.error(`The run was ended by ${signal}.`);
  return code ?? 1;
}

/** Stops are handed on; when the parent dies without a word, the child's channel closes. */
function passOnSignals(child: ChildProcess): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
}

/** Gives a folder a disk of its own; false where this process may not. */
export async function mountObjectsDisk(folder: string): Promise<boolean> {
  if (process.env[mark] === undefined) return false;
  await mkdir(folder, { recursive: true });
  return await run('mount', ['-t', 'tmpfs', '-o', `size=${objectsDiskSize}`, 'easel-chaos', folder]).then(
    () => true,
    () => false,
  );
}

/** What the disk holds is left in an ordinary folder of the same name, for whoever looks into a failure. */
export async function unmountObjectsDisk(folder: string): Promise<void> {
  await run('cp', ['-r', folder, `${folder}-kept`]);
  await run('umount', [folder]);
  await rmdir(folder);
  await rename(`${folder}-kept`, folder);
}
