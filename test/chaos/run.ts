import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastDraw } from '../kit/fast-draw.ts';
import { superviseGateway } from './gateway.ts';
import { mountObjectsDisk, unmountObjectsDisk } from './own-mounts.ts';
import { makePlay, type Counts } from './play.ts';
import type { Judgement } from './reconcile.ts';
import { keyCount, type Scope, type Upset } from './schedule.ts';
import { checkData, firstSecret, makeKeys, writeSettings } from './settings.ts';
import { canFillDisk } from './upsets.ts';
import { startUpstreams } from './upstreams.ts';

export interface ChaosOptions {
  scope: Scope;
  rounds: number;
  /** Rounds played at the same time. */
  lanes: number;
  /** The program's folder: the checkout, or a patched copy of it. */
  program: string;
  /** Where Node keeps what it has compiled of this program: a process that is killed leaves nothing there. */
  compileCache: string;
  /** For data, settings and log; an empty one, to be removed by whoever gives it. */
  folder: string;
  print(text: string): void;
}

export interface ChaosResult extends Counts {
  seed: number;
  rounds: number;
  judgement: Judgement;
  /** What `easel check` found once the gateway had stopped. */
  check: { isClean: boolean; says: string };
  /** Processes of the gateway, the first included. */
  starts: number;
  /** Upsets that could not be played on this machine. */
  leftOut: readonly Upset['kind'][];
  seconds: number;
}

const checkpointEvery = 100;
/** What a simulator still works on after its last caller is gone is charged by then. */
const lateChargesMs = 3000;
/** With more problems than this no further rounds are played: they would say the same. */
const hopeless = 50;

/** Plays all rounds, lets everything recover, and judges what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { folder, program, rounds } = options;
  const startedAt = performance.now();
  const dataDir = path.join(folder, 'data');
  const objects = path.join(dataDir, 'objects');
  const logFile = path.join(folder, 'gateway.log');
  await mkdir(dataDir);

  await using endings = new AsyncDisposableStack();
  const hasObjectsDisk = await mountObjectsDisk(objects);
  if (hasObjectsDisk) endings.defer(() => unmountObjectsDisk(objects));
  const impossible = new Set<Upset['kind']>();
  if (!hasObjectsDisk) impossible.add('objects-full');
  if (!(await canFillDisk())) impossible.add('disk-full');
  const upstreams = await startUpstreams();
  endings.defer(() => upstreams.close());
  const env = await writeSettings(folder, dataDir, upstreams, options.compileCache);
  const port = Number(env['EASEL_PORT']);
  const gateway = superviseGateway({ main: path.join(program, 'src/main.ts'), port, env, logFile });
  endings.defer(() => gateway.close());
  await gateway.up();

  const secrets = [firstSecret, ...(await makeKeys(keyCount - 1, program, env))];
  const inputPicture = await makeInputPicture();
  const play = makePlay({ dataDir, logFile, gateway, upstreams, secrets, inputPicture, impossible });
  const said = new Set<string>();
  let played = 0;
  while (played < rounds) {
    const last = Math.min(rounds, played + checkpointEvery);
    await play.rounds(options.scope, played + 1, last, options.lanes);
    await play.settle();
    played = last;
    if (played === rounds) break;
    const judgement = await play.judge(false);
    options.print(progress(played, judgement));
    // At once: a run that is ended from outside has said what it saw.
    for (const { text } of judgement.problems) {
      if (!said.has(text)) options.print(`  ${text}`);
      said.add(text);
    }
    if (judgement.problems.length > hopeless) break;
  }
  // A last recovery: killed and started once more, and all is read through the new process.
  await gateway.kill(0);
  await sleep(lateChargesMs);
  await gateway.up();
  await play.settle();
  const judgement = await play.judge(true);
  await gateway.close();
  return {
    ...play.counts(),
    seed: options.scope.seed,
    rounds: played,
    judgement,
    check: await checkData(program, env),
    starts: gateway.starts,
    leftOut: [...impossible],
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function progress(rounds: number, judgement: Judgement): string {
  const { charged, stored, unknown, lost, chargedTwice, problems } = judgement;
  return `${rounds} rounds: ${charged} charged, ${stored} stored, ${unknown} unknown, ${lost} lost, ${chargedTwice} charged twice, ${problems.length} problems`;
}

/** Large enough for every upstream. */
async function makeInputPicture(): Promise<string> {
  const picture = await fastDraw({
    prompt: 'input',
    seed: 1,
    width: 320,
    height: 320,
    format: 'png',
    inputs: [],
    watermark: false,
  });
  return `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
}
