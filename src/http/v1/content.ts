import { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import { extensions, mimeTypes } from '../../core/image-format.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import type { contentOperations } from './images-operations.ts';
import { keyOf } from './images-generations.ts';
import { findRecord, imageIdOf, queryOf } from './images.ts';
import { makeLinks } from './links.ts';
import { contentToWire } from './wire.ts';

/** GET /v1/images/{image_id}/content (public-api.md section 8). */
export function contentRoutes(tools: HttpTools): RoutesOf<typeof contentOperations> {
  return {
    '/v1/images/:image_id/content': {
      GET: async (request, reply) => {
        const query = queryOf(request.url);
        const format = readFormat(query);
        const index = readIndex(query);
        const record = await findRecord(imageIdOf(request.params), keyOf(request).id, tools);
        const image = pickImage(record, index);
        if (format === 'binary') {
          reply
            .type(mimeTypes[image.format])
            .header('content-length', String(image.bytes))
            .header(
              'content-disposition',
              `attachment; filename="${record.id}_${image.index}.${extensions[image.format]}"`,
            )
            .header('x-content-type-options', 'nosniff');
          if (request.method === 'HEAD') return await reply.send();
          const reader = await tools.objects.open(image.object);
          if (reader === undefined)
            throw new GatewayError('internal', 'A stored image is missing on this server.', {
              details: `object ${image.object} is missing`,
            });
          return await reply.send(Readable.from(reader.stream()));
        }
        const url = makeLinks(request, tools)(record.id, image);
        reply.header('cache-control', 'no-store');
        if (format === 'redirect') return await reply.redirect(url, 302);
        const ttlSeconds = tools.settings.urlTtlSeconds;
        return await reply.send(contentToWire(record.id, { url, index: image.index, ttlSeconds }));
      },
    },
  };
}

function readFormat(query: URLSearchParams): 'redirect' | 'url' | 'binary' {
  for (const name of ['width', 'height', 'fit', 'as']) {
    if (query.has(name))
      throw new GatewayError(
        'unsupported_parameter',
        `This version gives images as they were made; leave '${name}' out.`,
        { param: name },
      );
  }
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
