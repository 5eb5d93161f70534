import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { AdminUsageRow } from '../../../src/http/admin/wire.ts';
import { formatDuration } from '../design/figures.tsx';
import { Bars } from './bars.tsx';
import { Lines } from './lines.tsx';
import { formatAxisMoney } from '../design/money.ts';
import { stackedMax, ticksFor } from './plot-scale.ts';
import { Plot, type Reading } from './plot.tsx';
import {
  currenciesOf,
  foldGroups,
  groupUsage,
  seriesOf,
  totalOf,
  type Grouping,
  type UsageGroup,
  type UsageTotal,
} from './sum-usage.ts';
import { costText } from './usage-tables.tsx';

type Figure = 'images' | 'cost' | 'latency' | 'failures';
type Percentile = 'latencyP50Ms' | 'latencyP95Ms';

/** Four figures of the same days; pointing at a day in one shows it in all. */
export function Plots(props: {
  rows: readonly AdminUsageRow[];
  days: readonly string[];
  by: Grouping;
  hasLatency: boolean;
}): JSX.Element {
  const { rows, days, by, hasLatency } = props;
  const [pointed, setPointed] = useState<{ figure: Figure; day: number } | undefined>(undefined);
  const [percentile, setPercentile] = useState<Percentile>('latencyP50Ms');
  const figures = useMemo(() => figuresOf(rows, days, by), [rows, days, by]);
  const { groups, total, currency, otherCurrencies, images, cost, failures } = figures;
  const latency = figures[percentile];
  const common = (figure: Figure) => ({
    days,
    day: pointed?.day,
    isActive: pointed?.figure === figure,
    onDay: (day: number | undefined) => setPointed(day === undefined ? undefined : { figure, day }),
  });
  const imageTicks = ticksFor(stackedMax(images, days.length), { whole: true });
  const costTicks = ticksFor(stackedMax(cost, days.length), { whole: false });
  const failureTicks = ticksFor(stackedMax(failures, days.length), { whole: true });
  const latencyTicks = ticksFor(Math.max(0, ...latency.flat().map((seconds) => seconds ?? 0)), {
    whole: false,
  });
  /** The reading of a day: its sum and the groups that have a part in it. */
  const reading = (
    day: number,
    summary: (total: UsageTotal) => string,
    part: (total: UsageTotal) => string | null,
  ): Reading => readingOf(groups, days[day] ?? '', summary, part);
  return (
    <>
      <Legend groups={groups} />
      <div class="plots">
        <Plot
          {...common('images')}
          title="Images"
          total={count(total.images)}
          note={`in ${plural(total.requests, 'request')}`}
          ticks={imageTicks}
          tickText={count}
          readingOf={(day) =>
            reading(
              day,
              ({ images }) => plural(images, 'image'),
              ({ images }) => (images > 0 ? count(images) : null),
            )
          }
          empty={total.images === 0 ? 'No image came in these days.' : undefined}
        >
          {(scale) => <Bars values={images} days={days.length} scale={scale} />}
        </Plot>
        <Plot
          {...common('cost')}
          title="Cost"
          total={costText(total)}
          note={costNote(total, otherCurrencies)}
          ticks={costTicks}
          tickText={(value) => formatAxisMoney(value, costTicks[1] ?? 1, currency ?? 'USD')}
          readingOf={(day) =>
            reading(day, costText, (total) =>
              total.costs.size > 0 || total.unpricedImages > 0 ? costText(total) : null,
            )
          }
          empty={
            currency === undefined
              ? 'No cost is known. The sandbox has none, and a route without a price in the configuration cannot tell.'
              : undefined
          }
        >
          {(scale) => <Bars values={cost} days={days.length} scale={scale} />}
        </Plot>
        {hasLatency && (
          <Plot
            {...common('latency')}
            title="Latency"
            total={total[percentile] === null ? '—' : formatDuration(total[percentile])}
            note={<PercentileSwitch value={percentile} onValue={setPercentile} />}
            ticks={latencyTicks}
            tickText={(value) => `${value} s`}
            readingOf={(day) =>
              reading(
                day,
                (total) => (total[percentile] === null ? 'not measured' : formatDuration(total[percentile])),
                (total) => (total[percentile] === null ? null : formatDuration(total[percentile])),
              )
            }
            empty={
              total[percentile] === null
                ? 'Nothing was measured: no record of these days is kept.'
                : undefined
            }
          >
            {(scale) => <Lines values={latency} day={pointed?.day} scale={scale} />}
          </Plot>
        )}
        <Plot
          {...common('failures')}
          title="Images that failed"
          total={count(total.failed + total.unknown)}
          note={failureNote(total)}
          ticks={failureTicks}
          tickText={count}
          readingOf={(day) =>
            reading(day, failureText, (total) => (isWell(total) ? null : failureText(total)))
          }
          empty={total.failed + total.unknown === 0 ? 'None failed in these days.' : undefined}
        >
          {(scale) => <Bars values={failures} days={days.length} scale={scale} />}
        </Plot>
      </div>
    </>
  );
}

/** What the plots draw: `[group][day]`. */
function figuresOf(rows: readonly AdminUsageRow[], days: readonly string[], by: Grouping) {
  const groups = foldGroups(groupUsage(rows, by));
  const [currency, ...otherCurrencies] = currenciesOf(rows);
  return {
    groups,
    total: totalOf(rows),
    currency,
    otherCurrencies,
    images: seriesOf(groups, days, ({ images }) => images),
    cost: seriesOf(groups, days, ({ costs }) => unitsOf(costs, currency)),
    failures: seriesOf(groups, days, ({ failed, unknown }) => failed + unknown),
    latencyP50Ms: seriesOf(groups, days, ({ latencyP50Ms }) => seconds(latencyP50Ms)),
    latencyP95Ms: seriesOf(groups, days, ({ latencyP95Ms }) => seconds(latencyP95Ms)),
  };
}

/** One for all four: a group has the same colour everywhere. */
function Legend({ groups }: { groups: readonly UsageGroup[] }): JSX.Element {
  return (
    <ul class="legend" aria-label="Colours">
      {groups.map(({ id, name }, i) => (
        <li key={id}>
          <i class={`swatch series-${i}`} />
          <span class="foreign-text" dir="auto">
            {name}
          </span>
        </li>
      ))}
    </ul>
  );
}

function PercentileSwitch(props: { value: Percentile; onValue: (value: Percentile) => void }): JSX.Element {
  const words: Readonly<Record<Percentile, string>> = {
    latencyP50Ms: 'half were faster (p50)',
    latencyP95Ms: '95 of 100 were faster (p95)',
  };
  const other: Percentile = props.value === 'latencyP50Ms' ? 'latencyP95Ms' : 'latencyP50Ms';
  return (
    <>
      {words[props.value]} ·{' '}
      <button type="button" class="text-button" onClick={() => props.onValue(other)}>
        show {other === 'latencyP50Ms' ? 'p50' : 'p95'}
      </button>
    </>
  );
}

function readingOf(
  groups: readonly UsageGroup[],
  day: string,
  summary: (total: UsageTotal) => string,
  part: (total: UsageTotal) => string | null,
): Reading {
  const ofDay = groups.map(({ name, rows }) => ({ name, rows: rows.filter(({ date }) => date === day) }));
  return {
    summary: summary(totalOf(ofDay.flatMap(({ rows }) => rows))),
    lines: ofDay.flatMap(({ name, rows }, series) => {
      const value = rows.length === 0 ? null : part(totalOf(rows));
      return value === null ? [] : [{ series, name, value }];
    }),
  };
}

function costNote({ unpricedImages, costs }: UsageTotal, others: readonly string[]): string | undefined {
  const parts = [
    unpricedImages > 0 && costs.size > 0 ? `without ${plural(unpricedImages, 'image')} of unknown cost` : '',
    others.length > 0 ? `the plot leaves out ${others.join(', ')}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join('; ');
}

function failureNote({ failed, unknown }: UsageTotal): string | undefined {
  if (unknown > 0) return `of ${count(unknown)} it is not known whether they were charged`;
  return failed > 0 ? 'nothing was charged for them' : undefined;
}

function failureText({ failed, unknown }: UsageTotal): string {
  return unknown === 0 ? `${count(failed)} failed` : `${count(failed)} failed, ${count(unknown)} unknown`;
}

function isWell({ failed, unknown }: UsageTotal): boolean {
  return failed + unknown === 0;
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

function unitsOf(costs: ReadonlyMap<string, bigint>, currency: string | undefined): number | null {
  const micros = currency === undefined ? undefined : costs.get(currency);
  return micros === undefined ? null : Number(micros) / 1e6;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}
