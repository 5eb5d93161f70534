import { GatewayError } from '../../core/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * A request's JSON object. Throws GatewayError `invalid_json` for anything else: empty, not UTF-8, not JSON, a
 * list. `__proto__` in it is a field like any other, and so an unknown one.
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
  return Object.fromEntries(Object.entries(value));
}
