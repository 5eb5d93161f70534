import type { Card } from '../../core/card.ts';
import type { Catalog, Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ImageRequest, InputImage } from '../../core/image-request.ts';
import type { ApiKey } from '../../core/key-store.ts';
import type { Warning } from '../../core/record.ts';
import { parsePixels, resolveShape, type AskedShape } from '../../core/shape.ts';
import {
  readInputReferences,
  readReference,
  type InputReference,
} from '../../generation/input-references.ts';
import { checkParameter } from './check-parameter.ts';
import { fields, ownSchemas } from './fields.ts';
import { checkOneSpelling, isObject, readGiven, spellingOf, type Given } from './given-fields.ts';
import {
  checkFormat,
  checkGrants,
  checkShape,
  integer,
  readGroup,
  readShapeWishes,
  text,
} from './joint-rules.ts';
import { refuseUnsupported } from './refuse-unsupported.ts';

/** A body that passed every check that needs no input image's bytes. */
export interface CheckedBody {
  model: Model;
  references: readonly InputReference[];
  mask: InputReference | undefined;
  responseFormat: 'url' | 'b64_json';
  /** By field name, as sent; without model, prompt and images. */
  parameters: Readonly<Record<string, unknown>>;
  warnings: readonly Warning[];
  /** Field name -> the caller's own spelling. */
  spelling: Readonly<Record<string, string>>;
  /** The request, once the input images are at hand. Throws GatewayError where they decide, e.g. on the shape. */
  complete(inputs: readonly InputImage[], mask: InputImage | undefined): ImageRequest;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Checks the rest of a body against the model's card, in the order of public-api.md section 3: fields in the
 * order of 4.1, then what the model does not expose and what nobody knows. Strict: nothing is dropped or bent.
 */
export function readImageRequest(body: Body, model: Model, isEdit = false): CheckedBody {
  const { card } = model;
  const given = readGiven(body);
  const prompt = readPrompt(given, card);
  // What a model does not take at all is refused with the other unsupported fields.
  const references = card.inputImages.max === 0 ? [] : readInputReferences(body);
  if (isEdit && references.length === 0 && isEmptyList(given.values['reference_images']))
    throw missing('image', "'image' is missing. An edit needs at least one image.");
  checkPromptReferences(prompt, references.length, card);
  checkInputCount(references, card);
  const values = checkFields(given, model, references.length);
  refuseUnsupported(given, card);
  const mask = readMask(given, card);
  const group = readGroup(values, references.length, given.spelling);
  const { asked, warnings } = readShapeWishes(values, card);
  return {
    model,
    references,
    mask,
    responseFormat:
      values['response_format'] === 'b64_json'
        ? 'b64_json'
        : values['response_format'] === 'url'
          ? 'url'
          : values['stream'] === true
            ? 'b64_json'
            : defaultFormat(card),
    parameters: values,
    warnings: [...warnings, ...hollowWarnings(values, card)],
    spelling: given.spelling,
    complete: (inputs, loadedMask) => ({
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
      mask: loadedMask,
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

/** The model a body names, which this key may use. Throws GatewayError. */
export function readModel(body: Body, catalog: Catalog, key: ApiKey): Model {
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
  const length = codePointsOf(prompt, card.maxPromptLength);
  if (length !== undefined) {
    throw new GatewayError(
      'prompt_too_long',
      `'prompt' has ${length} characters; model '${card.id}' takes at most ${card.maxPromptLength}.`,
      { param: 'prompt' },
    );
  }
  return prompt;
}

/** How many code points a text has, when they are more than `max`. A text of megabytes is not counted through. */
function codePointsOf(text: string, max: number): number | string | undefined {
  if (text.length <= max) return undefined;
  if (text.length > 2 * max) return `more than ${max}`;
  const count = Array.from(text).length;
  return count > max ? count : undefined;
}

function checkInputCount(references: readonly InputReference[], card: Card): void {
  const first = references[0];
  if (first === undefined) return;
  const { max } = card.inputImages;
  if (references.length > max) {
    throw new GatewayError(
      'too_many_inputs',
      `Model '${card.id}' takes at most ${max} input images; ${references.length} were sent.`,
      { param: first.field },
    );
  }
}

/**
 * Every field the card exposes, checked by its schema, in the order of the table. A rule over several fields is
 * looked at behind the last of them.
 */
function checkFields(given: Given, model: Model, inputs: number): Record<string, unknown> {
  const { card } = model;
  const values: Record<string, unknown> = {};
  const ratioParam = spellingOf(given, 'ratio');
  for (const field of fields) {
    const { name } = field;
    checkOneSpelling(given, name);
    const value = given.values[name];
    if (value !== undefined && !readElsewhere.has(name)) {
      const param = spellingOf(given, name);
      const schema = ownSchemas[name] ?? card.parameters[name];
      if (schema === undefined) continue;
      const isAbsent = field.asksForNothing(value) && (value === 'auto' || value === -1);
      // Its text says why, which the list of what is allowed cannot.
      if (name === 'watermark') checkGrants({ watermark: value }, model);
      // Pixels are checked by the card's size rules, which can name the nearest legal size.
      if (!isAbsent && !(name === 'size' && isPixels(value, card))) checkParameter(schema, value, param);
      values[name] = value;
      checkFormat(name, values, card, param);
    }
    // Size by itself first: its own fault is told before one of ratio or quality.
    if (name === 'size' || name === 'quality') checkShape(values, card, ratioParam);
    if (name === 'sequential_image_generation_options') readGroup(values, inputs, given.spelling);
  }
  const options = given.values['provider_options'];
  return options === undefined ? values : { ...values, provider_options: options };
}

const readElsewhere: ReadonlySet<string> = new Set([
  'model',
  'prompt',
  'reference_images',
  'provider_options',
  'mask',
]);

function readMask(given: Given, card: Card): InputReference | undefined {
  const value = given.values['mask'];
  if (value === undefined || card.parameters['mask'] === undefined) return undefined;
  return { field: 'mask', param: 'mask', reference: readReference(value, 'mask') };
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function isPixels(size: unknown, card: Card): boolean {
  return card.size !== undefined && typeof size === 'string' && parsePixels(size) !== undefined;
}

/** A model may refer to its input images by number in the prompt; a number beyond them is a mistake that costs money. */
function checkPromptReferences(prompt: string, inputs: number, card: Card): void {
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

/** How images are delivered where a request does not say. */
export function defaultFormat(card: Card): 'url' | 'b64_json' {
  return card.parameters['response_format']?.['default'] === 'b64_json' ? 'b64_json' : 'url';
}

function outputFormat(value: unknown): ImageRequest['outputFormat'] {
  return value === 'png' || value === 'jpeg' || value === 'webp' ? value : undefined;
}

function missing(param: string, message: string): GatewayError {
  return new GatewayError('missing_parameter', message, { param });
}
