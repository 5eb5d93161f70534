import { isWhole } from './choice.ts';
import { judgeGoals } from './goals.ts';
import type { CellResult, CheckResult, Figure, Results } from './results.ts';

/** The results for people: the goals first, then every load, then memory and starts, then what was checked. */
export function toMarkdown(results: Results): string {
  return [
    `# Results of ${results.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    aboutRun(results),
    ...(results.leftOut.length === 0
      ? []
      : ['## Left out', results.leftOut.map((text) => `- **${text}**`).join('\n')]),
    '## Goals',
    goalTable(results),
    ...(results.cells.length === 0 ? [] : ['## Loads', loadNotes, ...loadTables(results.cells)]),
    ...(results.figures.length === 0 ? [] : ['## Memory, stalls and starts', figureTable(results.figures)]),
    '## Checked',
    checkTexts(results.checks),
    '',
  ].join('\n\n');
}

const loadNotes =
  'p50 and p99 are of all requests of all rounds; what stands in brackets are the smallest and the largest of the rounds. Throughput is the median of the rounds. CPU is what the contestant itself computed for a request, in brackets the main thread of it, + what the upstream and the load generator did.';

function aboutRun(results: Results): string {
  const { isQuick, ...narrowing } = results.choice;
  const narrowed = Object.entries(narrowing).flatMap(([name, value]) =>
    value === undefined ? [] : `${name} ${String(value)}`,
  );
  const kind = [isQuick ? 'quick' : 'full', ...narrowed].join('; ');
  const facts = { run: `${kind}, ${results.tookSeconds} s`, ...results.machine, ...results.versions };
  return Object.entries(facts)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n');
}

function goalTable(results: Results): string {
  const goals = judgeGoals(results);
  // Who asked for a part knows what is missing.
  const judged = isWhole(results.choice) ? goals : goals.filter(({ verdict }) => verdict !== 'not measured');
  return table(
    ['measure', 'goal', 'seen', ''],
    judged.map(({ measure, asked, seen, verdict }) => [
      measure,
      asked,
      seen ?? '',
      verdict === 'not met' ? '**not met**' : verdict,
    ]),
  );
}

function loadTables(cells: readonly CellResult[]): string[] {
  const groups = Map.groupBy(
    cells,
    ({ workload, connections, latencyMs }) =>
      `### ${workload}, ${connections} at once${latencyMs === 0 ? '' : `, upstream +${latencyMs} ms`}`,
  );
  return [...groups].flatMap(([title, group]) => [
    title,
    table(
      ['', 'p50 ms', 'p99 ms', 'per second', 'CPU ms', 'requests', ''],
      group.map((cell) => [
        cell.contestant,
        `${number(cell.p50Ms)} (${cell.p50SpreadMs.map(number).join(' - ')})`,
        number(cell.p99Ms),
        `${number(cell.perSecond)} (${cell.perSecondSpread.map(number).join(' - ')})`,
        cpuText(cell),
        String(cell.requests),
        cell.failures === 0 ? '' : `**${cell.failures} failed**: ${oneLine(cell.failureTexts[0] ?? '')}`,
      ]),
    ),
  ]);
}

function cpuText({ cpuMsPerRequest: { own, mainThread, upstream, load } }: CellResult): string {
  const harness = number((upstream ?? Number.NaN) + (load ?? Number.NaN));
  return own === undefined
    ? `+ ${harness}`
    : `${number(own)} (${number(mainThread ?? Number.NaN)}) + ${harness}`;
}

function figureTable(figures: readonly Figure[]): string {
  return table(
    ['', '', '', ''],
    figures.map(({ workload, name, contestant, unit, value, spread }) => [
      workload,
      name,
      contestant,
      `${number(value)} ${unit}${spread === undefined ? '' : ` (${spread.map(number).join(' - ')})`}`,
    ]),
  );
}

function checkTexts(checks: readonly CheckResult[]): string {
  const sum = (of: (check: CheckResult) => number): number =>
    checks.reduce((total, each) => total + of(each), 0);
  const problems = checks.flatMap(({ workload, problems }) =>
    problems.map((problem) => `- **${workload}: ${oneLine(problem)}**`),
  );
  const said = [
    `${sum(({ generations }) => generations)} generations of Easel, ${sum(({ pictures }) => pictures)} kept pictures`,
    `(${number(sum(({ bytes }) => bytes) / 1e9)} GB) hashed and ${sum(({ links }) => links)} of its links fetched.`,
    'Every reply that had to hold a picture was compared with it byte by byte while it came.',
    problems.length === 0 ? 'Nothing differed from what the upstream had sent.' : '',
  ].join(' ');
  return [said.trim(), ...problems.slice(0, 20)].join('\n');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function number(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 200);
}
