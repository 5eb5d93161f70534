import { UpstreamFault } from '../../core/fault.ts';
import type { ImageRequest } from '../../core/image-request.ts';
import type { PreviewTaker } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { toFields, toForm } from '../../upstream/openai-shaped.ts';
import type { JsonRequest } from '../../upstream/send-json.ts';

/** Where a request goes and what it says: text alone as JSON, with input images as a form (openai-images.md sections 3 and 4). */
export function toExchange(
  request: ImageRequest,
  route: Pick<Route, 'upstreamModel' | 'upstreamFields'>,
  previews: PreviewTaker | undefined,
): Pick<JsonRequest<unknown>, 'path' | 'body' | 'form'> {
  refuseTraps(request);
  const fields = {
    ...toFields(request, { model: route.upstreamModel, fields: route.upstreamFields }),
    ...(previews === undefined ? {} : { stream: true, partial_images: previews.perImage }),
  };
  if (request.inputs.length === 0) return { path: '/images/generations', body: fields };
  return { path: '/images/edits', form: toForm(fields, request.inputs, request.mask) };
}

function refuseTraps({ prompt, mask, inputs }: ImageRequest): void {
  if (mask !== undefined && inputs.length === 0) {
    throw new UpstreamFault('parameter', {
      param: 'mask',
      message: "'mask' needs an input image to lie on.",
    });
  }
  // stable-diffusion.cpp's server takes settings, file names among them, out of this tag (upstream-local.md section 3).
  if (/<\/?sd_cpp_extra_args>/i.test(prompt)) {
    throw new UpstreamFault('parameter', {
      param: 'prompt',
      message: "'prompt' holds a tag that some image servers take for settings of theirs. Leave it out.",
    });
  }
}
