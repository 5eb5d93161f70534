import type { InputRules } from '../core/card.ts';
import { GatewayError } from '../core/errors.ts';
import type { InputImage } from '../core/image-request.ts';
import { describePicture } from './copies.ts';
import { checkAndFit, readBytes, type InputDependencies } from './input-images.ts';
import type { InputReference } from './input-references.ts';

/**
 * Reads a mask: a PNG with transparency, as large as the first input image (openai-images.md section 4). It is passed
 * on bit for bit: whatever would change its pixels would change what is painted over. Throws GatewayError.
 */
export async function loadMask(
  mask: InputReference,
  first: InputImage | undefined,
  rules: InputRules,
  dependencies: InputDependencies,
): Promise<InputImage> {
  const { param } = mask;
  const invalid = (message: string): GatewayError => new GatewayError('invalid_image', message, { param });
  if (first === undefined) {
    throw new GatewayError('invalid_value', "'mask' needs an input image to lie on.", { param });
  }
  const bytes = await readBytes(mask, dependencies, dependencies.limits.maxBytes);
  const isPng = Buffer.from(bytes.subarray(0, 8)).equals(Buffer.from('89504e470d0a1a0a', 'hex'));
  if (!isPng) throw invalid('The mask must be a PNG file; its transparent parts are what is to change.');
  const facts = await describePicture({ bytes, format: 'png' }, dependencies.limits.maxPixels);
  if (facts !== undefined && !facts.hasAlpha)
    throw invalid('The mask has no transparency; its transparent parts are what is to change.');
  const { image } = await checkAndFit(bytes, param, { ...rules, formats: ['png'] }, dependencies);
  if (image.width !== first.width || image.height !== first.height) {
    throw invalid(
      `The mask is ${image.width}x${image.height}, the first input image ${first.width}x${first.height}; they must be of the same size.`,
    );
  }
  return image;
}
