// The npm that is at hand, run by a Node of our choice.
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { runTethered, Stopped } from './tether.mjs';

/**
 * Settings that would change what we ask of npm, whatever the user's .npmrc, NODE_ENV or an outer npm say. What says
 * where packages come from (registry, proxy, certificates, cache, credentials) stays the user's.
 */
const fixedFlags = [
  '--ignore-scripts',
  '--include=optional',
  '--package-lock',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--no-dry-run',
  '--no-global',
  '--loglevel=error',
];

/**
 * Runs npm; what it has to say about failing goes to stderr in full.
 * @param {string} node
 * @param {string[]} args
 * @param {string} cwd
 * @throws {Stopped} when this process was told to stop meanwhile
 * @throws {Error} when npm is missing or fails
 */
export async function runNpm(node, args, cwd) {
  const { code, signal, passed } = await runTethered(node, findNpm(), [...args, ...fixedFlags], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd,
    // On SIGTERM npm first waits for the downloads it has begun, for up to five minutes. It works in a folder that is
    // removed whatever happens, so there is nothing to wait for.
    isDisposable: true,
  });
  if (passed !== undefined) throw new Stopped(passed);
  if (code !== 0)
    throw new Error(
      `npm ${args[0]} failed (${signal ?? `exit code ${code}`}), see above. Nothing was changed.`,
    );
}

/**
 * npm's JavaScript: the npm that started us, else the one on PATH, else the one beside the present Node.
 * @returns {string}
 */
function findNpm() {
  const startedBy = process.env['npm_execpath'] ?? '';
  // Under `pnpm start` and the like the variable names another tool.
  if (path.basename(startedBy) === 'npm-cli.js' && existsSync(startedBy)) return startedBy;
  const besideNode = path.dirname(process.execPath);
  for (const folder of [...(process.env['PATH'] ?? '').split(path.delimiter), besideNode]) {
    for (const candidate of [
      path.join(folder, 'npm'),
      path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
      path.join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ]) {
      if (folder !== '' && existsSync(candidate)) {
        const file = realpathSync(candidate);
        if (path.basename(file) === 'npm-cli.js') return file;
      }
    }
  }
  throw new Error('npm was not found. It comes with Node; on Debian: apt-get install npm.');
}
