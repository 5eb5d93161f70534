import type { IncomingHttpHeaders } from 'node:http';
import type { Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ImageRequest } from '../../core/image-request.ts';
import type { NativeBody, NativeImage } from '../../core/native.ts';
import type { Provider } from '../../core/provider.ts';
import { readReference, type InputReference } from '../../generation/input-references.ts';
import type { HttpTools } from '../tools.ts';

/** A native body ready to be sent, and what is kept of it. */
export interface NativeRequest {
  /** With the routes that can take it. */
  model: Model;
  request: ImageRequest;
  parameters: Readonly<Record<string, unknown>>;
  warnings: Awaited<ReturnType<HttpTools['loadInputs']>>['warnings'];
}

type Body = Readonly<Record<string, unknown>>;

/** Ours to say: who is to be told, under which id, and how the answer comes (public-api.md section 6). */
const ownFields: ReadonlySet<string> = new Set([
  'callback',
  'callback_url',
  'callbackUrl',
  'webhook',
  'webhook_url',
  'external_task_id',
  'request_id',
  'model_id',
  'stream',
]);

/**
 * Reads a body in the upstream's own words: fields of ours are refused, images are fetched, checked and put in as the
 * upstream takes them, the rest goes out as it is. Throws GatewayError.
 */
export async function readNativeRequest(
  { body, isEdit }: { body: Body; isEdit: boolean },
  model: Model,
  keyId: string,
  headers: IncomingHttpHeaders,
  tools: Pick<HttpTools, 'providers' | 'loadInputs'>,
): Promise<NativeRequest> {
  const { provider, routes } = chooseRoutes(model, headers, tools.providers);
  const { native } = provider;
  if (native === undefined || !model.card.nativeParams) throw notSupported(model);
  const { model: _model, ...rest } = body;
  const stranger = Object.keys(rest).find((name) => ownFields.has(name));
  if (stranger !== undefined) {
    throw new GatewayError(
      'invalid_value',
      `'${stranger}' belongs to this server and cannot be set in a native body. Leave it out.`,
      { param: stranger },
    );
  }
  const own: NativeBody = structuredClone(rest);
  const images = [...native.imagesOf(own)];
  images.push(...assetsElsewhere(own, images, (image) => native.inline(image)));
  if (isEdit && images.length === 0) {
    throw new GatewayError(
      'missing_parameter',
      'An edit needs at least one image, in its place in the native body.',
    );
  }
  const references = images.map(({ param, text }): InputReference => ({
    field: param,
    param,
    reference: readReference(text, param),
  }));
  const kept = abbreviate(own);
  const loaded = await tools.loadInputs(keyId, references, model.card.inputImages);
  for (const [i, image] of loaded.images.entries()) images[i]?.put(image);
  const count = native.countOf(own);
  return {
    model: { ...model, routes },
    request: { ...blank(model.card.id, native.promptOf(own) ?? '', count), native: own },
    // Beside it what the price may depend on, as a request in our words would have said it.
    parameters: { ...native.termsOf(own), native_params: kept },
    warnings: loaded.warnings,
  };
}

/** The routes of one provider: the one that the caller names, else that of the first route. */
function chooseRoutes(
  model: Model,
  headers: IncomingHttpHeaders,
  providers: ReadonlyMap<string, Provider>,
): { provider: Provider; routes: Model['routes'] } {
  const named = String(headers['native-provider'] ?? '')
    .trim()
    .toLowerCase();
  const name = named === '' ? model.routes[0]?.provider : named;
  const routes = model.routes.filter((route) => route.provider === name);
  if (named !== '' && routes.length === 0) {
    throw new GatewayError(
      'invalid_value',
      `Model '${model.card.id}' is not served by the provider that the header 'Native-Provider' names.`,
      { param: 'Native-Provider' },
    );
  }
  const provider = providers.get(name ?? '');
  if (provider !== undefined) return { provider, routes };
  // Nobody serves it: said so when a route is looked for, once the body is known to be good.
  const owner = [...providers.values()].find(({ cards }) => cards.some(({ id }) => id === model.card.id));
  if (owner === undefined) throw notSupported(model);
  return { provider: owner, routes };
}

/** Whether any route of the model leads to a provider that takes native bodies: what GET /v1/models says of it. */
export function takesNative({ card, routes }: Model, providers: ReadonlyMap<string, Provider>): boolean {
  if (!card.nativeParams) return false;
  if (routes.length > 0) return routes.some(({ provider }) => providers.get(provider)?.native !== undefined);
  const owner = [...providers.values()].find(({ cards }) => cards.some(({ id }) => id === card.id));
  return owner?.native !== undefined;
}

function notSupported(model: Model): GatewayError {
  return new GatewayError(
    'native_not_supported',
    `Model '${model.card.id}' takes no native parameters. Leave the header 'Native-Params' out.`,
  );
}

/** `asset://` at any depth, also where the provider knows no image. */
function assetsElsewhere(
  body: NativeBody,
  known: readonly NativeImage[],
  inline: (image: Parameters<NativeImage['put']>[0]) => string,
): NativeImage[] {
  const found: NativeImage[] = [];
  const taken = new Set(known.map(({ param }) => param));
  const walk = (holder: Record<string, unknown> | unknown[], path: string): void => {
    for (const [key, value] of Object.entries(holder)) {
      const place = Array.isArray(holder) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      if (typeof value === 'string') {
        if (!/^\s*asset:\/\//i.test(value.slice(0, 100)) || taken.has(place)) continue;
        const put: NativeImage['put'] = (image) => void Reflect.set(holder, key, inline(image));
        found.push({ param: place.slice(0, 200), text: value, put });
      } else if (typeof value === 'object' && value !== null) {
        walk(value as Record<string, unknown>, place);
      }
    }
  };
  walk(body, '');
  return found;
}

const maxTextLength = 300;
const maxKeptLength = 16_384;

/** What the record keeps: as much as a person needs to see what was asked. */
function abbreviate(body: NativeBody): unknown {
  const text = JSON.stringify(body, shorten);
  return text.length <= maxKeptLength ? JSON.parse(text) : `${text.slice(0, maxKeptLength)}...`;
}

function blank(model: string, prompt: string, count: number): ImageRequest {
  return {
    model,
    prompt,
    n: 1,
    inputs: [],
    shape: { tier: undefined, ratio: undefined, pixels: undefined },
    quality: undefined,
    watermark: undefined,
    seed: undefined,
    // Fewer may come than the body can make.
    group: count > 1 ? { maxImages: count } : undefined,
    outputFormat: undefined,
    negativePrompt: undefined,
    mask: undefined,
    style: undefined,
    background: undefined,
    moderation: undefined,
    outputCompression: undefined,
    inputFidelity: undefined,
    providerOptions: {},
    user: undefined,
  };
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= maxTextLength) return value;
  return `${value.slice(0, 60)}... (${value.length} characters)`;
}
