import type { AdminUsageRow } from '../../../src/http/admin/wire.ts';
import { microsOf } from '../design/money.ts';

/** What a set of usage rows comes to. */
export interface UsageTotal {
  requests: number;
  images: number;
  failed: number;
  unknown: number;
  outputTokens: number;
  /** Millionths by currency, of the rows whose cost is known. */
  costs: ReadonlyMap<string, bigint>;
  /** Images in rows whose cost is not known: they are in no sum, and are not free. */
  unpricedImages: number;
  /** Milliseconds: the rows' own values, weighted by their requests; null where no row has one. */
  latencyP50Ms: number | null;
  latencyP95Ms: number | null;
}

export function totalOf(rows: readonly AdminUsageRow[]): UsageTotal {
  const costs = new Map<string, bigint>();
  for (const { cost } of rows)
    if (cost !== null) costs.set(cost.currency, (costs.get(cost.currency) ?? 0n) + microsOf(cost.amount));
  return {
    requests: sum(rows, (row) => row.requests),
    images: sum(rows, (row) => row.images),
    failed: sum(rows, (row) => row.failed),
    unknown: sum(rows, (row) => row.unknown),
    outputTokens: sum(rows, (row) => row.output_tokens),
    costs,
    unpricedImages: sum(rows, (row) => (row.cost === null ? row.images : 0)),
    latencyP50Ms: weighted(rows, (row) => row.latency_p50_ms),
    latencyP95Ms: weighted(rows, (row) => row.latency_p95_ms),
  };
}

function sum(rows: readonly AdminUsageRow[], of: (row: AdminUsageRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function weighted(rows: readonly AdminUsageRow[], of: (row: AdminUsageRow) => number | null): number | null {
  const timed = rows.flatMap((row) => {
    const ms = of(row);
    return ms === null ? [] : [{ ms, weight: Math.max(1, row.requests) }];
  });
  const weight = timed.reduce((total, row) => total + row.weight, 0);
  return weight === 0 ? null : timed.reduce((total, row) => total + row.ms * row.weight, 0) / weight;
}

export type Grouping = 'model' | 'key';

/** The rows of one model or key. */
export interface UsageGroup {
  id: string;
  name: string;
  rows: readonly AdminUsageRow[];
  total: UsageTotal;
}

/** A plot has so many colours; what is beyond them is drawn together, last. */
export const maxGroups = 6;

/** Rows by model or key, the one with the most images first. */
export function groupUsage(rows: readonly AdminUsageRow[], by: Grouping): UsageGroup[] {
  const groups = Map.groupBy(rows, (row) => (by === 'model' ? row.model : row.key.id));
  return [...groups]
    .map(([id, rows]) => ({
      id,
      name: by === 'model' ? id : (rows[0]?.key.name ?? 'deleted key'),
      rows,
      total: totalOf(rows),
    }))
    .toSorted((a, b) => b.total.images - a.total.images || a.name.localeCompare(b.name));
}

/** The same, with everything from the last colour on as one group. */
export function foldGroups(groups: readonly UsageGroup[]): UsageGroup[] {
  if (groups.length <= maxGroups) return [...groups];
  const rest = groups.slice(maxGroups - 1).flatMap((group) => group.rows);
  const other = { id: '', name: `${groups.length - maxGroups + 1} others`, rows: rest, total: totalOf(rest) };
  return [...groups.slice(0, maxGroups - 1), other];
}

/** One value per day for each group, in the order of both; null: nothing to draw. */
export function seriesOf(
  groups: readonly UsageGroup[],
  days: readonly string[],
  value: (total: UsageTotal) => number | null,
): (number | null)[][] {
  return groups.map(({ rows }) => {
    const byDay = Map.groupBy(rows, (row) => row.date);
    return days.map((day) => {
      const found = byDay.get(day);
      return found === undefined ? null : value(totalOf(found));
    });
  });
}

/** The currencies that occur, the one with the most rows first. */
export function currenciesOf(rows: readonly AdminUsageRow[]): string[] {
  const counts = new Map<string, number>();
  for (const { cost } of rows)
    if (cost !== null) counts.set(cost.currency, (counts.get(cost.currency) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([currency]) => currency);
}
