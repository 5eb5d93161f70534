import { decodeDataUri, isHttpUrl, measureImage, type MeasuredImage } from '../../sandbox/kit-inputs.ts';
import { notValid, Refusal } from './simulator-errors.ts';
import { arkModels, sizeOfTier, type ArkModel } from './simulator-models.ts';

/** A request that passed every check, in the simulator's own words. */
export interface ArkJob {
  /** As sent; the answer echoes it. */
  modelId: string;
  model: ArkModel;
  prompt: string;
  width: number;
  height: number;
  inputs: readonly Uint8Array[];
  /** How many images may come: 1, or the ceiling of a group. */
  maxImages: number;
  format: 'jpeg' | 'png';
  delivery: 'url' | 'b64_json';
  watermark: boolean;
  seed: number | undefined;
  isStream: boolean;
  searchesWeb: boolean;
}

const maxReferences = 14;
const maxTogether = 15;
const maxInputBytes = 10 * 1024 * 1024;
const maxInputPixels = 36_000_000;
const inputTypes = new Set(['jpg', 'png', 'webp', 'bmp', 'tiff', 'gif', 'heic', 'heif']);

/**
 * Reads the body of `POST /images/generations` (upstream-seedream.md sections 3 to 5). Unknown fields, `n` among them, and
 * fields of other models are ignored; wrong values of known fields throw a Refusal.
 */
export function readJob(body: unknown): ArkJob {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal('invalid', 'The request body is not a valid JSON object');
  const fields = body as Record<string, unknown>;
  const modelId = requiredText(fields, 'model');
  const model = arkModels.find(({ ids }) => ids.includes(modelId));
  if (model === undefined)
    throw new Refusal(
      'not-found',
      `The model or endpoint ${modelId} does not exist or you do not have access to it`,
    );
  const prompt = requiredText(fields, 'prompt');
  checkMode(fields['optimize_prompt_options'], model);
  const images = readImages(fields['image']);
  const [width, height] = readSize(fields['size'], model, modelId, prompt, images);
  return {
    modelId,
    model,
    prompt,
    width,
    height,
    inputs: images.flatMap((image) => (image === undefined ? [] : [image.bytes])),
    maxImages: readMaxImages(fields, images.length),
    format: model.formats.length > 1 ? oneOf(fields, 'output_format', model.formats, 'jpeg') : 'jpeg',
    delivery: oneOf(fields, 'response_format', ['url', 'b64_json'], 'url'),
    watermark: readFlag(fields, 'watermark', true),
    seed: readSeed(fields['seed']),
    isStream: readFlag(fields, 'stream', false),
    searchesWeb: readTools(fields['tools'], model),
  };
}

function requiredText(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (value === undefined || value === null || value === '')
    throw new Refusal('missing', `The request failed because it is missing \`${name}\` parameter`);
  if (typeof value !== 'string') throw notValid(name, 'expected a string');
  return value;
}

function oneOf<Value extends string>(
  fields: Record<string, unknown>,
  name: string,
  allowed: readonly Value[],
  usual: Value,
): Value {
  const value = fields[name] ?? usual;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw notValid(name, `expected one of ${allowed.join(', ')}`);
  return found;
}

function readFlag(fields: Record<string, unknown>, name: string, usual: boolean): boolean {
  const value = fields[name] ?? usual;
  if (typeof value !== 'boolean') throw notValid(name, 'expected a boolean');
  return value;
}

/**
 * The real models ignore `seed`; the sandbox honours it (public-api.md section 14). A value outside the documented range is
 * ignored as the real ones would.
 */
function readSeed(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= 2_147_483_647 ? value : undefined;
}

function readTools(value: unknown, model: ArkModel): boolean {
  if (!model.hasWebSearch || value === undefined || value === null) return false;
  const tools = Array.isArray(value) ? (value as unknown[]) : [undefined];
  if (tools.some((tool) => (tool as { type?: unknown } | null | undefined)?.type !== 'web_search'))
    throw notValid('tools', 'only web_search is supported');
  return tools.length > 0;
}

function checkMode(value: unknown, model: ArkModel): void {
  if (value === undefined || value === null) return;
  const mode = (value as { mode?: unknown }).mode ?? 'standard';
  const allowed = model.hasFastMode ? ['standard', 'fast'] : ['standard'];
  if (typeof mode !== 'string' || !allowed.includes(mode))
    throw notValid('optimize_prompt_options.mode', `expected one of ${allowed.join(', ')}`);
}

function readMaxImages(fields: Record<string, unknown>, references: number): number {
  const mode = oneOf(fields, 'sequential_image_generation', ['disabled', 'auto'], 'disabled');
  if (mode === 'disabled') return 1; // the options are only read with auto
  const options = (fields['sequential_image_generation_options'] ?? {}) as { max_images?: unknown };
  const room = maxTogether - references;
  const asked = options.max_images ?? room;
  const name = 'sequential_image_generation_options.max_images';
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 1 || asked > maxTogether)
    throw notValid(name, `expected an integer between 1 and ${maxTogether}`);
  if (asked > room)
    throw notValid(
      name,
      `the number of reference images and generated images must not exceed ${maxTogether}`,
    );
  return asked;
}

/** One per reference; undefined for one given by address, which is never fetched. */
type InputImages = readonly (MeasuredImage | undefined)[];

function readImages(value: unknown): InputImages {
  if (value === undefined || value === null) return [];
  const given = Array.isArray(value) ? (value as unknown[]) : [value];
  if (given.length === 0 || given.length > maxReferences)
    throw notValid('image', `the number of reference images must be between 1 and ${maxReferences}`);
  return given.map(readImage);
}

function readImage(value: unknown): MeasuredImage | undefined {
  if (typeof value !== 'string') throw notValid('image', 'expected a string or an array of strings');
  if (value === '') throw new Refusal('empty-url');
  if (isHttpUrl(value)) return undefined;
  const decoded = decodeDataUri(value);
  // Section 5: the format name is in lower case.
  if (decoded === undefined || !/^image\/[a-z0-9.+-]+$/.test(decoded.mimeType))
    throw new Refusal('image-format');
  if (decoded.bytes.length > maxInputBytes)
    throw notValid('image', 'the size of an image must not exceed 10 MB');
  const image = measureImage(decoded.bytes);
  if (image === undefined || !inputTypes.has(image.type)) throw new Refusal('image-format');
  const { width, height } = image;
  if (width <= 14 || height <= 14) throw notValid('image', 'width and height must be greater than 14 pixels');
  if (width * height > maxInputPixels)
    throw notValid('image', `an image must not exceed ${maxInputPixels} pixels`);
  if (width > height * 16 || height > width * 16)
    throw notValid('image', 'the aspect ratio must be between 1/16 and 16');
  return image;
}

function readSize(
  value: unknown,
  model: ArkModel,
  modelId: string,
  prompt: string,
  images: InputImages,
): readonly [number, number] {
  const size = value ?? '2048x2048';
  const tier = model.tiers.find((each) => each === size);
  if (tier !== undefined) return sizeOfTier(tier, prompt, images[0]);
  const [, w, h] = (typeof size === 'string' ? /^(\d{1,6})x(\d{1,6})$/.exec(size) : null) ?? [];
  if (w === undefined || h === undefined) {
    const bareName = modelId.replace(/-\d{6}$/, '');
    throw notValid('size', `the specified size is not supported for model ${bareName}`);
  }
  const [width, height] = [Number(w), Number(h)];
  if (width * height < model.minPixels)
    throw notValid('size', `image size must be at least ${model.minPixels} pixels`);
  if (width * height > model.maxPixels)
    throw notValid('size', `image size must be at most ${model.maxPixels} pixels`);
  if (width > height * 16 || height > width * 16)
    throw notValid('size', 'image aspect ratio must be between 1/16 and 16');
  return [width, height];
}
