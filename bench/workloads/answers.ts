import { readModelName } from '../answers.ts';
import type { BenchRun } from '../bench-run.ts';
import { chosenLoads, type Load } from '../choice.ts';
import { playCell } from './play-cell.ts';
import { imageRequest, upstreamAnswer } from './requests.ts';

const allLoads: readonly Load[] = [1, 16, 64].flatMap((connections) =>
  [0, 20].map((latencyMs) => ({ connections, latencyMs })),
);

/** Of Portkey, which needs seconds for a reply then: fewer rounds, or none, and that is said. */
const slow = { fromBytes: 64_000_000, leftOutFromBytes: 1_000_000_000 };

/** An OpenAI-shaped upstream with one kind of answer, everybody side by side. */
export async function playAnswers(
  run: BenchRun,
  model: string,
  quickLoads: readonly Load[],
  loads: readonly Load[] = allLoads,
): Promise<void> {
  const { kind, pictureBytes } = readModelName(model);
  const answerBytes = kind === 'url' ? 0 : (pictureBytes / 3) * 4;
  for (const { connections, latencyMs } of chosenLoads(run.choice, loads, quickLoads)) {
    const { proxies } = await run.startPeers();
    const atOnceBytes = connections * answerBytes;
    if (proxies.some(({ name }) => name === 'portkey') && atOnceBytes >= slow.leftOutFromBytes) {
      run.results.leftOut.push(
        `portkey at ${connections} x ${model}: at 0.4 s of CPU for each answer, a turn would take half a minute`,
      );
    }
    const others = [run.direct, ...proxies].filter(
      ({ name }) => name !== 'portkey' || atOnceBytes < slow.leftOutFromBytes,
    );
    await playCell(run, {
      workload: model,
      model,
      connections,
      latencyMs,
      // The quick run has what the goals ask for.
      formats: run.choice.isQuick ? [kind === 'url' ? 'url' : 'b64_json'] : ['url', 'b64_json'],
      models: (name) => ({ serves: { openai: [name] }, asked: name }),
      others: (name) =>
        others.map((contestant) => ({
          contestant: contestant.name,
          pid: contestant.process?.pid,
          request: imageRequest(contestant, name, upstreamAnswer(name)),
          ...(contestant.name === 'portkey' && atOnceBytes >= slow.fromBytes
            ? { maxRounds: run.choice.isQuick ? 1 : 2 }
            : {}),
        })),
    });
  }
}
