/**
 * OpenAI's images API as a loopback server, written from openai-images.md
 * (https://developers.openai.com/api/docs/guides/image-generation): generations, edits in both of their bodies,
 * events, the model list. Prompts play oddities with `sim:<name>`, see simulator-scripts.ts. Two local servers that
 * speak the same API in ways of their own stand in simulator-local.ts (upstream-local.md).
 */

import { createHash, randomBytes } from 'node:crypto';
import sharp from 'sharp';
import {
  startSimulator,
  type DrawnPicture,
  type Exchange,
  type Reply,
  type Simulator,
  type SimulatorDefinition,
  type SimulatorKit,
  type SimulatorOptions,
} from '../../sandbox/kit.ts';
import { errorReply, namedErrors, Refusal, type ErrorName } from './simulator-errors.ts';
import { defineLocal, type LocalFlavour } from './simulator-local.ts';
import { models, retired } from './simulator-models.ts';
import { events, wholeAnswer, type Made } from './simulator-reply.ts';
import { readJob, type Job } from './simulator-request.ts';
import { readScript, variants, type Script } from './simulator-scripts.ts';

const apiKey = 'sk-sim-openai-0001-key';
const minuteMs = 60_000;
/** Section 5. */
const linkLifetimeMs = 60 * minuteMs;

export interface OpenaiSimulatorOptions extends SimulatorOptions {
  /** Whose manners; OpenAI's own unless told. */
  flavour?: 'openai' | LocalFlavour;
}

/** `delayMs` is per request (20 unless told), `capacity` the images per minute of each model (none unless told). */
export function startOpenaiSimulator(options: OpenaiSimulatorOptions): Promise<Simulator> {
  const { flavour = 'openai' } = options;
  return startSimulator(options, (kit) =>
    flavour === 'openai' ? defineOpenai(kit, options) : defineLocal(kit, options, flavour),
  );
}

function defineOpenai(kit: SimulatorKit, options: SimulatorOptions): SimulatorDefinition {
  const quota = createQuota(options.capacity);
  const delayMs = options.delayMs ?? 20;

  async function create(kind: Job['kind'], exchange: Exchange): Promise<Reply> {
    try {
      const job = readJob(kind, exchange);
      const script = readScript(job.prompt, job.n, exchange.fault);
      if (script.refusal !== undefined) throw new Refusal(namedErrors[script.refusal]);
      quota.take(job, exchange.at);
      const answering = { job, script, created: Math.floor(kit.now() / 1000) };
      const made = makeImages(job, script, exchange);
      if (job.isStream && !script.variants.has('plain-json')) {
        const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
        return { status: 200, headers, stream: events(answering, made) };
      }
      const images: Made[] = [];
      for await (const image of made) images.push(image);
      if (script.withheld) throw new Refusal(namedErrors['moderated-output']);
      return wholeAnswer(answering, images);
    } catch (cause) {
      if (cause instanceof Refusal) return errorReply(cause.error);
      throw cause;
    }
  }

  /** All at once; each that is delivered is charged. */
  async function* makeImages(job: Job, script: Script, exchange: Exchange): AsyncGenerator<Made> {
    await kit.sleep(delayMs);
    const nothing =
      script.withheld || script.variants.has('empty-data') || script.variants.has('error-on-200');
    // A stream that breaks off before its only image has made none.
    if (nothing || (script.variants.has('breaks-off') && job.n === 1 && job.isStream)) return;
    const firstSeed = kit.seed();
    const drawing = Array.from({ length: job.n }, (_, index) => index)
      .filter((index) => !script.missing.has(index))
      .map((index) => ({ index, picture: drawPicture(job, (firstSeed + index) % 2 ** 31) }));
    for (const { picture } of drawing) picture.catch(() => {}); // told when its turn comes
    const [model = ''] = job.model.ids;
    for (const { index, picture: drawn } of drawing) {
      const picture = await drawn;
      kit.charge({ at: kit.now(), requestId: exchange.requestId, model, prompt: job.prompt, index }, picture);
      const { prompt, format } = job;
      const link = { ...picture, prompt, lifetimeMs: linkLifetimeMs, extension: format };
      yield { index, picture, url: () => kit.pictures.put(link) };
    }
  }

  async function drawPicture(job: Job, seed: number): Promise<DrawnPicture> {
    const { prompt, width, height, format, compression } = job;
    const inputs = [...job.inputs, ...(job.mask === undefined ? [] : [job.mask])].map(({ bytes }) => bytes);
    const drawn = await kit.draw({
      prompt,
      seed,
      width,
      height,
      format: format === 'jpeg' ? 'jpeg' : 'png',
      inputs,
      watermark: false,
    });
    if (format === 'png' || (format === 'jpeg' && compression === 100)) return drawn;
    // libwebp and libjpeg have no quality 0.
    const quality = Math.max(1, compression);
    const picture = sharp(drawn.bytes);
    const bytes = await (
      format === 'webp' ? picture.webp({ quality }) : picture.jpeg({ quality })
    ).toBuffer();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { ...drawn, bytes, sha256, contentType: `image/${format}` };
  }

  const submit = (kind: Job['kind']) => async (exchange: Exchange) =>
    withHeaders(await create(kind, exchange), exchange);

  return {
    name: 'openai',
    basePath: '/v1',
    credential: { apiKey },
    variants: Object.keys(variants),
    errors: {
      ...Object.fromEntries(Object.keys(namedErrors).map((name) => [name, refuse(name as ErrorName)])),
      internal: refuse('internal'),
    },
    requestId: () => `req_${randomBytes(16).toString('hex')}`,
    authorize(exchange) {
      const given = exchange.headers.authorization;
      if (given === `Bearer ${apiKey}`) return undefined;
      return refuse(given === undefined ? 'no-key' : 'auth')(exchange);
    },
    unknownRoute: (exchange) => withHeaders(noRoute(exchange), exchange),
    reset: () => quota.clear(),
    routes: [
      {
        method: 'POST',
        path: /^\/v1\/images\/generations$/,
        on: 'submit',
        prompt: promptOf,
        handle: submit('image_generation'),
      },
      {
        method: 'POST',
        path: /^\/v1\/images\/edits$/,
        on: 'submit',
        prompt: promptOf,
        handle: submit('image_edit'),
      },
      {
        method: 'GET',
        path: /^\/v1\/models$/,
        on: 'other',
        handle: (exchange) => withHeaders(modelList(), exchange),
      },
      {
        method: 'GET',
        path: /^\/v1\/models\/([^/]+)$/,
        on: 'other',
        handle: (exchange) => withHeaders(oneModel(exchange.params[0] ?? ''), exchange),
      },
    ],
  };
}

function refuse(name: ErrorName): (exchange: Exchange) => Reply {
  return (exchange) => withHeaders(errorReply(namedErrors[name]), exchange);
}

/** Without judging the body: for faults that are meant for a prompt. */
function promptOf({ body, form }: Exchange): string | undefined {
  const inForm = form?.find(({ name }) => name === 'prompt')?.value;
  const prompt: unknown = inForm ?? Object(body).prompt;
  return typeof prompt === 'string' ? prompt : undefined;
}

/** Section 7: on every answer. */
function withHeaders(reply: Reply, { requestId, at }: Exchange): Reply {
  const headers = {
    'x-request-id': requestId,
    'openai-version': '2020-10-01',
    'openai-organization': 'org-sim',
    'openai-processing-ms': String(Math.max(1, Math.round(Date.now() - at))),
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '120ms',
  };
  const type: Record<string, string> =
    reply.json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  return { ...reply, headers: { ...type, ...headers, ...reply.headers } };
}

const knownPaths = /^\/v1\/(images\/(generations|edits)|models(\/[^/]+)?)$/;

function noRoute({ method, path }: Exchange): Reply {
  // The model behind it is gone, and it with the model (section 1).
  if (knownPaths.test(path)) {
    return errorReply({
      status: 405,
      type: 'invalid_request_error',
      code: 'method_not_supported',
      message: `Not allowed to ${method} on ${path}.`,
    });
  }
  const message = `Invalid URL (${method} ${path})`;
  return errorReply({ status: 404, type: 'invalid_request_error', code: 'unknown_url', message });
}

/** Section 8: one list, no paging. */
function modelList(): Reply {
  return {
    status: 200,
    json: {
      object: 'list',
      data: models.flatMap(({ ids, created }) => ids.map((id) => describe(id, created))),
    },
  };
}

function oneModel(id: string): Reply {
  const found = retired.includes(id) ? undefined : models.find(({ ids }) => ids.includes(id));
  if (found !== undefined) return { status: 200, json: describe(id, found.created) };
  return errorReply({
    ...namedErrors['not-found'],
    param: 'model',
    message: `The model '${id}' does not exist`,
  });
}

function describe(id: string, created: number) {
  return { id, object: 'model', created, owned_by: 'system', shutdown_date: null };
}

interface Quota {
  /** Throws Refusal when these images would be too many within the last minute. */
  take(job: Job, atMs: number): void;
  clear(): void;
}

/** Images per minute, for each model by itself. */
function createQuota(perMinute = Number.POSITIVE_INFINITY): Quota {
  const spent = new Map<string, { atMs: number; images: number }[]>();
  return {
    take({ model, n }, atMs) {
      const [id = ''] = model.ids;
      const recent = (spent.get(id) ?? []).filter((each) => each.atMs > atMs - minuteMs);
      spent.set(id, recent);
      const used = recent.reduce((sum, { images }) => sum + images, 0);
      if (used + n > perMinute) {
        const waitMs = Math.max(100, (recent[0]?.atMs ?? atMs) + minuteMs - atMs);
        throw new Refusal({
          ...namedErrors.throttled,
          message: `Rate limit reached for ${id} on images per min: Limit ${perMinute}, Used ${used}, Requested ${n}. Please try again in ${waitMs / 1000}s.`,
          headers: { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(waitMs) },
        });
      }
      recent.push({ atMs, images: n });
    },
    clear: () => spent.clear(),
  };
}
