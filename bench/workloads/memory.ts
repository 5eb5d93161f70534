import { rm } from 'node:fs/promises';
import path from 'node:path';
import { readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { isChosen } from '../choice.ts';
import { checkStored } from '../check-stored.ts';
import type { Contestant, Place } from '../contestants/contestant.ts';
import { startEasel } from '../contestants/easel.ts';
import { startPassThrough } from '../contestants/pass-through.ts';
import { startPortkey } from '../contestants/portkey.ts';
import type { LoadResult } from '../load-job.ts';
import type { Runner } from '../measure.ts';
import { ensurePictures } from '../pictures.ts';
import type { LoopAnswer } from '../loop-watch.ts';
import { peakRssBytes, readLoopStall } from '../processes.ts';
import { easelName, easelRequest, imageRequest, upstreamAnswer, type ReplyFormat } from './requests.ts';

const connections = 64;
const models = { '8 MB': 'b64-8000k', '1 MB': 'b64-1000k' } as const;

/** Peak memory and the worst stall of the event loop with 64 answers at once, each in a process of its own. */
export async function playMemory(run: BenchRun): Promise<void> {
  const formats: readonly ReplyFormat[] = run.choice.isQuick ? ['b64_json'] : ['b64_json', 'url'];
  const repetitions = run.choice.rounds ?? (run.choice.isQuick ? 1 : 3);
  for (const [size, model] of Object.entries(models)) {
    run.print(`memory, ${connections} answers of ${size} at once`);
    const { pictureBytes } = readModelName(model);
    await ensurePictures(run.place.pictures, pictureBytes);
    for (const format of formats) {
      await repeat(run, size, easelName(format), repetitions, (place) =>
        playEasel(run, place, model, format),
      );
    }
    if (run.choice.isQuick && run.choice.contestants === undefined) continue;
    await repeat(run, size, 'pass-through', repetitions, async (place) =>
      playProxy(run, await startPassThrough(place), model),
    );
    const { portkey } = run.peers;
    if (portkey !== undefined) {
      await repeat(run, size, 'portkey', 1, async (place) =>
        playProxy(run, await startPortkey(portkey, place), model),
      );
    }
  }
}

interface Seen {
  peakMb: number;
  stall: LoopAnswer;
}

/** The worst of the repetitions counts. One that ended in the middle is said to be left out. */
async function repeat(
  run: BenchRun,
  size: string,
  contestant: string,
  times: number,
  play: (place: Place) => Promise<Seen>,
): Promise<void> {
  if (!isChosen(run.choice, contestant)) return;
  const seen: Seen[] = [];
  for (let time = 0; time < times; time += 1) {
    try {
      seen.push(await play(await run.makePlace('memory')));
    } catch (error) {
      run.results.leftOut.push(`${contestant} with ${connections} x ${size}: ${String(error).slice(0, 300)}`);
      return;
    }
  }
  const note = (name: string, unit: 'MB' | 'ms', values: number[]): void => {
    const value = Math.max(...values);
    const spread: [number, number] = [Math.min(...values), value];
    run.results.figures.push({ workload: 'memory', name, contestant, unit, value, spread });
    run.print(`  ${contestant.padEnd(18)} ${name} ${value.toFixed(0)} ${unit}`);
  };
  note(
    `peak RSS, ${connections} x ${size}`,
    'MB',
    seen.map(({ peakMb }) => peakMb),
  );
  note(
    `worst stall of its own, ${connections} x ${size}`,
    'ms',
    seen.map(({ stall }) => stall.worstOwnMs),
  );
  note(
    `worst stall with waits for a core, ${connections} x ${size}`,
    'ms',
    seen.map(({ stall }) => stall.worstMs),
  );
}

async function playEasel(run: BenchRun, place: Place, model: string, format: ReplyFormat): Promise<Seen> {
  const { pictureBytes } = readModelName(model);
  const dataDir = path.join(place.folder, 'data');
  const easel = await startEasel({ openai: [model] }, place, dataDir);
  try {
    const { seen, sent } = await playLoad(
      run,
      easel,
      easelRequest(easel, model, format, pictureBytes).request,
    );
    await easel.stop();
    const stored = await checkStored(dataDir, sent, () => pictureBytes, run.readPicture);
    run.results.checks.push({ workload: `memory ${model} ${format}`, ...stored, links: 0 });
    return seen;
  } finally {
    await easel.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function playProxy(run: BenchRun, contestant: Contestant, model: string): Promise<Seen> {
  try {
    const request = imageRequest(contestant, model, upstreamAnswer(model));
    return (await playLoad(run, contestant, request)).seen;
  } finally {
    await contestant.process?.stop();
  }
}

/** A few one by one, so that the first compilation of the code is no stall; then all at once. */
async function playLoad(
  run: BenchRun,
  { process }: Contestant,
  request: Runner['request'],
): Promise<{ seen: Seen; sent: number }> {
  if (process === undefined) throw new Error('a process is measured');
  const play = async (limits: { connections: number; maxRequests: number }): Promise<LoadResult> =>
    await run.load.play({
      ...request,
      ...limits,
      keepReplies: 0,
      maxMs: 60_000,
      firstNumber: run.load.nextNumber(limits.maxRequests),
    });
  const warmed = await play({ connections: 1, maxRequests: 8 });
  await readLoopStall(process);
  const played = await play({ connections, maxRequests: (run.choice.isQuick ? 1 : 2) * connections });
  const [failure] = [...warmed.failureTexts, ...played.failureTexts];
  if (failure !== undefined) throw new Error(failure);
  const stall = await readLoopStall(process);
  const peakMb = (peakRssBytes(process.pid) ?? Number.NaN) / 1e6;
  return { seen: { peakMb, stall }, sent: warmed.latenciesMs.length + played.latenciesMs.length };
}
