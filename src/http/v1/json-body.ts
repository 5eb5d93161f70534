import { GatewayError } from '../../core/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** No field of the API is nested this deep, and writing a deeper value down again overflows the stack. */
const maxDepth = 64;

/** A body has a few dozen values; one of millions would keep the server busy for seconds. */
const maxValues = 10_000;

/**
 * A request's JSON object. Throws GatewayError `invalid_json` for anything else: empty, not UTF-8, not JSON, a
 * list, nested without end, with values without end. `__proto__` in it is a field like any other, and so an unknown one.
 */
export function readJsonObject(body: unknown): Readonly<Record<string, unknown>> {
  if (!Buffer.isBuffer(body) || body.length === 0)
    throw new GatewayError('invalid_json', 'The body is empty. Send a JSON object.');
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw new GatewayError('invalid_json', 'The body is not valid JSON.', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new GatewayError('invalid_json', 'The body must be a JSON object.');
  const excess = excessOf(value);
  if (excess !== undefined) throw new GatewayError('invalid_json', `The body has ${excess}.`);
  return value as Readonly<Record<string, unknown>>;
}

/**
 * What the body has too much of, in words. Level by level, because recursion is what such a body is made to break;
 * it ends at the first excess, because a body of 64 MiB can hold thirty million numbers.
 */
function excessOf(value: object): string | undefined {
  let level: object[] = [value];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= maxDepth) return `more than ${maxDepth} levels`;
    const next: object[] = [];
    for (const one of level) {
      const members: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
      values += members.length;
      if (values > maxValues) return `more than ${maxValues} values`;
      for (const member of members) if (typeof member === 'object' && member !== null) next.push(member);
    }
    level = next;
  }
  return undefined;
}
