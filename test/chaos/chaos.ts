// `npm run chaos -- [--seed N] [--rounds R] [--lanes L] [--break NAME]`: see docs/reliability.md.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runWithOwnMounts } from './own-mounts.ts';
import { isClean, report } from './report.ts';
import { runChaos } from './run.ts';

const ownProgram = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '200' },
    lanes: { type: 'string', default: '8' },
    program: { type: 'string', default: ownProgram },
    'send-once': { type: 'boolean', default: false },
  },
});

// Until the end is reached this is a failure, whatever ends it.
process.exitCode = 1;
const code = await runWithOwnMounts(fileURLToPath(import.meta.url), process.argv.slice(2));
if (code === undefined) await main();
else process.exit(code);

async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
  const result = await runChaos({
    seed: wholeNumber('seed', values.seed),
    rounds: wholeNumber('rounds', values.rounds),
    lanes: wholeNumber('lanes', values.lanes),
    program: path.resolve(values.program),
    mayResend: !values['send-once'],
    print: (text) => console.log(text),
  });
  console.log(report(result));
  process.exitCode = isClean(result) ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}
