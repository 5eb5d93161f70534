import { findCell, findFigure, type CellResult, type Results } from './results.ts';

export interface Goal {
  measure: string;
  /** In words. */
  asked: string;
  /** The figures that decide, in words; undefined: this run did not measure them. */
  seen: string | undefined;
  verdict: 'met' | 'not met' | 'not measured';
  /** How far: 1 is just met, 2 is twice as much as allowed or half of what is asked. */
  distance: number | undefined;
}

type Found = Pick<Results, 'cells' | 'figures'>;

/** Easel delivers what the peers deliver: base64. Callers who want links have their own rows in the tables. */
const easel = 'easel (b64_json)';

/** The goals of the project for its speed, each from the figures of one run. */
export function judgeGoals(found: Found): Goal[] {
  return [
    addedTime(found, 'b64-1400k', 6),
    addedTime(found, 'b64-6000k', 8),
    throughput(found, 'b64-6000k', 'portkey', 6),
    throughput(found, 'b64-6000k', 'pass-through', 0.5),
    tail(found, 'b64-6000k', 8),
    smallLinks(found),
    ...memory(found),
    listPages(found),
    downloads(found),
    ...startUp(found),
  ];
}

function addedTime(found: Found, workload: string, share: number): Goal {
  const [floor, ours, theirs] = ['direct', easel, 'portkey'].map((name) =>
    findCell(found, workload, 1, name),
  );
  const measure = `added time per request, ${workload}, 1 connection`;
  const asked = `<= 1/${share} of Portkey's`;
  if (!isWell(floor) || !isWell(ours) || !isWell(theirs)) return notMeasured(measure, asked);
  const [added, allowed] = [ours.p50Ms - floor.p50Ms, (theirs.p50Ms - floor.p50Ms) / share];
  const seen = `+${ms(added)} (Portkey +${ms(theirs.p50Ms - floor.p50Ms)}, floor ${ms(floor.p50Ms)})`;
  return judged(measure, asked, seen, added / allowed);
}

function throughput(found: Found, workload: string, peer: string, share: number): Goal {
  const [ours, theirs] = [easel, peer].map((name) => findCell(found, workload, 16, name));
  const measure = `throughput, 16 x ${workload}`;
  const asked = `>= ${share}x ${peer}`;
  if (!isWell(ours) || !isWell(theirs)) return notMeasured(measure, asked);
  const ratio = ours.perSecond / theirs.perSecond;
  const seen = `${ours.perSecond.toFixed(1)}/s (${peer} ${theirs.perSecond.toFixed(1)}/s: ${ratio.toFixed(2)}x)${computed(ours, theirs)}`;
  return judged(measure, asked, seen, share / ratio);
}

function tail(found: Found, workload: string, share: number): Goal {
  const [ours, theirs] = [easel, 'portkey'].map((name) => findCell(found, workload, 16, name));
  const measure = `p99, 16 x ${workload}`;
  const asked = `<= 1/${share} of Portkey's`;
  if (!isWell(ours) || !isWell(theirs)) return notMeasured(measure, asked);
  const seen = `${ms(ours.p99Ms)} (Portkey ${ms(theirs.p99Ms)})`;
  return judged(measure, asked, seen, ours.p99Ms / (theirs.p99Ms / share));
}

function smallLinks(found: Found): Goal {
  const [ours, theirs] = ['easel (url)', 'portkey'].map((name) => findCell(found, 'url-128k', 16, name));
  const measure = 'link answers, 16 connections (Easel fetches and keeps the picture)';
  const asked = '>= 1x Portkey, which fetches nothing';
  if (!isWell(ours) || !isWell(theirs)) return notMeasured(measure, asked);
  const seen = `${ours.perSecond.toFixed(0)}/s (Portkey ${theirs.perSecond.toFixed(0)}/s)${computed(ours, theirs)}`;
  return judged(measure, asked, seen, theirs.perSecond / ours.perSecond);
}

function memory(found: Found): Goal[] {
  const [large, small] = ['8 MB', '1 MB'].map((size) => findFigure(found, `peak RSS, 64 x ${size}`, easel));
  const stall = findFigure(found, 'worst stall of its own, 64 x 8 MB', easel);
  const peak = 'peak RSS, 64 concurrent 8 MB answers';
  const ratio = large === undefined || small === undefined ? undefined : large.value / small.value;
  return [
    large === undefined
      ? notMeasured(peak, '<= 300 MB')
      : judged(peak, '<= 300 MB', `${large.value.toFixed(0)} MB`, large.value / 300),
    ratio === undefined
      ? notMeasured(`${peak}, against 64 x 1 MB`, '<= 1.3x')
      : judged(
          `${peak}, against 64 x 1 MB`,
          '<= 1.3x',
          `${ratio.toFixed(2)}x (${small?.value.toFixed(0)} MB)`,
          ratio / 1.3,
        ),
    stall === undefined
      ? notMeasured('worst event-loop stall in that run', '<= 30 ms')
      : judged('worst event-loop stall in that run', '<= 30 ms', ms(stall.value), stall.value / 30),
  ];
}

function listPages(found: Found): Goal {
  const [few, many] = ['1k', '1000k'].map((size) => findCell(found, `list-pages-${size}`, 1, 'easel'));
  const measure = 'list page p50 at 1M records / at 1k';
  const asked = '<= 1.5';
  if (!isWell(few) || !isWell(many)) return notMeasured(measure, asked);
  const ratio = many.p50Ms / few.p50Ms;
  return judged(measure, asked, `${ratio.toFixed(2)} (${ms(many.p50Ms)} / ${ms(few.p50Ms)})`, ratio / 1.5);
}

function downloads(found: Found): Goal {
  const [ours, theirs] = ['easel', 'nginx'].map((name) => findCell(found, 'downloads-6m', 16, name));
  const measure = 'file download throughput, 6 MB, 16 connections';
  const asked = '>= 0.5x nginx';
  if (!isWell(ours) || !isWell(theirs)) return notMeasured(measure, asked);
  const ratio = ours.perSecond / theirs.perSecond;
  const seen = `${ours.perSecond.toFixed(0)}/s (nginx ${theirs.perSecond.toFixed(0)}/s: ${ratio.toFixed(2)}x)${computed(ours, theirs)}`;
  return judged(measure, asked, seen, 0.5 / ratio);
}

function startUp(found: Found): Goal[] {
  const start = findFigure(found, 'start to ready, warm', 'easel');
  const idle = findFigure(found, 'idle RSS', 'easel');
  const theirs = findFigure(found, 'start to ready, warm', 'portkey');
  return [
    start === undefined
      ? notMeasured('start to /readyz, warm', '<= 0.7 s')
      : judged(
          'start to /readyz, warm',
          '<= 0.7 s',
          `${(start.value / 1000).toFixed(2)} s${theirs === undefined ? '' : ` (Portkey ${(theirs.value / 1000).toFixed(2)} s)`}`,
          start.value / 700,
        ),
    idle === undefined
      ? notMeasured('idle RSS', '<= 120 MB')
      : judged('idle RSS', '<= 120 MB', `${idle.value.toFixed(0)} MB`, idle.value / 120),
  ];
}

/** What one thread of each computes for a request: what is left of a throughput when the machine is busy with others. */
function computed(ours: CellResult, theirs: CellResult): string {
  const [own, peer] = [ours, theirs].map(({ cpuMsPerRequest }) => cpuMsPerRequest.mainThread);
  return own === undefined || peer === undefined
    ? ''
    : `; main thread ${own.toFixed(1)} ms a request, against ${peer.toFixed(1)}`;
}

function judged(measure: string, asked: string, seen: string, distance: number): Goal {
  // Taking less time than the floor is noise, and met all the same.
  return {
    measure,
    asked,
    seen,
    verdict: distance <= 1 ? 'met' : 'not met',
    distance: Math.max(0, distance),
  };
}

function notMeasured(measure: string, asked: string): Goal {
  return { measure, asked, seen: undefined, verdict: 'not measured', distance: undefined };
}

/** A contestant whose requests failed was not measured, however fast it failed. */
function isWell(cell: CellResult | undefined): cell is CellResult {
  return cell !== undefined && cell.failures === 0 && cell.requests > 0;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
