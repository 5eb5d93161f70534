// node_modules as package-lock.json says, and nothing to do when it is so already.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {'production' | 'all'} PackageSet */

/**
 * Installs when node_modules is missing, is of another lockfile or platform, or lacks the development packages.
 *
 * The stamp inside node_modules says what it holds. It is ours and not npm's own node_modules/.package-lock.json,
 * since that one cannot tell "left out" from "not for this platform".
 * Where the development packages were installed for an earlier lockfile they stay: a developer's start takes nothing away.
 * @param {string} root
 * @param {PackageSet} asked
 */
export async function ensurePackages(root, asked) {
  const stamp = path.join(root, 'node_modules', '.easel-installed');
  const readStamp = () => (existsSync(stamp) ? readFileSync(stamp, 'utf8') : '');
  const set = readStamp().endsWith(' all') ? 'all' : asked;
  const lockfile = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  const identity = `${lockfile} ${process.platform}-${process.arch}`;
  const isInstalled = () => {
    const found = readStamp();
    return found === `${identity} all` || found === `${identity} ${set}`;
  };
  if (isInstalled()) return;

  console.error(
    `Installing ${set === 'all' ? 'packages for development' : 'packages'}, until the lockfile changes…`,
  );
  const { runNpm } = await import('./npm.mjs');
  const { inWorkFolder } = await import('./work-folder.mjs');
  await inWorkFolder(root, async (folder) => {
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
      if (existsSync(path.join(root, name))) copyFileSync(path.join(root, name), path.join(folder, name));
    }
    await runNpm(process.execPath, ['ci', set === 'all' ? '--include=dev' : '--omit=dev'], folder);
    const fresh = path.join(folder, 'node_modules');
    mkdirSync(fresh, { recursive: true });
    writeFileSync(path.join(fresh, '.easel-installed'), `${identity} ${set}`);
    // Another start may have finished the same work meanwhile, and its program may be reading these files.
    if (isInstalled()) return;
    const target = path.join(root, 'node_modules');
    try {
      if (existsSync(target)) renameSync(target, path.join(folder, 'replaced'));
      renameSync(fresh, target);
    } catch (error) {
      if (!isInstalled()) throw error;
    }
  });
}
