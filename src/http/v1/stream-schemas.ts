import { z } from 'zod';
import { errorFacts, index, link, named, size, unixSeconds, usage, warning } from './wire-schemas.ts';

/** The data of the events of a streamed create request (public-api.md section 4.7). */

export type EventPrefix = 'image_generation' | 'image_edit';

const format = z.string().regex(/^[a-z]+$/);
const facts = {
  created_at: unixSeconds,
  size,
  quality: z.string(),
  background: z.string(),
  output_format: format,
  index,
};

const streamError = named(
  'StreamError',
  'The whole request failed after it had been accepted; nothing follows.',
  z.object({ type: z.literal('error'), error: errorFacts }),
);

/** By event name. To be called once for each prefix: the shapes are named. */
export function eventShapes(prefix: EventPrefix): Record<string, z.ZodType> {
  const shape = (name: string, about: string, fields: z.ZodRawShape): Record<string, z.ZodType> => {
    const type = `${prefix}.${name}`;
    return { [type]: named(type, about, z.object({ type: z.literal(type), ...fields })) };
  };
  return {
    ...shape('partial_image', 'A preview, from providers that show some.', {
      b64_json: z.string().min(1),
      partial_image_index: z.int().min(0),
      ...facts,
    }),
    ...shape('completed', 'One image, with `b64_json` or `url`.', {
      b64_json: z.string().min(1).optional(),
      url: link.optional(),
      ...facts,
      revised_prompt: z.string().optional(),
      usage: usage.describe("This image's own part; the parts of all images sum to the whole."),
      warnings: z.array(warning).min(1).optional(),
    }),
    ...shape(
      'failed',
      "One image that failed while others were made. Not called `error`, which OpenAI's clients take for the end.",
      { created_at: unixSeconds, index, failure: errorFacts },
    ),
    error: streamError,
  };
}
