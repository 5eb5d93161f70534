import { randomBytes } from 'node:crypto';

import {
  startSimulator,
  type DrawnPicture,
  type Exchange,
  type Reply,
  type Simulator,
  type SimulatorKit,
  type SimulatorOptions,
} from '../../sandbox/kit.ts';
import { arkErrors, errorReply, Refusal, type ArkErrorName } from './simulator-errors.ts';
import { endsTheRest, events, modelList, wholeAnswer, type Made } from './simulator-reply.ts';
import { readJob, type ArkJob } from './simulator-request.ts';
import { arkVariants, readScript, type Script } from './simulator-scripts.ts';

const apiKey = 'ark-sim-0001-key';
const urlLifetimeMs = 24 * 60 * 60 * 1000;
const minuteMs = 60_000;

/**
 * ModelArk's image API on loopback, written from upstream-seedream.md: `POST /api/v3/images/generations` with JSON and server-sent
 * events, and `GET /api/v3/models`. Serves the ids of both platforms. `delayMs` is per image (20 unless told), `capacity` the
 * images per minute of each model (500 unless told, section 9). What a prompt can set off: `arkTriggers`.
 */
export function startArkSimulator(options: SimulatorOptions): Promise<Simulator> {
  return startSimulator(options, (kit) => {
    const bucket = createImageBucket(() => kit.now(), options.capacity ?? 500);
    const namedErrors = Object.keys(arkErrors).map((name) => [name, refuse(name as ArkErrorName)] as const);
    return {
      name: 'ark',
      basePath: '/api/v3',
      credential: { apiKey },
      variants: Object.keys(arkVariants),
      errors: { ...Object.fromEntries(namedErrors), internal: refuse('internal') },
      requestId: () => `02${Date.now()}${randomBytes(16).toString('hex')}`,
      authorize: (exchange) =>
        exchange.headers.authorization === `Bearer ${apiKey}` ? undefined : refuse('auth')(exchange),
      // The answer to an unknown path is not documented; its shape is.
      unknownRoute: refuse('not-found', 'The requested path does not exist'),
      reset: () => bucket.clear(),
      routes: [
        {
          method: 'GET',
          path: /^\/api\/v3\/models$/,
          on: 'other',
          handle: (exchange) => withIds(modelList(), exchange),
        },
        {
          method: 'POST',
          path: /^\/api\/v3\/images\/generations$/,
          on: 'submit',
          prompt: ({ body }) => {
            const prompt = (body as { prompt?: unknown } | null | undefined)?.prompt;
            return typeof prompt === 'string' ? prompt : undefined;
          },
          handle: async (exchange) =>
            withIds(await generate(kit, exchange, bucket, options.delayMs ?? 20), exchange),
        },
      ],
    };
  });
}

function refuse(error: ArkErrorName, message?: string): (exchange: Exchange) => Reply {
  return (exchange) => withIds(errorReply(error, exchange.requestId, message), exchange);
}

async function generate(
  kit: SimulatorKit,
  exchange: Exchange,
  bucket: ImageBucket,
  delayMs: number,
): Promise<Reply> {
  const { requestId } = exchange;
  try {
    if (exchange.bodyProblem !== undefined)
      throw new Refusal('invalid', 'The request body is not a valid JSON object');
    const job = readJob(exchange.body);
    const script = readScript(job, exchange.fault);
    if (script.refusal !== undefined) throw new Refusal(script.refusal);
    if (!bucket.take(job.model.product, script.count)) throw new Refusal('throttled');
    const made = makeImages(kit, job, script, requestId, delayMs);
    const answering = { job, script, now: () => kit.now() };
    if (!job.isStream) return await wholeAnswer(answering, requestId, made);
    const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
    return { status: 200, headers, stream: events(answering, made) };
  } catch (cause) {
    if (cause instanceof Refusal) return errorReply(cause.error, requestId, cause.message);
    throw cause;
  }
}

/** Delivers the images one after the other, as the service does, and charges each that succeeds. */
async function* makeImages(
  kit: SimulatorKit,
  job: ArkJob,
  script: Script,
  requestId: string,
  delayMs: number,
): AsyncGenerator<Made> {
  const { variants, failing } = script;
  if (variants.has('error-on-200') || variants.has('empty-data') || variants.has('error-frame')) return;
  const indexes = Array.from({ length: script.count }, (_, index) => index);
  const last = indexes.find((index) => endsTheRest(failing.get(index))) ?? script.count;
  // All are drawn at once, so that a group in the sandbox does not take its length in time.
  const firstSeed = job.seed ?? kit.seed();
  const drawing = new Map<number, Promise<DrawnPicture>>();
  for (const index of indexes) {
    if (index > last || failing.has(index)) continue;
    const drawn = kit.draw({ ...job, seed: (firstSeed + index) % 2 ** 31 });
    drawn.catch(() => {}); // told when its turn comes
    drawing.set(index, drawn);
  }
  for (const index of indexes.filter((each) => each <= last)) {
    await kit.sleep(delayMs);
    const picture = await drawing.get(index);
    if (picture === undefined) {
      yield { index, error: failing.get(index) ?? 'internal' };
      continue;
    }
    kit.charge({ at: kit.now(), requestId, model: job.modelId, prompt: job.prompt, index }, picture);
    yield { index, picture, link: linkTo(kit, job, picture) };
  }
}

function linkTo(
  kit: SimulatorKit,
  job: ArkJob,
  picture: DrawnPicture,
): { url: string } | { b64_json: string } {
  if (job.delivery === 'b64_json') return { b64_json: Buffer.from(picture.bytes).toString('base64') };
  const url = kit.pictures.put({
    ...picture,
    prompt: job.prompt,
    lifetimeMs: urlLifetimeMs,
    folder: `/ark-content/${job.model.product}`,
    extension: job.format,
    query: {
      'X-Tos-Algorithm': 'TOS4-HMAC-SHA256',
      'X-Tos-Date': new Date(kit.now()).toISOString().replaceAll(/[-:]|\.\d+/g, ''),
      'X-Tos-Expires': String(urlLifetimeMs / 1000),
      'X-Tos-SignedHeaders': 'host',
    },
    signatureName: 'X-Tos-Signature',
  });
  return { url };
}

/** Section 1: the id of a request is in a header, on success and on error, and never in the body of a success. */
function withIds(reply: Reply, { requestId, headers, at }: Exchange): Reply {
  const given = headers['x-client-request-id'];
  const clientId = typeof given === 'string' ? given : `unknown-${at}-${requestId.slice(-8)}`;
  return {
    ...reply,
    headers: { ...reply.headers, 'x-request-id': requestId, 'x-client-request-id': clientId },
  };
}

interface ImageBucket {
  /** False when these images would be too many within the last minute. */
  take(product: string, images: number): boolean;
  clear(): void;
}

/** Images per minute, for each model by itself (section 9); a group counts its images. */
function createImageBucket(now: () => number, perMinute: number): ImageBucket {
  const spent = new Map<string, { at: number; images: number }[]>();
  return {
    take(product, images) {
      const recent = (spent.get(product) ?? []).filter(({ at }) => at > now() - minuteMs);
      spent.set(product, recent);
      if (recent.reduce((sum, each) => sum + each.images, images) > perMinute) return false;
      recent.push({ at: now(), images });
      return true;
    },
    clear: () => spent.clear(),
  };
}
