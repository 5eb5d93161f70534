import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import { createImages } from './create-images.ts';
import type { generationOperations } from './images-generations-operations.ts';
import { readJsonObject } from './json-body.ts';
import { nativeBodyRequired, saysNative } from './native-switch.ts';

const endpoint = '/v1/images/generations';

/** POST /v1/images/generations: who may call, what shape comes in, one call to the inside, what shape goes out. */
export function generationRoutes(tools: HttpTools): RoutesOf<typeof generationOperations> {
  return {
    [endpoint]: {
      POST: async (request, reply) => {
        refuseEncoded(request);
        return await createImages(
          { endpoint, body: readBody(request), isEdit: false },
          request,
          reply,
          tools,
        );
      },
    },
  };
}

/** With Native-Params every fault of the body's form has one text (public-api.md section 6). */
export function readBody(request: FastifyRequest): Readonly<Record<string, unknown>> {
  try {
    const body = readJsonObject(request.body);
    if (Object.keys(body).length > 0 || !saysNative(request.headers)) return body;
  } catch (error) {
    if (!saysNative(request.headers)) throw error;
  }
  throw nativeBodyRequired();
}

/** A packed body would be read as broken JSON, which tells nobody what is wrong. */
export function refuseEncoded({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw new GatewayError(
    'invalid_content_type',
    "Bodies are taken as they are; send it without 'Content-Encoding'.",
  );
}
