import { rm } from 'node:fs/promises';
import path from 'node:path';
import { modelName, readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { isChosen, type Load } from '../choice.ts';
import { checkStored } from '../check-stored.ts';
import { startEasel, type Easel, type EaselModels } from '../contestants/easel.ts';
import type { LoadResult } from '../load-job.ts';
import { measureCell, type CellPlan, type Runner } from '../measure.ts';
import { ensurePictures, variantOf } from '../pictures.ts';
import type { CellResult } from '../results.ts';
import { peakRssBytes, readLoopStall } from '../processes.ts';
import { easelRequest, getRequest, type ReplyFormat } from './requests.ts';

export interface CellOptions extends Load {
  workload: string;
  /** Of the mock upstream, without its latency (answers.ts). */
  model: string;
  /** What Easel's callers want. */
  formats: readonly ReplyFormat[];
  /** What a gateway is told of this upstream, and the model its callers name. */
  models: (model: string) => { serves: EaselModels; asked: string };
  /** All but Easel. */
  others: (model: string) => Runner[];
}

/** Pictures that one contestant may leave on the disk in one round. */
const maxRoundBytes = 600_000_000;
const maxRoundRequests = 4000;

/**
 * One load, everybody in turns, with a fresh Easel on an empty data folder; then all that it has kept is hashed, and
 * some of its links are fetched.
 */
export async function playCell(run: BenchRun, options: CellOptions): Promise<void> {
  const { workload, connections, latencyMs } = options;
  const at = `${workload}, ${connections} at once, upstream +${latencyMs} ms`;
  run.print(at);
  const model = modelName(options.model, latencyMs);
  const { pictureBytes } = readModelName(model);
  await ensurePictures(run.place.pictures, pictureBytes);
  const { serves, asked } = options.models(model);
  const gateways = await startBuilds(run, serves);
  try {
    const runners = [
      ...options.others(model),
      ...gateways.flatMap((easel) =>
        options.formats.map((format) => easelRequest(easel, asked, format, pictureBytes)),
      ),
    ].filter(({ contestant }) => isChosen(run.choice, contestant));
    const plan = { workload, connections, latencyMs, ...limitsOf(run, options, pictureBytes) };
    const measured = await measureCell(runners, plan, run);
    for (const { cell } of measured) addCell(run, cell);
    for (const easel of gateways) {
      await noteProcess(run, easel, at);
      const ours = measured.filter(({ cell }) => cell.contestant.startsWith(`${easel.name} `));
      const replies = ours.flatMap(({ replies }) => replies);
      const links = await checkLinks(run, replies, pictureBytes);
      await easel.stop();
      const sent = ours.reduce((sum, each) => sum + each.sent, 0);
      const stored = await checkStored(easel.dataDir, sent, () => pictureBytes, run.readPicture);
      const problems = [...stored.problems, ...links.problems];
      run.results.checks.push({ workload: at, ...stored, links: links.checked, problems });
    }
  } finally {
    for (const easel of gateways) {
      await easel.stop();
      await rm(easel.dataDir, { recursive: true, force: true });
    }
  }
}

/** The build that is measured and, where there is one, the one to stand beside it. */
async function startBuilds(run: BenchRun, serves: EaselModels): Promise<Easel[]> {
  const { before } = run.choice;
  const started: Easel[] = [];
  for (const name of before === undefined ? ['easel'] : ['easel', 'before']) {
    if (!isChosen(run.choice, name)) continue;
    const place = await run.makePlace(name);
    if (name === 'before' && before !== undefined) place.easel = { ...place.easel, program: before };
    const easel = await startEasel(serves, place, path.join(place.folder, 'data'), name);
    // What it took to start is no stall.
    if (easel.process !== undefined) await readLoopStall(easel.process);
    started.push(easel);
  }
  return started;
}

/** Keeps a load's result and says it. */
export function addCell(run: Pick<BenchRun, 'results' | 'print'>, cell: CellResult): void {
  run.results.cells.push(cell);
  run.print(
    `  ${cell.contestant.padEnd(18)} p50 ${cell.p50Ms.toFixed(1).padStart(8)} ms  ${cell.perSecond.toFixed(1).padStart(8)}/s` +
      (cell.failures === 0 ? '' : `  ${cell.failures} FAILED: ${cell.failureTexts[0]}`),
  );
}

/** Of a quick run: a busy machine gets shorter turns, so that it stays quick. */
const lateAfterMs = 30_000;

/** How long everybody's turns are, and how many. `keptBytes` is what a request leaves on the disk. */
export function limitsOf(
  { choice: { isQuick, rounds }, startedAtMs }: Pick<BenchRun, 'choice' | 'startedAtMs'>,
  { connections, latencyMs }: Load,
  keptBytes: number,
): Pick<CellPlan, 'rounds' | 'maxMs' | 'maxRequests' | 'warmUp'> {
  const fitting = Math.min(maxRoundRequests, Math.floor(maxRoundBytes / keptBytes));
  const maxRequests = Math.max(connections, fitting);
  if (isQuick) {
    const isLate = performance.now() - startedAtMs > lateAfterMs;
    const warmUp = { maxMs: isLate ? 300 : 1000, maxRequests: Math.min(300, fitting) };
    return { rounds: rounds ?? (isLate ? 1 : 2), maxMs: 300, maxRequests, warmUp };
  }
  // The goals are about an upstream that answers at once; what fills the disk is done less often.
  const isExtra = latencyMs > 0 || fitting < connections;
  // Time for code to be compiled: Easel is a new process for each load, all others have served the loads before. Who is
  // fast ends by the count.
  const warmUp = { maxMs: 4000, maxRequests: Math.min(1500, fitting) };
  return { rounds: rounds ?? (isExtra ? 3 : 5), maxMs: 1500, maxRequests, warmUp };
}

async function noteProcess(run: BenchRun, easel: Easel, workload: string): Promise<void> {
  const peak = peakRssBytes(easel.pid);
  const contestant = easel.name;
  if (peak !== undefined)
    run.results.figures.push({ workload, name: 'peak RSS', contestant, unit: 'MB', value: peak / 1e6 });
  if (easel.process === undefined) return;
  const { worstOwnMs: value } = await readLoopStall(easel.process);
  run.results.figures.push({
    workload,
    name: 'worst stall of its own',
    contestant,
    unit: 'ms',
    value,
  });
}

/** Fetches what replies link to, and compares it with what the upstream had sent for those requests. */
export async function checkLinks(
  run: Pick<BenchRun, 'load'>,
  replies: LoadResult['replies'],
  pictureBytes: number,
): Promise<{ checked: number; problems: string[] }> {
  const problems: string[] = [];
  for (const { number, text } of replies) {
    const reply = JSON.parse(text) as { data?: { url?: string }[] };
    const url = reply.data?.[0]?.url;
    if (url === undefined) continue;
    const { failureTexts } = await run.load.play({
      ...getRequest(url, {}, { kind: 'file', pictureBytes, variant: variantOf(number) }),
      firstNumber: number,
      connections: 1,
      maxRequests: 1,
      maxMs: 10_000,
    });
    problems.push(...failureTexts.map((failure) => `${url.replace(/\?.*/, '')}: ${failure}`));
  }
  return { checked: replies.length, problems };
}
