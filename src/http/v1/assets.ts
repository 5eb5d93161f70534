import type { FastifyRequest } from 'fastify';
import type { Asset } from '../../core/asset.ts';
import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { keyOf } from '../auth.ts';
import { isForm, readForm, type Form } from '../form.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import type { assetOperations } from './assets-operations.ts';
import { refuseEncoded } from './images-generations.ts';
import { assetToWire, inEnvelope } from './wire-assets.ts';

/** /v1/assets: uploaded images, each of the key that uploaded it (public-api.md section 12). */
export function assetRoutes(tools: HttpTools): RoutesOf<typeof assetOperations> {
  return {
    '/v1/assets': {
      POST: async (request, reply) => {
        const { id: keyId } = keyOf(request);
        refuseEncoded(request);
        if (!isForm(request))
          throw new GatewayError(
            'invalid_content_type',
            "Send a form ('multipart/form-data') with a 'file'.",
          );
        const form = await readForm(request, tools.settings.forms);
        try {
          const { file, name, groupId } = readFields(form);
          const bytes = file.isTooLarge ? Number.POSITIVE_INFINITY : file.bytes;
          const fileName = file.fileName?.slice(0, 256);
          const facts = { keyId, name: name ?? fileName ?? '', groupId, fileName };
          const asset = await tools.assets.keep({ bytes, read: () => file.read() }, facts);
          return await reply.send(inEnvelope(assetToWire(asset)));
        } finally {
          await form.close();
        }
      },
      GET: async (request, reply) => {
        const query = Object(request.query) as Record<string, unknown>;
        const current = readNumber(query, 'current', 1, 1_000_000);
        const size = readNumber(query, 'size', 20, 100);
        const page = { offset: (current - 1) * size, limit: size };
        const { assets, total } = await tools.assets.list(keyOf(request).id, page);
        const pagination = { current, size, total };
        return await reply.send(inEnvelope({ list: assets.map(assetToWire), pagination }));
      },
    },
    '/v1/assets/:asset_id': {
      GET: async (request, reply) => await reply.send(inEnvelope(assetToWire(await find(request, tools)))),
      DELETE: async (request, reply) => {
        const assetId = idOf(request);
        if (!isId('ua', assetId) || !(await tools.assets.remove(assetId, keyOf(request).id)))
          throw notFound();
        return await reply.send(inEnvelope({ assetId, deleted: true as const }));
      },
    },
  };
}

function readFields({ texts, files }: Pick<Form, 'texts' | 'files'>) {
  const values = new Map<string, string>();
  for (const { field, value } of texts) {
    const param = field.slice(0, 100);
    if (field === 'file') throw new GatewayError('invalid_type', "'file' must be sent as a file.", { param });
    if (field !== 'name' && field !== 'groupId')
      throw new GatewayError('unknown_parameter', `Unknown parameter: '${param}'.`, { param });
    if (values.has(field)) throw new GatewayError('invalid_value', `'${param}' was sent twice.`, { param });
    if (value.length > 256)
      throw new GatewayError('invalid_value', `'${param}' may have at most 256 characters.`, { param });
    if (value !== '') values.set(field, value);
  }
  const stranger = files.find(({ field }) => field !== 'file');
  if (stranger !== undefined) {
    const param = stranger.field.slice(0, 100);
    throw new GatewayError('unknown_parameter', `Unknown parameter: '${param}'. Send one 'file'.`, { param });
  }
  const [file, second] = files;
  if (file === undefined)
    throw new GatewayError('missing_parameter', "'file' is missing.", { param: 'file' });
  if (second !== undefined)
    throw new GatewayError('invalid_value', "Send one 'file' at a time.", { param: 'file' });
  return { file, name: values.get('name'), groupId: values.get('groupId') };
}

async function find(request: FastifyRequest, tools: HttpTools): Promise<Asset> {
  const id = idOf(request);
  const asset = isId('ua', id) ? await tools.assets.find(id, keyOf(request).id) : undefined;
  if (asset === undefined) throw notFound();
  return asset;
}

function idOf(request: FastifyRequest): string {
  return String((Object(request.params) as Record<string, unknown>)['asset_id']);
}

function notFound(): GatewayError {
  return new GatewayError('not_found', 'There is no such asset.');
}

function readNumber(query: Record<string, unknown>, name: string, preset: number, max: number): number {
  const text = query[name];
  if (text === undefined) return preset;
  const value = typeof text === 'string' && /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new GatewayError('invalid_value', `'${name}' must be 1 to ${max}.`, { param: name });
}
