import type { InputRules } from '../core/card.ts';
import { GatewayError } from '../core/errors.ts';
import { mimeTypes } from '../core/image-format.ts';
import type { InputImage } from '../core/image-request.ts';
import type { Warning } from '../core/record.ts';
import { describePicture, encodePicture } from './copies.ts';
import type { EncodedPicture, Encoding, Picture, PictureFacts } from './copies.ts';

/** What bounds a conversion besides the card. */
interface Bounds {
  limits: { maxBytes: number; maxPixels: number; minSide: number };
  signal: AbortSignal;
}

interface Fitted {
  image: InputImage;
  warnings: Warning[];
}

/** The first loses nothing an eye sees; below the last, pixels are better than quality. */
const jpegQualities = [92, 85, 75, 60] as const;

/** Each try takes at least a tenth off the sides: after these a picture is a quarter of its size. */
const maxShrinks = 12;

/**
 * Makes of a checked picture what the card takes: a legal format, upright pixels, few enough bytes. A picture
 * that is that already comes out bit for bit; every step that changes pixels is a warning.
 * Throws GatewayError `invalid_image` when it cannot be done.
 */
export async function fitPicture(
  picture: Picture,
  facts: PictureFacts,
  param: string,
  rules: InputRules,
  bounds: Bounds,
): Promise<Fitted> {
  // The server's own limit holds for what is sent on, too: files of this server may be larger.
  const maxBytes = Math.min(rules.maxBytes ?? bounds.limits.maxBytes, bounds.limits.maxBytes);
  const isLegal = rules.formats.includes(picture.format);
  const isUpright = facts.orientation === 1;
  if (isLegal && isUpright && picture.bytes.length <= maxBytes) {
    return { image: asInput(param, picture, facts), warnings: [] };
  }
  const isOnlyTooLarge = isLegal && isUpright;
  const format =
    isOnlyTooLarge && rules.formats.includes('jpeg') ? 'jpeg' : chooseFormat(picture, facts, rules);
  if (format === undefined) {
    const legal = rules.formats.map((format) => mimeTypes[format]).join(', ');
    throw new GatewayError('invalid_image', `This model takes only ${legal}. Convert the image first.`, {
      param,
    });
  }
  const minSide = Math.max(rules.minSide ?? 1, bounds.limits.minSide);
  const made = await encodeWithin(picture, format, { param, maxBytes, minSide, rules, bounds });
  if (made === undefined) {
    throw new GatewayError(
      'invalid_image',
      `The input image could not be brought below ${maxBytes} bytes, the most this model takes. Send a smaller one.`,
      { param },
    );
  }
  const result: Picture = { bytes: made.bytes, format: made.encoding.format };
  return {
    image: asInput(param, result, made),
    warnings: warningsOf(picture, facts, made, param),
  };
}

/**
 * Brings all images of a request together under the card's cap on base64 characters: each is re-encoded once
 * as JPEG, the largest first. Throws GatewayError `invalid_image` on the whole field when that is not enough.
 */
export async function shrinkToTotal(
  images: readonly InputImage[],
  field: string,
  rules: InputRules,
  { limits, signal }: Bounds,
): Promise<{ images: InputImage[]; warnings: Warning[] }> {
  const cap = rules.maxTotalBase64 ?? Number.POSITIVE_INFINITY;
  const result = [...images];
  const warnings: Warning[] = [];
  const total = (): number => result.reduce((sum, { bytes }) => sum + base64Length(bytes), 0);
  if (total() <= cap) return { images: result, warnings };
  const largestFirst = images
    .map((image, index) => ({ image, index }))
    .toSorted((a, b) => b.image.bytes.length - a.image.bytes.length);
  for (const { image, index } of largestFirst) {
    if (image.format === 'heic' || !rules.formats.includes('jpeg')) continue;
    const facts = await describePicture(image, limits.maxPixels);
    if (facts === undefined) continue;
    const encoding: Encoding = { format: 'jpeg', quality: 80, scale: 1 };
    const made = await encode(image, encoding, image.param, { limits, signal });
    if (made.bytes.length >= image.bytes.length) continue;
    result[index] = asInput(image.param, { bytes: made.bytes, format: 'jpeg' }, made);
    warnings.push(...warningsOf(image, facts, made, image.param));
    if (total() <= cap) return { images: result, warnings };
  }
  throw new GatewayError(
    'invalid_image',
    `The input images are ${total()} characters of base64 together, this model takes at most ${cap}. Send fewer or smaller ones.`,
    { param: field },
  );
}

/** PNG keeps transparency; without any, the card's own order decides (a legal JPEG or PNG stays what it is). */
function chooseFormat(
  picture: Picture,
  facts: PictureFacts,
  rules: InputRules,
): Encoding['format'] | undefined {
  const legal = rules.formats.filter((format) => format === 'png' || format === 'jpeg');
  if (facts.hasAlpha && legal.includes('png')) return 'png';
  return legal.find((format) => format === picture.format) ?? legal[0];
}

interface Made extends EncodedPicture {
  encoding: Encoding;
}

/** A picture that decoded once may still fail here, e.g. by time: that is the picture's fault, not the server's. */
async function encode(picture: Picture, encoding: Encoding, param: string, bounds: Bounds): Promise<Made> {
  try {
    const made = await encodePicture(picture, encoding, bounds.limits.maxPixels, bounds.signal);
    return { ...made, encoding };
  } catch (cause) {
    bounds.signal.throwIfAborted();
    throw new GatewayError('invalid_image', 'The input image does not decode.', {
      param,
      details: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

/** The best encoding that stays within `maxBytes`: first format, then quality, then size gives way. */
async function encodeWithin(
  picture: Picture,
  format: Encoding['format'],
  want: { param: string; maxBytes: number; minSide: number; rules: InputRules; bounds: Bounds },
): Promise<Made | undefined> {
  const make = (encoding: Encoding): Promise<Made> => encode(picture, encoding, want.param, want.bounds);
  const jpegs = jpegQualities.map((quality): Encoding => ({ format: 'jpeg', quality, scale: 1 }));
  const ladder: Encoding[] = format === 'png' ? [{ format, quality: 100, scale: 1 }] : [];
  if (format === 'jpeg' || want.rules.formats.includes('jpeg')) ladder.push(...jpegs);

  let made: Made | undefined;
  for (const encoding of ladder) {
    made = await make(encoding);
    if (made.bytes.length <= want.maxBytes) return made;
  }
  for (let i = 0; made !== undefined && i < maxShrinks; i++) {
    const { encoding } = made;
    // Bytes go roughly with the area; a little less, so that the first try mostly does.
    const scale = encoding.scale * Math.min(0.9, 0.95 * Math.sqrt(want.maxBytes / made.bytes.length));
    made = await make({ ...encoding, quality: 75, scale });
    if (Math.min(made.width, made.height) < want.minSide) return undefined;
    if (made.bytes.length <= want.maxBytes) return made;
  }
  return undefined;
}

function warningsOf(
  from: Picture,
  facts: PictureFacts,
  { encoding, bytes, width, height }: Made,
  param: string,
): Warning[] {
  const warnings: Warning[] = [];
  const warn = (requested: string, used: string, message: string): void => {
    warnings.push({ param, requested, used, message });
  };
  const format = encoding.format;
  if (facts.orientation !== 1) {
    warn(
      `EXIF orientation ${facts.orientation}`,
      'upright',
      'The image was turned as its EXIF orientation says.',
    );
  }
  if (facts.frames > 1) {
    warn(`${facts.frames} frames`, 'the first frame', 'Only the first frame of the image is used.');
  }
  if (facts.bitsPerSample > 8) {
    warn(`${facts.bitsPerSample} bits per channel`, '8 bits per channel', 'The image was reduced to 8 bits.');
  }
  if (format === 'jpeg' && facts.hasAlpha) {
    warn('transparency', 'white background', 'Transparent parts of the image were laid on white.');
  }
  if (width !== facts.width || height !== facts.height) {
    const message = 'The image was made smaller, because the model takes fewer bytes.';
    warn(`${facts.width}x${facts.height}`, `${width}x${height}`, message);
  }
  if (format === 'jpeg') {
    warn(
      `${mimeTypes[from.format]}, ${from.bytes.length} bytes`,
      `${mimeTypes[format]}, ${bytes.length} bytes`,
      `The image was encoded anew, as JPEG of quality ${encoding.quality}.`,
    );
  }
  return warnings;
}

function asInput(
  param: string,
  { bytes, format }: Picture,
  { width, height }: Pick<PictureFacts, 'width' | 'height'>,
): InputImage {
  return { param, bytes, format, mimeType: mimeTypes[format], width, height };
}

function base64Length(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / 3) * 4;
}
