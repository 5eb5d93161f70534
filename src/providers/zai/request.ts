import { createHash } from 'node:crypto';
import type { ProviderCall } from '../../core/provider.ts';

/**
 * The body of POST /async/images/generations (upstream-glm-image.md sections 2 and 5). There is no seed and no
 * input image.
 */
export function toBody({ request, ourId }: ProviderCall, upstreamModel: string): Record<string, unknown> {
  if (request.native !== undefined) return { ...request.native, model: upstreamModel, request_id: ourId };
  const { shape, watermark, user } = request;
  return {
    model: upstreamModel,
    prompt: request.prompt,
    size: shape.pixels === undefined ? '1280x1280' : `${shape.pixels.width}x${shape.pixels.height}`,
    // The one value both sites take for this model.
    quality: 'hd',
    // Only what the caller said: the upstream grants pictures without a mark per account.
    ...(watermark === undefined ? {} : { watermark_enabled: watermark }),
    ...(user === undefined ? {} : { user_id: toUserId(user) }),
    // Unique to this attempt; a second submit under it is refused with 1231.
    request_id: ourId,
  };
}

/** 6 to 128 characters are taken upstream; another name becomes a hash, so that one user stays one. */
function toUserId(user: string): string {
  return /^[\x21-\x7e]{6,128}$/.test(user) ? user : createHash('sha256').update(user).digest('hex');
}
