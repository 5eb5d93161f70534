import type { InputImage } from './image-request.ts';

/** A JSON object in an upstream's own words. */
export type NativeBody = Record<string, unknown>;

/** A place in a native body where an image stands. */
export interface NativeImage {
  /** For people: `image_list[0].image`. */
  param: string;
  /** An address, a data URI or `asset://...`. */
  text: string;
  /** Puts a checked image there, in the form the upstream takes inside a body. */
  put(image: InputImage): void;
}

export interface NativeTerms {
  size?: string;
  quality?: string;
}

/** How a provider takes a body in its upstream's own words (public-api.md section 6). */
export interface NativeAdapter {
  /** As far as the body has one. */
  promptOf(body: NativeBody): string | undefined;
  /** How many images it can make at the most; where the body does not say, what the model can. */
  countOf(body: NativeBody): number;
  /** What a price may depend on, in the words of a card: the tier or WxH and the quality that the body asks for. */
  termsOf(body: NativeBody): NativeTerms;
  /** Every place where an image stands. `put` changes the body. */
  imagesOf(body: NativeBody): NativeImage[];
  /** An image as it stands in a text of the body. */
  inline(image: InputImage): string;
}

/** A whole number above 0 as a caller wrote it, or `most` for anything else. */
export function countOrMost(value: unknown, most: number): number {
  return Number.isInteger(value) && Number(value) >= 1 ? Math.min(Number(value), most) : most;
}

/** Longer texts are no size and no quality. */
const maxTermLength = 32;

/** The terms that are there, tiers as cards write them: `2K`. */
export function termsFrom(size: unknown, quality?: unknown): NativeTerms {
  return {
    ...(isTerm(size) ? { size: /^\d+k$/.test(size) ? size.toUpperCase() : size } : {}),
    ...(isTerm(quality) ? { quality } : {}),
  };
}

function isTerm(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTermLength;
}

export function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `data:<type>;base64,...` */
export function toDataUri({ bytes, mimeType }: Pick<InputImage, 'bytes' | 'mimeType'>): string {
  return `data:${mimeType};base64,${toBase64({ bytes })}`;
}

export function toBase64({ bytes }: Pick<InputImage, 'bytes'>): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** An object at a place of a body, to be read or changed; undefined when there is another value. */
export function objectAt(value: unknown): NativeBody | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as NativeBody)
    : undefined;
}

/** The items of a list; nothing for any other value. */
export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
