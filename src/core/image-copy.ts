import { createHash } from 'node:crypto';
import { extensions } from './image-format.ts';
import type { GenerationRecord, StoredImage } from './record.ts';

/** Formats a copy may have. */
export const copyFormats = ['png', 'jpeg', 'webp', 'avif'] as const;
export type CopyFormat = (typeof copyFormats)[number];

/**
 * How a copy fills a box that both sides are given of: `inside` keeps the ratio within the box, `cover` fills the
 * box and cuts off what stands out, `contain` fills the rest of it with nothing (white where there is no nothing).
 */
export const copyFits = ['inside', 'cover', 'contain'] as const;
export type CopyFit = (typeof copyFits)[number];

/** The longest side of a box. */
export const maxCopySide = 4096;

/** What a copy is: the picture in this format, upright, in this box. A picture is never made larger. */
export interface CopyForm {
  as: CopyFormat;
  width?: number;
  height?: number;
  /** Of use with both sides; `inside` when absent. */
  fit?: CopyFit;
  /** 1..100, not for png. */
  quality?: number;
}

/** A picture's form: undefined is the original, bit for bit. */
export type PictureForm = CopyForm | undefined;

/** For lists and galleries. */
export const thumbnailForm: CopyForm = { as: 'webp', width: 320, height: 320, fit: 'inside', quality: 80 };

/**
 * How an image of a record is delivered where nobody says otherwise: as the upstream made it, converted when the
 * request's `output_format` asked for another format. What the upstream was able to make itself is not touched.
 */
export function deliveredForm(
  { parameters }: Pick<GenerationRecord, 'parameters'>,
  image: Pick<StoredImage, 'format'>,
): PictureForm {
  const as = copyFormats.find((format) => format === parameters['output_format']);
  if (as === undefined || as === image.format) return undefined;
  const compression = parameters['output_compression'];
  return typeof compression === 'number' && as !== 'png' ? { as, quality: Math.max(1, compression) } : { as };
}

/** The format of the bytes that a form gives. */
export function formatOf(image: Pick<StoredImage, 'format'>, form: PictureForm): StoredImage['format'] {
  return form?.as ?? image.format;
}

/**
 * Where a copy lies in the object store: with others of its generation, under what it is made of. It can be made
 * again at any time.
 */
export function copyObjectName(
  generationId: string,
  image: Pick<StoredImage, 'index' | 'sha256'>,
  form: CopyForm,
  recipe: string,
): string {
  return `${copiesOf(generationId)}${image.index}_${copyHash(image, form, recipe)}.${extensions[form.as]}`;
}

/** What the copies of a generation's images begin with. */
export function copiesOf(generationId: string): string {
  return `${copyFolder}${generationId.slice(-2).toLowerCase()}/${generationId}_`;
}

/** What all copies begin with. Nothing else is in there, and nothing in there is a picture's only file. */
export const copyFolder = 'copies/';

/** Whose copy an object is, by its name; undefined for a name that is no copy's. */
export function readCopyObjectName(name: string): { generationId: string } | undefined {
  const generationId = /^copies\/[0-9a-z]{2}\/(img_[0-9A-Z]{26})_\d{1,4}_[0-9a-f]{32}\.[a-z]{3,4}$/.exec(
    name,
  )?.[1];
  return generationId === undefined ? undefined : { generationId };
}

/** Different for every other picture, form and way of making it. */
export function copyHash(image: Pick<StoredImage, 'sha256'>, form: CopyForm, recipe: string): string {
  const { as, width, height, fit, quality } = form;
  const facts = [recipe, image.sha256, as, width, height, fit, quality].map((fact) => fact ?? '');
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 32);
}

/** The size of a copy. Where the picture would have to grow to fill its box, the box shrinks in its own ratio instead. */
export function copySize(
  original: { width: number; height: number },
  { width, height, fit = 'inside' }: Pick<CopyForm, 'width' | 'height' | 'fit'>,
): { width: number; height: number } {
  const [across, down] = [(width ?? Infinity) / original.width, (height ?? Infinity) / original.height];
  const isBox = width !== undefined && height !== undefined;
  const wanted = isBox && fit === 'cover' ? Math.max(across, down) : Math.min(across, down);
  if (!isBox || fit === 'inside') {
    const scale = Math.min(1, wanted);
    return { width: toSide(original.width * scale), height: toSide(original.height * scale) };
  }
  const shrunk = Math.min(1, 1 / wanted);
  return { width: toSide(width * shrunk), height: toSide(height * shrunk) };
}

function toSide(length: number): number {
  return Math.max(1, Math.round(length));
}
