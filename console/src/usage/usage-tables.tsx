import type { JSX } from 'preact';
import type { AdminUsageRow } from '../../../src/http/admin/wire.ts';
import { formatDuration } from '../design/figures.tsx';
import { Table, type Column } from '../design/table.tsx';
import { longDay, shortDay } from './days.ts';
import { decimalsOf, formatMicros } from '../design/money.ts';
import { groupUsage, totalOf, type Grouping, type UsageTotal } from './sum-usage.ts';

interface Line {
  id: string;
  name: JSX.Element | string;
  day?: string;
  total: UsageTotal;
}

/** The same figures as the plots, to be read: by model or key, and each day. */
export function UsageTables(props: {
  rows: readonly AdminUsageRow[];
  by: Grouping;
  hasLatency: boolean;
}): JSX.Element {
  const { rows, by, hasLatency } = props;
  const groups = groupUsage(rows, by);
  const sums: Line[] = groups.map(({ id, name, total }) => ({ id, name: <Name text={name} />, total }));
  const all: Line = { id: 'all', name: <strong>All</strong>, total: totalOf(rows) };
  const days = [...Map.groupBy(rows, ({ date }) => date)]
    .toSorted(([a], [b]) => b.localeCompare(a))
    .flatMap(([date, ofDay]) =>
      groupUsage(ofDay, by).map(({ id, name, total }): Line => ({
        id: `${date} ${id}`,
        day: date,
        name: <Name text={name} />,
        total,
      })),
    );
  const word = by === 'model' ? 'Model' : 'Key';
  const nameColumn: Column<Line> = { title: word, cell: ({ name }) => name };
  const dayColumn: Column<Line> = {
    title: 'Day',
    cell: ({ day = '' }) => (
      <time class="nowrap" dateTime={day} title={longDay(day)}>
        {shortDay(day)}
      </time>
    ),
  };
  return (
    <div class="usage-tables">
      <h2>{by === 'model' ? 'By model' : 'By key'}</h2>
      <Table
        caption={`Usage by ${by}`}
        columns={[nameColumn, ...figuresOf([...sums, all], hasLatency)]}
        rows={groups.length > 1 ? [...sums, all] : sums}
        keyOf={({ id }) => id}
      />
      {hasLatency && (
        <p class="soft small">
          p50 and p95 are of the records that are kept; over several days, models or keys they are the
          average, weighted by requests.
        </p>
      )}
      <details>
        <summary>Every day as a table</summary>
        <Table
          caption={`Usage by day and ${by}`}
          columns={[dayColumn, nameColumn, ...figuresOf(days, hasLatency)]}
          rows={days}
          keyOf={({ id }) => id}
        />
      </details>
    </div>
  );
}

function Name({ text }: { text: string }): JSX.Element {
  return (
    <span class="foreign-text" dir="auto">
      {text}
    </span>
  );
}

function figuresOf(lines: readonly Line[], hasLatency: boolean): readonly Column<Line>[] {
  const decimals = decimalsOf(lines.flatMap(({ total }) => [...total.costs.values()]));
  return [
    { title: 'Requests', isNumber: true, cell: ({ total }) => count(total.requests) },
    { title: 'Images', isNumber: true, cell: ({ total }) => count(total.images) },
    { title: 'Failed', isNumber: true, cell: ({ total }) => count(total.failed) },
    { title: 'Unknown', isNumber: true, cell: ({ total }) => count(total.unknown) },
    { title: 'Tokens', isNumber: true, cell: ({ total }) => count(total.outputTokens) },
    { title: 'Cost', isNumber: true, cell: ({ total }) => costText(total, decimals) },
    ...(hasLatency ? latencies : []),
  ];
}

const latencies: readonly Column<Line>[] = [
  { title: 'p50', isNumber: true, cell: ({ total }) => latency(total.latencyP50Ms) },
  { title: 'p95', isNumber: true, cell: ({ total }) => latency(total.latencyP95Ms) },
];

/** `$1.20`, `$1.20 + CNY 3.00`, `$1.20 + ?` where a part is not known, and `unknown` where nothing is. */
export function costText({ costs, unpricedImages, images }: UsageTotal, decimals?: number): string {
  const known = [...costs].map(([currency, micros]) => formatMicros(micros, currency, decimals));
  if (known.length === 0) return images === 0 ? '—' : 'unknown';
  return [...known, ...(unpricedImages > 0 ? ['?'] : [])].join(' + ');
}

function latency(ms: number | null): string {
  return ms === null ? '—' : formatDuration(ms);
}

function count(value: number): string {
  return value.toLocaleString('en');
}
