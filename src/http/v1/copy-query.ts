import { GatewayError } from '../../core/errors.ts';
import {
  copyFits,
  copyFormats,
  deliveredForm,
  maxCopySide,
  type CopyForm,
  type CopyFormat,
  type PictureForm,
} from '../../core/image-copy.ts';
import type { ImageFormat } from '../../core/image-format.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import type { Parameter } from '../openapi/operation.ts';

/** What of a picture a query asks for (public-api.md section 8): `width`, `height`, `fit`, `as`. */
export type AskedCopy = Partial<Omit<CopyForm, 'quality'>>;

const side = { type: 'integer', minimum: 1, maximum: maxCopySide };

export const copyParameters: readonly Parameter[] = [
  {
    in: 'query',
    name: 'width',
    about: 'A smaller copy, at most so wide. A picture is never made larger.',
    schema: side,
  },
  { in: 'query', name: 'height', about: 'A smaller copy, at most so high.', schema: side },
  {
    in: 'query',
    name: 'fit',
    about:
      'With both sides. `inside` keeps the ratio within them; `cover` cuts the copy to their ratio; `contain` fills up to it, transparent or white.',
    schema: { type: 'string', enum: copyFits, default: 'inside' },
  },
  {
    in: 'query',
    name: 'as',
    about:
      "A copy in this format. The original's own format, without `width` and `height`, is the original itself.",
    schema: { type: 'string', enum: copyFormats },
  },
];

/** Throws GatewayError `invalid_value` that names the parameter. */
export function readCopyQuery(query: URLSearchParams): AskedCopy {
  const width = readSide(query, 'width');
  const height = readSide(query, 'height');
  const fit = readWord(query, 'fit', copyFits);
  if (fit !== undefined && (width === undefined || height === undefined))
    throw bad('fit', "'fit' says how 'width' and 'height' are filled and needs both.");
  const as = readWord(query, 'as', copyFormats);
  return {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(fit === undefined ? {} : { fit }),
    ...(as === undefined ? {} : { as }),
  };
}

/** The form of an image that a query asks for; what it leaves open is as the record's request wanted it. */
export function askedForm(record: GenerationRecord, image: StoredImage, asked: AskedCopy): PictureForm {
  const delivered = deliveredForm(record, image);
  const isResized = asked.width !== undefined || asked.height !== undefined;
  if (!isResized && (asked.as === undefined || asked.as === delivered?.as)) return delivered;
  if (!isResized && asked.as === image.format) return undefined;
  const as = asked.as ?? delivered?.as ?? writable(image.format);
  const quality = as === delivered?.as ? delivered.quality : undefined;
  return { ...asked, as, ...(quality === undefined ? {} : { quality }) };
}

function writable(format: ImageFormat): CopyFormat {
  return copyFormats.find((known) => known === format) ?? 'png';
}

/** The query of a link to a form; nothing for the original. */
export function formQuery(form: PictureForm): (readonly [string, string])[] {
  if (form === undefined) return [];
  const { as, width, height, fit, quality } = form;
  return Object.entries({ width, height, fit, as, quality }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
}

/** The form a link of ours is for. Of one with a good signature: what `formQuery` was given. */
export function readLinkForm(query: URLSearchParams): PictureForm {
  const { as, ...rest } = readCopyQuery(query);
  if (as === undefined) return undefined;
  const quality = Number(query.get('quality') ?? 0);
  return { as, ...rest, ...(quality >= 1 && quality <= 100 ? { quality } : {}) };
}

function readSide(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > maxCopySide) throw bad(name, `'${name}' must be 1 to ${maxCopySide}.`);
  return value;
}

function readWord<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const word = words.find((word) => word === text);
  if (word === undefined) throw bad(name, `'${name}' must be one of ${words.join(', ')}.`);
  return word;
}

function bad(param: string, message: string): GatewayError {
  return new GatewayError('invalid_value', message, { param });
}
