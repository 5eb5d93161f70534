import type { OperationTable, Parameter } from '../openapi/operation.ts';
import { copyParameters } from './copy-query.ts';
import { listParameters } from './list-query.ts';
import { contentLink, deletedImage, imageRecord, recordList } from './wire-schemas.ts';

const imageId: Parameter = {
  in: 'path',
  name: 'image_id',
  about: 'The id of a record, `img_...`.',
  schema: { type: 'string', examples: ['img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B'] },
};

const link = 'https://img.example.org/v1/files/img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B/0.png?exp=1767229200&sig=2f9c';

const thumbnailLink =
  'https://img.example.org/v1/files/img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B/0.webp?width=320&height=320&fit=inside&as=webp&quality=80&exp=1767229200&sig=77ab';

const record = {
  id: 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B',
  object: 'image',
  status: 'completed',
  model: 'kling-image-o1',
  prompt: 'A paper boat on a rain gutter',
  created_at: 1_767_225_600,
  url: link,
  error: null,
  images: [
    {
      index: 0,
      url: link,
      thumbnail_url: thumbnailLink,
      width: 1360,
      height: 768,
      mime_type: 'image/png',
      bytes: 1_402_233,
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      content_credentials: false,
    },
  ],
  parameters: { n: 1, size: '1360x768' },
  usage: { generated_images: 1, output_tokens: 4080, total_tokens: 4080, cost: null },
  provider: 'kling',
  provider_model: 'kling-image-o1',
  served_by: 'kling/primary',
  duration_ms: 41_210,
  attempts: 1,
  failed_images: [],
  warnings: [],
  content_credentials: false,
};

export const imageOperations = {
  '/v1/images': {
    GET: {
      id: 'listImages',
      tag: 'Records',
      summary: 'List records',
      about:
        "This key's records, newest first. To walk on, send `last_id` as `after`; a cursor stays good when its record is deleted.",
      access: 'key',
      parameters: listParameters,
      replies: {
        200: {
          about: 'One page.',
          content: {
            'application/json': {
              shape: recordList,
              examples: {
                'One record': {
                  object: 'list',
                  data: [record],
                  has_more: false,
                  first_id: record.id,
                  last_id: record.id,
                },
                'No record': { object: 'list', data: [], has_more: false, first_id: null, last_id: null },
              },
            },
          },
        },
      },
      errors: ['invalid_value'],
    },
  },
  '/v1/images/:image_id': {
    GET: {
      id: 'getImage',
      tag: 'Records',
      summary: 'Get a record',
      access: 'key',
      parameters: [imageId],
      replies: {
        200: {
          about: 'The record, with fresh links.',
          content: { 'application/json': { shape: imageRecord, examples: { Completed: record } } },
        },
      },
      errors: ['not_found'],
    },
    DELETE: {
      id: 'deleteImage',
      tag: 'Records',
      summary: 'Delete a record',
      about: 'Deletes the record and its files; links to them end. Usage and budgets are not changed by it.',
      access: 'key',
      parameters: [imageId],
      replies: {
        200: {
          about: 'Record and files are gone.',
          content: {
            'application/json': {
              shape: deletedImage,
              examples: { Deleted: { id: record.id, object: 'image', deleted: true } },
            },
          },
        },
      },
      errors: ['not_found', 'not_ready'],
    },
  },
} as const satisfies OperationTable;

export const contentOperations = {
  '/v1/images/:image_id/content': {
    GET: {
      id: 'getImageContent',
      tag: 'Records',
      summary: "Get an image's bytes",
      about: 'As a redirect to a signed link, as such a link, or as the bytes themselves.',
      access: 'key',
      parameters: [
        imageId,
        {
          in: 'query',
          name: 'format',
          about: 'How the content is given.',
          schema: { type: 'string', enum: ['redirect', 'url', 'binary'], default: 'redirect' },
        },
        {
          in: 'query',
          name: 'index',
          about: 'Which image; the first present when absent.',
          schema: { type: 'integer', minimum: 0 },
        },
        ...copyParameters,
      ],
      replies: {
        200: {
          about: 'With `format=url` a link, with `format=binary` the bytes.',
          headers: ['Cache-Control', 'Content-Disposition', 'X-Content-Type-Options'],
          content: {
            'application/json': {
              shape: contentLink,
              examples: {
                'format=url': { url: link, image_id: record.id, expires_in: 3600, index: 0 },
              },
            },
            'image/*': { schema: { type: 'string', format: 'binary' } },
          },
        },
        302: {
          about: 'With `format=redirect`: go on to a signed link.',
          headers: ['Location', 'Cache-Control'],
        },
      },
      errors: ['invalid_value', 'not_found', 'not_ready', 'queue_full'],
    },
  },
} as const satisfies OperationTable;
