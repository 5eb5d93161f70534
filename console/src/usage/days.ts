/** Days are UTC dates as usage counts them: `2026-11-22`. */

const dayMs = 86_400_000;

/** The longest range GET /v1/usage answers. */
const maxDays = 366;

export interface DayRange {
  from: string;
  /** Included. */
  to: string;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Every day of a range, in order; empty for a range that ends before it begins. */
export function daysOf({ from, to }: DayRange): string[] {
  const days: string[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to) && days.length <= maxDays; ms += dayMs)
    days.push(dayOf(ms));
  return days;
}

/** The ranges that are one click away, by name. */
export function presetRanges(nowMs: number): Readonly<Record<string, DayRange>> {
  const to = dayOf(nowMs);
  const last = (days: number): DayRange => ({ from: dayOf(nowMs - (days - 1) * dayMs), to });
  return {
    '7 days': last(7),
    '30 days': last(30),
    '90 days': last(90),
    'This month': { from: `${to.slice(0, 8)}01`, to },
  };
}

/** What is wrong with a range, for people; undefined: nothing. */
export function rangeProblem({ from, to }: DayRange): string | undefined {
  if (from > to) return 'The first day is after the last.';
  if ((Date.parse(to) - Date.parse(from)) / dayMs >= maxDays) return `At most ${maxDays} days at a time.`;
  return undefined;
}

export function isDay(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dayOf(Date.parse(text)) === text
  );
}

const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const long = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** `22 Nov` */
export function shortDay(day: string): string {
  return short.format(Date.parse(day));
}

/** `Sun, 22 Nov 2026` */
export function longDay(day: string): string {
  return long.format(Date.parse(day));
}
