/** What of the whole bench a run plays. Undefined: all. */
export interface Choice {
  /** Under a minute: fewer rounds, and only the loads that the goals need unless others are named. */
  isQuick: boolean;
  /** Workloads by name. */
  only?: readonly string[] | undefined;
  connections?: readonly number[] | undefined;
  /** Of the upstream, in ms. */
  latencies?: readonly number[] | undefined;
  /** By the first word of their names. */
  contestants?: readonly string[] | undefined;
  rounds?: number | undefined;
  /** The folder of the build of Easel that is measured; the one the bench belongs to. */
  program?: string | undefined;
  /** Another build's, to stand beside it. */
  before?: string | undefined;
  /** Where CPU profiles of Easel's processes go. */
  profileFolder?: string | undefined;
}

export interface Load {
  connections: number;
  latencyMs: number;
}

/** The loads to play out of all, or out of those of the quick run. */
export function chosenLoads(
  { isQuick, connections, latencies }: Choice,
  all: readonly Load[],
  quick: readonly Load[],
): readonly Load[] {
  const isNamed = connections !== undefined || latencies !== undefined;
  return (isQuick && !isNamed ? quick : all).filter(
    (load) =>
      connections?.includes(load.connections) !== false && latencies?.includes(load.latencyMs) !== false,
  );
}

/** Whether this one takes part: `easel` stands for `easel (url)` too. */
export function isChosen({ contestants }: Choice, name: string): boolean {
  return contestants?.includes(name.split(' ')[0] ?? '') !== false;
}

/** Whether a run plays everything there is. */
export function isWhole({ isQuick: _isQuick, ...narrowing }: Choice): boolean {
  return Object.values(narrowing).every((value) => value === undefined);
}
