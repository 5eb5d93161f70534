import { z } from 'zod';
import { UpstreamFault } from '../core/fault.ts';
import type { CallImage, CallResult, TokenUsage } from '../core/image-result.ts';
import type { Preview, PreviewTaker, ProviderContext } from '../core/provider.ts';
import type { Answer, EventReader } from '../core/upstream-client.ts';
import type { Asking, Effective } from './openai-shaped.ts';
import {
  differences,
  effectiveSchema,
  pictureSchema,
  toCallImage,
  usageOf,
  usageSchema,
} from './openai-shaped.ts';
import { freePlace, missingPlaces } from './image-places.ts';

const eventSchema = effectiveSchema.extend({
  ...pictureSchema.shape,
  /** `image_generation.completed`, `image_edit.partial_image`, ... */
  type: z.string().nullish(),
  partial_image_index: z.int().min(0).nullish().catch(undefined),
  usage: usageSchema,
  error: z.unknown().optional(),
  /** Another Easel's word for the error of one image, which OpenAI's clients do not take for the end. */
  failure: z.unknown().optional(),
});

/**
 * Reads the answer to a request with `stream: true` (openai-images.md section 6): previews are shown as they
 * come, one `completed` event is one image. Which of several images a preview shows is not said; it counts as
 * the next one's.
 */
export function makeEventReader(
  asking: Asking,
  previews: PreviewTaker,
  onImage?: ProviderContext['onImage'],
): EventReader<CallResult> {
  const images: CallImage[] = [];
  const usages: z.infer<typeof usageSchema>[] = [];
  let effective: Effective = {};
  let upstreamId: string | undefined;
  let shown = 0;

  async function take(answer: Answer): Promise<boolean> {
    const event = eventSchema.parse(answer.body);
    const position = freePlace(event.index, images);
    upstreamId ??= answer.headers['x-request-id'];
    const step = /\.(\w+)$/.exec(event.type ?? '')?.[1] ?? '';
    switch (step) {
      case 'partial_image': {
        const draft = event.b64_json ? answer.held[event.b64_json.held] : undefined;
        if (draft !== undefined) {
          await show(previews, { position, number: event.partial_image_index ?? shown, draft });
        }
        shown += 1;
        return false;
      }
      case 'completed':
        images.push(toCallImage(event, position, answer.held, asking));
        usages.push(event.usage);
        announce(images.at(-1), usageOf([event.usage]).usage, onImage);
        effective = event;
        shown = 0;
        return true;
      case 'failed':
        images.push({ kind: 'failed', position, fault: asking.readFault(failureOf(answer, event.failure)) });
        return false;
      default:
        if (event.type === 'error' || event.error) throw asking.readFault(answer);
        // Others tell of progress.
        return false;
    }
  }

  function end(fault: UpstreamFault | undefined): CallResult {
    if (!images.some((image) => image.kind !== 'failed')) throw fault ?? reasonOf(images);
    const missing = fault === undefined ? [] : missingPlaces(images, asking.request.n);
    return {
      images: [
        ...images,
        ...missing.map((position): CallImage => ({ kind: 'failed', position, fault: fault ?? reasonOf([]) })),
      ],
      ...usageOf(usages),
      ...(upstreamId === undefined ? {} : { upstreamId }),
      warnings: differences(asking.request, effective),
    };
  }

  return { take, end };
}

function announce(
  image: CallImage | undefined,
  usage: TokenUsage | undefined,
  onImage: ProviderContext['onImage'],
): void {
  if (image === undefined || onImage === undefined) return;
  if (usage === undefined) onImage(image);
  else onImage(image, usage);
}

function failureOf(answer: Answer, failure: unknown): Answer {
  return failure === undefined || failure === null ? answer : { ...answer, body: { error: failure } };
}

/** A preview that could not be shown is no reason to lose the picture. */
async function show(previews: PreviewTaker, preview: Preview): Promise<void> {
  await previews.take(preview).catch(() => undefined);
}

/** Why a stream that ended well brought no image. */
function reasonOf(images: readonly CallImage[]): UpstreamFault {
  const [first] = images;
  return first?.kind === 'failed'
    ? first.fault
    : new UpstreamFault('bad_reply', { details: 'a stream of events without an image' });
}
