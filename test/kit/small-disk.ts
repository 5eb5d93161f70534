import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of its own that can be full, and have room again. */
export interface SmallDisk {
  folder: string;
  /** From now on nothing can be written. */
  fill(): Promise<void>;
  /** There is room again. */
  free(): Promise<void>;
}

/**
 * A memory disk of a few MB, gone with the test. Where mounting is not allowed, a limit on the size of the files
 * that this process may write stands in for it: the system refuses writes in the same place.
 */
export async function smallDisk(t: TestContext, megabytes = 24): Promise<SmallDisk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'easel-disk-'));
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', folder];
  const isMounted = await run('mount', options).then(
    () => true,
    () => false,
  );
  t.after(async () => {
    if (isMounted) await run('umount', ['--lazy', folder]);
    else await limitFiles('unlimited');
    await rm(folder, { recursive: true, force: true });
  });
  if (!isMounted) return { folder, fill: () => limitFiles('0'), free: () => limitFiles('unlimited') };
  const ballast = path.join(folder, '.ballast');
  return {
    folder,
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (let bytes = 1024 * 1024; bytes > 0;) {
          const isFull = await file.write(Buffer.alloc(bytes)).then(
            ({ bytesWritten }) => bytesWritten < bytes,
            () => true,
          );
          if (isFull) bytes = bytes === 4096 ? 0 : 4096;
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast),
  };
}

async function limitFiles(softLimit: string): Promise<void> {
  await run('prlimit', ['--pid', String(process.pid), `--fsize=${softLimit}:`]);
}
