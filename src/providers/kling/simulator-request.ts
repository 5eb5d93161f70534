import { decodeBase64, isHttpUrl, measureImage, type MeasuredImage } from '../../sandbox/kit-inputs.ts';
import { invalidValue, Refusal } from './simulator-errors.ts';

/** A create request that passed every check of upstream-kling.md section 4. */
export interface KlingJob {
  model: (typeof models)[number];
  prompt: string;
  inputs: readonly Uint8Array[];
  width: number;
  height: number;
  /** How many images, and slots. */
  count: number;
  isSeries: boolean;
  /** Section 9: units of each image. */
  unitsEach: number;
  watermark: boolean;
  externalId: string | undefined;
}

const models = ['kling-image-o1', 'kling-v3-omni'] as const;
const maxPromptLength = 2500;
const maxReferences = 10;
const maxInputBytes = 10 * 1024 * 1024;

/**
 * Pixels by ratio at 1k. The vendor publishes none; these are list A of public-api.md section 4.2, and 2k and 4k are twice and
 * four times the sides.
 */
const pixels: Record<string, readonly [number, number]> = {
  '1:1': [1024, 1024],
  '3:2': [1248, 832],
  '2:3': [832, 1248],
  '4:3': [1168, 880],
  '3:4': [880, 1168],
  '16:9': [1360, 768],
  '9:16': [768, 1360],
  '21:9': [1552, 656],
};

const scales: Record<string, number> = { '1k': 1, '2k': 2, '4k': 4 };

/** Reads the body of `POST /v1/images/omni-image`; unknown fields are ignored, wrong values throw a Refusal. */
export function readJob(body: unknown): KlingJob {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal('bad-request');
  const fields = body as Record<string, unknown>;
  const model = models.find((each) => each === (fields['model_name'] ?? models[0]));
  if (model === undefined)
    throw new Refusal('not-found', `model_name '${JSON.stringify(fields['model_name'])}' does not exist`);
  const isO1 = model === 'kling-image-o1';

  const prompt = fields['prompt'];
  if (typeof prompt !== 'string' || prompt === '') throw invalidValue('prompt', prompt);
  const length = Array.from(prompt).length;
  if (length > maxPromptLength)
    throw new Refusal('invalid', `prompt length ${length} exceeds the maximum of ${maxPromptLength}`);

  const images = readImages(fields['image_list']);
  const elements = readElements(fields['element_list']);
  if (images.length + elements > maxReferences)
    throw new Refusal(
      'invalid',
      `image_list and element_list must not hold more than ${maxReferences} together`,
    );

  const resolution = oneOf(fields, 'resolution', isO1 ? ['1k', '2k'] : ['1k', '2k', '4k'], '1k');
  const resultType = oneOf(fields, 'result_type', isO1 ? ['single'] : ['single', 'series'], 'single');
  const ratio = oneOf(fields, 'aspect_ratio', [...Object.keys(pixels), 'auto'], 'auto');
  const [width, height] = pixels[ratio === 'auto' ? shapeOf(images[0]) : ratio] ?? [1024, 1024];
  const scale = scales[resolution] ?? 1;
  checkCallback(fields['callback_url']);
  return {
    model,
    prompt,
    inputs: images.flatMap((image) => (image === undefined ? [] : [image.bytes])),
    width: width * scale,
    height: height * scale,
    count: resultType === 'series' ? readSeriesAmount(fields['series_amount']) : readCount(fields['n']),
    isSeries: resultType === 'series',
    unitsEach: resolution === '4k' ? 16 : 8,
    watermark: readWatermark(fields['watermark_info']),
    externalId: readExternalId(fields['external_task_id']),
  };
}

function oneOf(
  fields: Record<string, unknown>,
  name: string,
  allowed: readonly string[],
  usual: string,
): string {
  const value = fields[name] ?? usual;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalidValue(name, value);
  return found;
}

function readCount(value: unknown): number {
  const count = value ?? 1;
  if (!isInteger(count, 1, 9)) throw invalidValue('n', count);
  return count;
}

function readSeriesAmount(value: unknown): number {
  const amount = value ?? 4;
  if (amount === 'auto') return 4;
  if (!isInteger(amount, 2, 9)) throw invalidValue('series_amount', amount);
  return amount;
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function readWatermark(value: unknown): boolean {
  const enabled = (value as { enabled?: unknown } | null | undefined)?.enabled ?? false;
  if (typeof enabled !== 'boolean') throw invalidValue('watermark_info.enabled', enabled);
  return enabled;
}

function readExternalId(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalidValue('external_task_id', value);
  return value;
}

/** Checked and then ignored: a simulator calls nobody, and section 8 makes polling the authority. */
function checkCallback(value: unknown): void {
  if (value === undefined || value === null || value === '') return;
  if (typeof value !== 'string' || !value.startsWith('https://')) throw invalidValue('callback_url', value);
}

function readElements(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (!Array.isArray(value)) throw invalidValue('element_list', value);
  for (const element of value as unknown[]) {
    const id = (element as { element_id?: unknown } | null)?.element_id;
    // Ids are int64; the digits a double loses do not matter to a library that has none of them.
    if (typeof id !== 'number' || !Number.isInteger(id)) throw invalidValue('element_list.element_id', id);
  }
  return value.length;
}

/** One per entry; undefined for one given by address, which is never fetched. */
function readImages(value: unknown): readonly (MeasuredImage | undefined)[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidValue('image_list', value);
  if (value.length > maxReferences)
    throw new Refusal('invalid', `image_list must not hold more than ${maxReferences} images`);
  return (value as unknown[]).map((entry, index) =>
    readImage((entry as { image?: unknown } | null)?.image, `image_list[${index}].image`),
  );
}

function readImage(value: unknown, field: string): MeasuredImage | undefined {
  if (typeof value !== 'string' || value === '') throw new Refusal('invalid', `${field} must not be empty`);
  if (isHttpUrl(value)) return undefined;
  const bytes = decodeBase64(value); // a data: prefix does not decode
  if (bytes === undefined) throw new Refusal('invalid', `${field} is neither a URL nor bare base64`);
  if (bytes.length > maxInputBytes) throw new Refusal('invalid', `${field} size exceeds 10MB`);
  const image = measureImage(bytes);
  if (image === undefined || !['jpg', 'png'].includes(image.type))
    throw new Refusal('invalid', `${field} format is not supported, only .jpg / .jpeg / .png`);
  const { width, height } = image;
  if (width < 300 || height < 300)
    throw new Refusal('invalid', `${field} width and height must be at least 300px`);
  if (width > height * 2.5 || height > width * 2.5)
    throw new Refusal('invalid', `${field} aspect ratio must be between 1:2.5 and 2.5:1`);
  return image;
}

/** `auto`: the ratio nearest to the first input, a square where there is none to measure. */
function shapeOf(first: MeasuredImage | undefined): string {
  if (first === undefined) return '1:1';
  const wanted = Math.log(first.width / first.height);
  const distance = ([width, height]: readonly [number, number]) =>
    Math.abs(Math.log(width / height) - wanted);
  const [nearest] = Object.entries(pixels).sort(([, one], [, other]) => distance(one) - distance(other));
  return nearest?.[0] ?? '1:1';
}
