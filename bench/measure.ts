import type { LoadGenerator, LoadJob, LoadResult } from './load-job.ts';
import { cpuMs } from './processes.ts';
import type { CellResult } from './results.ts';
import { median, quantile, spread } from './statistics.ts';

/** One contestant of a cell: its name in the tables and the request it is sent. */
export interface Runner {
  contestant: string;
  request: Omit<LoadJob, 'connections' | 'maxRequests' | 'maxMs' | 'firstNumber'>;
  /** Of the process whose work is counted; undefined: nobody's. */
  pid: number | undefined;
  /** Fewer rounds than the others have, for one that takes very long. */
  maxRounds?: number;
}

export interface CellPlan {
  workload: string;
  connections: number;
  latencyMs: number;
  rounds: number;
  /** Of one contestant's turn in a round. */
  maxMs: number;
  maxRequests: number;
  warmUp: { maxMs: number; maxRequests: number };
}

export interface MeasuredRunner {
  cell: CellResult;
  /** All that were sent, those of the warm-up too. */
  sent: number;
  replies: LoadResult['replies'];
}

/**
 * Lets the contestants take turns: in each round everybody has one, and the next round begins with the next one, so
 * that what else the machine does befalls all alike. A turn ends by time or count; what runs then is waited for.
 */
export async function measureCell(
  runners: readonly Runner[],
  plan: CellPlan,
  { load, upstreamPid }: { load: LoadGenerator; upstreamPid: number },
): Promise<MeasuredRunner[]> {
  const turns = runners.map((runner) => ({
    runner,
    sent: 0,
    cpus: [
      makeCpuCounter(runner.pid, 'all'),
      makeCpuCounter(runner.pid, 'main'),
      makeCpuCounter(upstreamPid, 'all'),
      makeCpuCounter(load.pid, 'all'),
    ],
    results: [] as LoadResult[],
  }));
  const play = async (turn: (typeof turns)[number], limits: Limits): Promise<LoadResult> => {
    const firstNumber = load.nextNumber(limits.maxRequests);
    const result = await load.play({ ...turn.runner.request, ...limits, firstNumber });
    turn.sent += result.latenciesMs.length + result.failures;
    return result;
  };
  for (const turn of turns) {
    const warmed = await play(turn, { ...plan.warmUp, connections: Math.min(4, plan.connections) });
    // Nobody needs more rounds of what does not work.
    if (warmed.failures > 0) turn.results.push(warmed);
  }
  for (let round = 0; round < plan.rounds; round += 1) {
    for (let place = 0; place < turns.length; place += 1) {
      const turn = turns[(place + round) % turns.length];
      if (turn === undefined || round >= (turn.runner.maxRounds ?? plan.rounds)) continue;
      if (turn.results.some(({ failures }) => failures > 0)) continue;
      const { connections, maxMs, maxRequests } = plan;
      for (const cpu of turn.cpus) cpu.begin();
      turn.results.push(await play(turn, { connections, maxMs, maxRequests }));
      for (const cpu of turn.cpus) cpu.end();
    }
  }
  return turns.map(({ runner, sent, cpus, results }) => ({
    cell: summarize(
      runner.contestant,
      plan,
      results,
      cpus.map((cpu) => cpu.totalMs()),
    ),
    sent,
    replies: results.flatMap(({ replies }) => replies),
  }));
}

type Limits = Pick<LoadJob, 'connections' | 'maxMs' | 'maxRequests'>;

/** What a process computes in the turns of one contestant; NaN where nobody knows. */
function makeCpuCounter(pid: number | undefined, threads: 'all' | 'main') {
  const now = (): number => (pid === undefined ? Number.NaN : (cpuMs(pid, threads) ?? Number.NaN));
  let total = 0;
  return {
    begin: () => void (total -= now()),
    end: () => void (total += now()),
    totalMs: () => total,
  };
}

function summarize(
  contestant: string,
  plan: CellPlan,
  results: readonly LoadResult[],
  cpuMs: readonly number[],
): CellResult {
  const rounds = results.map(({ latenciesMs, elapsedMs }) => ({
    requests: latenciesMs.length,
    elapsedMs,
    perSecond: (latenciesMs.length / elapsedMs) * 1000,
    p50Ms: median(latenciesMs),
    p99Ms: quantile(latenciesMs, 0.99),
    twentiethsMs: Array.from({ length: 21 }, (_, part) => round(quantile(latenciesMs, part / 20))),
  }));
  const all = results.flatMap(({ latenciesMs }) => latenciesMs);
  const [own, mainThread, upstream, load] = cpuMs.map((total) =>
    Number.isNaN(total) || all.length === 0 ? undefined : total / all.length,
  );
  const rates = rounds.map(({ perSecond }) => perSecond);
  return {
    workload: plan.workload,
    connections: plan.connections,
    latencyMs: plan.latencyMs,
    contestant,
    rounds,
    requests: all.length,
    p50Ms: median(all),
    p50SpreadMs: spread(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: quantile(all, 0.99),
    perSecond: median(rates),
    perSecondSpread: spread(rates),
    cpuMsPerRequest: { own, mainThread, upstream, load },
    failures: results.reduce((sum, { failures }) => sum + failures, 0),
    failureTexts: results.flatMap(({ failureTexts }) => failureTexts).slice(0, 5),
  };
}

/** To microseconds: what is smaller says nothing. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
