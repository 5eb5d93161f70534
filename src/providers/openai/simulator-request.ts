import { decodeDataUri, isHttpUrl, measureImage, type MeasuredImage } from '../../sandbox/kit-inputs.ts';
import type { Exchange, FormEntry } from '../../sandbox/kit.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  notJson,
  Refusal,
  unknownModel,
  unknownParameter,
} from './simulator-errors.ts';
import { findModel, sizeProblem, standardSizes, type SimulatedModel } from './simulator-models.ts';

/** A request that passed every check, in effective values: nothing is `auto` any more. */
export interface Job {
  kind: 'image_generation' | 'image_edit';
  model: SimulatedModel;
  prompt: string;
  n: number;
  width: number;
  height: number;
  quality: string;
  background: 'transparent' | 'opaque';
  format: 'png' | 'jpeg' | 'webp';
  compression: number;
  /** Those given as an address are never fetched and missing here. */
  inputs: readonly MeasuredImage[];
  mask: MeasuredImage | undefined;
  isStream: boolean;
  previews: number;
  safetyIdentifier: string | undefined;
}

const maxPromptLength = 32_000;
const maxInputs = 16;
const maxFileBytes = 50 * 1024 * 1024;
const maxAddressLength = 20_971_520;

const commonFields = [
  'prompt',
  'model',
  'n',
  'size',
  'quality',
  'background',
  'output_format',
  'output_compression',
  'moderation',
  'stream',
  'partial_images',
  'user',
  'safety_identifier',
  'complexity',
];
const editFields = [...commonFields, 'image', 'image[]', 'images', 'mask', 'input_fidelity'];

/** A request's fields by name, and the images that came as files. */
interface Given {
  fields: Record<string, unknown>;
  images: readonly MeasuredImage[];
  mask: MeasuredImage | undefined;
}

/** Reads either body of either route (openai-images.md sections 3 and 4). Throws Refusal. */
export function readJob(kind: Job['kind'], exchange: Exchange): Job {
  const isEdit = kind === 'image_edit';
  const known = new Set(isEdit ? editFields : commonFields);
  const { fields, images, mask } =
    isEdit && exchange.form !== undefined ? readForm(exchange.form) : readObject(exchange, isEdit);
  for (const name of Object.keys(fields)) if (!known.has(name)) throw unknownParameter(name);

  const prompt = text(fields, 'prompt') ?? refuse(missingParameter('prompt'));
  if (prompt === '' || prompt.length > maxPromptLength)
    throw invalidValue('prompt', `Invalid 'prompt': expected 1 to ${maxPromptLength} characters.`);
  const id = text(fields, 'model') ?? refuse(missingParameter('model'));
  const model = findModel(id) ?? refuse(unknownModel(id));
  if (isEdit && images.length === 0) throw missingParameter('image');
  const n = integer(fields, 'n', 1, 10) ?? 1;
  const [width, height] = readSize(text(fields, 'size') ?? 'auto', model, images[0]);
  const quality = oneOf(fields, 'quality', [...model.qualities, 'auto'], 'auto');
  const background = oneOf(fields, 'background', ['transparent', 'opaque', 'auto'], 'auto');
  const format = oneOf(fields, 'output_format', ['png', 'jpeg', 'webp'], 'png');
  if (background === 'transparent' && format === 'jpeg')
    throw invalidValue('background', 'Transparent background is not supported for JPEG output format.');
  const compression = integer(fields, 'output_compression', 0, 100) ?? 100;
  if (format === 'png' && compression < 100)
    throw invalidValue(
      'output_compression',
      'Compression less than 100 is not supported for PNG output format.',
    );
  oneOf(fields, 'moderation', ['auto', 'low'], 'auto');
  oneOf(fields, 'complexity', ['low', 'medium', 'high'], 'medium');
  const isStream = boolean(fields, 'stream');
  const previews = integer(fields, 'partial_images', 0, 3) ?? 0;
  if (previews > 0 && !isStream)
    throw invalidValue('partial_images', "'partial_images' is only supported when 'stream' is true.");
  if (text(fields, 'input_fidelity') !== undefined) {
    if (model.fidelities.length === 0) throw unknownParameter('input_fidelity');
    oneOf(fields, 'input_fidelity', model.fidelities, 'low');
  }
  text(fields, 'user');
  return {
    kind,
    model,
    prompt,
    n,
    width,
    height,
    // Which level `auto` picks is the model's secret.
    quality: quality === 'auto' ? 'medium' : quality,
    background: background === 'transparent' ? background : 'opaque',
    format,
    compression,
    inputs: images,
    mask,
    isStream,
    previews,
    safetyIdentifier: text(fields, 'safety_identifier'),
  };
}

function readObject({ body, bodyProblem }: Exchange, isEdit: boolean): Given {
  if (bodyProblem !== undefined || typeof body !== 'object' || body === null || Array.isArray(body))
    throw notJson();
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) if (value !== null) fields[name] = value;
  if (!isEdit) return { fields, images: [], mask: undefined };
  const listed = fields['images'];
  if (listed === undefined) throw missingParameter('images');
  if (!Array.isArray(listed)) throw invalidType('images', 'an array');
  checkCount(listed.length, 'images');
  const images = listed.flatMap((each: unknown, place) => readReference(each, `images[${place}]`) ?? []);
  const mask = fields['mask'] === undefined ? undefined : readReference(fields['mask'], 'mask');
  return { fields, images, mask: checkMask(mask, images[0]) };
}

/** One entry of a JSON edit: exactly one of `image_url` and `file_id`, and nothing else. */
function readReference(entry: unknown, param: string): MeasuredImage | undefined {
  if (typeof entry !== 'object' || entry === null) throw invalidType(param, 'an object');
  const members: Record<string, unknown> = { ...entry };
  const [name, ...others] = Object.keys(members);
  if (others.length > 0 || (name !== 'image_url' && name !== 'file_id'))
    throw invalidValue(param, `Invalid '${param}': exactly one of 'image_url' and 'file_id' is expected.`);
  const value = members[name];
  if (typeof value !== 'string') throw invalidType(`${param}.${name}`, 'a string');
  if (name === 'file_id')
    throw invalidValue(`${param}.file_id`, `No such File object: ${value.slice(0, 40)}`);
  if (value.length > maxAddressLength) throw invalidValue(`${param}.image_url`, 'The image URL is too long.');
  if (isHttpUrl(value)) return undefined;
  const bytes = decodeDataUri(value)?.bytes;
  return measured(bytes ?? new Uint8Array(), `${param}.image_url`);
}

function readForm(form: readonly FormEntry[]): Given {
  const fields: Record<string, unknown> = {};
  const images: MeasuredImage[] = [];
  let mask: MeasuredImage | undefined;
  for (const { name, value } of form) {
    if (name !== 'image[]' && Object.hasOwn(fields, name))
      throw invalidValue(
        name,
        `Duplicate parameter: '${name}'. You provided multiple values for this parameter, whereas only one is allowed. If you are trying to provide a list of values, use the array syntax instead e.g. '${name}[]=<value>'.`,
      );
    if (typeof value === 'string') {
      if (name === 'image' || name === 'image[]' || name === 'mask') throw invalidType(name, 'a file');
      fields[name] = fromText(name, value);
      continue;
    }
    fields[name] = true;
    if (name === 'mask') mask = measured(value.bytes, name);
    else if (name === 'image' || name === 'image[]') images.push(measured(value.bytes, 'image'));
    else throw invalidType(name, 'a string');
  }
  checkCount(images.length, 'image');
  return { fields, images, mask: checkMask(mask, images[0]) };
}

/** Text of a form where JSON would have a number or a boolean. */
function fromText(name: string, value: string): unknown {
  if (['n', 'output_compression', 'partial_images'].includes(name) && /^\d+$/.test(value))
    return Number(value);
  if (name === 'stream' && /^(true|false)$/.test(value)) return value === 'true';
  return value;
}

function checkCount(count: number, param: string): void {
  if (count > maxInputs)
    throw invalidValue(param, `Invalid '${param}': at most ${maxInputs} images are allowed.`);
}

function measured(bytes: Uint8Array, param: string): MeasuredImage {
  const refused = (code: string, message: string) =>
    new Refusal({ status: 400, type: 'invalid_request_error', code, param, message });
  if (bytes.length >= maxFileBytes) throw refused('invalid_image_file', 'The image file is too large.');
  const image = measureImage(bytes);
  if (image === undefined)
    throw refused('invalid_image_file', 'Invalid image file or mode, please check your image file.');
  if (!['png', 'jpg', 'webp'].includes(image.type))
    throw refused('invalid_image_format', `Invalid file: unsupported format '${image.type}'.`);
  return image;
}

/** A PNG with an alpha channel, as large as the first image. */
function checkMask(
  mask: MeasuredImage | undefined,
  first: MeasuredImage | undefined,
): MeasuredImage | undefined {
  if (mask === undefined) return undefined;
  // The colour type stands in the header, which is the first chunk of every PNG.
  const hasAlpha = mask.type === 'png' && [4, 6].includes(mask.bytes[25] ?? 0);
  if (!hasAlpha) throw invalidValue('mask', 'Invalid mask image format - mask image missing alpha channel.');
  if (first !== undefined && (mask.width !== first.width || mask.height !== first.height))
    throw invalidValue('mask', 'Invalid mask image size - mask size does not match image size.');
  return mask;
}

/** `auto` follows the first input among the standard shapes; without one it is square. */
function readSize(size: string, model: SimulatedModel, first: MeasuredImage | undefined): [number, number] {
  if (size === 'auto') {
    if (first === undefined || first.width === first.height) return [1024, 1024];
    return first.width > first.height ? [1536, 1024] : [1024, 1536];
  }
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size)?.map(Number) ?? [];
  if (width === undefined || height === undefined)
    throw invalidValue('size', `Invalid value: '${size}'. Supported values are: 'auto' and 'WIDTHxHEIGHT'.`);
  if (model.sizes === 'standard') {
    if (standardSizes.includes(size)) return [width, height];
    throw invalidValue(
      'size',
      `Invalid value: '${size}'. Supported values are: ${quotedList([...standardSizes, 'auto'])}.`,
    );
  }
  const problem = sizeProblem(width, height);
  if (problem !== undefined) throw invalidValue('size', `Invalid size '${size}': ${problem}.`);
  return [width, height];
}

function text(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name];
  if (value !== undefined && typeof value !== 'string') throw invalidType(name, 'a string');
  return value;
}

function boolean(fields: Record<string, unknown>, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean');
  return value;
}

function integer(
  fields: Record<string, unknown>,
  name: string,
  low: number,
  high: number,
): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalidType(name, 'an integer');
  if (value < low || value > high)
    throw invalidValue(
      name,
      `Invalid '${name}': expected a value between ${low} and ${high}, but got ${value} instead.`,
    );
  return value;
}

function oneOf<const Word extends string>(
  fields: Record<string, unknown>,
  name: string,
  allowed: readonly Word[],
  usual: Word,
): Word {
  const value = text(fields, name) ?? usual;
  const word = allowed.find((each) => each === value);
  if (word !== undefined) return word;
  throw invalidValue(name, `Invalid value: '${value}'. Supported values are: ${quotedList(allowed)}.`);
}

function quotedList(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

function refuse(refusal: Refusal): never {
  throw refusal;
}
