import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { ListQuery } from '../../core/record-store.ts';

const statuses = ['all', 'in_progress', 'completed', 'failed'] as const;

/** The query of GET /v1/images (public-api.md section 7). Unknown names are ignored. Throws GatewayError naming what is bad. */
export function readListQuery(query: URLSearchParams): Omit<ListQuery, 'keyId'> {
  const after = readCursor(query, 'after');
  const before = readCursor(query, 'before');
  if (after !== undefined && before !== undefined)
    throw bad('before', "'after' and 'before' cannot be combined.");
  const status = readWord(query, 'status', statuses);
  const model = query.get('model') ?? undefined;
  const words = (query.get('q') ?? '').split(/\s+/u).filter((word) => word !== '');
  if (words.length > 20 || words.some((word) => word.length > 200))
    throw bad('q', "'q' takes at most 20 words of 200 characters.");
  const createdAfter = readSeconds(query, 'created_after');
  const createdBefore = readSeconds(query, 'created_before');
  return {
    limit: readLimit(query),
    order: readWord(query, 'order', ['desc', 'asc'] as const) ?? 'desc',
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    ...(status === undefined ? {} : { status }),
    ...(model === undefined ? {} : { model }),
    ...(words.length === 0 ? {} : { words }),
    ...(createdAfter === undefined ? {} : { createdAfterMs: createdAfter * 1000 }),
    ...(createdBefore === undefined ? {} : { createdBeforeMs: createdBefore * 1000 }),
  };
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return 20;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 100) throw bad('limit', "'limit' must be 1 to 100.");
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
