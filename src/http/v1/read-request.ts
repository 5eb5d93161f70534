import type { Card } from '../../core/card.ts';
import type { Catalog, Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ImageRequest, InputImage } from '../../core/image-request.ts';
import type { ApiKey } from '../../core/key-store.ts';
import type { Warning } from '../../core/record.ts';
import { parsePixels, resolveShape, type AskedShape } from '../../core/shape.ts';
import { readInputReferences, type InputReference } from '../../generation/input-references.ts';
import { checkParameter } from './check-parameter.ts';
import { fields } from './fields.ts';

/** A body that passed every check that needs no input image's bytes. */
export interface CheckedBody {
  model: Model;
  references: readonly InputReference[];
  responseFormat: 'url' | 'b64_json';
  /** By field name, as sent; without model, prompt and images. */
  parameters: Readonly<Record<string, unknown>>;
  warnings: readonly Warning[];
  /** Field name -> the caller's own spelling. */
  spelling: Readonly<Record<string, string>>;
  /** The request, once the input images are at hand. Throws GatewayError where they decide, e.g. on the shape. */
  complete(inputs: readonly InputImage[]): ImageRequest;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Checks a body against the model's card, in the order of public-api.md section 3: model, allow-list, fields in
 * the order of 4.1, then what the model does not expose and what nobody knows. Strict: nothing is dropped or bent.
 */
export function readImageRequest(body: Body, catalog: Catalog, key: ApiKey): CheckedBody {
  const model = readModel(body, catalog, key);
  const { card } = model;
  const given = readSpellings(body);
  const prompt = readPrompt(given, card);
  const references = readInputReferences(body);
  checkInputCount(references, card);
  const values = checkExposed(given, card);
  checkPrompt(prompt, references.length, card);
  const group = readGroup(values, references.length, given.spelling);
  checkGrants(values, model);
  refuseUnsupported(given, card);
  const { asked, warnings } = readShapeWishes(values, card);
  // What the inputs do not decide is refused before they are read.
  if (card.size !== undefined && references.length === 0)
    resolveShape(card.size, asked, undefined, spellingOf(given, 'ratio'));
  return {
    model,
    references,
    responseFormat:
      values['response_format'] === 'b64_json'
        ? 'b64_json'
        : values['response_format'] === 'url'
          ? 'url'
          : defaultFormat(card),
    parameters: values,
    warnings: [...warnings, ...hollowWarnings(values, card)],
    spelling: given.spelling,
    complete: (inputs) => ({
      model: card.id,
      prompt,
      n: group === undefined ? (integer(values['n']) ?? 1) : 1,
      inputs,
      shape:
        card.size === undefined
          ? openShape(asked)
          : resolveShape(card.size, asked, inputs[0], spellingOf(given, 'ratio')),
      quality: asked.level,
      watermark: typeof values['watermark'] === 'boolean' ? values['watermark'] : undefined,
      seed: values['seed'] === -1 ? undefined : integer(values['seed']),
      group,
      outputFormat: outputFormat(values['output_format']),
      negativePrompt: text(values['negative_prompt']),
      mask: undefined,
      style: text(values['style']),
      background: text(values['background']),
      moderation: text(values['moderation']),
      outputCompression: integer(values['output_compression']),
      inputFidelity: text(values['input_fidelity']),
      providerOptions: isObject(values['provider_options']) ? values['provider_options'] : {},
      user: text(values['user']),
    }),
  };
}

function readModel(body: Body, catalog: Catalog, key: ApiKey): Model {
  const name = body['model'];
  if (name === undefined || name === null)
    throw missing('model', "'model' is missing. GET /v1/models lists the models.");
  if (typeof name !== 'string')
    throw new GatewayError('invalid_type', "'model' must be a string.", { param: 'model' });
  const model = catalog.find(name.trim());
  if (model === undefined) {
    throw new GatewayError('model_not_found', 'There is no such model. GET /v1/models lists the models.', {
      param: 'model',
    });
  }
  if (key.models !== undefined && !key.models.includes(model.card.id)) {
    throw new GatewayError(
      'model_access_denied',
      `This API key may not use model '${model.card.id}'. GET /v1/models lists what it may use.`,
      { param: 'model' },
    );
  }
  return model;
}

/** The fields a body has, by their names, and how the caller spelled them; null counts as not sent. */
interface Given {
  values: Record<string, unknown>;
  spelling: Record<string, string>;
  /** Body keys that are no field. */
  unknown: string[];
}

function readSpellings(body: Body): Given {
  const nameOf = new Map(
    fields.flatMap((field) => [field.name, ...field.aliases].map((spelling) => [spelling, field.name])),
  );
  const given: Given = { values: Object.create(null), spelling: Object.create(null), unknown: [] };
  for (const [spelling, value] of Object.entries(body)) {
    const name = nameOf.get(spelling);
    if (value === null) continue;
    if (name === undefined) {
      given.unknown.push(spelling);
      continue;
    }
    const other = given.spelling[name];
    if (other !== undefined) {
      throw new GatewayError(
        'invalid_value',
        `'${other}' and '${spelling}' are two spellings of one parameter. Send one of them.`,
        { param: spelling },
      );
    }
    given.values[name] = value;
    given.spelling[name] = spelling;
  }
  return given;
}

function spellingOf(given: Given, name: string): string {
  return given.spelling[name] ?? name;
}

function readPrompt(given: Given, card: Card): string {
  const prompt = given.values['prompt'];
  if (prompt === undefined) throw missing('prompt', "'prompt' is missing. Say what the image is to show.");
  if (typeof prompt !== 'string')
    throw new GatewayError('invalid_type', "'prompt' must be a string.", { param: 'prompt' });
  if (prompt.trim() === '')
    throw new GatewayError('invalid_value', "'prompt' is blank. Say what the image is to show.", {
      param: 'prompt',
    });
  if (!prompt.isWellFormed() || prompt.includes('\0')) {
    throw new GatewayError(
      'invalid_value',
      "'prompt' holds characters that are no text (NUL or half of a surrogate pair).",
      { param: 'prompt' },
    );
  }
  const length = prompt.length <= card.maxPromptLength ? prompt.length : Array.from(prompt).length;
  if (length > card.maxPromptLength) {
    throw new GatewayError(
      'prompt_too_long',
      `'prompt' has ${length} characters; model '${card.id}' takes at most ${card.maxPromptLength}.`,
      { param: 'prompt' },
    );
  }
  return prompt;
}

function checkInputCount(references: readonly InputReference[], card: Card): void {
  const first = references[0];
  if (first === undefined) return;
  const { max } = card.inputImages;
  if (max === 0) {
    throw new GatewayError(
      'unsupported_parameter',
      `Model '${card.id}' makes images from text only; it takes no input images.`,
      { param: first.field },
    );
  }
  if (references.length > max) {
    throw new GatewayError(
      'too_many_inputs',
      `Model '${card.id}' takes at most ${max} input images; ${references.length} were sent.`,
      { param: first.field },
    );
  }
}

/** Every field the card exposes, checked by its schema, in the order of the table. */
function checkExposed(given: Given, card: Card): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const value = given.values[field.name];
    if (
      value === undefined ||
      field.name === 'model' ||
      field.name === 'prompt' ||
      field.name === 'reference_images'
    )
      continue;
    const param = spellingOf(given, field.name);
    if (field.name === 'user') checkParameter(userSchema, value, param);
    else if (field.name === 'provider_options') {
      // Its names are checked with the unsupported fields.
    } else {
      const schema = card.parameters[field.name];
      if (schema === undefined) continue;
      // Pixels are checked by the card's size rules, which can name the nearest legal size.
      const isPixels =
        field.name === 'size' &&
        card.size !== undefined &&
        typeof value === 'string' &&
        parsePixels(value) !== undefined;
      const isAbsent = field.asksForNothing(value) && (value === 'auto' || value === -1);
      if (!isPixels && !isAbsent) checkParameter(schema, value, param);
    }
    values[field.name] = value;
  }
  return values;
}

const userSchema = { type: 'string', maxLength: 256 };

/** A model may refer to its input images by number in the prompt; a number beyond them is a mistake that costs money. */
function checkPrompt(prompt: string, inputs: number, card: Card): void {
  if (card.promptImageReference === undefined) return;
  for (const [reference, number] of prompt.matchAll(new RegExp(card.promptImageReference, 'g'))) {
    if (Number(number) > inputs || Number(number) < 1) {
      throw new GatewayError(
        'invalid_value',
        `'prompt' names ${reference}, but ${inputs === 0 ? 'no input images were' : `only ${inputs} input image${inputs === 1 ? ' was' : 's were'}`} sent.`,
        { param: 'prompt' },
      );
    }
  }
}

/** The most images a group and its inputs may have together (public-api.md section 4.1). */
const groupSum = 15;

function readGroup(
  values: Body,
  inputs: number,
  spelling: Readonly<Record<string, string>>,
): { maxImages: number } | undefined {
  const optionsParam =
    spelling['sequential_image_generation_options'] ?? 'sequential_image_generation_options';
  const options = values['sequential_image_generation_options'];
  const maxImages =
    typeof options === 'object' && options !== null && 'max_images' in options
      ? integer(options.max_images)
      : undefined;
  const param = `${optionsParam}.max_images`;
  if (values['sequential_image_generation'] !== 'auto') {
    if (maxImages === undefined || maxImages === 1) return undefined;
    throw new GatewayError(
      'invalid_value',
      `'${param}' above 1 needs "sequential_image_generation": "auto".`,
      { param },
    );
  }
  const n = integer(values['n']) ?? 1;
  if (n > 1)
    throw new GatewayError(
      'invalid_value',
      "'n' above 1 cannot be combined with sequential_image_generation 'auto'; say how many with max_images.",
      { param: 'n' },
    );
  const most = groupSum - inputs;
  if (maxImages !== undefined && maxImages > most) {
    throw new GatewayError(
      'invalid_value',
      `'${param}' must be 1 to ${most}: input images and generated ones together are at most ${groupSum}.`,
      { param },
    );
  }
  return { maxImages: maxImages ?? most };
}

/** What the upstream grants only to some accounts is the route's to say. */
function checkGrants(values: Body, model: Model): void {
  if (!model.card.watermarkOffNeedsGrant || values['watermark'] !== false) return;
  if (model.routes.length > 0 && model.routes.every((route) => route.watermarkFree)) return;
  throw new GatewayError(
    'invalid_value',
    `Model '${model.card.id}' always carries its provider's watermark here: the provider turns it off per account, and no route of this server says "watermarkFree". Leave 'watermark' out.`,
    { param: 'watermark' },
  );
}

/** A parameter the model does not have is refused unless its value asks for nothing; so is a field nobody knows (public-api.md section 5). */
function refuseUnsupported(given: Given, card: Card): void {
  for (const field of fields) {
    const value = given.values[field.name];
    if (
      value === undefined ||
      field.exposed === 'always' ||
      card.parameters[field.name] !== undefined ||
      field.asksForNothing(value)
    )
      continue;
    const param = spellingOf(given, field.name);
    throw new GatewayError(
      'unsupported_parameter',
      `Parameter '${param}' is not available for model '${card.id}'.`,
      { param },
    );
  }
  refuseProviderOptions(given, card);
  const [unknown] = given.unknown;
  if (unknown !== undefined) {
    const param = unknown.slice(0, 100);
    throw new GatewayError(
      'unknown_parameter',
      `Unknown parameter: '${param}'. GET /v1/models shows what model '${card.id}' takes.`,
      { param },
    );
  }
}

function refuseProviderOptions(given: Given, card: Card): void {
  const options = given.values['provider_options'];
  if (options === undefined) return;
  const param = 'provider_options';
  if (!isObject(options)) {
    throw new GatewayError('invalid_type', `'${param}' must be an object.`, { param });
  }
  for (const [provider, values] of Object.entries(options)) {
    const place = `${param}.${provider}`.slice(0, 120);
    if (!isObject(values))
      throw new GatewayError('invalid_type', `'${place}' must be an object.`, { param: place });
    const [name] = Object.keys(values).filter((name) => !card.providerOptions[provider]?.includes(name));
    if (name !== undefined || card.providerOptions[provider] === undefined) {
      const at = name === undefined ? place : `${place}.${name}`.slice(0, 240);
      throw new GatewayError('unsupported_parameter', `'${at}' may not be passed to model '${card.id}'.`, {
        param: at,
      });
    }
  }
}

/** Size, ratio and quality as one wish; OpenAI's quality words are mapped where the card says so, and said so. */
function readShapeWishes(
  values: Body,
  card: Card,
): { asked: AskedShape & { level: string | undefined }; warnings: Warning[] } {
  const said = (name: string): string | undefined =>
    values[name] === 'auto' ? undefined : text(values[name]);
  const size = said('size');
  const ratio = said('ratio');
  const quality = said('quality');
  const mapped = quality === undefined ? undefined : (card.qualityWords[quality] ?? quality);
  const isTier = mapped !== undefined && card.size?.presets[mapped] !== undefined;
  const warnings: Warning[] =
    mapped === quality
      ? []
      : [
          {
            param: 'quality',
            requested: quality,
            used: mapped,
            message: `Model '${card.id}' has no quality '${quality}'; '${mapped}' was used.`,
          },
        ];
  const asked = {
    ...(size === undefined ? {} : { size }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(mapped !== undefined && isTier ? { qualityTier: mapped } : {}),
    level: isTier ? undefined : mapped,
  };
  return { asked, warnings };
}

/** A card without size rules passes on what the caller said. */
function openShape(asked: AskedShape): ImageRequest['shape'] {
  const pixels = asked.size === undefined ? undefined : parsePixels(asked.size);
  return { tier: pixels === undefined ? asked.size : undefined, ratio: asked.ratio, pixels };
}

function hollowWarnings(values: Body, card: Card): Warning[] {
  return Object.entries(card.hollowParameters)
    .filter(([name]) => values[name] !== undefined && values[name] !== -1)
    .map(([param, message]) => ({ param, requested: values[param], used: values[param], message }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function defaultFormat(card: Card): 'url' | 'b64_json' {
  return card.parameters['response_format']?.['default'] === 'b64_json' ? 'b64_json' : 'url';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function outputFormat(value: unknown): ImageRequest['outputFormat'] {
  return value === 'png' || value === 'jpeg' || value === 'webp' ? value : undefined;
}

function missing(param: string, message: string): GatewayError {
  return new GatewayError('missing_parameter', message, { param });
}
