import type { ImageFormat } from './image-format.ts';

/** The shape a generation is to have, resolved from `size`, `ratio` and `quality` by the card. */
export interface Shape {
  /** The upstream's tier, e.g. `2K`, where the model has tiers. */
  tier: string | undefined;
  /** `W:H` of the preset; undefined where the pixels follow no preset or the upstream is to choose. */
  ratio: string | undefined;
  /** What is asked for, in pixels; undefined where only the upstream knows (it follows the input image). */
  pixels: { width: number; height: number } | undefined;
}

/** An input image whose bytes were checked: it is what it says, decodes, and is within the card's limits. */
export interface InputImage {
  /** The caller's own spelling, e.g. `images[2]`. */
  param: string;
  bytes: Uint8Array;
  format: ImageFormat;
  /** Lower case, e.g. `image/png`. */
  mimeType: string;
  width: number;
  height: number;
}

/** One request to create images, checked against the model's card; what providers are given. */
export interface ImageRequest {
  /** Catalog id. */
  model: string;
  prompt: string;
  /** Images asked for: of the generation in a plan, of this call in a provider's hands. */
  n: number;
  inputs: readonly InputImage[];
  shape: Shape;
  /** The model's own quality word where it is not a tier, e.g. `hd`. */
  quality: string | undefined;
  /** As the caller said it; undefined: not said. */
  watermark: boolean | undefined;
  /** 0..2147483647; in a provider's hands already this call's own. */
  seed: number | undefined;
  /** A group of related images, at most this many, the model decides how many. */
  group: { maxImages: number } | undefined;
  outputFormat: 'png' | 'jpeg' | 'webp' | undefined;
  negativePrompt: string | undefined;
  mask: InputImage | undefined;
  style: string | undefined;
  background: string | undefined;
  moderation: string | undefined;
  outputCompression: number | undefined;
  inputFidelity: string | undefined;
  /** Raw upstream fields the card allows: of all providers by name in a plan, of this route's in a provider's hands. */
  providerOptions: Readonly<Record<string, unknown>>;
  /** The caller's end user, <= 256 characters. */
  user: string | undefined;
  /** The upstream's own body, with its images put in; then what it says counts, and only what is the server's is added. */
  native?: Readonly<Record<string, unknown>>;
}
