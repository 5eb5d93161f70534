import type { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { readJsonObject } from '../v1/json-body.ts';

/** A body as its schema has it. Throws GatewayError naming the first field that is not so, never its value. */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const read = schema.safeParse(readJsonObject(body), { reportInput: true });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw issue === undefined
    ? new GatewayError('invalid_value', 'The body is not as it should be.')
    : asError(issue);
}

/** Each field of our schemas says what it must be, as `must be a name`. */
function asError(issue: z.core.$ZodIssue): GatewayError {
  if (issue.code === 'unrecognized_keys') {
    const param = nameOf([...issue.path, issue.keys[0] ?? '']);
    return new GatewayError('unknown_parameter', `Unknown parameter: '${param}'.`, { param });
  }
  const param = nameOf(issue.path);
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return new GatewayError('missing_parameter', `'${param}' is missing.`, { param });
  const form = issue.message.startsWith('must') ? issue.message : 'does not have the right form';
  const reason = issue.code === 'invalid_type' ? 'invalid_type' : 'invalid_value';
  const what = param === '' ? 'The body' : `'${param}'`;
  return new GatewayError(reason, `${what} ${form}.`, param === '' ? {} : { param });
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
