import { GatewayError } from '../../core/errors.ts';
import { Upload } from '../../generation/input-references.ts';
import type { Form, FormFile } from '../form.ts';
import { fields } from './fields.ts';

/** A form as a body: scalars by their field's type, uploaded files in the place of images (public-api.md section 13). */
export interface FormBody {
  body: Readonly<Record<string, unknown>>;
  /** What tells the request from others: equal fields and equal files (public-api.md section 10). */
  identity: unknown;
}

const integers: ReadonlySet<string> = new Set(['n', 'seed', 'output_compression', 'partial_images']);
const booleans: ReadonlySet<string> = new Set(['watermark', 'stream']);
const objects: ReadonlySet<string> = new Set(['sequential_image_generation_options', 'provider_options']);

const spellings = fields.find(({ name }) => name === 'reference_images');
const imageNames: ReadonlySet<string> = new Set([spellings?.name ?? '', ...(spellings?.aliases ?? [])]);

/** `image`, `image[]`, `image[3]`. */
function imageField(field: string): { base: string; place: number | undefined } | undefined {
  const [, base = '', place] = /^([a-z_]+)(?:\[(\d{0,4})\])?$/.exec(field) ?? [];
  if (!imageNames.has(base)) return undefined;
  return { base, place: place === undefined || place === '' ? undefined : Number(place) };
}

/** Throws GatewayError for a field sent twice or in the wrong form. Values are checked by whoever reads the body. */
export function readFormFields({ texts, files }: Pick<Form, 'texts' | 'files'>): FormBody {
  const body = new Map<string, unknown>();
  const images: { base: string; place: number | undefined; image: unknown; identity: string }[] = [];
  const add = (field: string, value: unknown): void => {
    if (body.has(field))
      throw new GatewayError('invalid_value', `'${field.slice(0, 100)}' was sent twice.`, {
        param: field.slice(0, 100),
      });
    body.set(field, value);
  };
  for (const { field, value } of texts) {
    const image = imageField(field);
    // A form has no null: what was left empty was left out, except where a text is a must.
    if (value === '' && field !== 'prompt' && field !== 'model') continue;
    if (image !== undefined) images.push({ ...image, image: value, identity: value });
    else addText(field, value, body, add);
  }
  const masks: string[] = [];
  for (const file of files) {
    const image = imageField(file.field);
    if (image !== undefined)
      images.push({ ...image, image: uploadOf(file), identity: `sha256:${file.sha256}` });
    else if (file.field === 'mask') {
      add('mask', uploadOf(file));
      masks.push(file.sha256);
    } else {
      const param = file.field.slice(0, 100);
      const isField = fields.some(({ name, aliases }) => name === param || aliases.includes(param));
      throw new GatewayError(
        isField ? 'invalid_type' : 'unknown_parameter',
        isField ? `'${param}' was sent as a file. Send it as text.` : `Unknown parameter: '${param}'.`,
        { param },
      );
    }
  }
  const scalars = Object.fromEntries([...body].filter(([, value]) => !(value instanceof Upload)));
  const ordered = inOrder(images);
  for (const base of new Set(ordered.map(({ base }) => base))) {
    const own = ordered.filter((image) => image.base === base).map(({ image }) => image);
    add(base, own.length === 1 ? own[0] : own);
  }
  const identity = {
    scalars,
    images: ordered.map(({ base, identity }) => [base, identity]),
    masks,
  };
  return { body: Object.fromEntries(body), identity: { form: identity } };
}

/** By their numbers where each has one, else as they came. */
function inOrder<T extends { place: number | undefined }>(images: readonly T[]): readonly T[] {
  return images.every(({ place }) => place !== undefined)
    ? images.toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0))
    : images;
}

function uploadOf(file: FormFile): Upload {
  return new Upload(file.isTooLarge ? Number.POSITIVE_INFINITY : file.bytes, () => file.read());
}

/** Also `sequential_image_generation_options[max_images]`, as clients write an object into a form. */
function addText(
  field: string,
  value: string,
  body: Map<string, unknown>,
  add: (field: string, value: unknown) => void,
): void {
  const [, outer = '', inner = ''] = /^([a-z_]+)\[([a-z_]+)\]$/.exec(field) ?? [];
  if (objects.has(outer)) {
    const there = body.get(outer);
    if (there !== undefined && (typeof there !== 'object' || there === null || inner in there))
      return add(outer, value);
    body.set(outer, { ...there, [inner]: asInteger(value) ?? value });
    return;
  }
  add(field, coerce(field, value));
}

/** Text that has not the form of its field's type stays text, and is refused by its type. */
function coerce(field: string, value: string): unknown {
  if (integers.has(field)) return asInteger(value) ?? value;
  if (booleans.has(field)) {
    const word = value.trim().toLowerCase();
    return word === 'true' ? true : word === 'false' ? false : value;
  }
  if (!objects.has(field)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function asInteger(value: string): number | undefined {
  return /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : undefined;
}
