import { GatewayError } from '../../core/errors.ts';
import { fields } from './fields.ts';

/** The fields a body has, by their names, and how the caller spelled them; null counts as not sent. */
export interface Given {
  values: Readonly<Record<string, unknown>>;
  spelling: Readonly<Record<string, string>>;
  /** Field name -> another spelling of it in the same body. */
  second: Readonly<Record<string, string>>;
  /** Body keys that are no field. */
  unknown: readonly string[];
}

const nameOf = new Map(
  fields.flatMap((field) => [field.name, ...field.aliases].map((spelling) => [spelling, field.name])),
);

/** Sorts a body's keys into fields; nothing is judged yet, so that each fault is found in its own turn. */
export function readGiven(body: Readonly<Record<string, unknown>>): Given {
  const values: Record<string, unknown> = Object.create(null);
  const spelling: Record<string, string> = Object.create(null);
  const second: Record<string, string> = Object.create(null);
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    if (value === null) continue;
    const name = nameOf.get(key);
    if (name === undefined) unknown.push(key);
    else if (spelling[name] !== undefined) second[name] ??= key;
    else {
      values[name] = name === 'provider_options' || name === 'mask' ? value : withoutNulls(value);
      spelling[name] = key;
    }
  }
  return { values, spelling, second, unknown };
}

/** The caller's own spelling of a field. */
export function spellingOf(given: Given, name: string): string {
  return given.spelling[name] ?? name;
}

/** Throws when the field stands in the body under two spellings. */
export function checkOneSpelling(given: Given, name: string): void {
  const second = given.second[name];
  if (second === undefined) return;
  throw new GatewayError(
    'invalid_value',
    `'${spellingOf(given, name)}' and '${second}' are two spellings of one parameter. Send one of them.`,
    { param: second },
  );
}

/** null means absent inside our own option objects too. */
function withoutNulls(value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
    : value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
