import type { ErrorReason } from '../../core/errors.ts';
import type { ReplyHeader } from '../openapi/headers.ts';
import type { OperationTable, Parameter, Reply } from '../openapi/operation.ts';
import { modelTable } from './model-table.ts';
import { createBody } from './request-schema.ts';
import { eventShapes } from './stream-schemas.ts';
import { imageRecord, imagesReply } from './wire-schemas.ts';

/** The headers a create request may have. */
export const createHeaders: readonly Parameter[] = [
  {
    in: 'header',
    name: 'Idempotency-Key',
    about:
      'A key of your own making for this request. Sent again with the same body within 24 hours it gives the same reply, and nothing is generated or charged twice.',
    schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' },
  },
  {
    in: 'header',
    name: 'Prefer',
    about:
      '`handling=lenient`: what the model cannot meet is met nearly or left out, and said in `warnings`; `handling=strict`: it is refused, whatever the key and the server say. `respond-async`: answers at once with 202 and the record; its images are there when `status` is no longer `in_progress`. Several stand with commas between them; the reply says in `Preference-Applied` what was followed.',
    schema: { type: 'string', examples: ['handling=lenient', 'respond-async'] },
  },
  {
    in: 'header',
    name: 'Native-Params',
    about:
      "`true`: the body is the provider's own JSON. `model` says which model, the rest goes out as it is; images are checked and put in, and fields that name a callback (`webhook_url` too), an id or a stream are refused. `Prefer: respond-async` works as ever. Also called `Token360-Native-Params`.",
    schema: { type: 'string', examples: ['true'] },
  },
  {
    in: 'header',
    name: 'Native-Provider',
    about: 'With `Native-Params`: whose words the body is in, where a model has routes of several providers.',
    schema: { type: 'string', examples: ['kling'] },
  },
];

/** What a create request may be answered with besides images. */
export const createErrors: readonly ErrorReason[] = [
  'missing_parameter',
  'invalid_type',
  'invalid_value',
  'unsupported_parameter',
  'unknown_parameter',
  'invalid_json',
  'prompt_too_long',
  'too_many_inputs',
  'invalid_image',
  'image_fetch_failed',
  'asset_not_found',
  'native_body_required',
  'native_not_supported',
  'content_policy',
  'idempotency_key_reused',
  'model_access_denied',
  'insufficient_balance',
  'model_not_found',
  'not_found',
  'body_too_large',
  'invalid_content_type',
  'generation_timeout',
  'outcome_unknown',
  'upstream_bad_reply',
  'upstream_throttled',
  'upstream_unavailable',
  'upstream_auth',
  'upstream_billing',
  'generation_failed',
  'queue_full',
  'draining',
  'model_unavailable',
  'storage_unavailable',
];

/** With `stream`. */
export const streamHeaders: readonly ReplyHeader[] = ['Cache-Control', 'X-Accel-Buffering'];

/** With `Prefer: respond-async`. */
export const acceptedReply: Reply = {
  about: 'Accepted (`Prefer: respond-async`): the record as it is now. Ask for it at `Location`.',
  headers: ['X-Image-Id', 'X-Served-By', 'Idempotency-Replayed', 'Location', 'Preference-Applied'],
  content: { 'application/json': { shape: imageRecord } },
};

export const generationOperations = {
  '/v1/images/generations': {
    POST: {
      id: 'createImages',
      tag: 'Create',
      summary: 'Create images',
      about: (models) =>
        `Answers when the images exist. If you hang up, the work goes on: look at \`GET /v1/images\`.

What the models take; the schema below has each one's values and defaults.

${modelTable(models.map(({ card }) => card))}`,
      access: 'key',
      parameters: createHeaders,
      body: { 'application/json': createBody },
      replies: {
        200: {
          about: 'The images that were made, at least one.',
          headers: [
            'X-Image-Id',
            'X-Served-By',
            'Idempotency-Replayed',
            'Preference-Applied',
            ...streamHeaders,
          ],
          content: {
            'application/json': {
              shape: imagesReply,
              examples: { 'One image': oneImage(), 'One of two failed': oneOfTwo() },
            },
            'text/event-stream': { events: eventShapes('image_generation') },
          },
        },
        202: acceptedReply,
      },
      errors: createErrors,
    },
  },
} as const satisfies OperationTable;

function oneImage() {
  return {
    id: 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B',
    created: 1_767_225_600,
    model: 'seedream-4-5-251128',
    data: [
      {
        index: 0,
        url: 'https://img.example.org/v1/files/img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B/0.jpg?exp=1767229200&sig=2f9c',
        size: '2048x2048',
      },
    ],
    usage: {
      generated_images: 1,
      output_tokens: 16_384,
      total_tokens: 16_384,
      cost: { amount: '0.040000', currency: 'USD' },
    },
  };
}

function oneOfTwo() {
  return {
    ...oneImage(),
    data: [{ index: 1, b64_json: 'iVBORw0KGgo...', size: '2048x2048' }],
    failed_images: [
      {
        index: 0,
        error: {
          message: 'The image service failed to make the image and charged nothing.',
          type: 'api_error',
          param: null,
          code: '502',
          reason: 'generation_failed',
        },
      },
    ],
  };
}
