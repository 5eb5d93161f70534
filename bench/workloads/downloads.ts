import path from 'node:path';
import { readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { chosenLoads, isChosen } from '../choice.ts';
import { startEasel } from '../contestants/easel.ts';
import { measureCell, type Runner } from '../measure.ts';
import { ensurePictures, pictureName, variantOf } from '../pictures.ts';
import { addCell, limitsOf } from './play-cell.ts';
import { easelRequest, getRequest } from './requests.ts';

/** Its answer holds a picture of 6 MB. */
const model = 'b64-8000k';

/** One stored picture, fetched by its signed link again and again, against nginx and the same file. */
export async function playDownloads(run: BenchRun): Promise<void> {
  const { pictureBytes } = readModelName(model);
  await ensurePictures(run.place.pictures, pictureBytes);
  const { nginx } = await run.startPeers();
  const place = await run.makePlace('easel');
  const easel = await startEasel({ openai: [model] }, place, path.join(place.folder, 'data'));
  try {
    const made = await run.load.play({
      ...easelRequest(easel, model, 'url', pictureBytes).request,
      firstNumber: run.load.nextNumber(1),
      connections: 1,
      maxRequests: 1,
      maxMs: 10_000,
    });
    const [reply] = made.replies;
    if (reply === undefined) throw new Error(`no picture to download: ${made.failureTexts[0]}`);
    const variant = variantOf(reply.number);
    const link = (JSON.parse(reply.text) as { data: { url: string }[] }).data[0]?.url ?? '';
    const runner = (contestant: string, pid: number | undefined, url: string): Runner => ({
      contestant,
      pid,
      request: getRequest(url, {}, { kind: 'file', pictureBytes, variant }),
    });
    const file = pictureName(pictureBytes, variant);
    const runners = [
      runner('direct', undefined, `${run.place.upstream.origin}/pictures/${file}`),
      ...(nginx === undefined ? [] : [runner('nginx', nginx.process?.pid, `${nginx.filesUrl}/${file}`)]),
      runner('easel', easel.pid, link),
    ];
    const loads = [1, 16, 64].map((connections) => ({ connections, latencyMs: 0 }));
    for (const load of chosenLoads(run.choice, loads, loads.slice(1, 2))) {
      run.print(`downloads-6m, ${load.connections} at once`);
      const plan = { workload: 'downloads-6m', ...load, ...limitsOf(run, load, 1) };
      const chosen = runners.filter(({ contestant }) => isChosen(run.choice, contestant));
      for (const { cell } of await measureCell(chosen, plan, run)) addCell(run, cell);
    }
  } finally {
    await easel.stop();
  }
}
