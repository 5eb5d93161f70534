/** What a generateContent or countTokens body asks for, or the error it deserves (upstream-gemini.md sections 3 and 4). */

import type { Exchange } from '../../sandbox/kit.ts';
import { measureImage } from '../../sandbox/kit-inputs.ts';
import { type GoogleError, badRequest, invalidArgument } from './simulator-errors.ts';
import { type Pixels, type SimulatedModel, type Tier, nearestRatio } from './simulator-models.ts';
import { type Fields, type FieldViolation, type Message, readMessage } from './simulator-proto.ts';
import { countFields, generateFields } from './simulator-schema.ts';

/** A generateContent body that passed all checks. */
export interface GenerateRequest {
  model: SimulatedModel;
  /** All text parts of the last turn. */
  prompt: string;
  /** Input pictures in order: the last turn's, or the earlier turns' when it has none. */
  inputs: readonly Uint8Array[];
  pixels: Pixels;
  tier: Tier;
  seed: number | undefined;
  maxOutputTokens: number | undefined;
  includeThoughts: boolean;
  wantsImage: boolean;
  isGrounded: boolean;
  promptTokens: PromptTokens;
}

/** The input side of the bill. */
export interface PromptTokens {
  text: number;
  image: number;
}

type Checked<Value> = { ok: true; value: Value } | { ok: false; error: GoogleError };

/** The stricter reading of a disputed limit: 20 MB, as third-party guards still use (section 3). */
export const maxRequestBytes = 20 * 1024 * 1024;

/** A live sample billed 516 tokens, which looks like 258 for each of two pictures (section 4, price). */
const tokensPerInputImage = 258;

interface Part {
  text?: string;
  inlineData?: { mimeType?: string; data?: string };
  fileData?: { mimeType?: string; fileUri?: string };
  [other: string]: unknown;
}

interface Turn {
  role?: string;
  parts?: Part[];
}

function parseBody(
  fields: Fields,
  { body, bodyProblem }: Pick<Exchange, 'body' | 'bodyProblem'>,
): Checked<Message> {
  if (bodyProblem === 'too-large') {
    return refuse(invalidArgument(`Request payload size exceeds the limit: ${maxRequestBytes} bytes.`));
  }
  if (bodyProblem === 'not-json') {
    return refuse(invalidArgument('Invalid JSON payload received. Unexpected token.'));
  }
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    const description = 'Invalid JSON payload received. Unknown name "": Root element must be a message.';
    return refuse(badRequest([{ description }]));
  }
  const violations: FieldViolation[] = [];
  const message = readMessage(fields, body ?? {}, '', violations);
  return violations.length > 0 ? refuse(badRequest(violations)) : { ok: true, value: message };
}

const refuse = (error: GoogleError): { ok: false; error: GoogleError } => ({ ok: false, error });

/** Reads a generateContent body for `model`. */
export function readGenerate(
  model: SimulatedModel,
  exchange: Pick<Exchange, 'body' | 'bodyProblem'>,
): Checked<GenerateRequest> {
  const parsed = parseBody(generateFields, exchange);
  if (!parsed.ok) return parsed;
  const turns = (parsed.value['contents'] ?? []) as Turn[];
  const config = (parsed.value['generationConfig'] ?? {}) as {
    responseModalities?: string[];
    imageConfig?: { aspectRatio?: string; imageSize?: string };
    seed?: number;
    candidateCount?: number;
    maxOutputTokens?: number;
    thinkingConfig?: { includeThoughts?: boolean };
    responseMimeType?: string;
  };
  const problem =
    turnsProblem(turns) ??
    modalitiesProblem(model, config.responseModalities) ??
    configProblem(model, config);
  if (problem !== undefined) return refuse(problem);

  const pictures = readPictures(model, turns);
  if (!pictures.ok) return pictures;
  const last = turns.at(-1);
  const lastPictures = pictures.value.filter((picture) => picture.turn === last);
  const inputs = lastPictures.length > 0 ? lastPictures : pictures.value;

  const tier = (config.imageConfig?.imageSize as Tier | undefined) ?? '1K';
  const first = inputs[0];
  const ratio =
    config.imageConfig?.aspectRatio ??
    (first === undefined ? '1:1' : nearestRatio(model, first.width, first.height));
  const pixels = model.pixels[ratio]?.[tier];
  if (pixels === undefined) throw new Error(`no pixels for ${model.id} ${ratio} ${tier}`);
  return {
    ok: true,
    value: {
      model,
      prompt: textOf(last === undefined ? [] : [last]),
      inputs: inputs.map((picture) => picture.bytes),
      pixels,
      tier,
      seed: config.seed,
      maxOutputTokens: config.maxOutputTokens,
      includeThoughts: config.thinkingConfig?.includeThoughts ?? false,
      wantsImage: config.responseModalities?.includes('IMAGE') ?? true,
      isGrounded: hasSearchTool(parsed.value['tools']),
      promptTokens: countTokens(turns),
    },
  };
}

/** Reads a countTokens body: bare `contents`, or a whole `generateContentRequest`. */
export function readCount(exchange: Pick<Exchange, 'body' | 'bodyProblem'>): Checked<PromptTokens> {
  const parsed = parseBody(countFields, exchange);
  if (!parsed.ok) return parsed;
  const whole = parsed.value['generateContentRequest'] as Message | undefined;
  const turns = (parsed.value['contents'] ?? whole?.['contents'] ?? []) as Turn[];
  const problem = turnsProblem(turns);
  return problem === undefined ? { ok: true, value: countTokens(turns) } : refuse(problem);
}

function turnsProblem(turns: readonly Turn[]): GoogleError | undefined {
  const request = '* GenerateContentRequest.contents';
  if (turns.length === 0) return invalidArgument(`${request}: contents is not specified\n`);
  for (const [index, turn] of turns.entries()) {
    if (turn.role === undefined ? turns.length > 1 : !['user', 'model'].includes(turn.role)) {
      return invalidArgument('Please use a valid role: user, model.');
    }
    if (turn.parts === undefined || turn.parts.length === 0) {
      return invalidArgument(`${request}[${index}].parts: contents.parts must not be empty.\n`);
    }
    for (const [place, part] of turn.parts.entries()) {
      const hasData = Object.keys(part).some(
        (name) => !['thought', 'thoughtSignature', 'mediaResolution', 'partMetadata'].includes(name),
      );
      if (!hasData) {
        return invalidArgument(
          `${request}[${index}].parts[${place}].data: required oneof field 'data' must have one initialized field\n`,
        );
      }
    }
  }
  return undefined;
}

function modalitiesProblem(
  model: SimulatedModel,
  modalities: readonly string[] | undefined,
): GoogleError | undefined {
  if (modalities === undefined || modalities.every((each) => each === 'TEXT' || each === 'IMAGE'))
    return undefined;
  return invalidArgument(
    `The requested combination of response modalities (${modalities.join(', ')}) is not supported by the model. models/${model.id} accepts the following combination of response modalities:\n* TEXT, IMAGE\n* IMAGE\n`,
  );
}

function configProblem(
  model: SimulatedModel,
  config: {
    candidateCount?: number;
    responseMimeType?: string;
    imageConfig?: { aspectRatio?: string; imageSize?: string };
  },
): GoogleError | undefined {
  if (config.candidateCount !== undefined && config.candidateCount !== 1) {
    return invalidArgument(`Multiple candidates is not enabled for models/${model.id}`);
  }
  const field = '* GenerateContentRequest.generation_config';
  const mimeTypes = ['text/plain', 'application/json', 'application/xml', 'application/yaml', 'text/x.enum'];
  if (config.responseMimeType !== undefined && !mimeTypes.includes(config.responseMimeType)) {
    return invalidArgument(
      `${field}.response_mime_type: allowed mimetypes are \`text/plain\`, \`application/json\`, \`application/xml\`, \`application/yaml\` and \`text/x.enum\`.\n`,
    );
  }
  // The true wording of the next two is not known: public test doubles disagree (section 13).
  const { aspectRatio, imageSize } = config.imageConfig ?? {};
  if (aspectRatio !== undefined && model.pixels[aspectRatio] === undefined) {
    const known = Object.keys(model.pixels).map((ratio) => `'${ratio}'`);
    return invalidArgument(
      `${field}.image_config.aspect_ratio: aspect_ratio must be one of ${known.join(', ')}.\n`,
    );
  }
  if (imageSize !== undefined && !model.tiers.includes(imageSize as Tier)) {
    return model.tiers.length === 0
      ? invalidArgument(
          `${field}.image_config.image_size: image_size is not supported for models/${model.id}.\n`,
        )
      : invalidArgument(
          `${field}.image_config.image_size: image_size must be one of ${model.tiers.map((tier) => `'${tier}'`).join(', ')}.\n`,
        );
  }
  return undefined;
}

interface Picture {
  turn: Turn;
  bytes: Uint8Array;
  width: number;
  height: number;
}

const inputMimeTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'];
const inputTypes = ['png', 'jpg', 'webp', 'heif', 'heic'];

function readPictures(model: SimulatedModel, turns: readonly Turn[]): Checked<Picture[]> {
  const pictures: Picture[] = [];
  for (const turn of turns) {
    for (const part of turn.parts ?? []) {
      if (part.fileData !== undefined) {
        // The Files API is not simulated and no address outside is fetched, so every file is one that cannot be had.
        return refuse(invalidArgument('Cannot fetch content from the provided URL.'));
      }
      if (part.inlineData === undefined) continue;
      const { mimeType, data = '' } = part.inlineData;
      if (mimeType === undefined || !inputMimeTypes.includes(mimeType)) {
        return refuse(invalidArgument(`Unsupported MIME type: ${mimeType ?? ''}`));
      }
      const measured = measureImage(Buffer.from(data, 'base64'));
      if (measured === undefined || !inputTypes.includes(measured.type)) {
        return refuse(
          invalidArgument(
            'Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
          ),
        );
      }
      pictures.push({ turn, bytes: measured.bytes, width: measured.width, height: measured.height });
    }
  }
  if (pictures.length > model.maxInputImages) {
    return refuse(
      invalidArgument(
        `Please use fewer than ${model.maxInputImages + 1} images in your request to models/${model.id}`,
      ),
    );
  }
  return { ok: true, value: pictures };
}

const textOf = (turns: readonly Turn[]): string =>
  turns
    .flatMap((turn) => turn.parts ?? [])
    .flatMap((part) => (part.text === undefined || part['thought'] === true ? [] : [part.text]))
    .join('\n');

const countTokens = (turns: readonly Turn[]): PromptTokens => ({
  // Google's own rule of thumb: about four characters a token.
  text: Math.ceil(textOf(turns).length / 4),
  image:
    tokensPerInputImage *
    turns.flatMap((turn) => turn.parts ?? []).filter((part) => part.inlineData !== undefined).length,
});

const hasSearchTool = (tools: unknown): boolean =>
  Array.isArray(tools) &&
  tools.some(
    (tool) =>
      typeof tool === 'object' && tool !== null && ('google_search' in tool || 'googleSearch' in tool),
  );

/** The text of the body's last turn, for matching faults; reads any body, checked or not. */
export function looseTextOf(body: unknown): string {
  const turns = (body as { contents?: unknown } | null | undefined)?.contents;
  const last: unknown = Array.isArray(turns) ? turns.at(-1) : undefined;
  const parts = (last as { parts?: unknown } | null | undefined)?.parts;
  if (!Array.isArray(parts)) return '';
  return parts
    .map((part: unknown) => (part as { text?: unknown } | null)?.text)
    .filter((each) => typeof each === 'string')
    .join('\n');
}
