import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import { prefersAsync } from './prefer.ts';

/** How the caller wants to follow the generation, if at all. Throws GatewayError for what cannot go together. */
export function readStream(
  parameters: Readonly<Record<string, unknown>>,
  request: FastifyRequest,
): { previews: number } | undefined {
  const previews = parameters['partial_images'];
  const wanted = typeof previews === 'number' ? previews : 0;
  if (parameters['stream'] === true) {
    if (!prefersAsync(request.headers)) return { previews: wanted };
    throw new GatewayError(
      'invalid_value',
      "'stream' and the header 'Prefer: respond-async' exclude each other: one waits for the images, the other does not.",
      { param: 'stream' },
    );
  }
  if (wanted === 0) return undefined;
  throw new GatewayError('invalid_value', '\'partial_images\' needs "stream": true.', {
    param: 'partial_images',
  });
}
