import type { DrawnPicture, Reply } from '../../sandbox/kit.ts';
import { errorBody, namedErrors } from './simulator-errors.ts';
import { imageTokens, inputTokens, previewTokens, textTokens } from './simulator-models.ts';
import type { Job } from './simulator-request.ts';
import type { Script, Variant } from './simulator-scripts.ts';

/** An image that was made and charged. */
export interface Made {
  index: number;
  picture: DrawnPicture;
  /** Where it can be fetched, for those who are given links. */
  url: () => string;
}

interface Answering {
  job: Job;
  script: Script;
  /** Unix seconds. */
  created: number;
}

/** openai-images.md section 5. */
export function wholeAnswer(answering: Answering, made: readonly Made[]): Reply {
  const { job, script, created } = answering;
  const has = (variant: Variant) => script.variants.has(variant);
  if (has('error-on-200')) return { status: 200, json: { created, ...errorBody(namedErrors.moderated) } };
  const data = has('empty-data') ? [] : made.map((image) => dataItem(image, answering));
  if (has('bare-reply')) return { status: 200, json: { created, data } };
  const usage = usageMember(script, usageOf(job, made.length, true, 0));
  return { status: 200, json: { created, data, ...effective(answering), ...usage, ...identifier(job) } };
}

/** Section 6: previews, then one `completed` for each image. */
export async function* events(answering: Answering, made: AsyncIterable<Made>): AsyncGenerator<string> {
  const { job, script, created } = answering;
  const has = (variant: Variant) => script.variants.has(variant);
  const frame = (type: string, members: Record<string, unknown>): string => {
    const data = `data: ${JSON.stringify({ type, ...members })}\n\n`;
    const heartbeat = has('heartbeats') ? ': still here\n\n' : '';
    return heartbeat + (has('without-event-names') ? data : `event: ${type}\n${data}`);
  };
  const breaksOff = has('breaks-off');
  if (script.withheld) {
    yield frame('error', errorBody(namedErrors['moderated-output']));
    return;
  }
  if (breaksOff && job.n === 1) {
    yield frame('error', errorBody(namedErrors.failed));
    return;
  }
  let count = 0;
  for await (const image of made) {
    const about = { created_at: created, ...effective(answering) };
    const b64 = Buffer.from(image.picture.bytes).toString('base64');
    const previews = has('without-previews') ? 0 : job.previews;
    for (let index = 0; index < previews; index += 1) {
      // The contract says nothing of how a preview looks; the finished picture will do.
      yield frame(`${job.kind}.partial_image`, { b64_json: b64, ...about, partial_image_index: index });
    }
    const usage = usageMember(script, usageOf(job, 1, count === 0, previews));
    yield frame(`${job.kind}.completed`, {
      ...dataItem(image, answering),
      ...about,
      ...usage,
      ...identifier(job),
    });
    count += 1;
    if (breaksOff) {
      yield frame('error', errorBody(namedErrors.failed));
      return;
    }
  }
  if (has('with-done')) yield 'data: [DONE]\n\n';
}

function dataItem({ picture, url }: Made, { job, script }: Answering): Record<string, unknown> {
  const has = (variant: Variant) => script.variants.has(variant);
  const nothing = has('null-members') ? null : has('empty-strings') ? '' : undefined;
  const absent = nothing === undefined ? {} : { b64_json: nothing, url: nothing, revised_prompt: nothing };
  const image = has('links') ? { url: url() } : { b64_json: Buffer.from(picture.bytes).toString('base64') };
  return {
    ...absent,
    ...image,
    ...(has('revised-prompt') ? { revised_prompt: `${job.prompt}, in fine detail` } : {}),
  };
}

function effective({ job, script }: Answering): Record<string, string> {
  const quality = script.variants.has('other-quality')
    ? job.quality === 'low'
      ? 'medium'
      : 'low'
    : job.quality;
  return {
    background: job.background,
    output_format: job.format,
    quality,
    size: `${job.width}x${job.height}`,
  };
}

function identifier({ safetyIdentifier }: Job): Record<string, string> {
  return safetyIdentifier === undefined ? {} : { safety_identifier: safetyIdentifier };
}

function usageMember(script: Script, usage: Usage): { usage?: Usage } {
  if (script.variants.has('without-usage')) return {};
  if (!script.variants.has('zero-usage')) return { usage };
  const zero = { image_tokens: 0, text_tokens: 0 };
  return {
    usage: {
      input_tokens: 0,
      input_tokens_details: zero,
      output_tokens: 0,
      output_tokens_details: zero,
      total_tokens: 0,
    },
  };
}

interface Usage {
  input_tokens: number;
  input_tokens_details: { image_tokens: number; text_tokens: number };
  output_tokens: number;
  output_tokens_details: { image_tokens: number; text_tokens: number };
  total_tokens: number;
}

/** Section 5. What goes in is counted once a request, so with the first image of a stream. */
function usageOf(job: Job, images: number, countsInput: boolean, previews: number): Usage {
  const pictures = [...job.inputs, ...(job.mask === undefined ? [] : [job.mask])];
  const text = countsInput ? textTokens(job.prompt) : 0;
  const image = countsInput ? pictures.reduce((sum, each) => sum + inputTokens(each), 0) : 0;
  const output =
    images * imageTokens(job.model, job.quality, job.width, job.height) + previews * previewTokens;
  return {
    input_tokens: text + image,
    input_tokens_details: { image_tokens: image, text_tokens: text },
    output_tokens: output,
    output_tokens_details: { image_tokens: output, text_tokens: 0 },
    total_tokens: text + image + output,
  };
}
