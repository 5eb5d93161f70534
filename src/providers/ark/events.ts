import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { ImageRequest } from '../../core/image-request.ts';
import type { CallImage, CallResult } from '../../core/image-result.ts';
import type { ProviderContext } from '../../core/provider.ts';
import type { Answer, EventReader } from '../../core/upstream-client.ts';
import { errorSchema, readFault } from './faults.ts';
import { entrySchema, toCallImage, toUsage, usageSchema } from './reply.ts';

const eventSchema = entrySchema.extend({
  type: z.string().nullish(),
  model: z.string().nullish(),
  image_index: z.int().min(0).nullish().catch(undefined),
  usage: usageSchema,
  error: errorSchema.nullish(),
});

/**
 * The images of a group as they come (upstream-seedream.md section 7): each is handed over at once, all of them are
 * the result. A stream that ends without `completed` has made what came; how many were to come is the upstream's
 * choice, so none of it is missing.
 */
export function makeEventReader(
  request: ImageRequest,
  onImage: ProviderContext['onImage'],
): EventReader<CallResult> {
  const images: CallImage[] = [];
  let usage: z.infer<typeof usageSchema>;
  let model: string | undefined;
  let upstreamId: string | undefined;

  function take(answer: Answer): boolean {
    const event = eventSchema.parse(answer.body);
    upstreamId ??= answer.headers['x-request-id'];
    if (event.model) model = event.model;
    switch (event.type ?? '') {
      case 'image_generation.partial_succeeded':
      case 'image_generation.partial_failed': {
        const image = toCallImage(event, event.image_index ?? images.length, answer);
        images.push(image);
        onImage?.(image);
        return false;
      }
      case 'image_generation.completed':
        usage = event.usage;
        return false;
      default:
        if (event.type === 'error' || event.error) throw readFault(answer);
        // Previews are in nobody's documentation.
        return false;
    }
  }

  function end(fault: UpstreamFault | undefined): CallResult {
    const [first] = images;
    if (first?.kind === 'failed' && images.every(({ kind }) => kind === 'failed')) throw fault ?? first.fault;
    if (first === undefined) {
      throw (
        fault ?? new UpstreamFault('bad_reply', { details: `a stream without images for ${request.model}` })
      );
    }
    return {
      images,
      ...toUsage(usage),
      ...(model === undefined ? {} : { model }),
      ...(upstreamId === undefined ? {} : { upstreamId }),
    };
  }

  return { take, end };
}
