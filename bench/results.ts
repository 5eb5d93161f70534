import type { Choice } from './choice.ts';

/** How one round of one contestant went. */
export interface RoundSummary {
  requests: number;
  elapsedMs: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** The latencies themselves, thinned: the smallest, then one for each twentieth, up to the largest. */
  twentiethsMs: number[];
}

/** One contestant under one load. */
export interface CellResult {
  workload: string;
  connections: number;
  /** Of the upstream. */
  latencyMs: number;
  contestant: string;
  rounds: RoundSummary[];
  requests: number;
  /** Of all rounds together, and the smallest and largest of the rounds' own. */
  p50Ms: number;
  p50SpreadMs: [number, number];
  p99Ms: number;
  /** The median of the rounds. */
  perSecond: number;
  perSecondSpread: [number, number];
  /**
   * What the contestant's own process computed and the one thread of it that runs its JavaScript, and what the
   * upstream and the load generator computed for it: of all measures the ones that a busy machine disturbs least.
   */
  cpuMsPerRequest: Record<'own' | 'mainThread' | 'upstream' | 'load', number | undefined>;
  failures: number;
  failureTexts: string[];
}

/** A measure that is no load: memory, a start, a stall. */
export interface Figure {
  workload: string;
  name: string;
  contestant: string;
  unit: 'ms' | 'MB';
  value: number;
  /** Of the repetitions, where there were several. */
  spread?: [number, number];
}

/** Stored pictures and delivered links that were compared with their source. */
export interface CheckResult {
  workload: string;
  generations: number;
  pictures: number;
  bytes: number;
  links: number;
  problems: string[];
}

export interface Results {
  startedAt: string;
  tookSeconds: number;
  choice: Choice;
  machine: Record<string, string>;
  versions: Record<string, string>;
  /** Who or what is missing from this run, and why. */
  leftOut: string[];
  cells: CellResult[];
  figures: Figure[];
  checks: CheckResult[];
}

export function findCell(
  { cells }: Pick<Results, 'cells'>,
  workload: string,
  connections: number,
  contestant: string,
  latencyMs = 0,
): CellResult | undefined {
  return cells.find(
    (cell) =>
      cell.workload === workload &&
      cell.connections === connections &&
      cell.contestant === contestant &&
      cell.latencyMs === latencyMs,
  );
}

export function findFigure(
  { figures }: Pick<Results, 'figures'>,
  name: string,
  contestant: string,
): Figure | undefined {
  return figures.find((figure) => figure.name === name && figure.contestant === contestant);
}
