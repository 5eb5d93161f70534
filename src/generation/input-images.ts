import type { InputRules } from '../core/card.ts';
import { GatewayError } from '../core/errors.ts';
import { mimeTypes, type ImageFormat } from '../core/image-format.ts';
import type { InputImage } from '../core/image-request.ts';
import { readStructure } from '../core/image-structure.ts';
import type { Warning } from '../core/record.ts';
import { decodesWhole, describePicture, type PictureFacts } from './copies.ts';
import { fitPicture, shrinkToTotal } from './input-fitting.ts';
import { assetNotFound, type InputReference } from './input-references.ts';

/** The server's own limits on input images (public-api.md section 4.3); a card's narrower ones hold besides. */
export interface InputLimits {
  /** Bytes of one image as it comes in. */
  maxBytes: number;
  /** Bytes of all input images of one request together. */
  maxTotalBytes: number;
  /** Pixels of the shorter side. */
  minSide: number;
  /** width x height */
  maxPixels: number;
  /** Longer side / shorter side. */
  maxRatio: number;
  /** http:// addresses are fetched too. */
  allowHttp: boolean;
}

const mebibyte = 1024 * 1024;

export const defaultInputLimits: InputLimits = {
  maxBytes: 20 * mebibyte,
  maxTotalBytes: 16 * 20 * mebibyte,
  minSide: 15,
  maxPixels: 36_000_000,
  maxRatio: 16,
  allowHttp: false,
};

/** Where the bytes of input images come from. */
export interface InputSources {
  /** The bytes at a public address, at most `maxBytes`; any rejection becomes one and the same `image_fetch_failed`. */
  fetch(url: string, limits: { maxBytes: number }, signal: AbortSignal): Promise<Uint8Array>;
  /** The stored bytes behind a signed address of this server; undefined when it is none, or not valid any more. */
  readOwnFile(url: string): Promise<Uint8Array | undefined>;
  /** An asset of the calling key; undefined when there is none. */
  readAsset(assetId: string): Promise<Uint8Array | undefined>;
}

export interface InputDependencies extends InputSources {
  limits: InputLimits;
  signal: AbortSignal;
}

/** How many images of one request are read at once. */
const readsAtOnce = 4;

/**
 * Reads, checks and where needed converts the input images of a request, in order, duplicates included. What
 * comes out is what it says, decodes, and is within the card's rules; what needed no change is bit for bit
 * what came in. Throws GatewayError with the caller's spelling as param: of several faults the first one's.
 */
export async function loadInputImages(
  references: readonly InputReference[],
  rules: InputRules,
  dependencies: InputDependencies,
): Promise<{ images: InputImage[]; warnings: Warning[] }> {
  const [first] = references;
  if (first === undefined) return { images: [], warnings: [] };
  checkCount(references.length, rules.max, first.field);
  let bytesLeft = dependencies.limits.maxTotalBytes;
  const loaded = await eachInOrder(references, readsAtOnce, async (reference) => {
    const bytes = await readBytes(reference, dependencies, bytesLeft);
    bytesLeft -= bytes.length;
    if (bytesLeft < 0) {
      const most = asMebibytes(dependencies.limits.maxTotalBytes);
      throw invalidImage(first.field, `The input images are more than ${most} together.`);
    }
    return checkAndFit(bytes, reference.param, rules, dependencies);
  });
  const { images, warnings } = await shrinkToTotal(
    loaded.map(({ image }) => image),
    first.field,
    rules,
    dependencies,
  );
  return { images, warnings: [...loaded.flatMap(({ warnings }) => warnings), ...warnings] };
}

function checkCount(count: number, max: number, field: string): void {
  if (max === 0) {
    throw new GatewayError('unsupported_parameter', 'This model takes no input images.', { param: field });
  }
  if (count > max) {
    throw new GatewayError(
      'too_many_inputs',
      `This model takes at most ${max} input images, ${count} were sent.`,
      { param: field },
    );
  }
}

/** The bytes of one input image, wherever they are. Throws GatewayError. */
export async function readBytes(
  { param, reference }: InputReference,
  dependencies: InputDependencies,
  bytesLeft: number,
): Promise<Uint8Array> {
  if (reference.kind === 'remote') return readRemote(reference.url, param, dependencies, bytesLeft);
  if (reference.kind === 'inline') return readInline(reference.base64, param, dependencies.limits);
  if (reference.kind === 'upload') {
    const { upload } = reference;
    const { maxBytes } = dependencies.limits;
    if (upload.bytes > maxBytes)
      throw invalidImage(param, `The input image is larger than ${asMebibytes(maxBytes)}.`);
    return await upload.read();
  }
  const bytes = await dependencies.readAsset(reference.assetId);
  if (bytes === undefined) throw assetNotFound(param);
  return bytes;
}

function readInline(base64: string, param: string, limits: InputLimits): Uint8Array {
  // Before decoding: four characters are three bytes.
  const isSurelyTooLarge = base64.length > Math.ceil(limits.maxBytes / 3) * 4;
  const bytes = isSurelyTooLarge ? undefined : Buffer.from(base64, 'base64');
  if (bytes === undefined || bytes.length > limits.maxBytes) {
    throw invalidImage(param, `The input image is larger than ${asMebibytes(limits.maxBytes)}.`);
  }
  return bytes;
}

async function readRemote(
  url: string,
  param: string,
  dependencies: InputDependencies,
  bytesLeft: number,
): Promise<Uint8Array> {
  // First of all: what this server made and signed is taken whatever its address and size, so that
  // "generate, then edit" works everywhere. What is too large for the upstream is made smaller below.
  const own = await dependencies.readOwnFile(url);
  if (own !== undefined) return own;
  const { limits, signal } = dependencies;
  signal.throwIfAborted();
  if (!limits.allowHttp && !url.startsWith('https:')) throw fetchFailed(param, limits, 'not https');
  const maxBytes = Math.max(0, Math.min(limits.maxBytes, bytesLeft));
  try {
    return await dependencies.fetch(url, { maxBytes }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw fetchFailed(param, limits, error);
  }
}

/** Sniffed and measured before any decoder sees the bytes, then decoded once to find what is cut off or not what it says. */
export async function checkAndFit(
  bytes: Uint8Array,
  param: string,
  rules: InputRules,
  { limits, signal }: InputDependencies,
): Promise<{ image: InputImage; warnings: Warning[] }> {
  if (bytes.length === 0) throw invalidImage(param, 'The input image is empty.');
  const structure = await readStructure(
    (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    bytes.length,
  );
  if ('broken' in structure) {
    throw invalidImage(
      param,
      `The input image cannot be used: ${structure.broken}. JPEG, PNG, WebP, GIF, AVIF, TIFF and BMP are taken, SVG is not.`,
    );
  }
  const { format } = structure;
  checkSize(structure, param, limits);
  if (format === 'heic') {
    return { image: passHeic(bytes, structure, param, rules, limits), warnings: [] };
  }

  const picture = { bytes, format };
  const facts = await describePicture(picture, limits.maxPixels);
  if (facts === undefined) throw undecodable(param, format);
  // Again: now it is the decoder's word, upright.
  checkSize(facts, param, limits);
  checkCardSize(facts, param, rules);
  if (!(await decodesWhole(picture, limits.maxPixels, signal))) throw undecodable(param, format);
  return fitPicture(picture, facts, param, rules, { limits, signal });
}

/** HEIC is not decoded here (sharp's build has no decoder for it): it is passed on where the upstream takes it. */
function passHeic(
  bytes: Uint8Array,
  { width, height }: { width: number; height: number },
  param: string,
  rules: InputRules,
  limits: InputLimits,
): InputImage {
  if (!rules.formats.includes('heic')) {
    throw invalidImage(param, 'This model does not take HEIC images. Send the image as JPEG or PNG.');
  }
  const maxBytes = Math.min(rules.maxBytes ?? limits.maxBytes, limits.maxBytes);
  if (bytes.length > maxBytes) {
    throw invalidImage(param, `A HEIC image for this model has at most ${asMebibytes(maxBytes)}.`);
  }
  checkCardSize({ width, height }, param, rules);
  return { param, bytes, format: 'heic', mimeType: mimeTypes.heic, width, height };
}

type Size = Pick<PictureFacts, 'width' | 'height'>;

function checkSize({ width, height }: Size, param: string, limits: InputLimits): void {
  const size = `The input image is ${width}x${height}`;
  if (Math.min(width, height) < limits.minSide) {
    throw invalidImage(param, `${size}; each side must have at least ${limits.minSide} pixels.`);
  }
  if (width * height > limits.maxPixels) {
    throw invalidImage(param, `${size}; at most ${limits.maxPixels} pixels are taken.`);
  }
  if (Math.max(width, height) > limits.maxRatio * Math.min(width, height)) {
    throw invalidImage(
      param,
      `${size}; its shape must be between 1:${limits.maxRatio} and ${limits.maxRatio}:1.`,
    );
  }
}

function checkCardSize({ width, height }: Size, param: string, rules: InputRules): void {
  const size = `The input image is ${width}x${height}`;
  if (rules.minSide !== undefined && Math.min(width, height) < rules.minSide) {
    throw invalidImage(param, `${size}; this model needs at least ${rules.minSide} pixels on each side.`);
  }
  if (rules.maxPixels !== undefined && width * height > rules.maxPixels) {
    throw invalidImage(param, `${size}; this model takes at most ${rules.maxPixels} pixels.`);
  }
  const { minRatio = 0, maxRatio = Number.POSITIVE_INFINITY } = rules;
  if (width / height < minRatio || width / height > maxRatio) {
    throw invalidImage(
      param,
      `${size}; for this model width / height must be between ${minRatio} and ${maxRatio}.`,
    );
  }
}

/** Works on the items a few at a time; when some fail, the error of the first of them is thrown, whichever failed first in time. */
async function eachInOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  let failed: { index: number; error: unknown } | undefined;
  const run = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item);
      } catch (error) {
        if (failed === undefined || index < failed.index) failed = { index, error };
      }
      if (failed !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
  if (failed !== undefined) throw failed.error;
  return results;
}

function undecodable(param: string, format: ImageFormat): GatewayError {
  return invalidImage(param, `The input image begins as ${format.toUpperCase()} but does not decode.`);
}

/** One text whatever was found: what stands behind an address is nobody's business here (public-api.md section 4.3). */
function fetchFailed(param: string, limits: InputLimits, cause: unknown): GatewayError {
  return new GatewayError(
    'image_fetch_failed',
    `The image at this URL could not be fetched. It must be a public https address that answers within 10 seconds with at most ${asMebibytes(limits.maxBytes)}.`,
    { param, details: cause instanceof Error ? cause.message : String(cause), cause },
  );
}

function invalidImage(param: string, message: string): GatewayError {
  return new GatewayError('invalid_image', message, { param });
}

function asMebibytes(bytes: number): string {
  return `${Number((bytes / mebibyte).toFixed(1))} MiB`;
}
