import type { OperationTable, Parameter } from '../openapi/operation.ts';
import { assetDeleted, assetListReply, assetReply } from './wire-schemas.ts';

const assetId: Parameter = {
  in: 'path',
  name: 'asset_id',
  about: 'The id of an asset, `ua_...`.',
  schema: { type: 'string', examples: ['ua_01K3ZQ8V5N7D2M4R6T9W1X3Y5B'] },
};

const page = (name: string, about: string, maximum: number, preset: number): Parameter => ({
  in: 'query',
  name,
  about,
  schema: { type: 'integer', minimum: 1, maximum, default: preset },
});

export const assetOperations = {
  '/v1/assets': {
    POST: {
      id: 'createAsset',
      tag: 'Assets',
      summary: 'Upload an image',
      about: 'To be named in requests as `asset://<asset id>`, or as `file_id` in JSON edits.',
      access: 'key',
      body: {
        'multipart/form-data': () => ({
          schema: {
            type: 'object',
            required: ['file'],
            properties: {
              file: { type: 'string', format: 'binary' },
              name: { type: 'string', maxLength: 256 },
              groupId: { type: 'string', maxLength: 256, description: 'A label of your own.' },
            },
          },
          components: {},
          examples: {},
        }),
      },
      replies: { 200: { about: 'The asset.', content: { 'application/json': { shape: assetReply } } } },
      errors: [
        'missing_parameter',
        'invalid_type',
        'invalid_value',
        'unknown_parameter',
        'invalid_image',
        'body_too_large',
        'invalid_content_type',
        'storage_unavailable',
      ],
    },
    GET: {
      id: 'listAssets',
      tag: 'Assets',
      summary: 'List assets',
      about: 'Newest first.',
      access: 'key',
      parameters: [
        page('current', 'Which page, from 1.', 1_000_000, 1),
        page('size', 'Assets on a page.', 100, 20),
      ],
      replies: { 200: { about: 'One page.', content: { 'application/json': { shape: assetListReply } } } },
      errors: ['invalid_value'],
    },
  },
  '/v1/assets/:asset_id': {
    GET: {
      id: 'getAsset',
      tag: 'Assets',
      summary: 'One asset',
      access: 'key',
      parameters: [assetId],
      replies: { 200: { about: 'The asset.', content: { 'application/json': { shape: assetReply } } } },
      errors: ['not_found'],
    },
    DELETE: {
      id: 'deleteAsset',
      tag: 'Assets',
      summary: 'Delete an asset',
      about: 'What was made from it stays.',
      access: 'key',
      parameters: [assetId],
      replies: { 200: { about: 'It is gone.', content: { 'application/json': { shape: assetDeleted } } } },
      errors: ['not_found'],
    },
  },
} as const satisfies OperationTable;
