import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { GatewayError } from '../../core/errors.ts';

const ajv = new Ajv({ strict: false, allErrors: false, coerceTypes: false, useDefaults: false });
const compiled = new WeakMap<object, ValidateFunction>();

/**
 * Checks one value against a card's JSON Schema for it. Throws GatewayError: `invalid_type` for a wrong JSON
 * type, `unknown_parameter` for a member that an object does not have, else `invalid_value`; the message lists
 * what is allowed.
 */
export function checkParameter(schema: object, value: unknown, param: string): void {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return;
  const error = validate.errors?.[0];
  const place = error === undefined ? '' : error.instancePath.replaceAll('/', '.');
  if (error?.keyword === 'additionalProperties') {
    const unknown = `${param}${place}.${String(error.params['additionalProperty'])}`.slice(0, 100);
    throw new GatewayError('unknown_parameter', `Unknown parameter: '${unknown}'.`, { param: unknown });
  }
  throw new GatewayError(
    error?.keyword === 'type' ? 'invalid_type' : 'invalid_value',
    otherCase(param + place, schema, value, error) ?? describe(param + place, schema, error),
    { param: param + place },
  );
}

/** `2k` where `2K` is meant: the list alone would be read past. */
function otherCase(
  param: string,
  schema: object,
  value: unknown,
  error: ErrorObject | undefined,
): string | undefined {
  const { examples }: { examples?: unknown } = schema;
  const words: unknown = error?.keyword === 'enum' ? error.params['allowedValues'] : examples;
  if (typeof value !== 'string' || !Array.isArray(words)) return undefined;
  const word: unknown = words.find(
    (one) => typeof one === 'string' && one !== value && one.toLowerCase() === value.toLowerCase(),
  );
  return typeof word === 'string' ? `'${param}' must be written '${word}', not '${value}'.` : undefined;
}

function describe(param: string, schema: object, error: ErrorObject | undefined): string {
  if (error === undefined) return `'${param}' is not valid.`;
  const facts: Record<string, unknown> = { ...schema };
  switch (error.keyword) {
    case 'type':
      return `'${param}' must be ${article(String(error.params['type']))}.`;
    case 'enum': {
      const allowed: unknown = error.params['allowedValues'];
      return `'${param}' must be ${Array.isArray(allowed) ? list(allowed) : 'one of the listed values'}.`;
    }
    case 'minimum':
    case 'maximum':
      return facts['minimum'] === undefined || facts['maximum'] === undefined
        ? `'${param}' ${error.message}.`
        : `'${param}' must be ${Number(facts['minimum'])} to ${Number(facts['maximum'])}.`;
    case 'pattern':
      return Array.isArray(facts['examples'])
        ? `'${param}' must have a form such as ${list(facts['examples'].slice(0, 8))}.`
        : `'${param}' does not have the required form.`;
    default:
      return `'${param}' ${error.message ?? 'is not valid'}.`;
  }
}

function list(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return texts.length === 1 ? String(texts[0]) : `one of ${texts.join(', ')}`;
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
