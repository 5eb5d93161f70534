import { GatewayError } from '../../core/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** No field of the API is nested this deep, and writing a deeper value down again overflows the stack. */
const maxDepth = 64;

/**
 * A request's JSON object. Throws GatewayError `invalid_json` for anything else: empty, not UTF-8, not JSON, a
 * list, nested without end. `__proto__` in it is a field like any other, and so an unknown one.
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
  if (isDeeperThan(value, maxDepth))
    throw new GatewayError('invalid_json', `The body is nested more than ${maxDepth} levels deep.`);
  return Object.fromEntries(Object.entries(value));
}

/**
 * Level by level, because recursion is what such a body is made to break. Lists are walked as they are: a body of
 * 64 MiB can hold thirty million numbers, and copying them took a second.
 */
function isDeeperThan(value: object, levels: number): boolean {
  let level: object[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= levels) return true;
    const next: object[] = [];
    for (const one of level) {
      const members: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
      for (const member of members) if (typeof member === 'object' && member !== null) next.push(member);
    }
    level = next;
  }
  return false;
}
