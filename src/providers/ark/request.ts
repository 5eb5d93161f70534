import type { ImageRequest, InputImage } from '../../core/image-request.ts';
import { modelsWithOutputFormat } from './models.ts';

/**
 * The body of POST /images/generations (upstream-seedream.md section 3). Ark ignores fields it does not know,
 * `n` among them, and its own defaults cost money or draw a mark: what matters is always said.
 */
export function toBody(
  request: ImageRequest,
  upstreamModel: string,
  isStreamed = false,
): Record<string, unknown> {
  // Links, because that is what the reader of the answer reads.
  if (request.native !== undefined)
    return { ...request.native, model: upstreamModel, response_format: 'url' };
  const { inputs, shape, group, seed } = request;
  const images = inputs.map(toDataUri);
  return {
    ...request.providerOptions,
    model: upstreamModel,
    prompt: request.prompt,
    ...(images.length === 0 ? {} : { image: images.length === 1 ? images[0] : images }),
    size: shape.pixels === undefined ? (shape.tier ?? '2K') : `${shape.pixels.width}x${shape.pixels.height}`,
    sequential_image_generation: group === undefined ? 'disabled' : 'auto',
    ...(group === undefined ? {} : { sequential_image_generation_options: { max_images: group.maxImages } }),
    ...(isStreamed ? { stream: true } : {}),
    response_format: 'url',
    watermark: request.watermark ?? false,
    ...(seed === undefined ? {} : { seed }),
    ...(modelsWithOutputFormat.has(request.model) ? { output_format: upstreamFormat(request) } : {}),
  };
}

/** webp is 400 upstream (section 3): it is made here from the lossless one. */
function upstreamFormat({ outputFormat }: ImageRequest): string {
  return outputFormat === 'png' || outputFormat === 'webp' ? 'png' : 'jpeg';
}

/** Data URIs rather than links: some hosts block the fetcher, which gives up after ten seconds (section 5). */
function toDataUri({ bytes, mimeType }: InputImage): string {
  return `data:${mimeType.toLowerCase()};base64,${Buffer.from(bytes).toString('base64')}`;
}
