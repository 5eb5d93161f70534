import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { ApiKey } from '../../core/key-store.ts';
import { deliveredForm } from '../../core/image-copy.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import type { PreparedOrder } from '../../generation/idempotency.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import type { generationOperations } from './images-generations-operations.ts';
import { streamOf } from '../stream-of.ts';
import { base64Reply } from './base64-reply.ts';
import { readCreateRequest } from './create-request.ts';
import { readJsonObject } from './json-body.ts';
import { makeLinks } from './links.ts';
import { readNativeSwitch } from './native-switch.ts';
import { readImageRequest, readModel } from './read-request.ts';
import { replyToWire } from './wire.ts';

const endpoint = '/v1/images/generations';

/** POST /v1/images/generations: who may call, what shape comes in, one call to the inside, what shape goes out. */
export function generationRoutes(tools: HttpTools): RoutesOf<typeof generationOperations> {
  return {
    [endpoint]: {
      POST: async (request, reply) => {
        const key = keyOf(request);
        refuseEncoded(request);
        const body = readJsonObject(request.body);
        const create = await readCreateRequest(request, reply, { keyId: key.id, endpoint, body });
        const accepted = await tools.accept(create, () => prepare(key, body, request, tools));
        reply.header('x-image-id', accepted.generationId);
        if (accepted.replayed !== undefined) reply.header('idempotency-replayed', accepted.replayed);
        const record = await accepted.outcome();
        if (record.servedBy !== undefined) reply.header('x-served-by', record.servedBy);
        return await sendImages(record, accepted.responseFormat, request, reply, tools);
      },
    },
  };
}

/** Checks a request that repeats none, and reads its input images. No money is spent before all checks pass. */
async function prepare(
  key: ApiKey,
  body: Readonly<Record<string, unknown>>,
  request: FastifyRequest,
  tools: HttpTools,
): Promise<PreparedOrder> {
  const model = readModel(body, tools.catalog, key);
  if (readNativeSwitch(request.headers)) {
    throw new GatewayError(
      'native_not_supported',
      "This version does not take native parameters. Leave the header 'Native-Params' out.",
    );
  }
  const checked = readImageRequest(body, model);
  const { images, warnings } = await tools.loadInputs(checked.references, checked.model.card.inputImages);
  return {
    keyId: key.id,
    model: checked.model,
    request: checked.complete(images),
    parameters: checked.parameters,
    warnings: [...checked.warnings, ...warnings],
    spelling: spellInputs(checked.spelling, images),
    responseFormat: checked.responseFormat,
  };
}

/** A packed body would be read as broken JSON, which tells nobody what is wrong. */
function refuseEncoded({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw new GatewayError(
    'invalid_content_type',
    "Bodies are taken as they are; send it without 'Content-Encoding'.",
  );
}

/** The authenticated key of a request under /v1. */
export function keyOf(request: FastifyRequest): ApiKey {
  if (request.apiKey === undefined) throw new Error('a route under /v1 was reached without a key');
  return request.apiKey;
}

/** An upstream names the k-th input image; the caller knows it by an own spelling. */
function spellInputs(
  spelling: Readonly<Record<string, string>>,
  images: readonly { param: string }[],
): Record<string, string> {
  return {
    ...spelling,
    ...Object.fromEntries(images.map((image, i) => [`reference_images[${i}]`, image.param])),
  };
}

async function sendImages(
  record: GenerationRecord,
  format: 'url' | 'b64_json',
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<FastifyReply> {
  if (format === 'url') {
    const link = makeLinks(request, tools);
    const url = (image: StoredImage) => link(record.id, image, deliveredForm(record, image));
    return await reply.send(replyToWire(record, (image) => ({ url: url(image) })));
  }
  const { length, chunks, close } = await base64Reply(record, tools);
  return await reply
    .type('application/json; charset=utf-8')
    .header('content-length', String(length))
    .send(streamOf(chunks, close));
}
