import { base64Marks, readModelName, type Shape } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { chosenLoads } from '../choice.ts';
import { shapedModels } from '../contestants/easel.ts';
import type { Runner } from '../measure.ts';
import { playCell } from './play-cell.ts';
import { postJson } from './requests.ts';

/** Upstreams of other shapes, which no peer speaks: the floor and Easel. */
export async function playShape(
  run: BenchRun,
  shape: Exclude<Shape, 'openai'>,
  model: string,
): Promise<void> {
  const loads = [1, 16].flatMap((connections) => [0, 20].map((latencyMs) => ({ connections, latencyMs })));
  for (const { connections, latencyMs } of chosenLoads(run.choice, loads, loads.slice(0, 1))) {
    await playCell(run, {
      workload: `${shape} ${model}`,
      model,
      connections,
      latencyMs,
      formats: ['url', 'b64_json'],
      models: (name) => ({ serves: { openai: [], [shape]: name }, asked: shapedModels[shape] }),
      others: (name) => [{ contestant: 'direct', pid: undefined, request: directRequest(run, shape, name) }],
    });
  }
}

function directRequest(
  run: Pick<BenchRun, 'place'>,
  shape: Exclude<Shape, 'openai'>,
  model: string,
): Runner['request'] {
  const place = { baseUrl: run.place.upstream.origin, headers: {} };
  if (shape === 'ark') {
    const body = { model, prompt: 'A paper boat #N', response_format: 'url' };
    return postJson(place, '/api/v3/images/generations', body, { kind: 'text', holds: ['"url":"http'] });
  }
  const { pictureBytes } = readModelName(model);
  return postJson(
    place,
    `/v1beta/models/${model}:generateContent`,
    { contents: [{ role: 'user', parts: [{ text: 'A paper boat #N' }] }] },
    { kind: 'base64', mark: base64Marks.gemini, pictureBytes },
  );
}
