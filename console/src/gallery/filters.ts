/**
 * What the gallery is narrowed to. It lives in the page's address, so that back, forward and links work; a value that
 * makes no sense there is left out.
 */
export interface Filters {
  /** Words that stand in the prompt. */
  q: string;
  model: string;
  /** A key's id; for admins, like the costs. */
  key: string;
  status: Status | '';
  /** Days of this browser's own calendar, `2026-11-22`, both included. */
  from: string;
  to: string;
  /** An amount, in whatever currency the record has. */
  costMin: string;
  costMax: string;
}

export const statuses = ['completed', 'failed', 'in_progress', 'all'] as const;
export type Status = (typeof statuses)[number];

export const noFilters: Filters = {
  q: '',
  model: '',
  key: '',
  status: '',
  from: '',
  to: '',
  costMin: '',
  costMax: '',
};

/** Their names in the page's address. */
const names: Readonly<Record<keyof Filters, string>> = {
  q: 'q',
  model: 'model',
  key: 'key',
  status: 'status',
  from: 'from',
  to: 'to',
  costMin: 'cost_min',
  costMax: 'cost_max',
};
const fields = Object.keys(names) as (keyof Filters)[];

/** From the query of the page's address. */
export function readFilters(query: URLSearchParams): Filters {
  const read = (field: keyof Filters): string => (query.get(names[field]) ?? '').trim();
  const pick = (field: keyof Filters, pattern: RegExp): string => {
    const text = read(field);
    return pattern.test(text) ? text : '';
  };
  return {
    q: (query.get('q') ?? '').slice(0, 400),
    model: pick('model', /^.{1,200}$/u),
    key: pick('key', /^[\w-]{1,64}$/),
    status: statuses.find((status) => status === read('status')) ?? '',
    from: isDay(read('from')) ? read('from') : '',
    to: isDay(read('to')) ? read('to') : '',
    costMin: pick('costMin', amount),
    costMax: pick('costMax', amount),
  };
}

/** An amount as the server takes it. */
const amount = /^\d{1,9}(\.\d{1,6})?$/;

/** As the query of the page's address; the empty ones are left out. */
export function filtersToQuery(filters: Filters): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap((field) => (filters[field] === '' ? [] : [[names[field], filters[field]]])),
  );
}

/** As the query of the list. Throws nothing: what a key session may not ask for was never offered to it. */
export function filtersToList(filters: Filters, isAdmin: boolean): Record<string, string | number> {
  const { q, model, key, status, from, to, costMin, costMax } = filters;
  const words = q.trim().replaceAll(/\s+/gu, ' ');
  return {
    ...(words === '' ? {} : { q: words }),
    ...(model === '' ? {} : { model }),
    ...(status === '' ? {} : { status }),
    ...(from === '' ? {} : { created_after: startOf(from, 0) }),
    ...(to === '' ? {} : { created_before: startOf(to, 1) }),
    ...(isAdmin && key !== '' ? { key } : {}),
    ...(isAdmin && costMin !== '' ? { cost_min: costMin } : {}),
    ...(isAdmin && costMax !== '' ? { cost_max: costMax } : {}),
  };
}

/** How many of them narrow the list, besides the words. A range of days or costs is one. */
export function countFilters({ model, key, status, from, to, costMin, costMax }: Filters): number {
  return [model, key, status, from + to, costMin + costMax].filter((value) => value !== '').length;
}

export function isNarrowed(filters: Filters): boolean {
  return filters.q.trim() !== '' || countFilters(filters) > 0;
}

function isDay(text: string): boolean {
  if (!/^20\d\d-\d\d-\d\d$/.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  const date = new Date(year, month - 1, day);
  return date.getMonth() === month - 1 && date.getDate() === day;
}

/** When a day of this browser's calendar begins, in Unix seconds; days are not all of one length. */
function startOf(day: string, daysOn: number): number {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return Math.floor(new Date(year, month - 1, date + daysOn).getTime() / 1000);
}
