import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import type { AdminUsageRow, Key, List } from '../../../src/http/admin/wire.ts';
import { ask, withQuery } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';
import { LinkButton } from '../design/button.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { currentSession } from '../session/session.ts';
import { daysOf, isDay, presetRanges, rangeProblem } from './days.ts';
import { ownUsage } from './own-usage.ts';
import { Plots } from './plots.tsx';
import { UsageFilters } from './usage-filters.tsx';
import { UsageTables } from './usage-tables.tsx';
import type { UsageView } from './view.ts';
import './usage.css';

/** What was made, what it cost, how long it took and what failed: by day, and by model or key. */
export function UsageScreen(): JSX.Element {
  const { query, route } = useLocation();
  const isAdmin = currentSession()?.role === 'admin';
  const view = readView(query);
  const { range, key } = view;
  const problem = rangeProblem(range);
  const usage = useLoad(
    async (signal) => {
      if (problem !== undefined) return [];
      if (!isAdmin) return await ownUsage(range, signal);
      const page = await ask<List<AdminUsageRow>>('GET', '/admin/usage', {
        query: { ...range, key },
        signal,
      });
      return [...page.data];
    },
    [range.from, range.to, key, isAdmin],
  );
  const keys = useLoad(
    async (signal) =>
      isAdmin
        ? (await ask<List<Key>>('GET', '/admin/keys', { signal })).data.map(({ id, name }) => ({ id, name }))
        : [],
    [isAdmin],
  );
  const show = (change: Partial<UsageView>): void => {
    const { range, key, by } = { ...view, ...change };
    route(withQuery('/usage', { ...range, key, by: by === 'model' ? '' : by }), true);
  };
  return (
    <div class="page usage">
      <header class="page-head">
        <h1>Usage</h1>
        {isAdmin ? (
          problem === undefined && (
            <LinkButton
              icon="download"
              href={withQuery('/admin/usage', { format: 'csv', ...range, key })}
              download={`easel-usage-${range.from}-${range.to}.csv`}
            >
              Download CSV
            </LinkButton>
          )
        ) : (
          <p class="soft">What this API key has used.</p>
        )}
      </header>
      <UsageFilters
        view={view}
        keys={isAdmin ? (keys.data ?? []) : undefined}
        problem={problem}
        onChange={show}
      />
      <UsageBody usage={usage} view={view} hasLatency={isAdmin} />
    </div>
  );
}

function UsageBody(props: {
  usage: ReturnType<typeof useLoad<AdminUsageRow[]>>;
  view: UsageView;
  /** GET /v1/usage tells none. */
  hasLatency: boolean;
}): JSX.Element | null {
  const { usage, view, hasLatency } = props;
  if (rangeProblem(view.range) !== undefined) return null;
  if (usage.state === 'failed') return <Failed error={usage.error} onRetry={usage.reload} />;
  const rows = usage.data;
  if (rows === undefined) return <Loading what="usage" />;
  if (rows.length === 0)
    return (
      <div class="card">
        <Empty icon="usage" title="Nothing was made in these days">
          <p>Generations are counted here by the day they were accepted (UTC), as soon as they have ended.</p>
        </Empty>
      </div>
    );
  return (
    <div class="usage-body" aria-busy={usage.state === 'loading' ? 'true' : undefined}>
      <Plots rows={rows} days={daysOf(view.range)} by={view.by} hasLatency={hasLatency} />
      <UsageTables rows={rows} by={view.by} hasLatency={hasLatency} />
    </div>
  );
}

function readView(query: Record<string, string>): UsageView {
  const standard = presetRanges(Date.now())['30 days'] ?? { from: '', to: '' };
  const day = (name: 'from' | 'to'): string => {
    const given = query[name];
    return given !== undefined && isDay(given) ? given : standard[name];
  };
  return {
    range: { from: day('from'), to: day('to') },
    key: query['key'] ?? '',
    by: query['by'] === 'key' ? 'key' : 'model',
  };
}
