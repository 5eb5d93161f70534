// `npm run chaos -- [--seed N] [--rounds R] [--lanes L] [--upsets kill,...] [--models glm-image,...]
// [--break NAME]`: see docs/reliability.md.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { breakageNames, breakages, makeBrokenBuild } from './broken-builds.ts';
import { runWithOwnMounts } from './own-mounts.ts';
import { isClean, report } from './report.ts';
import { runChaos } from './run.ts';
import { modelNames, upsetKinds } from './schedule.ts';

const ownProgram = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '200' },
    /** Rounds played at the same time. */
    lanes: { type: 'string', default: '8' },
    /** Only these befall everybody. */
    upsets: { type: 'string', default: upsetKinds.join(',') },
    /** Only these are asked for. */
    models: { type: 'string', default: modelNames.join(',') },
    /** A build that must fail. */
    break: { type: 'string' },
    /** Another build's folder. */
    program: { type: 'string', default: ownProgram },
  },
});

// Until the end is reached this is a failure, whatever ends it.
process.exitCode = 1;
const code = await runWithOwnMounts(fileURLToPath(import.meta.url), process.argv.slice(2));
if (code === undefined) await main();
else process.exit(code);

async function main(): Promise<void> {
  process.once('disconnect', () => {
    console.error('The run ends: the process that started it is gone.');
    process.exit(1);
  });
  process.channel?.unref();
  const breakage = values.break === undefined ? undefined : oneOf('break', values.break, breakageNames);
  const folder = await mkdtemp(path.join(tmpdir(), 'easel-chaos-'));
  try {
    const program = path.resolve(values.program);
    if (breakage !== undefined) console.log(`A broken build: ${breakages[breakage].says}.`);
    const result = await runChaos({
      scope: {
        seed: wholeNumber('seed', values.seed),
        upsets: values.upsets.split(',').map((kind) => oneOf('upsets', kind, upsetKinds)),
        models: values.models.split(',').map((name) => oneOf('models', name, modelNames)),
      },
      rounds: wholeNumber('rounds', values.rounds),
      lanes: wholeNumber('lanes', values.lanes),
      // A patched copy lies in another folder each time, and would only fill the one that is kept.
      compileCache:
        (breakage === undefined ? process.env['NODE_COMPILE_CACHE'] : undefined) ??
        path.join(folder, 'compile-cache'),
      program: breakage === undefined ? program : await makeBrokenBuild(breakage, program, folder),
      folder,
      print: (text) => console.log(text),
    });
    console.log(report(result));
    process.exitCode = isClean(result) ? 0 : 1;
  } finally {
    // A failure that was wanted needs no looking into.
    if (process.exitCode === 0 || breakage !== undefined) await rm(folder, { recursive: true });
    else console.log(`Data, settings and the gateway's log: ${folder}`);
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}

function oneOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name {
  const name = known.find((each) => each === text);
  if (name === undefined) throw new Error(`--${option} takes ${known.join(', ')}`);
  return name;
}
