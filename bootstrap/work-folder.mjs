// Downloads and installations are made aside and renamed into place when complete: whoever looks sees all or nothing,
// two starts at once only do the work twice, and a killed one leaves a folder that the next one clears away.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs a piece of work with a fresh folder on the file system of the repository, removed afterwards.
 * @template T
 * @param {string} root
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inWorkFolder(root, work) {
  const parent = path.join(root, '.runtime');
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const owner = /^work-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) remove(path.join(parent, name));
  }
  const folder = path.join(parent, `work-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder);
  try {
    return await work(folder);
  } finally {
    remove(folder);
  }
}

/** @param {string} folder */
function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}
