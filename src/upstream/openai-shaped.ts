import { z } from 'zod';
import { UpstreamFault } from '../core/fault.ts';
import type { ImageRequest, InputImage } from '../core/image-request.ts';
import type { CallImage, CallResult, TokenUsage } from '../core/image-result.ts';
import type { ObjectDraft } from '../core/object-store.ts';
import type { Warning } from '../core/record.ts';
import type { Answer, FailedAnswer } from '../core/upstream-client.ts';
import type { FormPart } from './form-body.ts';

/**
 * Bodies and replies as OpenAI's images API has them (openai-images.md sections 3 to 5), for every upstream that
 * speaks it. What an upstream does not take, its card does not expose; what it wants besides is `upstreamFields`.
 */

/** JSON names whose values are pictures. */
export const heldKeys = ['b64_json'];

/** The fields of a request, without its images; only what was asked for is said. */
export function toFields(
  request: ImageRequest,
  upstream: { model: string; fields: Readonly<Record<string, unknown>> | undefined },
): Record<string, unknown> {
  const { shape, group } = request;
  const size = shape.pixels === undefined ? shape.tier : `${shape.pixels.width}x${shape.pixels.height}`;
  const asked = {
    model: upstream.model,
    prompt: request.prompt,
    n: request.n,
    size,
    // Pixels say the ratio already. This spelling is the one that most servers know, Easel among them.
    aspect_ratio: shape.pixels === undefined ? shape.ratio : undefined,
    quality: request.quality,
    watermark: request.watermark,
    seed: request.seed,
    sequential_image_generation: group === undefined ? undefined : 'auto',
    sequential_image_generation_options: group === undefined ? undefined : { max_images: group.maxImages },
    output_format: request.outputFormat,
    negative_prompt: request.negativePrompt,
    style: request.style,
    background: request.background,
    moderation: request.moderation,
    output_compression: request.outputCompression,
    input_fidelity: request.inputFidelity,
    user: request.user,
  };
  const fields: Record<string, unknown> = { ...upstream.fields, ...request.providerOptions };
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) fields[name] = value;
  return fields;
}

/**
 * An edit's form (section 4): scalars as text, then the images. File names are ours and say nothing; some
 * servers make them part of a path (upstream-local.md section 6).
 */
export function toForm(
  fields: Readonly<Record<string, unknown>>,
  inputs: readonly InputImage[],
  mask: InputImage | undefined,
): FormPart[] {
  const name = inputs.length === 1 ? 'image' : 'image[]';
  return [
    ...Object.entries(fields).map(([name, value]) => ({
      name,
      text: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    ...inputs.map((input, place) => toFile(name, `image-${place + 1}`, input)),
    ...(mask === undefined ? [] : [toFile('mask', 'mask', mask)]),
  ];
}

function toFile(name: string, fileName: string, { bytes, format, mimeType }: InputImage): FormPart {
  return { name, fileName: `${fileName}.${format}`, mimeType, bytes };
}

export const pictureSchema = z.object({
  // The client has taken the base64 away and left the place of its draft.
  b64_json: z.object({ held: z.int() }).nullish(),
  url: z.string().nullish(),
  revised_prompt: z.string().nullish(),
  /** An extension of Easel's: the place asked for, where others failed. */
  index: z.int().min(0).nullish().catch(undefined),
});
type Picture = z.infer<typeof pictureSchema>;

export const usageSchema = z
  .object({
    input_tokens: z.number().nullish(),
    prompt_tokens: z.number().nullish(),
    output_tokens: z.number().nullish(),
    completion_tokens: z.number().nullish(),
    total_tokens: z.number().nullish(),
  })
  .nullish()
  .catch(undefined);

/** The effective values an answer names, in the words of its request. */
export const effectiveSchema = z.object({
  size: z.string().nullish().catch(undefined),
  quality: z.string().nullish().catch(undefined),
  background: z.string().nullish().catch(undefined),
});
export type Effective = z.infer<typeof effectiveSchema>;

const replySchema = effectiveSchema.extend({
  model: z.string().nullish().catch(undefined),
  data: z.array(pictureSchema).nullish(),
  usage: usageSchema,
  /** An extension of Easel's. */
  failed_images: z
    .array(z.object({ index: z.int().min(0), error: z.unknown().optional() }))
    .nullish()
    .catch(undefined),
  error: z.unknown().optional(),
});

/** What reading an answer needs to know of its request. */
export interface Asking {
  request: ImageRequest;
  /** Relative links are meant against it. */
  baseUrl: string;
  /** What a refusal inside a success means. */
  readFault(answer: FailedAnswer): UpstreamFault;
}

/** The images of a 200 that came as one JSON (section 5). Throws UpstreamFault when there are none. */
export function readResult(answer: Answer, asking: Asking): CallResult {
  const reply = replySchema.parse(answer.body);
  const data = reply.data ?? [];
  // Some upstreams refuse on HTTP 200 (upstream-azure-openai.md section 5).
  if (data.length === 0 && reply.error) throw asking.readFault(answer);
  const places = placesOf(data);
  const made = data.map((picture, place) =>
    toCallImage(picture, places[place] ?? place, answer.held, asking),
  );
  const failed = (reply.failed_images ?? []).map(({ index, error }): CallImage => {
    const fault = asking.readFault({ ...answer, body: { error } });
    return { kind: 'failed', position: index, fault };
  });
  const upstreamId = answer.headers['x-request-id'];
  if (made.length === 0) {
    const [first] = failed;
    if (first?.kind === 'failed') throw first.fault;
    throw new UpstreamFault('bad_reply', {
      details: `HTTP ${answer.status} without images, request ${upstreamId}`,
    });
  }
  return {
    images: [...made, ...failed],
    ...usageOf([reply.usage]),
    ...(reply.model ? { model: reply.model } : {}),
    ...(upstreamId === undefined ? {} : { upstreamId }),
    warnings: differences(asking.request, reply),
  };
}

/** The places that the answer says, where they can be meant: one for each, no two alike. */
function placesOf(data: readonly Picture[]): readonly number[] {
  const said = data.flatMap(({ index }) => (typeof index === 'number' ? [index] : []));
  return new Set(said).size === data.length ? said : [];
}

/** `position` counts from 0 within the call. */
export function toCallImage(
  picture: Picture,
  position: number,
  held: readonly ObjectDraft[],
  { baseUrl }: Pick<Asking, 'baseUrl'>,
): CallImage {
  const revisedPrompt = picture.revised_prompt ? { revisedPrompt: picture.revised_prompt } : {};
  const draft = picture.b64_json ? held[picture.b64_json.held] : undefined;
  if (draft !== undefined && draft.bytes > 0) return { kind: 'held', position, draft, ...revisedPrompt };
  const url = picture.url ? URL.parse(picture.url, baseUrl)?.href : undefined;
  if (url !== undefined) return { kind: 'link', position, url, ...revisedPrompt };
  const fault = new UpstreamFault('bad_reply', { details: `image ${position} has neither bytes nor a link` });
  return { kind: 'failed', position, fault };
}

/** The sum of what was reported. All zero is how servers say that they count no tokens (upstream-local.md section 4). */
export function usageOf(reported: readonly z.infer<typeof usageSchema>[]): { usage?: TokenUsage } {
  const sum = (read: (usage: NonNullable<z.infer<typeof usageSchema>>) => number | null | undefined) => {
    const known = reported
      .flatMap((usage) => (usage ? [read(usage)] : []))
      .filter((count) => typeof count === 'number');
    return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
  };
  const inputTokens = sum((usage) => usage.input_tokens ?? usage.prompt_tokens);
  const outputTokens = sum((usage) => usage.output_tokens ?? usage.completion_tokens);
  const totalTokens = sum((usage) => usage.total_tokens);
  if (!outputTokens && !totalTokens) return {};
  return {
    usage: {
      ...(inputTokens === undefined ? {} : { inputTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(totalTokens === undefined ? {} : { totalTokens }),
    },
  };
}

/**
 * Where the answer says that it did otherwise than asked; the images are delivered all the same. Another
 * `output_format` is no matter: what a picture is, its bytes say, and it is delivered in the format asked for.
 */
export function differences(request: ImageRequest, effective: Effective): Warning[] {
  const { pixels } = request.shape;
  const asked: Effective = {
    size: pixels === undefined ? undefined : `${pixels.width}x${pixels.height}`,
    quality: request.quality,
    background: request.background,
  };
  return (['size', 'quality', 'background'] as const).flatMap((param) => {
    const requested = asked[param];
    const used = effective[param];
    if (!requested || !used || requested === 'auto' || used === 'auto' || requested === used) return [];
    return [
      { param, requested, used, message: `The image service used '${used}' instead of '${requested}'.` },
    ];
  });
}
