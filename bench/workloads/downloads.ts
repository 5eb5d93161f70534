import path from 'node:path';
import { readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
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
    const runner = (contestant: string, url: string): Runner => ({
      contestant,
      request: getRequest(url, {}, { kind: 'file', pictureBytes, variant }),
    });
    const file = pictureName(pictureBytes, variant);
    const runners = [
      runner('direct', `${run.place.upstream.origin}/pictures/${file}`),
      ...(nginx === undefined ? [] : [runner('nginx', `${nginx.filesUrl}/${file}`)]),
      runner('easel', link),
    ];
    for (const connections of run.isQuick ? [16] : [1, 16, 64]) {
      run.print(`downloads-6m, ${connections} at once`);
      const plan = {
        workload: 'downloads-6m',
        connections,
        latencyMs: 0,
        ...limitsOf(run.isQuick, connections, 1),
      };
      for (const { cell } of await measureCell(runners, plan, run.load)) addCell(run, cell);
    }
  } finally {
    await easel.stop();
  }
}
