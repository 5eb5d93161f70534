import { rm } from 'node:fs/promises';
import path from 'node:path';
import { modelName, readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { isChosen, type Choice } from '../choice.ts';
import { checkStored } from '../check-stored.ts';
import { startEasel, type Easel, type EaselModels } from '../contestants/easel.ts';
import type { LoadResult } from '../load-job.ts';
import { measureCell, type CellPlan, type Runner } from '../measure.ts';
import { ensurePictures, variantOf } from '../pictures.ts';
import type { CellResult } from '../results.ts';
import { peakRssBytes, readLoopStallMs } from '../processes.ts';
import { easelName, easelRequest, getRequest, type ReplyFormat } from './requests.ts';

export interface CellOptions {
  workload: string;
  /** Of the mock upstream, without its latency (answers.ts). */
  model: string;
  connections: number;
  latencyMs: number;
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
  const formats = options.formats.filter((format) => isChosen(run.choice, easelName(format)));
  const at = `${workload}, ${connections} at once, upstream +${latencyMs} ms`;
  run.print(at);
  const model = modelName(options.model, latencyMs);
  const { pictureBytes } = readModelName(model);
  await ensurePictures(run.place.pictures, pictureBytes);
  const place = await run.makePlace('easel');
  const dataDir = path.join(place.folder, 'data');
  const { serves, asked } = options.models(model);
  const easel = await startEasel(serves, place, dataDir);
  try {
    const own = formats.map((format) => easelRequest(easel, asked, format, pictureBytes));
    const others = options.others(model).filter(({ contestant }) => isChosen(run.choice, contestant));
    const measured = await measureCell(
      [...others, ...own],
      { workload, connections, latencyMs, ...limitsOf(run.choice, connections, pictureBytes) },
      run.load,
    );
    for (const { cell } of measured) addCell(run, cell);
    await noteProcess(run, easel, at);
    const ours = measured.filter(({ cell }) =>
      formats.some((format) => cell.contestant === easelName(format)),
    );
    const links = await checkLinks(
      run,
      ours.flatMap(({ replies }) => replies),
      pictureBytes,
    );
    await easel.stop();
    const sent = ours.reduce((sum, each) => sum + each.sent, 0);
    const stored = await checkStored(dataDir, sent, () => pictureBytes, run.readPicture);
    run.results.checks.push({
      workload: at,
      ...stored,
      links: links.checked,
      problems: [...stored.problems, ...links.problems],
    });
  } finally {
    await easel.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Keeps a load's result and says it. */
export function addCell(run: Pick<BenchRun, 'results' | 'print'>, cell: CellResult): void {
  run.results.cells.push(cell);
  run.print(
    `  ${cell.contestant.padEnd(18)} p50 ${cell.p50Ms.toFixed(1).padStart(8)} ms  ${cell.perSecond.toFixed(1).padStart(8)}/s` +
      (cell.failures === 0 ? '' : `  ${cell.failures} FAILED: ${cell.failureTexts[0]}`),
  );
}

/** How long everybody's turns are, and how many. */
export function limitsOf(
  { isQuick, rounds }: Choice,
  connections: number,
  keptBytes: number,
): Pick<CellPlan, 'rounds' | 'maxMs' | 'maxRequests' | 'warmUp'> {
  const maxRequests = Math.min(maxRoundRequests, Math.floor(maxRoundBytes / keptBytes));
  return {
    rounds: rounds ?? (isQuick ? 2 : 5),
    maxMs: isQuick ? 350 : 2000,
    maxRequests: Math.max(connections, maxRequests),
    // Time for code to be compiled; who is fast ends by the count.
    warmUp: isQuick ? { maxMs: 700, maxRequests: 30 } : { maxMs: 3000, maxRequests: 150 },
  };
}

async function noteProcess(run: BenchRun, easel: Easel, workload: string): Promise<void> {
  const peak = peakRssBytes(easel.pid);
  const contestant = 'easel';
  if (peak !== undefined)
    run.results.figures.push({ workload, name: 'peak RSS', contestant, unit: 'MB', value: peak / 1e6 });
  const value = easel.process === undefined ? 0 : await readLoopStallMs(easel.process);
  run.results.figures.push({ workload, name: 'worst stall since its start', contestant, unit: 'ms', value });
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
