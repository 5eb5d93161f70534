import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { ListQuery } from '../../core/record-store.ts';
import type { GenerationRecord } from '../../core/record.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import type { imageOperations } from './images-operations.ts';
import { keyOf } from '../auth.ts';
import { makeLinks } from './links.ts';
import { readListQuery } from './list-query.ts';
import { deletedToWire, listToWire, recordToWire } from './wire.ts';

/** GET /v1/images, GET and DELETE /v1/images/{image_id} (public-api.md section 7). */
export function imageRoutes(tools: HttpTools): RoutesOf<typeof imageOperations> {
  return {
    '/v1/images': {
      GET: async (request, reply) => {
        const read = readListQuery(queryOf(request.url));
        // Named as in a create: by alias too, in either case.
        const model = read.model === undefined ? undefined : tools.catalog.find(read.model)?.card.id;
        const query: ListQuery = {
          ...read,
          ...(model === undefined ? {} : { model }),
          keyId: keyOf(request).id,
        };
        const page = await tools.records.list(query);
        return await reply.send(listToWire(page, makeLinks(request, tools)));
      },
    },
    '/v1/images/:image_id': {
      GET: async (request, reply) => {
        const record = await findRecord(imageIdOf(request.params), keyOf(request).id, tools);
        return await reply.send(recordToWire(record, makeLinks(request, tools)));
      },
      DELETE: async (request, reply) => {
        const id = imageIdOf(request.params);
        await removeRecord(id, keyOf(request).id, tools);
        return await reply.send(deletedToWire(id));
      },
    },
  };
}

/** The query as it was sent; Fastify's own parser would fold repeated names into lists. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

/** The id in the path. One that cannot be an id is looked up all the same: there is just nothing under it. */
export function imageIdOf(params: unknown): string {
  const id =
    typeof params === 'object' && params !== null && 'image_id' in params ? params.image_id : undefined;
  return typeof id === 'string' ? id : '';
}

/** Throws GatewayError `not_found` for unknown and foreign ids alike. */
export async function findRecord(
  id: string,
  /** Undefined: any key's. */
  keyId: string | undefined,
  tools: Pick<HttpTools, 'records'>,
): Promise<GenerationRecord> {
  const record = isId('img', id) ? await tools.records.get(id, keyId) : undefined;
  if (record === undefined) throw noSuchImage();
  return record;
}

/** Record and objects are gone when it returns. A crash in between is made good at the next start. */
export async function removeRecord(id: string, keyId: string, tools: HttpTools): Promise<void> {
  const removed = isId('img', id) ? await tools.records.remove(id, keyId) : undefined;
  if (removed === undefined) throw noSuchImage();
  if (removed === 'in_progress')
    throw new GatewayError(
      'not_ready',
      'Image is not ready yet. Current status: in_progress. It can be deleted when it has ended.',
    );
  for (const object of removed.objects) await tools.objects.remove(object);
  await tools.pictures.forget(id);
  await tools.records.forgetObjects(removed.objects);
}

export function noSuchImage(): GatewayError {
  return new GatewayError('not_found', 'There is no such image.');
}
