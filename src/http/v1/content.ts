import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { PictureForm } from '../../core/image-copy.ts';
import { extensions, mimeTypes } from '../../core/image-format.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import { streamOf } from '../stream-of.ts';
import type { HttpTools } from '../tools.ts';
import type { contentOperations } from './images-operations.ts';
import { askedForm, readCopyQuery } from './copy-query.ts';
import { keyOf } from '../auth.ts';
import { findRecord, imageIdOf, queryOf } from './images.ts';
import { makeLinks } from './links.ts';
import { contentToWire } from './wire.ts';

/** GET /v1/images/{image_id}/content (public-api.md section 8). */
export function contentRoutes(tools: HttpTools): RoutesOf<typeof contentOperations> {
  return {
    '/v1/images/:image_id/content': {
      GET: async (request, reply) => await answerContent(keyOf(request).id, request, reply, tools),
    },
  };
}

/** The content of a key's image; `keyId` undefined: of any key's. */
export async function answerContent(
  keyId: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<FastifyReply> {
  const query = queryOf(request.url);
  const format = readFormat(query);
  const index = readIndex(query);
  const asked = readCopyQuery(query);
  const record = await findRecord(imageIdOf(request.params), keyId, tools);
  const image = pickImage(record, index);
  const form = askedForm(record, image, asked);
  if (format === 'binary') return await sendBytes(record.id, image, form, request, reply, tools);
  const url = makeLinks(request, tools)(record.id, image, form);
  reply.header('cache-control', 'no-store');
  if (format === 'redirect') return await reply.redirect(url, 302);
  const ttlSeconds = tools.settings.urlTtlSeconds;
  return await reply.send(contentToWire(record.id, { url, index: image.index, ttlSeconds }));
}

async function sendBytes(
  imageId: string,
  image: StoredImage,
  form: PictureForm,
  request: FastifyRequest,
  reply: FastifyReply,
  { pictures }: Pick<HttpTools, 'pictures'>,
): Promise<FastifyReply> {
  const { format, reader } = await pictures.open(imageId, image, form);
  const name = `${imageId}_${image.index}.${extensions[format]}`;
  reply
    .type(mimeTypes[format])
    .header('content-length', String(reader.bytes))
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('x-content-type-options', 'nosniff');
  if (request.method === 'HEAD') {
    await reader.close();
    return await reply.send();
  }
  return await reply.send(streamOf(reader.stream(), () => reader.close()));
}

function readFormat(query: URLSearchParams): 'redirect' | 'url' | 'binary' {
  const format = query.get('format') ?? 'redirect';
  if (format === 'redirect' || format === 'url' || format === 'binary') return format;
  throw new GatewayError('invalid_value', "'format' must be one of redirect, url, binary.", {
    param: 'format',
  });
}

function readIndex(query: URLSearchParams): number | undefined {
  const text = query.get('index');
  if (text === null) return undefined;
  if (!/^\d+$/.test(text))
    throw new GatewayError('invalid_value', "'index' must be 0 or more.", { param: 'index' });
  return Number(text);
}

/** The image asked for, or the first present. */
function pickImage(record: GenerationRecord, index: number | undefined): StoredImage {
  if (record.status !== 'completed')
    throw new GatewayError('not_ready', `Image is not ready yet. Current status: ${record.status}`);
  const image = index === undefined ? record.images[0] : record.images.find((image) => image.index === index);
  if (image === undefined)
    throw new GatewayError('not_found', `There is no image ${index ?? 0} in this generation.`, {
      param: 'index',
    });
  return image;
}
