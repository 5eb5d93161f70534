import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { priceSchema, type Price } from '../core/price.ts';
import type { Provider } from '../core/provider.ts';
import { routeSchema, type RouteEntry } from './schema.ts';

/** EASEL_CONFIG's file: model -> what it says of it. */
export type ConfigFile = ReadonlyMap<string, ModelEntry>;

export interface ModelEntry {
  /** Changes the built-in card field by field, or is a whole card for a new model; checked where it is merged. */
  card: Record<string, unknown> | undefined;
  routes: readonly RouteRead[] | undefined;
  /** `routes` is no list, which has been told. */
  hasBadRoutes: boolean;
}

/** A route as far as it could be read; what could not has been told. */
export interface RouteRead {
  /** As it is written, where it is the name of a provider. */
  provider: string | undefined;
  entry: RouteEntry | undefined;
  price: Price | undefined;
}

const form = '{"models": {"MODEL": {"routes": [...]}}}';

/** Reads the file. Each model and route is checked on its own, so that one mistake does not hide another. */
export function readConfigFile(path: string, providers: readonly Provider[], mistakes: string[]): ConfigFile {
  const models = new Map<string, ModelEntry>();
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not valid JSON' : 'it cannot be read';
    mistakes.push(`EASEL_CONFIG must be the path of a JSON file: ${why}.`);
    return models;
  }
  const tell = (place: string, text: string): void => void mistakes.push(`EASEL_CONFIG ${place}: ${text}.`);
  if (!isObject(json)) {
    tell('(the file)', `must be an object: ${form}`);
    return models;
  }
  tellUnknown(json, ['models'], '', tell);
  if (!isObject(json['models'])) {
    tell('models', `must be an object: ${form}`);
    return models;
  }
  for (const [id, value] of Object.entries(json['models'])) {
    const place = `models.${id}`;
    if (id === '__proto__' || id === '') tell(place, 'cannot be the name of a model');
    else if (!isObject(value)) tell(place, `must be an object: ${form}`);
    else models.set(id, readModel(place, value, providers, mistakes, tell));
  }
  return models;
}

type Tell = (place: string, text: string) => void;

function readModel(
  place: string,
  value: Record<string, unknown>,
  providers: readonly Provider[],
  mistakes: string[],
  tell: Tell,
): ModelEntry {
  const { card, routes } = value;
  tellUnknown(value, ['card', 'routes'], `${place}.`, tell);
  if (card !== undefined && !isObject(card)) tell(`${place}.card`, 'must be an object');
  const isList = routes === undefined || Array.isArray(routes);
  if (!isList) tell(`${place}.routes`, 'must be a list: [{"provider": ..., "name": ...}]');
  return {
    card: isObject(card) ? card : undefined,
    routes: Array.isArray(routes)
      ? routes.map((route: unknown, i) => readRoute(`${place}.routes[${i}]`, route, providers, mistakes))
      : undefined,
    hasBadRoutes: !isList,
  };
}

function readRoute(
  place: string,
  value: unknown,
  providers: readonly Provider[],
  mistakes: string[],
): RouteRead {
  const source = `EASEL_CONFIG ${place}`;
  const given = isObject(value) ? value : {};
  const { provider } = given;
  if (typeof provider === 'string' && !providers.some(({ name }) => name === provider))
    mistakes.push(`${source}.provider: must be one of ${providers.map(({ name }) => name).join(', ')}.`);
  const price = given['price'] === undefined ? undefined : priceSchema.safeParse(given['price']);
  if (price?.success === false) {
    mistakes.push(
      `${source}.price: must be {"unit": "image", "amount": "0.040", "currency": "USD"}, ` +
        '{"unit": "million_tokens", "output": "30", "currency": "USD"}, or a list of such rows.',
    );
  }
  const entry = routeSchema.safeParse(value);
  if (!entry.success) pushIssues('EASEL_CONFIG', [place], entry.error, mistakes);
  return {
    provider: typeof provider === 'string' ? provider : undefined,
    entry: entry.data,
    price: price?.data,
  };
}

function tellUnknown(
  value: Record<string, unknown>,
  known: readonly string[],
  place: string,
  tell: Tell,
): void {
  for (const name of Object.keys(value))
    if (!known.includes(name))
      tell(
        `${place}${name}`,
        `is no field; there ${known.length === 1 ? 'is' : 'are'} ${known.join(' and ')}`,
      );
}

/** Where and what form; values are never part of it, only names of fields, which are no secrets. */
export function pushIssues(
  source: string,
  place: readonly PropertyKey[],
  error: z.ZodError,
  mistakes: string[],
): void {
  for (const issue of error.issues) {
    const at = (path: readonly PropertyKey[]): string =>
      [...place, ...path]
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) mistakes.push(`${source} ${at([...issue.path, key])}: is no field here.`);
    } else mistakes.push(`${source} ${at(issue.path)}: ${wordsOf(issue)}.`);
  }
}

const typeWords: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const what = typeWords[issue.expected] ?? issue.expected;
      return issue.message.endsWith('received undefined') ? `is missing: ${what}` : `must be ${what}`;
    }
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at least ${issue.minimum}`
        : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'invalid_format':
    case 'custom':
      return issue.message.startsWith('Invalid')
        ? 'does not have the right form'
        : `must be ${issue.message}`;
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      break;
  }
  return 'does not have the right form';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
