import type { Model } from '../api/wire.ts';
import { isObject } from '../api/errors.ts';

/**
 * What can be set for a model, read from the JSON Schema of its card: a model that comes later needs nothing here.
 * With several models at once a field is there when one of them has it, with all that any of them takes.
 */

export type Schema = Readonly<Record<string, unknown>>;
/** What was chosen, by field name. What is not in it is left to the model. */
export type Values = Readonly<Record<string, unknown>>;

export type Control =
  | { kind: 'ratio'; options: readonly string[] }
  | { kind: 'size' }
  | { kind: 'seed'; max: number }
  | { kind: 'count'; min: number; max: number }
  | { kind: 'number'; min: number | undefined; max: number | undefined; isInteger: boolean }
  | { kind: 'switch' }
  | { kind: 'choice'; options: readonly string[] }
  | { kind: 'text' }
  | { kind: 'image' }
  | { kind: 'json' };

export interface FormField {
  name: string;
  label: string;
  hint: string | undefined;
  control: Control;
  /** What the first of the models does when nothing is chosen. */
  preset: unknown;
}

/** The console settles these itself. */
const ownBusiness = new Set(['response_format', 'stream', 'webhook_url', 'user', 'provider_options']);
const labels: Readonly<Record<string, string>> = { ratio: 'Shape', n: 'Images' };
const order = ['ratio', 'size', 'n', 'seed'];

/** The fields of all these models, those that most people want first. */
export function formFields(models: readonly Model[]): FormField[] {
  const names = new Set(models.flatMap((model) => Object.keys(model.parameters)));
  return [...names]
    .filter((name) => !ownBusiness.has(name))
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((name): FormField[] => {
      const schemas = models.flatMap((model): Schema[] => {
        const schema = model.parameters[name];
        return schema === undefined ? [] : [schema];
      });
      const control = controlOf(name, schemas, models);
      if (control === undefined) return [];
      const [first = {}] = schemas;
      const hint = typeof first['description'] === 'string' ? first['description'] : undefined;
      return [{ name, label: labels[name] ?? titleOf(name), hint, control, preset: first['default'] }];
    });
}

function rank(name: string): number {
  return order.includes(name) ? order.indexOf(name) : order.length;
}

/** Fields that stand in sight; the others are behind "More settings". */
export function isMainField(field: FormField): boolean {
  return order.includes(field.name);
}

function controlOf(name: string, schemas: readonly Schema[], models: readonly Model[]): Control | undefined {
  const options = [...new Set(schemas.flatMap((schema) => listOf(schema['enum'])))];
  const types = new Set(schemas.map((schema) => schema['type']));
  const [type] = types;
  // An input image is a text or an object, and no schema says that it is an image.
  if (name === 'mask') return { kind: 'image' };
  if (types.size !== 1) return { kind: 'json' };
  // Nothing to choose.
  if (options.length === 1 && schemas.every((schema) => listOf(schema['enum']).length === 1))
    return undefined;
  switch (type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'integer':
    case 'number':
      return numberControl(name, schemas, type === 'integer');
    case 'string': {
      const words = options.filter((option) => typeof option === 'string');
      if (name === 'size' && models.some(knowsSizes)) return { kind: 'size' };
      if (words.length === 0) return { kind: 'text' };
      const isShape = words.every((word) => word === 'auto' || shapeOf(word) !== undefined);
      return { kind: isShape ? 'ratio' : 'choice', options: words };
    }
    default:
      return { kind: 'json' };
  }
}

function numberControl(name: string, schemas: readonly Schema[], isInteger: boolean): Control {
  const min = Math.min(...schemas.map((schema) => numberOf(schema['minimum']) ?? -Infinity));
  const max = Math.max(...schemas.map((schema) => numberOf(schema['maximum']) ?? Infinity));
  if (name === 'seed') return { kind: 'seed', max: Math.min(max, 2_147_483_647) };
  if (isInteger && min >= 0 && max <= 20) return { kind: 'count', min, max };
  return { kind: 'number', min: finite(min), max: finite(max), isInteger };
}

function finite(bound: number): number | undefined {
  return Number.isFinite(bound) ? bound : undefined;
}

/** Whether a model takes this value for this field. What it does not is left out of its request, and said. */
export function takes(model: Model, name: string, value: unknown): boolean {
  const schema = model.parameters[name];
  if (schema === undefined) return false;
  const options = listOf(schema['enum']);
  if (options.length > 0) return options.includes(value);
  switch (schema['type']) {
    case 'string':
      if (typeof value !== 'string') return false;
      if (name === 'size') return isOfPattern(schema, value) && sizeProblem(model, value) === undefined;
      return isOfPattern(schema, value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
    case 'number': {
      if (typeof value !== 'number') return false;
      if (schema['type'] === 'integer' && !Number.isInteger(value)) return false;
      return (
        value >= (numberOf(schema['minimum']) ?? -Infinity) &&
        value <= (numberOf(schema['maximum']) ?? Infinity)
      );
    }
    default:
      return true;
  }
}

function isOfPattern(schema: Schema, value: string): boolean {
  const pattern = schema['pattern'];
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value);
}

/** The values that a model takes. */
export function takenValues(model: Model, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => takes(model, name, value)));
}

/** Chooses a value (undefined: leaves it to the model), and takes back those that contradict it (`x-conflicts`). */
export function choose(values: Values, name: string, value: unknown, models: readonly Model[]): Values {
  const next: Record<string, unknown> = { ...values, [name]: value };
  if (value === undefined) delete next[name];
  for (const { fields } of models.flatMap((model) => model['x-conflicts'])) {
    if (!fields.includes(name) || value === undefined) continue;
    for (const other of fields) {
      if (other === name || !(other in next)) continue;
      // A tier and a shape go together; only a size in pixels has a shape of its own.
      const size = fields.includes('size') ? next['size'] : undefined;
      const isTier = typeof size === 'string' && pixelsOf(size) === undefined;
      if (isTier && fields.includes('ratio')) continue;
      delete next[other];
    }
  }
  return next;
}

/** `1360x768` as numbers. */
export function pixelsOf(size: string): readonly [width: number, height: number] | undefined {
  const found = /^([1-9]\d*)x([1-9]\d*)$/.exec(size);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** `16:9` as numbers. */
export function shapeOf(ratio: string): readonly [width: number, height: number] | undefined {
  const found = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(ratio);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** The sizes a model takes by name, e.g. 1K and 2K. */
export function tiersOf(model: Model): string[] {
  const named = sizeWords(model).filter((word) => word !== 'auto' && pixelsOf(word) === undefined);
  const tiers = [...Object.keys(model['x-size']?.presets ?? {}), ...named];
  return [...new Set(tiers)].filter((tier) => takes(model, 'size', tier));
}

/** The sizes in pixels that a model lists, each with its shape. */
export function listedSizes(model: Model): ReadonlyMap<string, readonly [width: number, height: number]> {
  const sizes = new Map<string, readonly [number, number]>();
  for (const table of Object.values(model['x-size']?.presets ?? {})) {
    for (const [ratio, size] of Object.entries(table)) {
      const shape = shapeOf(ratio) ?? pixelsOf(size);
      if (shape !== undefined && takes(model, 'size', size)) sizes.set(size, shape);
    }
  }
  for (const word of sizeWords(model)) {
    const pixels = pixelsOf(word);
    if (pixels !== undefined && !sizes.has(word) && takes(model, 'size', word)) sizes.set(word, pixels);
  }
  return sizes;
}

/** A model of which nobody knows its sizes takes any text. */
function knowsSizes(model: Model): boolean {
  return model['x-size'] !== undefined || sizeWords(model).length > 0;
}

function sizeWords(model: Model): string[] {
  const { enum: words, examples } = model.parameters['size'] ?? {};
  return listOf(words ?? examples).filter((word) => typeof word === 'string');
}

/** Whether any WIDTHxHEIGHT within bounds is taken. */
export function hasFreeSizes(model: Model): boolean {
  return model['x-size']?.maxPixels !== undefined;
}

/** What is wrong with a WIDTHxHEIGHT for this model, in words; undefined when nothing is. */
export function sizeProblem(model: Model, size: string): string | undefined {
  const rules = model['x-size'];
  const pixels = pixelsOf(size);
  if (rules === undefined || pixels === undefined) return undefined;
  if (Object.values(rules.presets).some((table) => Object.values(table).includes(size))) return undefined;
  if (!hasFreeSizes(model)) return 'This model makes listed sizes only.';
  const [width, height] = pixels;
  const { multipleOf = 1, minSide = 1, maxSide = Infinity, minPixels = 1, maxPixels = Infinity } = rules;
  const { minRatio = 0, maxRatio = Infinity } = rules;
  if (width % multipleOf !== 0 || height % multipleOf !== 0)
    return `Width and height must be multiples of ${multipleOf}.`;
  if (Math.min(width, height) < minSide || Math.max(width, height) > maxSide) {
    return Number.isFinite(maxSide)
      ? `Each side must have ${minSide} to ${maxSide} pixels.`
      : `Each side must have at least ${minSide} pixels.`;
  }
  if (width * height < minPixels || width * height > maxPixels)
    return `It must have ${megapixels(minPixels)} to ${megapixels(maxPixels)} megapixels; this has ${megapixels(width * height)}.`;
  if (width / height < minRatio || width / height > maxRatio) return 'It is too long for its height.';
  return undefined;
}

/** The pixels a request will bring, as far as the card tells; undefined with `auto` and input images. */
export function expectedPixels(model: Model, values: Values): readonly [number, number] | undefined {
  const size = textOf(values['size']) ?? textOf(model.parameters['size']?.['default']);
  const exact = size === undefined ? undefined : pixelsOf(size);
  const ratio = textOf(values['ratio']);
  if (exact !== undefined && (ratio === undefined || values['size'] !== undefined)) return exact;
  const presets = model['x-size']?.presets ?? {};
  const quality = textOf(values['quality']);
  const tier = [quality, size, Object.keys(presets)[0]].find((name) => name !== undefined && name in presets);
  const found = presets[tier ?? '']?.[ratio === undefined || ratio === 'auto' ? '1:1' : ratio];
  return found === undefined ? shapeOf(ratio ?? '') : pixelsOf(found);
}

function megapixels(pixels: number): string {
  return (pixels / 1_000_000).toFixed(1);
}

/** `output_format` -> `Output format`. */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The `properties` of an object's schema, for a hint on what may stand in it. */
export function propertiesOf(schema: Schema): string[] {
  return isObject(schema['properties']) ? Object.keys(schema['properties']) : [];
}
