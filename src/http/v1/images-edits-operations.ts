import type { OperationTable, RequestBody } from '../openapi/operation.ts';
import type { Model } from '../../core/catalog.ts';
import {
  acceptedReply,
  createErrors,
  createHeaders,
  streamHeaders,
} from './images-generations-operations.ts';
import { createBody } from './request-schema.ts';
import { eventShapes } from './stream-schemas.ts';
import { imagesReply } from './wire-schemas.ts';

export const editOperations = {
  '/v1/images/edits': {
    POST: {
      id: 'editImages',
      tag: 'Create',
      summary: 'Create images from images',
      about:
        'The same as `POST /v1/images/generations`, with at least one image, in the shape OpenAI clients send: a form with `image`, `image[]` or `image[0]` and scalars as text, or JSON with `images: [{"image_url": "..."}]` or `{"file_id": "<asset id>"}`. What a file is, its bytes say; its name and type do not count. With `Native-Params` the body is JSON and holds an image in its own place.',
      access: 'key',
      parameters: createHeaders,
      body: { 'application/json': jsonBody, 'multipart/form-data': formBody },
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
            'application/json': { shape: imagesReply },
            'text/event-stream': { events: eventShapes('image_edit') },
          },
        },
        202: acceptedReply,
      },
      errors: createErrors,
    },
  },
} as const satisfies OperationTable;

/** As in generations, for the models that take images. */
function jsonBody(models: readonly Model[]): RequestBody {
  const body = createBody(models.filter(({ card }) => card.inputImages.max > 0));
  const images = [{ image_url: 'https://example.com/boat.jpg' }];
  const examples = Object.entries(body.examples).map(([name, example]) => [
    name,
    Object.assign({}, example, { prompt: 'The same boat at night', images }),
  ]);
  return { ...body, examples: Object.fromEntries(examples) };
}

function formBody(models: readonly Model[]): RequestBody {
  const file = { type: 'string', format: 'binary' };
  const names = [...new Set(models.flatMap(({ card }) => Object.keys(card.parameters)))].filter(
    (name) => name !== 'mask',
  );
  return {
    schema: {
      type: 'object',
      required: ['model', 'prompt', 'image'],
      properties: {
        model: { type: 'string', enum: models.map(({ card }) => card.id) },
        prompt: { type: 'string', minLength: 1 },
        image: {
          anyOf: [file, { type: 'array', items: file }],
          description: 'One or several images; also as `image[]` and `image[0]`.',
        },
        mask: {
          ...file,
          description: 'PNG with transparency, as large as the first image; where the card has it.',
        },
        ...Object.fromEntries(
          names.map((name) => [
            name,
            { type: 'string', description: 'As text; what is legal is as in JSON.' },
          ]),
        ),
        user: { type: 'string', maxLength: 256 },
      },
    },
    components: {},
    examples: {},
  };
}
