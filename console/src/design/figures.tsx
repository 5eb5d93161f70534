import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatMoney } from './money.ts';

export { formatMoney };

/** An amount of money, without the zeros nobody needs. null: no price is known. */
export function Money({ of }: { of: { amount: string; currency: string } | null | undefined }): JSX.Element {
  return <span class="number">{formatMoney(of)}</span>;
}

/** A span of time as people say it: `0.8 s`, `12 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A size in bytes as people say it. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] =
    bytes < 1024 ** 2
      ? [bytes / 1024, 'KB']
      : bytes < 1024 ** 3
        ? [bytes / 1024 ** 2, 'MB']
        : [bytes / 1024 ** 3, 'GB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const steps: readonly [limitSeconds: number, unitSeconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86_400, 3600, 'hour'],
  [86_400 * 30, 86_400, 'day'],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How long ago (or how soon) a moment is, given in Unix seconds; the exact time is its title. */
export function TimeAgo({ at }: { at: number }): JSX.Element {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const date = new Date(at * 1000);
  const away = at - Math.floor(now / 1000);
  const step = steps.find(([limit]) => Math.abs(away) < limit);
  const text =
    step === undefined
      ? date.toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' })
      : Math.abs(away) < 10
        ? 'just now'
        : relative.format(Math.trunc(away / step[1]), step[2]);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString('en')}>
      {text}
    </time>
  );
}
