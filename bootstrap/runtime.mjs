// The pinned Node, from the npm registry: the one place a machine with npm can surely reach. runtimes.json says which
// package holds it on which platform. The Linux and Windows packages carry the version we test with; for macOS the
// registry has no package of that version, so the newest maintained one is named (on arm64 the only 24 is 24.0.0).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { runNpm } from './npm.mjs';
import { onlyEntry } from './tar-entry.mjs';
import { inWorkFolder } from './work-folder.mjs';

/** @typedef {{ package: string, version: string, megabytes: number, integrity: string }} Runtime */

const installYourself = 'Install Node 24 or newer (https://nodejs.org) and run this again.';

/**
 * The path of the pinned Node, fetched if it is not there yet.
 * @param {string} root
 * @returns {Promise<string>}
 * @throws {Error} when there is none for this machine, or what came is not what was pinned
 */
export async function ensureRuntime(root) {
  const platform = `${process.platform}-${process.arch}`;
  const table = /** @type {Record<string, Runtime>} */ (
    JSON.parse(readFileSync(path.join(root, 'bootstrap', 'runtimes.json'), 'utf8'))
  );
  const runtime = table[platform];
  if (runtime === undefined) throw new Error(`No Node can be fetched for ${platform}. ${installYourself}`);
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const target = path.join(root, '.runtime', `node-${runtime.version}-${platform}`, file);
  if (existsSync(target)) return target;
  if (process.platform === 'linux' && isMusl()) {
    throw new Error(`The Node that can be fetched needs glibc, and this system has musl. ${installYourself}`);
  }
  console.error(`Fetching Node ${runtime.version} (${runtime.megabytes} MB), once…`);
  await inWorkFolder(root, (folder) => fetchRuntime(runtime, file, target, folder));
  return target;
}

/**
 * @param {Runtime} runtime
 * @param {string} file the binary's path in its package
 * @param {string} target
 * @param {string} folder
 */
async function fetchRuntime(runtime, file, target, folder) {
  const specifier = `${runtime.package}@${runtime.version}`;
  await runNpm(process.execPath, ['pack', specifier, `--pack-destination=${folder}`], folder);
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error(`npm pack ${specifier} left no archive.`);
  const archive = path.join(folder, name);
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  if (`sha512-${hash.digest('base64')}` !== runtime.integrity) {
    throw new Error(
      `${specifier} from the registry is not the file pinned in bootstrap/runtimes.json; it was not used.`,
    );
  }
  const node = path.join(folder, 'node');
  await pipeline(
    createReadStream(archive),
    createGunzip(),
    onlyEntry(`package/${file}`),
    createWriteStream(node, { mode: 0o755 }),
  );
  const trial = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (trial.status !== 0) {
    const reason = trial.error?.message ?? trial.stderr.trim().split('\n')[0] ?? `exit code ${trial.status}`;
    throw new Error(`The fetched Node does not run on this machine: ${reason}\n${installYourself}`);
  }
  mkdirSync(path.dirname(target), { recursive: true });
  try {
    renameSync(node, target);
  } catch (error) {
    // Windows does not replace a file in use: then another start has just put the same one there.
    if (!existsSync(target)) throw error;
  }
}

function isMusl() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime === undefined;
}
