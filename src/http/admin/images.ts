import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { toMicros } from '../../core/price.ts';
import type { ListQuery } from '../../core/record-store.ts';
import { answerContent } from '../v1/content.ts';
import { findRecord, imageIdOf, queryOf, removeRecord } from '../v1/images.ts';
import { makeLinks } from '../v1/links.ts';
import { readListQuery } from '../v1/list-query.ts';
import { deletedToWire, listToWire, recordToWire } from '../v1/wire.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { noteAct } from './authorize.ts';
import { makeKeyNamer } from './key-names.ts';

/** /admin/images: every key's records, as /v1/images has those of one. */
export function adminImageRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/images': {
      GET: async (request, reply) => {
        const query = readAdminListQuery(queryOf(request.url));
        const model = query.model === undefined ? undefined : tools.catalog.find(query.model)?.card.id;
        const page = await tools.records.list({ ...query, ...(model === undefined ? {} : { model }) });
        const nameKey = await makeKeyNamer(tools.keys);
        const list = listToWire(page, makeLinks(request, tools));
        return await reply.send({
          ...list,
          data: page.records.map(({ keyId }, i) => ({ ...list.data[i], key: nameKey(keyId) })),
        });
      },
    },
    '/admin/images/:image_id': {
      GET: async (request, reply) => {
        const record = await findRecord(imageIdOf(request.params), undefined, tools);
        const nameKey = await makeKeyNamer(tools.keys);
        const wire = recordToWire(record, makeLinks(request, tools));
        return await reply.send({ ...wire, key: nameKey(record.keyId) });
      },
      DELETE: async (request, reply) => {
        const { id, keyId } = await findRecord(imageIdOf(request.params), undefined, tools);
        await removeRecord(id, keyId, tools);
        await noteAct({ action: 'image.delete', target: id }, request, tools);
        return await reply.send(deletedToWire(id));
      },
    },
    '/admin/images/:image_id/content': {
      GET: async (request, reply) => await answerContent(undefined, request, reply, tools),
    },
  };
}

function readAdminListQuery(query: URLSearchParams): ListQuery {
  const keyId = readKeyId(query);
  const costMinMicros = readAmount(query, 'cost_min');
  const costMaxMicros = readAmount(query, 'cost_max');
  return {
    ...readListQuery(query),
    keyId,
    ...(costMinMicros === undefined ? {} : { costMinMicros }),
    ...(costMaxMicros === undefined ? {} : { costMaxMicros }),
  };
}

/** The id of a key, which may be gone. Throws GatewayError. */
export function readKeyId(query: URLSearchParams): string | undefined {
  const text = query.get('key') ?? '';
  if (text === '') return undefined;
  if (!isId('key', text))
    throw new GatewayError('invalid_value', "'key' must be the id of an API key.", { param: 'key' });
  return text;
}

function readAmount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text)) return toMicros(text);
  throw new GatewayError('invalid_value', `'${name}' must be an amount such as 0.04.`, { param: name });
}
