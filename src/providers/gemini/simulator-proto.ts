/**
 * Reads a JSON body the way Google's front end reads it into a protobuf message: every name known, every type right,
 * camelCase and snake_case alike, all complaints at once and in Google's words (upstream-gemini.md sections 3 and 7).
 */

/** The type of one protobuf field. Names in `fields` are snake_case, as in the .proto files. */
type FieldType =
  | { kind: 'string' | 'bytes' | 'int32' | 'number' | 'boolean' | 'anything' }
  | { kind: 'enum'; type: string; names: readonly string[] }
  | { kind: 'message'; type: string; fields: Fields }
  | { kind: 'list'; of: FieldType };
export type Fields = Readonly<Record<string, FieldType>>;

/** One complaint, as it goes into a `BadRequest` detail. `field` is absent at the root. */
export interface FieldViolation {
  field?: string;
  description: string;
}

/** A message that was read: camelCase names only, unset and null fields absent. */
export type Message = Readonly<Record<string, unknown>>;

const typePrefix = 'type.googleapis.com/google.ai.generativelanguage.v1beta.';

/** `image_config` -> `imageConfig`. */
const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** Reads `value` as a message of these fields; what is wrong is added to `violations`. `path` is '' at the root. */
export function readMessage(
  fields: Fields,
  value: unknown,
  path: string,
  violations: FieldViolation[],
): Message {
  const message: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value as Record<string, unknown>)) {
    const name = Object.keys(fields).find((known) => known === key || camelCase(known) === key);
    const type = name === undefined ? undefined : fields[name];
    if (name === undefined || type === undefined) {
      violations.push(unknownName(key, path, 'Cannot find field.'));
      continue;
    }
    if (given === null) continue;
    const place = path === '' ? name : `${path}.${name}`;
    if (Array.isArray(given) && type.kind !== 'list' && type.kind !== 'anything') {
      violations.push(unknownName(key, path, 'Proto field is not repeating, cannot start list.'));
      continue;
    }
    message[camelCase(name)] = readValue(type, given, place, violations);
  }
  return message;
}

function readValue(type: FieldType, value: unknown, path: string, violations: FieldViolation[]): unknown {
  const invalid = (typeName: string, rest?: string): undefined => {
    violations.push({
      field: path,
      description: `Invalid value at '${path}' (${typeName}), ${rest ?? JSON.stringify(value)}`,
    });
    return undefined;
  };
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? value : invalid('TYPE_STRING');
    case 'bytes':
      if (typeof value !== 'string') return invalid('TYPE_BYTES');
      return isBase64(value)
        ? value
        : invalid('TYPE_BYTES', `Base64 decoding failed for ${JSON.stringify(value.slice(0, 200))}`);
    case 'int32':
      return isInt32(value) ? Number(value) : invalid('TYPE_INT32');
    case 'number':
      return typeof value === 'number' ? value : invalid('TYPE_FLOAT');
    case 'boolean':
      return typeof value === 'boolean' ? value : invalid('TYPE_BOOL');
    case 'enum':
      return typeof value === 'string' && type.names.includes(value)
        ? value
        : invalid(`${typePrefix}${type.type}`);
    case 'message':
      return typeof value === 'object' && value !== null
        ? readMessage(type.fields, value, path, violations)
        : invalid(`${typePrefix}${type.type}`);
    case 'list':
      return Array.isArray(value)
        ? value.map((item, index) => readValue(type.of, item, `${path}[${index}]`, violations))
        : invalid(elementTypeName(type.of));
    case 'anything':
      break;
  }
  return value;
}

function elementTypeName(type: FieldType): string {
  if (type.kind === 'message' || type.kind === 'enum') return `${typePrefix}${type.type}`;
  return `TYPE_${type.kind.toUpperCase()}`;
}

function unknownName(key: string, path: string, problem: string): FieldViolation {
  const where = path === '' ? '' : ` at '${path}'`;
  return {
    ...(path === '' ? {} : { field: path }),
    description: `Invalid JSON payload received. Unknown name "${key}"${where}: ${problem}`,
  };
}

/** Protobuf takes the standard and the URL-safe alphabet, padded or not, and nothing else: no `data:`, no line ends. */
const isBase64 = (text: string): boolean =>
  /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.replace(/={1,2}$/, '').length % 4 !== 1;

/** Protobuf's JSON form of an int32 is a number or the same digits as a string. */
function isInt32(value: unknown): boolean {
  if (typeof value === 'string' && !/^-?\d+$/.test(value)) return false;
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  return Number.isInteger(Number(value)) && Math.abs(Number(value)) <= 2 ** 31 - 1;
}
