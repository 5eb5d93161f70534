import type { ProviderCall } from '../../core/provider.ts';

/**
 * The body of POST /v1/images/omni-image (upstream-kling.md section 4). There is no seed, size, negative prompt
 * or output format on this endpoint.
 */
export function toBody({ request, ourId }: ProviderCall, upstreamModel: string): Record<string, unknown> {
  if (request.native !== undefined)
    return { ...request.native, model_name: upstreamModel, external_task_id: ourId };
  const { inputs, shape } = request;
  return {
    model_name: upstreamModel,
    // Unchanged: `<<<image_1>>>` is Kling's own way to name an input.
    prompt: request.prompt,
    // Bare base64, no `data:` prefix (section 4.1).
    ...(inputs.length === 0
      ? {}
      : { image_list: inputs.map((input) => ({ image: Buffer.from(input.bytes).toString('base64') })) }),
    resolution: (shape.tier ?? '1K').toLowerCase(),
    n: request.n,
    // Explicit wherever there is no input: `auto` was denied for text-to-image (section 11, quirk 9).
    aspect_ratio: shape.ratio ?? (inputs.length === 0 ? '1:1' : 'auto'),
    watermark_info: { enabled: request.watermark ?? false },
    external_task_id: ourId,
  };
}
