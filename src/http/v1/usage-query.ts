import { GatewayError } from '../../core/errors.ts';
import { dayOf } from '../../core/ledger.ts';
import type { Parameter } from '../openapi/operation.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Days of usage without dates, and the most one request may ask for. */
const days = { default: 30, most: 366 } as const;

const date = { type: 'string', format: 'date', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };

/** The query as the API's description has it. */
export const usageParameters: readonly Parameter[] = [
  {
    in: 'query',
    name: 'from',
    about: `The first day (UTC), e.g. \`2026-11-01\`. When absent: ${days.default - 1} days before \`to\`.`,
    schema: date,
  },
  {
    in: 'query',
    name: 'to',
    about: `The last day (UTC), at most ${days.most - 1} days after \`from\`. When absent: today.`,
    schema: date,
  },
];

/** The days that GET /v1/usage is asked for, both included. Throws GatewayError naming what is bad. */
export function readUsageQuery(query: URLSearchParams, nowMs: number): { from: string; to: string } {
  const toMs = readDay(query, 'to') ?? Date.parse(dayOf(nowMs));
  const fromMs = readDay(query, 'from') ?? toMs - (days.default - 1) * dayMs;
  if (fromMs > toMs)
    throw bad('from', "'from' must not be later than 'to', which is today when it is absent.");
  if (toMs - fromMs >= days.most * dayMs)
    throw bad('from', `'from' and 'to' may span at most ${days.most} days.`);
  return { from: dayOf(fromMs), to: dayOf(toMs) };
}

function readDay(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = /^[1-9]\d{3}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  // Date.parse takes some days that no month has for days of the next one.
  if (Number.isNaN(ms) || dayOf(ms) !== text) throw bad(name, `'${name}' must be a date such as 2026-11-22.`);
  return ms;
}

function bad(param: string, message: string): GatewayError {
  return new GatewayError('invalid_value', message, { param });
}
