import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey } from '../../core/key-store.ts';
import type { PreparedOrder } from '../../generation/idempotency.ts';
import { keyOf } from '../auth.ts';
import type { HttpTools } from '../tools.ts';
import { answerCreate, applyPreference } from './answer-create.ts';
import { readCreateRequest } from './create-request.ts';
import { bendToCard } from './lenient.ts';
import { readNativeSwitch, saysNative } from './native-switch.ts';
import { readNativeRequest } from './native-request.ts';
import { readHandling } from './prefer.ts';
import { defaultFormat, readImageRequest, readModel } from './read-request.ts';
import { readStream } from './stream-field.ts';
import { readWebhook } from './webhook-field.ts';

/** A request to create images, as its endpoint has read it. */
export interface CreateAsk {
  /** As repeats are told by it, e.g. `/v1/images/generations`. */
  endpoint: string;
  body: Readonly<Record<string, unknown>>;
  /** What of the body tells it from others; absent: all of it. */
  identity?: unknown;
  /** There must be an input image. */
  isEdit: boolean;
}

/** What every endpoint that creates images does once it has read the body: one call to the inside. Gives what it is answered with. */
export async function createImages(
  ask: CreateAsk,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<unknown> {
  const key = keyOf(request);
  const { endpoint, body } = ask;
  const told = { keyId: key.id, endpoint, body: ask.identity ?? body };
  const create = await readCreateRequest(request, reply, told);
  const handling = readHandling(request.headers) ?? key.parameterHandling ?? tools.settings.parameterHandling;
  const isLenient = handling === 'lenient';
  const accepted = await tools.accept(create, () => prepare(ask, key, isLenient, request, tools));
  // A native body is sent as it is: there is nothing to bend.
  if (isLenient && !saysNative(request.headers)) applyPreference('handling=lenient', reply);
  const isStream = body['stream'] === true;
  return await answerCreate(accepted, { keyId: key.id, endpoint, isStream }, request, reply, tools);
}

/** Checks a request that repeats none, and reads its input images. No money is spent before all checks pass. */
async function prepare(
  { body, isEdit }: CreateAsk,
  key: ApiKey,
  isLenient: boolean,
  request: FastifyRequest,
  tools: HttpTools,
): Promise<PreparedOrder> {
  const model = readModel(body, tools.catalog, key);
  if (readNativeSwitch(request.headers)) {
    const native = await readNativeRequest({ body, isEdit }, model, key.id, request.headers, tools);
    return { ...native, keyId: key.id, spelling: {}, responseFormat: defaultFormat(model.card) };
  }
  const bent = isLenient ? bendToCard(body, model) : { body, warnings: [] };
  const checked = readImageRequest(bent.body, model, isEdit);
  const stream = readStream(checked.parameters, request);
  const webhook = await readWebhook(checked.parameters, key, request, tools);
  const rules = checked.model.card.inputImages;
  const { images, warnings } = await tools.loadInputs(key.id, checked.references, rules);
  const mask =
    checked.mask === undefined ? undefined : await tools.loadMask(key.id, checked.mask, images[0], rules);
  return {
    keyId: key.id,
    model: checked.model,
    request: checked.complete(images, mask),
    parameters: checked.parameters,
    warnings: [...bent.warnings, ...checked.warnings, ...warnings],
    spelling: spellInputs(checked.spelling, images),
    responseFormat: checked.responseFormat,
    stream,
    webhook,
  };
}

/** An upstream names the k-th input image; the caller knows it by an own spelling. */
function spellInputs(
  spelling: Readonly<Record<string, string>>,
  images: readonly { param: string }[],
): Readonly<Record<string, string>> {
  if (images.length === 0) return spelling;
  return {
    ...spelling,
    ...Object.fromEntries(images.map((image, i) => [`reference_images[${i}]`, image.param])),
  };
}
