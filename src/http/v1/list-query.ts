import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { ListQuery } from '../../core/record-store.ts';
import type { Parameter } from '../openapi/operation.ts';

const statuses = ['all', 'in_progress', 'completed', 'failed'] as const;
const orders = ['desc', 'asc'] as const;
const pageSize = { minimum: 1, maximum: 100, default: 20 } as const;
const search = { words: 20, letters: 200 } as const;

const cursor = { type: 'string', pattern: '^img_[0-9A-HJKMNP-TV-Z]{26}$' };
const seconds = { type: 'integer', minimum: 0 };

/** The query as the API's description has it. */
export const listParameters: readonly Parameter[] = [
  { in: 'query', name: 'limit', about: 'Records a page.', schema: { type: 'integer', ...pageSize } },
  {
    in: 'query',
    name: 'order',
    about: 'Newest or oldest first.',
    schema: { type: 'string', enum: orders, default: 'desc' },
  },
  {
    in: 'query',
    name: 'after',
    about: 'The records that follow this one, in the order chosen.',
    schema: cursor,
  },
  {
    in: 'query',
    name: 'before',
    about: 'The records just before this one, in the order chosen. Not together with `after`.',
    schema: cursor,
  },
  {
    in: 'query',
    name: 'status',
    about: 'Ended ones when absent, completed or failed.',
    schema: { type: 'string', enum: statuses },
  },
  { in: 'query', name: 'model', about: "A model's id or alias.", schema: { type: 'string' } },
  {
    in: 'query',
    name: 'q',
    about: `Words that the prompt has, up to ${search.words}.`,
    schema: { type: 'string' },
  },
  { in: 'query', name: 'created_after', about: 'Unix seconds.', schema: seconds },
  { in: 'query', name: 'created_before', about: 'Unix seconds.', schema: seconds },
  {
    in: 'query',
    name: 'late',
    about: 'Only records whose images came after the request had been answered, or only the others.',
    schema: { type: 'boolean' },
  },
];

/** The query of GET /v1/images (public-api.md section 7). Unknown names are ignored. Throws GatewayError naming what is bad. */
export function readListQuery(query: URLSearchParams): Omit<ListQuery, 'keyId'> {
  const after = readCursor(query, 'after');
  const before = readCursor(query, 'before');
  if (after !== undefined && before !== undefined)
    throw bad('before', "'after' and 'before' cannot be combined.");
  const status = readWord(query, 'status', statuses);
  const model = query.get('model') ?? undefined;
  const late = readWord(query, 'late', ['true', 'false'] as const);
  const words = (query.get('q') ?? '').split(/\s+/u).filter((word) => word !== '');
  if (words.length > search.words || words.some((word) => word.length > search.letters))
    throw bad('q', `'q' takes at most ${search.words} words of ${search.letters} characters.`);
  const createdAfter = readSeconds(query, 'created_after');
  const createdBefore = readSeconds(query, 'created_before');
  return {
    limit: readLimit(query),
    order: readWord(query, 'order', orders) ?? 'desc',
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    ...(status === undefined ? {} : { status }),
    ...(model === undefined ? {} : { model }),
    ...(late === undefined ? {} : { late: late === 'true' }),
    ...(words.length === 0 ? {} : { words }),
    ...(createdAfter === undefined ? {} : { createdAfterMs: createdAfter * 1000 }),
    ...(createdBefore === undefined ? {} : { createdBeforeMs: createdBefore * 1000 }),
  };
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit');
  const { minimum, maximum } = pageSize;
  if (text === null) return pageSize.default;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < minimum || limit > maximum) throw bad('limit', `'limit' must be ${minimum} to ${maximum}.`);
  return limit;
}

function readCursor(query: URLSearchParams, name: 'after' | 'before'): string | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!isId('img', text)) throw bad(name, `'${name}' must be the id of an image.`);
  return text;
}

function readWord<T extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const word = words.find((word) => word === text);
  if (word === undefined) throw bad(name, `'${name}' must be one of ${words.join(', ')}.`);
  return word;
}

function readSeconds(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,11}$/.test(text)) throw bad(name, `'${name}' must be a time in Unix seconds.`);
  return Number(text);
}

function bad(param: string, message: string): GatewayError {
  return new GatewayError('invalid_value', message, { param });
}
