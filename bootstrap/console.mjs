// console/dist as the sources of the console are now, and nothing to do when it is so already.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A build takes 2 s; one that has not ended after this long will not. */
const buildTimeoutMs = 120_000;

/** Inside console/dist: what it was built from. */
const stampName = '.easel-built';

/**
 * Builds the console where it is missing or its sources have changed. A gateway is of use without it, so a build that
 * fails is told in a line and the start goes on, with the console that was there before if there was one.
 * @param {string} root
 * @throws {import('./tether.mjs').Stopped} when this process was told to stop meanwhile
 */
export async function ensureConsole(root) {
  if (!existsSync(path.join(root, 'console', 'index.html'))) return;
  try {
    if (readStamp(root) === hashSources(root)) return;
    console.error('Building the console, until its sources change…');
    await buildConsole(root, { isForced: false });
  } catch (error) {
    const { Stopped } = await import('./tether.mjs');
    if (error instanceof Stopped) throw error;
    const why = error instanceof Error ? error.message : String(error);
    console.error(`The console could not be built, and Easel starts without it: ${why}`);
  }
}

/**
 * Builds the console anew, aside, and puts it into place.
 * @param {string} root
 * @param {{ isForced: boolean }} how forced: also where it is there already, as it should be
 * @throws {import('./tether.mjs').Stopped} when this process was told to stop meanwhile
 * @throws {Error} when that fails; what was there before stays
 */
export async function buildConsole(root, { isForced }) {
  const { runTethered, Stopped } = await import('./tether.mjs');
  const { inWorkFolder } = await import('./work-folder.mjs');
  const hash = hashSources(root);
  await inWorkFolder(root, async (folder) => {
    const fresh = path.join(folder, 'dist');
    const script = path.join(root, 'bootstrap', 'vite-build.mjs');
    const { code, signal, passed } = await runTethered(process.execPath, script, [root, fresh], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: root,
      isDisposable: true,
      timeoutMs: buildTimeoutMs,
    });
    if (passed !== undefined) throw new Stopped(passed);
    if (code !== 0) throw new Error(`vite ended with ${signal ?? `exit code ${code}`}.`);
    writeFileSync(path.join(fresh, stampName), hash);
    // Another start may have finished the same work meanwhile, and its program may be reading these files.
    if (!isForced && readStamp(root) === hash) return;
    const target = path.join(root, 'console', 'dist');
    try {
      if (existsSync(target)) renameSync(target, path.join(folder, 'replaced'));
      renameSync(fresh, target);
    } catch (error) {
      if (readStamp(root) !== hash) throw error;
    }
  });
}

/** @param {string} root */
function readStamp(root) {
  const stamp = path.join(root, 'console', 'dist', stampName);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
}

/**
 * Over names and contents: a checkout gives every file the time of the checkout. 100 files take 5 ms. The lockfile
 * belongs to them, since the console is built of packages too.
 * @param {string} root
 */
function hashSources(root) {
  const folder = path.join(root, 'console');
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    // `parentPath` has been named so since Node 20.12.
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((name) => !/^(dist|node_modules)\/|\.test\.tsx?$|\.md$/.test(name))
    .sort();
  for (const name of names) hash.update(`\n${name}\n`).update(readFileSync(path.join(folder, name)));
  return hash.digest('hex');
}
