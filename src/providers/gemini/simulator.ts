/**
 * The Gemini Developer API's image models as a loopback server, written from upstream-gemini.md
 * (https://ai.google.dev/gemini-api/docs/image-generation): both version prefixes, unary and streamed generateContent,
 * countTokens and the model list. Prompts play oddities with `sim:<name>`; see `promptTriggers`.
 */

import { createHash, randomBytes } from 'node:crypto';

import {
  type DrawnPicture,
  type Exchange,
  type InjectedFault,
  type Reply,
  type Simulator,
  type SimulatorDefinition,
  type SimulatorKit,
  type SimulatorOptions,
  startSimulator,
} from '../../sandbox/kit.ts';
import {
  type GoogleError,
  type NamedError,
  apiKeyInvalid,
  bearerToken,
  invalidArgument,
  namedErrors,
  noApiKey,
  notFound,
  unknownModel,
} from './simulator-errors.ts';
import { type SimulatedModel, findModel, modelListing } from './simulator-models.ts';
import {
  type Outcome,
  type ReplyPart,
  imagePart,
  outputTokens,
  toResponse,
  withManifestSegment,
} from './simulator-reply.ts';
import {
  type GenerateRequest,
  looseTextOf,
  maxRequestBytes,
  readCount,
  readGenerate,
} from './simulator-request.ts';
import { type Call, asArray, asEvents, streamChunks } from './simulator-stream.ts';
import { type Script, moderationVariants, readScript, variants } from './simulator-scripts.ts';

export { promptTriggers } from './simulator-scripts.ts';

const apiKey = 'sandbox-gemini-key';

/** In the order they come in a reply. */
const draftKinds = ['flagged-draft', 'unflagged-draft'] as const;

const jsonHeaders = { 'content-type': 'application/json; charset=UTF-8' };

/** Starts the simulator. `capacity` is requests per minute and model; none is no limit. */
export async function startGeminiSimulator(options: SimulatorOptions): Promise<Simulator> {
  return startSimulator(options, (kit) => defineGemini(kit, options));
}

function defineGemini(kit: SimulatorKit, options: SimulatorOptions): SimulatorDefinition {
  const isThrottled = minuteQuota(options.capacity);
  const delayMs = options.delayMs ?? 20;

  async function generate(exchange: Exchange): Promise<Reply> {
    const [version = '', id = '', method = ''] = exchange.params;
    const model = findModel(id);
    if (model === undefined) return errorReply(unknownModel(id, version, method), exchange);
    const read = readGenerate(model, exchange);
    if (!read.ok) return errorReply(read.error, exchange);
    const retryAfterMs = isThrottled(model.id, exchange.at);
    if (retryAfterMs !== undefined)
      return errorReply(namedErrors.throttled(model.id, retryAfterMs), exchange);
    const script = readScript(read.value.prompt, variantOf(exchange.fault));
    const error = failingError(exchange.fault) ?? script.error;
    if (error !== undefined) return errorReply(namedErrors[error](model.id), exchange);

    const call = newCall(read.value, script, exchange);
    if (method === 'generateContent') {
      return { status: 200, headers: jsonHeaders, json: toResponse(await call.work(), call.facts) };
    }
    const isSse = exchange.query.get('alt') === 'sse';
    return {
      status: 200,
      headers: isSse ? { 'content-type': 'text/event-stream' } : jsonHeaders,
      stream: isSse ? asEvents(streamChunks(call)) : asArray(streamChunks(call)),
    };
  }

  /** One accepted call: what its reply will say whatever happens, and the work, to be done once. */
  function newCall(request: GenerateRequest, script: Script, exchange: Exchange): Call {
    const output = outputTokens(request.model, request.tier, request.prompt);
    const isStream = exchange.params[2] === 'streamGenerateContent';
    const facts = {
      model: request.model,
      prompt: request.promptTokens,
      output,
      responseId: exchange.requestId,
    };
    const thoughts =
      isStream || request.includeThoughts || script.oddities.has('thought-text')
        ? [thoughtPart(request)]
        : [];
    return {
      facts,
      breaksOff: script.oddities.has('stream-error'),
      // A stream sends its thoughts ahead of the work; a scripted ending has none.
      early: isStream && script.outcome === undefined ? thoughts : [],
      async work() {
        await kit.sleep(delayMs);
        if (script.outcome !== undefined) return script.outcome;
        if (!request.wantsImage) return textOutcome(request);
        const drafts = draftKinds.filter((name) => script.oddities.has(name));
        const imageTokens = (drafts.length + 1) * output.perImage;
        if (imageTokens + output.unlabelled + output.thoughts > (request.maxOutputTokens ?? Infinity)) {
          return { kind: 'refused', finishReason: 'MAX_TOKENS', content: { role: 'model' } };
        }
        const seed = request.seed ?? kit.seed();
        const pictures = await Promise.all(
          [...drafts.map((_kind, index) => seed + index + 1), seed].map((each) => drawPicture(request, each)),
        );
        const billed = { requestId: exchange.requestId, model: request.model.id, prompt: request.prompt };
        for (const [index, picture] of pictures.entries()) {
          kit.charge({ ...billed, at: kit.now(), index, amount: String(output.perImage) }, picture);
        }
        const images = pictures.map((picture, index) =>
          imagePart(picture.bytes, picture.contentType, drafts[index] === 'flagged-draft'),
        );
        return {
          kind: 'made',
          imageCount: images.length,
          isGrounded: request.isGrounded,
          parts: dressed(images, isStream ? [] : thoughts, script),
        };
      },
    };
  }

  async function drawPicture(request: GenerateRequest, seed: number): Promise<DrawnPicture> {
    const [width, height] = request.pixels;
    const isJpeg = request.model.mimeType === 'image/jpeg';
    const picture = await kit.draw({
      prompt: request.prompt,
      // A JSON int32 may be negative; the draughtsman counts from 0.
      seed: seed >>> 0,
      width,
      height,
      format: isJpeg ? 'jpeg' : 'png',
      inputs: request.inputs,
      watermark: false,
    });
    if (!isJpeg) return picture;
    const bytes = withManifestSegment(picture.bytes);
    return { ...picture, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  return {
    name: 'gemini',
    basePath: '',
    credential: { apiKey },
    requestId: () => randomBytes(12).toString('base64url'),
    maxBodyBytes: maxRequestBytes,
    authorize: (exchange) => authorize(exchange),
    unknownRoute: (exchange) => errorReply(notFound('Method not found.'), exchange),
    errors: {
      ...Object.fromEntries(
        Object.entries(namedErrors).map(([name, error]) => [
          name,
          (exchange: Exchange) => errorReply(error(exchange.params[1] ?? 'unknown'), exchange),
        ]),
      ),
      internal: (exchange) => errorReply(namedErrors.internal(), exchange),
    },
    variants,
    routes: [
      {
        method: 'POST',
        path: /^\/(v1beta|v1)\/models\/([^/:]+):(generateContent|streamGenerateContent)$/,
        on: 'submit',
        prompt: (exchange) => looseTextOf(exchange.body),
        handle: generate,
      },
      {
        method: 'POST',
        path: /^\/(v1beta|v1)\/models\/([^/:]+):(countTokens)$/,
        on: 'other',
        handle: countTokens,
      },
      { method: 'GET', path: /^\/(v1beta|v1)\/models$/, on: 'other', handle: listModels },
      { method: 'GET', path: /^\/(v1beta|v1)\/models\/([^/:]+)$/, on: 'other', handle: getModel },
    ],
    reset: () => isThrottled.reset(),
  };
}

/** A key in the header or in the query; no key is 403, a wrong one 400 (section 7). */
function authorize(exchange: Exchange): Reply | undefined {
  const key = exchange.headers['x-goog-api-key'] ?? exchange.query.get('key');
  if (key === apiKey) return undefined;
  if (key !== null && key !== '') return errorReply(apiKeyInvalid, exchange);
  return errorReply(exchange.headers.authorization === undefined ? noApiKey : bearerToken, exchange);
}

/** The error in Google's shape; a stream without `alt=sse` is an array, and so is its error. */
function errorReply(error: GoogleError, exchange: Exchange): Reply {
  const isArray = exchange.params[2] === 'streamGenerateContent' && exchange.query.get('alt') !== 'sse';
  return { status: error.code, headers: jsonHeaders, json: isArray ? [{ error }] : { error } };
}

function variantOf(fault: InjectedFault | undefined): string | undefined {
  if (fault?.kind === 'variant') return fault.name;
  if (fault?.kind === 'moderation') return moderationVariants[fault.stage ?? 'input'];
  // One image a call: the only image of a partial failure is refused, unless the fault names an error.
  if (fault?.kind === 'partial' && fault.indexes.includes(0) && fault.error === undefined)
    return moderationVariants.output;
  return undefined;
}

function failingError(fault: InjectedFault | undefined): NamedError | undefined {
  return fault?.kind === 'partial' && fault.indexes.includes(0)
    ? (fault.error as NamedError | undefined)
    : undefined;
}

function thoughtPart(request: GenerateRequest): ReplyPart {
  return {
    text: `**Planning the picture**\n\nThe request is: ${request.prompt.slice(0, 200)}`,
    thought: true,
  };
}

function textOutcome(request: GenerateRequest): Outcome {
  const text = `A picture of: ${request.prompt}`;
  return { kind: 'made', parts: [{ text }], imageCount: 0, isGrounded: request.isGrounded };
}

function dressed(images: readonly ReplyPart[], thoughts: readonly ReplyPart[], script: Script): ReplyPart[] {
  const has = (oddity: Parameters<Script['oddities']['has']>[0]): boolean => script.oddities.has(oddity);
  return [
    ...thoughts,
    ...(has('leading-text') ? [{ text: 'Here is the picture you asked for.' }] : []),
    ...(has('data-uri-text') ? images.map(asText) : images),
    ...(has('trailing-text') ? [{ text: 'Let me know if you want any changes.' }] : []),
  ];
}

function asText({ inlineData }: ReplyPart): ReplyPart {
  return { text: `data:${inlineData?.mimeType};base64,${inlineData?.data}` };
}

function countTokens(exchange: Exchange): Reply {
  const [version = '', id = '', method = ''] = exchange.params;
  if (findModel(id) === undefined) return errorReply(unknownModel(id, version, method), exchange);
  const read = readCount(exchange);
  if (!read.ok) return errorReply(read.error, exchange);
  const { text, image } = read.value;
  return {
    status: 200,
    headers: jsonHeaders,
    json: {
      totalTokens: text + image,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: text },
        ...(image > 0 ? [{ modality: 'IMAGE', tokenCount: image }] : []),
      ],
    },
  };
}

/** Pages of at most 1000, 50 unless told; the token is where the next page starts. */
function listModels(exchange: Exchange): Reply {
  const size = Number(exchange.query.get('pageSize') ?? 50);
  const from = Number(exchange.query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0 || !Number.isInteger(from) || from < 0) {
    return errorReply(invalidArgument('Request contains an invalid argument.'), exchange);
  }
  const to = from + (size === 0 ? 50 : Math.min(size, 1000));
  return {
    status: 200,
    headers: jsonHeaders,
    json: {
      models: modelListing.slice(from, to),
      ...(to < modelListing.length ? { nextPageToken: String(to) } : {}),
    },
  };
}

function getModel(exchange: Exchange): Reply {
  const [version = '', id = ''] = exchange.params;
  const found = modelListing.find((model) => model['name'] === `models/${id}`);
  if (found === undefined) return errorReply(unknownModel(id, version, 'getModel'), exchange);
  return { status: 200, headers: jsonHeaders, json: found };
}

/** Requests per minute and model; answers how long to wait, in milliseconds, or undefined when there is room. */
function minuteQuota(perMinute: number | undefined): {
  (model: SimulatedModel['id'], at: number): number | undefined;
  reset(): void;
} {
  const recent = new Map<string, number[]>();
  const check = (model: string, at: number): number | undefined => {
    if (perMinute === undefined) return undefined;
    const taken = (recent.get(model) ?? []).filter((time) => time > at - 60_000);
    recent.set(model, taken);
    if (taken.length >= perMinute) return Math.max(100, (taken[0] ?? at) + 60_000 - at);
    taken.push(at);
    return undefined;
  };
  return Object.assign(check, { reset: () => recent.clear() });
}
