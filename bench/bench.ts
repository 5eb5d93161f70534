// `npm run bench -- [--quick] [--only NAME,...] [--list] ...`: see docs/performance.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startRun } from './bench-run.ts';
import { isWhole, type Choice } from './choice.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { hasOwnNetwork, runWithOwnNetwork } from './own-network.ts';
import type { Peers } from './peers.ts';
import { preparePeers } from './prepare-peers.ts';
import { toMarkdown } from './report.ts';
import type { Results } from './results.ts';
import { workloads, type Workload } from './workloads/all.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    connections: { type: 'string' },
    latency: { type: 'string' },
    contestants: { type: 'string' },
    rounds: { type: 'string' },
    program: { type: 'string' },
    before: { type: 'string' },
    profile: { type: 'string' },
    list: { type: 'boolean', default: false },
    /** Where everything that is measured lies while it is measured; that disk is what is measured. */
    folder: { type: 'string', default: tmpdir() },
    /** Leaves that there, with the logs. */
    keep: { type: 'boolean', default: false },
  },
});
const choice: Choice = {
  isQuick: values.quick,
  only: values.only?.split(','),
  connections: numbers('connections', values.connections),
  latencies: numbers('latency', values.latency),
  contestants: values.contestants?.split(','),
  rounds: numbers('rounds', values.rounds)?.[0],
  program: folderOf(values.program),
  before: folderOf(values.before),
  profileFolder: folderOf(values.profile),
};

interface Prepared {
  peers: Peers;
  leftOut: string[];
}
const preparedVariable = 'EASEL_BENCH_PREPARED';

// Until the end is reached this is a failure, whatever ends it.
process.exitCode = 1;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

if (values.list) list();
else process.exitCode = hasOwnNetwork() ? await main(readPrepared()) : await prepareAndRun();

function list(): void {
  for (const { name, about, isInQuick } of workloads)
    console.log(`${name.padEnd(14)} ${about}${isInQuick ? '' : ' (not in --quick)'}`);
  process.exitCode = 0;
}

/** What needs the network comes first; the run itself has none. */
async function prepareAndRun(): Promise<number> {
  chosen();
  const prepared = await preparePeers(path.join(here, '.peers'));
  const script = fileURLToPath(import.meta.url);
  const code = await runWithOwnNetwork(script, process.argv.slice(2), {
    [preparedVariable]: JSON.stringify(prepared),
  });
  if (code !== undefined) return code;
  const why =
    'portkey: it listens on every interface, and this system gives us no network of our own (unshare)';
  return await main({
    peers: { ...prepared.peers, portkey: undefined },
    leftOut: [...prepared.leftOut, why],
  });
}

function readPrepared(): Prepared {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
  return JSON.parse(process.env[preparedVariable] ?? '') as Prepared;
}

function chosen(): readonly Workload[] {
  const { only } = choice;
  for (const name of only ?? []) {
    if (!workloads.some((workload) => workload.name === name))
      throw new Error(`no workload ${name}; see --list`);
  }
  return workloads.filter(({ name, isInQuick }) => only?.includes(name) ?? (isInQuick || !choice.isQuick));
}

async function main({ peers, leftOut }: Prepared): Promise<number> {
  const startedAt = Date.now();
  const folder = mkdtempSync(path.join(values.folder, 'easel-bench-'));
  process.on('exit', () => {
    if (values.keep) console.log(`Data and logs: ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  const machine = describeMachine(folder);
  for (const text of leftOut) console.log(`LEFT OUT ${text}`);
  const run = await startRun(folder, {
    choice,
    peers,
    print: (text) => console.log(text.startsWith(' ') ? text : `${secondsSince(startedAt)} ${text}`),
  });
  for (const workload of chosen()) await workload.play(run);
  await run.close();
  const { cells, figures, checks } = run.results;
  const results: Results = {
    startedAt: new Date(startedAt).toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt) / 1000),
    choice,
    machine,
    versions: describeVersions(peers, choice.program),
    leftOut: [...new Set([...leftOut, ...run.results.leftOut])],
    cells,
    figures,
    checks,
  };
  await write(results);
  const isEaselWell = cells.every(
    ({ contestant, failures }) => failures === 0 || !contestant.startsWith('easel'),
  );
  return isEaselWell && checks.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

/** A whole run's results are kept in the repository; the others are for whoever ran them. */
async function write(results: Results): Promise<void> {
  const name = !isWhole(choice) ? 'partial' : choice.isQuick ? 'quick' : 'full';
  const folder = path.join(here, 'results');
  await mkdir(folder, { recursive: true });
  const markdown = toMarkdown(results);
  await writeFile(path.join(folder, `${name}.json`), `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(path.join(folder, `${name}.md`), markdown);
  console.log(`\n${markdown}\nwritten to bench/results/${name}.json and .md, ${results.tookSeconds} s`);
}

function secondsSince(startedAt: number): string {
  return `${((Date.now() - startedAt) / 1000).toFixed(0).padStart(5)} s`;
}

function numbers(option: string, text: string | undefined): number[] | undefined {
  return text?.split(',').map((word) => {
    if (!/^\d{1,4}$/.test(word)) throw new Error(`--${option} takes whole numbers`);
    return Number(word);
  });
}

function folderOf(given: string | undefined): string | undefined {
  return given === undefined ? undefined : path.resolve(given);
}
