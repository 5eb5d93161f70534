import type { OperationTable } from '../openapi/operation.ts';
import { model, modelList } from './wire-schemas.ts';

export const modelOperations = {
  '/v1/models': {
    GET: {
      id: 'listModels',
      tag: 'Models',
      summary: 'List models',
      about: 'The models this key may use, each with its card.',
      access: 'key',
      replies: { 200: { about: 'All of them.', content: { 'application/json': { shape: modelList } } } },
      errors: [],
    },
  },
  '/v1/models/*': {
    GET: {
      id: 'getModel',
      tag: 'Models',
      summary: 'Get a model',
      access: 'key',
      parameters: [
        {
          in: 'path',
          name: 'model_id',
          about: 'Its id or one of its aliases, in upper or lower case. A slash in it stays as it is.',
          schema: { type: 'string', examples: ['seedream-4.5'] },
        },
      ],
      replies: {
        200: {
          about: 'The model.',
          content: { 'application/json': { shape: model, examples: { 'Kling Image O1': kling() } } },
        },
      },
      errors: ['model_not_found'],
    },
  },
} as const satisfies OperationTable;

function kling() {
  return {
    id: 'kling-image-o1',
    object: 'model',
    created: 1_764_633_600,
    owned_by: 'kling',
    display_name: 'Kling Image O1',
    type: 'image',
    available: true,
    sandbox: false,
    aliases: [],
    native_params: true,
    supported_parameters: ['n', 'size', 'ratio'],
    parameters: {
      n: { type: 'integer', minimum: 1, maximum: 9, default: 1 },
      size: { type: 'string', enum: ['1K', '2K', '1024x1024'], default: '1K' },
      ratio: { type: 'string', enum: ['1:1', '16:9', 'auto'], default: 'auto' },
    },
    'x-conflicts': [
      { fields: ['size', 'ratio'], param: 'size', rule: 'a WIDTHxHEIGHT must have the ratio given' },
    ],
    input_images: { max: 10, formats: ['png', 'jpeg'] },
    max_prompt_length: 2500,
    pricing: [{ unit: 'image', amount: '0.028', currency: 'USD' }],
  };
}
