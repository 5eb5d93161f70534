import { execFile } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GatewayProcess } from './gateway.ts';
import type { Upset } from './schedule.ts';
import type { Upstreams } from './upstreams.ts';

const run = promisify(execFile);

/** A time in which something was wrong that touches every request then under way, by this process's clock. */
export interface Span {
  upset: Upset;
  from: number;
  to: number;
}

/** While these last, neither store can be relied on. */
export const storageUpsets: ReadonlySet<Upset['kind']> = new Set([
  'disk-full',
  'objects-full',
  'drafts-gone',
]);

export interface UpsetTools {
  gateway: GatewayProcess;
  upstreams: Upstreams;
  dataDir: string;
  /** Told when it begins; what it returns is told the end. */
  note(upset: Upset): () => void;
}

/** So many bytes of any file can still be written while the disk is "full": less than the first page of a database. */
const fullAtBytes = 4096;

/** Does it, and undoes it where it does not undo itself. */
export async function playUpset(upset: Upset, tools: UpsetTools): Promise<void> {
  const { gateway, upstreams, dataDir } = tools;
  const end = tools.note(upset);
  try {
    switch (upset.kind) {
      case 'kill':
        await gateway.kill(upset.restartAfterMs);
        return;
      case 'terminate':
        await gateway.terminate(upset.restartAfterMs);
        return;
      case 'upstream-gone':
        upstreams.send({ kind: 'door', provider: upset.provider, isOpen: false });
        await sleep(upset.forMs);
        upstreams.send({ kind: 'door', provider: upset.provider, isOpen: true });
        return;
      case 'records-busy':
        await holdRecords(path.join(dataDir, 'easel.db'), upset.forMs);
        return;
      case 'disk-full':
        await fillDisk(gateway, upset.forMs);
        return;
      case 'objects-full':
        await fillObjects(path.join(dataDir, 'objects'), upset.forMs);
        return;
      case 'drafts-gone':
        await hideDrafts(path.join(dataDir, 'objects', '.drafts'), upset.forMs);
        return;
      case 'gateway-clock':
        gateway.setClock(upset.toMs);
        return;
      case 'upstream-clock':
        upstreams.send({ kind: 'advance', provider: upset.provider, byMs: upset.byMs });
        return;
    }
  } finally {
    end();
  }
}

/** Another process writes: SQLITE_BUSY for whoever wants to. */
async function holdRecords(file: string, forMs: number): Promise<void> {
  const holder = new DatabaseSync(file, { timeout: 0 });
  try {
    if (!(await takeLock(holder))) return;
    await sleep(forMs);
    holder.exec('rollback');
  } finally {
    holder.close();
  }
}

async function takeLock(holder: DatabaseSync): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      holder.exec('begin immediate');
      return true;
    } catch {
      await sleep(5);
    }
  }
  return false;
}

/**
 * Writes beyond a few kilobytes of any file fail (EFBIG, which both stores take for a full disk): the running
 * process's own limit, lowered from outside. A new process starts without it.
 */
async function fillDisk(gateway: GatewayProcess, forMs: number): Promise<void> {
  const { pid } = gateway;
  if (pid === undefined) return;
  await limit(pid, String(fullAtBytes));
  await sleep(forMs);
  await limit(pid, 'unlimited');
}

/** False: there is no `prlimit` here. */
export async function canFillDisk(): Promise<boolean> {
  return await run('prlimit', ['--pid', String(process.pid), '--fsize']).then(
    () => true,
    () => false,
  );
}

async function limit(pid: number, size: string): Promise<void> {
  // The process may have been killed meanwhile.
  await run('prlimit', ['--pid', String(pid), `--fsize=${size}:`]).catch(() => undefined);
}

/** ENOSPC: the objects' own disk (see own-mounts.ts) shrinks to what it holds. */
async function fillObjects(folder: string, forMs: number): Promise<void> {
  const { stdout } = await run('df', ['--block-size=1', '--output=used', folder]);
  const used = Number(stdout.trim().split('\n').at(-1));
  await run('mount', ['-o', `remount,size=${Math.max(4096, used)}`, folder]).catch(() => undefined);
  await sleep(forMs);
  await run('mount', ['-o', `remount,size=${objectsDiskSize}`, folder]);
}

export const objectsDiskSize = '4g';

/** EIO's nearest relative that needs no special disk: the folder of unfinished files is not there. */
async function hideDrafts(folder: string, forMs: number): Promise<void> {
  const hidden = `${folder}-hidden`;
  await rename(folder, hidden);
  await sleep(forMs);
  try {
    await rename(hidden, folder);
  } catch {
    // A gateway that was started meanwhile has made itself another.
    await rm(hidden, { recursive: true });
    await mkdir(folder, { recursive: true });
  }
}
