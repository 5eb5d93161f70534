// What happens before a program of ours runs: a Node that can run it, its packages, then the program itself.
//
//   Node >= 24   packages are checked, then the program is imported right here: this process is the program.
//   older        the pinned Node is fetched once and runs this same file; this process passes signals on to it and
//                ends as it ends (tether.mjs). Only Node 24 can run the sources, and an older Node cannot replace
//                itself by another program.
//
// Everything is printed to stderr: stdout belongs to the program. When all is there, nothing is printed.
import * as nodeModule from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const neededMajor = 24;

/**
 * Runs a program of this repository.
 * @param {string | undefined} program path from the repository's root, such as src/main.ts
 * @param {string[]} args what the program finds in process.argv from index 2 on
 */
export async function start(program, args) {
  if (program === undefined) {
    console.error('Usage: node bootstrap/run.mjs <program> [arguments]');
    process.exit(1);
  }
  if (process.env['npm_lifecycle_event'] !== undefined) endWithNpm();
  if (Number(process.versions.node.split('.')[0]) < neededMajor) {
    const { ensureRuntime } = await import('./runtime.mjs');
    const { runTethered, endAs } = await import('./tether.mjs');
    const node = await orGiveUp(ensureRuntime(root));
    const script = path.join(root, 'bootstrap', 'run.mjs');
    endAs(await runTethered(node, script, [program, ...args], { stdio: ['inherit', 'inherit', 'inherit'] }));
    return;
  }
  const { ensurePackages } = await import('./packages.mjs');
  // Tests and benches use the development packages, what is under src/ does not: 33 MB to download and 4 s without
  // them, 116 MB and 9 s with them, so the first `npm start` leaves them out.
  const isOurProduct = program.startsWith('src/');
  await orGiveUp(ensurePackages(root, isOurProduct ? 'production' : 'all'));
  // The gateway serves it, and tests look at it in a browser.
  if (program === 'src/main.ts' || program === 'test/run.ts') {
    const { ensureConsole } = await import('./console.mjs');
    await orGiveUp(ensureConsole(root));
  }
  // npm's own variables are no setting of ours. Tests keep them: they start npm, perhaps with a registry named there.
  if (isOurProduct)
    for (const name of Object.keys(process.env)) if (/^npm_/i.test(name)) delete process.env[name];
  // Kept between starts, type stripping included: 100 sources and their packages load in 0.25 s instead of 0.43 s.
  nodeModule.enableCompileCache(path.join(root, '.runtime', 'compile-cache'));
  const script = path.resolve(root, program);
  process.argv.splice(1, process.argv.length, script, ...args);
  await import(pathToFileURL(script).href);
}

/**
 * npm passes SIGTERM and SIGINT on and waits, but it cannot when it is killed itself. What it started would run on
 * unseen, holding its port; so from then on it is being stopped too.
 */
function endWithNpm() {
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 1000);
  watch.unref();
}

/**
 * The value, or the end of this process: as the signal that stopped the preparation, or with one line for people.
 * @template T
 * @param {Promise<T>} preparation
 * @returns {Promise<T>}
 */
async function orGiveUp(preparation) {
  try {
    return await preparation;
  } catch (error) {
    const { Stopped, endAs } = await import('./tether.mjs');
    if (error instanceof Stopped) endAs({ code: null, signal: error.signal });
    else {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
    return new Promise(() => {});
  }
}
