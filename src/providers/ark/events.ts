import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { ImageRequest } from '../../core/image-request.ts';
import type { CallImage, CallResult } from '../../core/image-result.ts';
import type { ProviderContext } from '../../core/provider.ts';
import type { Answer, EventReader } from '../../core/upstream-client.ts';
import { freePlace, missingPlaces } from '../../upstream/image-places.ts';
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
 * the result. How many come is the upstream's choice, and `completed` says that these were all. A stream that ends
 * without it has made what came, and what became of the rest nobody knows (section 7).
 */
export function makeEventReader(
  request: ImageRequest,
  onImage: ProviderContext['onImage'],
): EventReader<CallResult> {
  const images: CallImage[] = [];
  let usage: z.infer<typeof usageSchema>;
  let model: string | undefined;
  let upstreamId: string | undefined;
  /** There is nothing more to come. */
  let isWhole = false;

  function take(answer: Answer): boolean {
    const event = eventSchema.parse(answer.body);
    upstreamId ??= answer.headers['x-request-id'];
    if (event.model) model = event.model;
    switch (event.type ?? '') {
      case 'image_generation.partial_succeeded':
      case 'image_generation.partial_failed': {
        const image = toCallImage(event, freePlace(event.image_index, images), answer);
        images.push(image);
        onImage?.(image);
        // After a failure of its own the upstream makes no more of the group (section 7).
        isWhole ||= event.error?.code === 'InternalServiceError';
        return false;
      }
      case 'image_generation.completed':
        usage = event.usage;
        isWhole = true;
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
      images: isWhole ? images : [...images, ...restOf(request, images, fault)],
      ...toUsage(usage),
      ...(model === undefined ? {} : { model }),
      ...(upstreamId === undefined ? {} : { upstreamId }),
    };
  }

  return { take, end };
}

/** What may have been made besides, of all that could have come. */
function restOf(
  { group }: ImageRequest,
  images: readonly CallImage[],
  fault: UpstreamFault = new UpstreamFault('unknown', { details: 'the stream ended before `completed`' }),
): CallImage[] {
  return missingPlaces(images, group?.maxImages ?? 0).map((position) => ({
    kind: 'failed',
    position,
    fault,
  }));
}
