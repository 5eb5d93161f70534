/**
 * The body fields of POST /v1/images/generations, in the order they are checked (public-api.md section 4.1).
 * What a model takes of them is its card's to say; this table says what they are called and which values ask
 * for nothing (section 5), so that clients which always send them work with every model.
 */
export interface Field {
  name: string;
  aliases: readonly string[];
  /** always: every model has it, its form is checked where it is read; card: where the model's card has it. */
  exposed: 'always' | 'card';
  /** True for a value that asks for nothing, so that a model without the field need not refuse it. */
  asksForNothing(value: unknown): boolean;
}

function field(
  name: string,
  exposed: Field['exposed'],
  asksForNothing: (value: unknown) => boolean,
  aliases: readonly string[] = [],
): Field {
  return { name, aliases, exposed, asksForNothing };
}

const never = (): boolean => false;
const auto = (value: unknown): boolean => value === 'auto';
const emptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const emptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

export const fields: readonly Field[] = [
  field('model', 'always', never),
  field('prompt', 'always', never),
  field('reference_images', 'always', emptyList, ['images', 'image', 'image_urls', 'image_url']),
  field('n', 'card', (value) => value === 1),
  field('size', 'card', auto),
  field('ratio', 'card', auto, ['aspect_ratio']),
  field('quality', 'card', auto),
  field('response_format', 'card', never),
  field('watermark', 'card', (value) => value === false),
  field('seed', 'card', (value) => value === -1),
  field('sequential_image_generation', 'card', (value) => value === 'disabled'),
  field('sequential_image_generation_options', 'card', emptyObject),
  field('output_format', 'card', never),
  field('negative_prompt', 'card', never),
  field('stream', 'always', (value) => value === false),
  field('mask', 'card', never),
  field('style', 'card', auto),
  field('background', 'card', auto),
  field('moderation', 'card', auto),
  field('output_compression', 'card', never),
  field('partial_images', 'card', (value) => value === 0),
  field('input_fidelity', 'card', never),
  field('webhook_url', 'always', never),
  field('provider_options', 'always', emptyObject),
  field('user', 'always', never),
];

/** Fields that are this server's own work and therefore the same on every model. */
export const ownSchemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  user: {
    type: 'string',
    maxLength: 256,
    description: "The caller's own end user; kept with the record.",
  },
  stream: {
    type: 'boolean',
    default: false,
    description: 'Events instead of one reply: each image as soon as it is made.',
  },
  webhook_url: {
    type: 'string',
    maxLength: 2048,
    examples: ['https://example.com/easel'],
    description:
      'Where a signed message is sent when the images are made or have failed (Standard Webhooks): an https address of a public host. Only with `Prefer: respond-async`.',
  },
};
