import type { OperationTable, Reply } from '../openapi/operation.ts';
import { copyParameters } from './copy-query.ts';

const headers = [
  'ETag',
  'Cache-Control',
  'X-Content-Type-Options',
  'Content-Security-Policy',
  'Content-Disposition',
  'Accept-Ranges',
] as const;

const bytes = {
  'image/*': { schema: { type: 'string', format: 'binary' } },
} as const satisfies Reply['content'];

export const fileOperations = {
  '/v1/files/:image_id/:file': {
    GET: {
      id: 'getFile',
      tag: 'Files',
      summary: 'Download an image',
      about:
        'What the links in replies point to. The signature is the right: no key is needed, and none is looked at. It covers the whole query, so a link is good for the copy it was made for and for no other.',
      access: 'signature',
      parameters: [
        { in: 'path', name: 'image_id', about: 'The record.', schema: { type: 'string' } },
        { in: 'path', name: 'file', about: 'Index and extension, e.g. `0.png`.', schema: { type: 'string' } },
        {
          in: 'query',
          name: 'exp',
          about: 'Good until, in Unix seconds.',
          schema: { type: 'integer' },
          required: true,
        },
        { in: 'query', name: 'sig', about: 'The signature.', schema: { type: 'string' }, required: true },
        ...copyParameters,
        {
          in: 'query',
          name: 'quality',
          about: "A copy's, in percent.",
          schema: { type: 'integer', minimum: 1, maximum: 100 },
        },
        {
          in: 'header',
          name: 'Range',
          about: 'One range of bytes.',
          schema: { type: 'string', examples: ['bytes=0-65535'] },
        },
        {
          in: 'header',
          name: 'If-None-Match',
          about: 'The ETag that is already at hand.',
          schema: { type: 'string' },
        },
      ],
      replies: {
        200: { about: 'The bytes.', headers, content: bytes },
        206: { about: 'The range asked for.', headers: [...headers, 'Content-Range'], content: bytes },
        304: { about: 'Not changed.', headers },
        416: { about: 'There are no such bytes.', headers: [...headers, 'Content-Range'] },
      },
      errors: ['bad_signature', 'url_expired', 'not_found', 'queue_full'],
    },
  },
} as const satisfies OperationTable;
