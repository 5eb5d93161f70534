import { createHash } from 'node:crypto';
import type { Model } from '../../core/catalog.ts';
import type { HttpTools } from '../tools.ts';
import { makeDocument, type ApiParts } from './document.ts';
import type { OperationTable, RoutesOf } from './operation.ts';

export const openApiOperations = {
  '/openapi.json': {
    GET: {
      id: 'getApiDescription',
      tag: 'Operations',
      summary: 'OpenAPI document',
      about: 'OpenAPI 3.1, made of the data that checks requests.',
      access: 'open',
      replies: {
        200: {
          about: 'The document.',
          headers: ['ETag', 'Cache-Control'],
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        304: { about: 'Not changed.', headers: ['ETag', 'Cache-Control'] },
      },
      errors: [],
    },
  },
} as const satisfies OperationTable;

/** GET /openapi.json. The document is made when it is first asked for, and again only for other models. */
export function openApiRoutes(
  api: ApiParts,
  { catalog, settings: { publicUrl } }: Pick<HttpTools, 'catalog' | 'settings'>,
): RoutesOf<typeof openApiOperations> {
  let made: { models: readonly Model[]; bytes: Buffer; etag: string } | undefined;
  const document = () => {
    const models = catalog.all();
    if (made?.models !== models) {
      const bytes = Buffer.from(JSON.stringify(makeDocument(api, { models, publicUrl })));
      made = { models, bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
    }
    return made;
  };
  return {
    '/openapi.json': {
      GET: async (request, reply) => {
        const { bytes, etag } = document();
        reply.header('etag', etag).header('cache-control', 'no-cache');
        if (request.headers['if-none-match'] === etag) return await reply.status(304).send();
        return await reply.type('application/json; charset=utf-8').send(bytes);
      },
    },
  };
}
