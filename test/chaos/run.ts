import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { fastDraw } from '../kit/fast-draw.ts';
import { superviseGateway } from './gateway.ts';
import { mountObjectsDisk, unmountObjectsDisk } from './own-mounts.ts';
import { makePlay, type Counts } from './play.ts';
import type { Judgement } from './reconcile.ts';
import { keyCount } from './schedule.ts';
import { firstSecret, makeKeys, writeSettings } from './settings.ts';
import { startUpstreams } from './upstreams.ts';

export interface ChaosOptions {
  seed: number;
  rounds: number;
  /** Rounds played at the same time. */
  lanes: number;
  /** The program's folder: the checkout, or a patched copy of it. */
  program: string;
  mayResend: boolean;
  print(text: string): void;
}

export interface ChaosResult extends Counts {
  seed: number;
  rounds: number;
  judgement: Judgement;
  /** Processes of the gateway, the first included. */
  starts: number;
  /** What could not be played here, and why. */
  leftOut: readonly string[];
  seconds: number;
  /** Data, settings and log, kept when something went wrong. */
  folder: string | undefined;
}

const checkpointEvery = 100;

/** Plays all rounds, lets everything recover, and judges what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const startedAt = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'easel-chaos-'));
  const dataDir = path.join(folder, 'data');
  const objects = path.join(dataDir, 'objects');
  await mkdir(dataDir);
  const hasObjectsDisk = await mountObjectsDisk(objects);
  const upstreams = await startUpstreams();
  let result: ChaosResult | undefined;
  try {
    const env = await writeSettings(folder, dataDir, upstreams);
    const main = path.join(options.program, 'src/main.ts');
    const gateway = superviseGateway({
      main,
      port: Number(env['EASEL_PORT']),
      env,
      logFile: path.join(folder, 'gateway.log'),
    });
    try {
      await gateway.up();
      const secrets = [firstSecret, ...(await makeKeys(keyCount - 1, options.program, env))];
      const inputPicture = await makeInputPicture();
      const play = makePlay({
        dataDir,
        gateway,
        upstreams,
        secrets,
        inputPicture,
        hasObjectsDisk,
        mayResend: options.mayResend,
      });
      for (let first = 1; first <= options.rounds; first += checkpointEvery) {
        const last = Math.min(options.rounds, first + checkpointEvery - 1);
        await play.rounds(options.seed, first, last, options.lanes);
        await play.settle();
        if (last < options.rounds) options.print(progress(last, await play.judge(false)));
      }
      // A last recovery: killed and started once more, and all is read through the new process.
      await gateway.kill(0);
      await gateway.up();
      await play.settle();
      const judgement = await play.judge(true);
      const counts = play.counts();
      const isFine = judgement.problems.length === 0 && counts.complaints.length === 0;
      result = {
        ...counts,
        seed: options.seed,
        rounds: options.rounds,
        judgement,
        starts: gateway.starts,
        leftOut: hasObjectsDisk ? [] : ['objects-full: no disk can be mounted here'],
        seconds: (performance.now() - startedAt) / 1000,
        folder: isFine ? undefined : folder,
      };
      return result;
    } finally {
      await gateway.close();
    }
  } finally {
    await upstreams.close();
    if (result !== undefined && result.folder === undefined) {
      if (hasObjectsDisk) await unmountObjectsDisk(objects);
      await rm(folder, { recursive: true });
    } else if (hasObjectsDisk) {
      // The disk ends with this program: what it holds is copied for whoever looks into a failure.
      await promisify(execFile)('cp', ['-r', objects, path.join(folder, 'objects-copy')]);
    }
  }
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
