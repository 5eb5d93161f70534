import type { DrawnPicture, Reply } from '../../sandbox/kit.ts';
import { arkErrors, errorReply, imageError, type ArkErrorName } from './simulator-errors.ts';
import { arkModels } from './simulator-models.ts';
import type { ArkJob } from './simulator-request.ts';
import type { ArkVariant, Script } from './simulator-scripts.ts';

/** One image of a request, made or failed. */
export type Made =
  | { index: number; picture: DrawnPicture; link: { url: string } | { b64_json: string } }
  | { index: number; error: ArkErrorName };

interface Answering {
  job: ArkJob;
  script: Script;
  /** Milliseconds. */
  now: () => number;
}

/** The answer without `stream`: upstream-seedream.md section 6. Nothing made at all is an error status. */
export async function wholeAnswer(
  { job, script, now }: Answering,
  requestId: string,
  made: AsyncIterable<Made>,
): Promise<Reply> {
  const head = { model: job.modelId, ...createdMember(now(), script) };
  const images: Made[] = [];
  for await (const image of made) images.push(image);
  const failure = images.find((image) => 'error' in image)?.error;
  if (script.variants.has('error-on-200'))
    return { status: 200, json: { ...head, data: [], error: imageError(failure ?? 'moderated-output') } };
  if (failure !== undefined && images.every((image) => 'error' in image))
    return errorReply(failure, requestId);
  const data = images.map((image) =>
    'error' in image ? { error: imageError(image.error) } : described(image, script),
  );
  return { status: 200, json: { ...head, data, ...closing(job, script, images) } };
}

/** The answer with `stream`: section 7. */
export async function* events(
  { job, script, now }: Answering,
  made: AsyncIterable<Made>,
): AsyncGenerator<string> {
  const has = (variant: ArkVariant) => script.variants.has(variant);
  const frame = (type: string, members: Record<string, unknown>) => {
    const head = { type, model: job.modelId, ...createdMember(now(), script) };
    const data = `data: ${JSON.stringify({ ...head, ...members })}\n\n`;
    return has('without-event-names') ? data : `event: ${type}\n${data}`;
  };
  if (has('error-frame')) {
    yield `data: ${JSON.stringify({ error: imageError('internal') })}\n\n`;
    return;
  }
  const images: Made[] = [];
  for await (const image of made) {
    images.push(image);
    const position = { image_index: image.index };
    if ('error' in image) {
      if (has('silent-failures')) continue;
      yield frame('image_generation.partial_failed', { ...position, error: imageError(image.error) });
      continue;
    }
    if (has('partial-image'))
      yield frame('image_generation.partial_image', {
        ...position,
        partial_image_index: 0,
        b64_json: '/9j/',
      });
    yield frame('image_generation.partial_succeeded', { ...position, ...described(image, script) });
  }
  if (!has('without-completed')) yield frame('image_generation.completed', closing(job, script, images));
  if (!has('without-done')) yield 'data: [DONE]\n\n';
}

function described(image: Exclude<Made, { error: unknown }>, script: Script): Record<string, unknown> {
  const cross = script.variants.has('multiplication-sign') ? '\u00D7' : 'x';
  return { ...image.link, size: `${image.picture.width}${cross}${image.picture.height}` };
}

function createdMember(nowMs: number, script: Script): Record<string, number> {
  const created = Math.floor(nowMs / 1000);
  return script.variants.has('created-at') ? { created_at: created } : { created };
}

/** What stands after the images: usage by successes, tokens by their true pixels, and the tools used. */
function closing(job: ArkJob, script: Script, images: readonly Made[]): Record<string, unknown> {
  const pictures = images.flatMap((image) => ('error' in image ? [] : [image.picture]));
  const tokens = Math.round(pictures.reduce((sum, { width, height }) => sum + width * height, 0) / 256);
  const search = job.searchesWeb ? { tool_usage: { web_search: 1 } } : {};
  const usage = { generated_images: pictures.length, output_tokens: tokens, total_tokens: tokens, ...search };
  return {
    ...(job.searchesWeb ? { tools: [{ type: 'web_search' }] } : {}),
    ...(script.variants.has('without-usage') ? {} : { usage }),
  };
}

/** `GET /models`: ids with a status, as seen on Volcengine (section 1). */
export function modelList(): Reply {
  const data = arkModels.flatMap(({ ids, product }) =>
    ids.map((id) => ({
      id,
      object: 'model',
      name: product,
      version: /\d{6}$/.exec(id)?.[0] ?? '',
      domain: 'ImageGeneration',
      status: 'Active',
    })),
  );
  return { status: 200, json: { object: 'list', data } };
}

/** Whether the service gives up on the images that follow (section 6: internal error, not moderation). */
export function endsTheRest(error: ArkErrorName | undefined): boolean {
  return error !== undefined && arkErrors[error].status >= 500;
}
