import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { asGatewayError, toPublicError, type PublicError } from '../../core/errors.ts';
import { deliveredForm, formatOf } from '../../core/image-copy.ts';
import type { GenerationRecord, RecordUsage, StoredImage, Warning } from '../../core/record.ts';
import { openDelivery } from '../../generation/delivery.ts';
import type { AcceptedRequest } from '../../generation/idempotency.ts';
import type { Step } from '../../generation/progress.ts';
import { shareUsage } from '../../generation/share-usage.ts';
import type { HttpTools } from '../tools.ts';
import type { EventPrefix } from './stream-schemas.ts';
import { seconds, usageToWire, type LinkMaker } from './wire.ts';

/** A create request that is answered with events. */
export interface Streamed {
  accepted: AcceptedRequest;
  /** As it was when the answer began. */
  record: GenerationRecord;
  prefix: EventPrefix;
  link: LinkMaker;
}

type StreamTools = Pick<HttpTools, 'pictures' | 'log' | 'clock'>;

/** Proxies and clients give up a connection on which nothing comes. */
const heartbeatMs = 10_000;

/**
 * Answers with an event for each image as soon as it is kept (public-api.md section 4.7). A client that leaves ends
 * the events, not the generation. No `[DONE]`: none is documented for images (openai-images.md section 6).
 */
export async function sendStream(
  streamed: Streamed,
  reply: FastifyReply,
  tools: StreamTools,
): Promise<FastifyReply> {
  const left = new AbortController();
  // Not when the stream is closed: that waits for the piece that is being waited for, up to a heartbeat.
  reply.raw.once('close', () => left.abort());
  return await reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(eventsOf(streamed, left.signal, tools)));
}

async function* eventsOf(
  streamed: Streamed,
  signal: AbortSignal,
  tools: StreamTools,
): AsyncGenerator<Buffer | string> {
  // Says at once that the request was accepted: headers go out with the first bytes.
  yield Buffer.from(': accepted\n\n');
  const { accepted, record } = streamed;
  /** Index -> the usage it was told with; undefined: it failed. */
  const told = new Map<number, RecordUsage | undefined>();
  /** Failures wait until an image has come: when all fail there is one error for all. */
  const failures: { index: number; error: PublicError }[] = [];
  let hasImage = false;

  async function* tell(step: Step): AsyncGenerator<Buffer | string> {
    if (step.kind === 'preview') {
      if (!told.has(step.index)) yield previewEvent(step, streamed);
      return;
    }
    if (step.kind === 'failed') {
      if (told.has(step.index)) return;
      told.set(step.index, undefined);
      failures.push(step);
    } else {
      if (told.has(step.image.index)) return;
      told.set(step.image.index, step.usage);
      hasImage = true;
      yield* completedEvent(step, streamed, tools);
    }
    if (hasImage) for (const failure of failures.splice(0)) yield failedEvent(failure, streamed);
  }

  const outcome = accepted.outcome().then(
    (record) => ({ record }),
    (error: unknown) => ({ error: asGatewayError(error) }),
  );
  const over = new AbortController();
  void outcome.then(() => over.abort());
  const ended = AbortSignal.any([signal, over.signal]);
  const steps = accepted.progress?.follow(ended);
  for (let next = steps?.next(); next !== undefined;) {
    const step = await waitFor(next, signal, tools);
    if (signal.aborted) return;
    if (step === 'nothing') {
      yield heartbeat();
      continue;
    }
    if (step.done === true) break;
    yield* tell(step.value);
    next = steps?.next();
  }
  for (;;) {
    const end = await waitFor(outcome, signal, tools);
    if (signal.aborted) return;
    if (end === 'nothing') {
      yield heartbeat();
      continue;
    }
    if ('error' in end) {
      yield event('error', { type: 'error', error: toPublicError(end.error) });
      return;
    }
    // What was not told on the way: all of it, when another process made the images.
    for (const step of restOf(end.record, told, record.warnings)) yield* tell(step);
    return;
  }
}

function nothing(): 'nothing' {
  return 'nothing';
}

/** What a promise gives, or `nothing` when it takes so long that a sign of life is due. */
async function waitFor<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  { clock }: Pick<StreamTools, 'clock'>,
): Promise<T | 'nothing'> {
  const timer = new AbortController();
  const silence = clock.sleep(heartbeatMs, AbortSignal.any([signal, timer.signal])).then(nothing, nothing);
  try {
    return await Promise.race([promise, silence]);
  } finally {
    timer.abort();
  }
}

function restOf(
  record: GenerationRecord,
  told: ReadonlyMap<number, RecordUsage | undefined>,
  warnings: readonly Warning[],
): Step[] {
  const images = record.images.filter(({ index }) => told.get(index) === undefined);
  const before = [...told.values()].filter((usage) => usage !== undefined);
  const usages = record.usage === undefined ? [] : shareUsage(record.usage, images, before);
  const made = images.map((image, i): Step => ({
    kind: 'image',
    image,
    usage: usages[i] ?? { generatedImages: 1, outputTokens: 0, totalTokens: 0, cost: null },
    warnings: record.warnings.length === 0 ? warnings : record.warnings,
  }));
  return [...made, ...record.failedImages.map((failed): Step => ({ kind: 'failed', ...failed }))];
}

/** The picture goes from the store into the event in pieces, as fast as the client reads. */
async function* completedEvent(
  { image, usage, warnings }: Extract<Step, { kind: 'image' }>,
  streamed: Streamed,
  tools: StreamTools,
): AsyncGenerator<Buffer | string> {
  const { accepted, record, prefix, link } = streamed;
  const form = deliveredForm(record, image);
  const data = (
    content: { url: string } | { b64_json: string },
    outputFormat: string,
    said: readonly Warning[],
  ) => ({
    type: `${prefix}.completed`,
    ...content,
    ...factsOf(record, { index: image.index, size: sizeOf(image), outputFormat }),
    revised_prompt: image.revisedPrompt,
    usage: usageToWire(usage),
    ...(said.length === 0 ? {} : { warnings: said }),
  });
  if (accepted.responseFormat === 'url') {
    const url = link(record.id, image, form);
    yield event(`${prefix}.completed`, data({ url }, formatOf(image, form), warnings));
    return;
  }
  let delivery;
  try {
    delivery = await openDelivery(record, image, tools);
  } catch (error) {
    const failure = { index: image.index, error: toPublicError(asGatewayError(error)) };
    yield failedEvent(failure, streamed);
    return;
  }
  try {
    const said = delivery.warning === undefined ? warnings : [...warnings, delivery.warning];
    // Unknown beforehand, so that no text of the event can hold it.
    const mark = randomUUID();
    const whole = event(`${prefix}.completed`, data({ b64_json: mark }, delivery.format, said)).toString();
    const [before = '', after = ''] = whole.split(mark);
    yield Buffer.from(before);
    // A copy of each block: nobody knows when an event has been sent.
    for await (const block of delivery.reader.lendBase64(() => 0)) yield Buffer.from(block);
    yield Buffer.from(after);
  } finally {
    await delivery.reader.close();
  }
}

function previewEvent(step: Extract<Step, { kind: 'preview' }>, { prefix, record }: Streamed): Buffer {
  const { index, number, bytes, format, size } = step;
  return event(`${prefix}.partial_image`, {
    type: `${prefix}.partial_image`,
    b64_json: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    partial_image_index: number,
    ...factsOf(record, { index, size, outputFormat: format }),
  });
}

function failedEvent(
  { index, error }: { index: number; error: PublicError },
  { prefix, record }: Streamed,
): Buffer {
  return event(`${prefix}.failed`, {
    type: `${prefix}.failed`,
    created_at: seconds(record.createdAtMs),
    index,
    failure: error,
  });
}

/** OpenAI's clients with strict types need all of them. */
function factsOf(
  { createdAtMs, parameters }: GenerationRecord,
  { index, size, outputFormat }: { index: number; size: string; outputFormat: string },
) {
  const said = (name: string): string => {
    const value = parameters[name];
    return typeof value === 'string' ? value : 'auto';
  };
  return {
    created_at: seconds(createdAtMs),
    size,
    quality: said('quality'),
    background: said('background'),
    output_format: outputFormat,
    index,
  };
}

function sizeOf({ width, height }: StoredImage): string {
  return `${width}x${height}`;
}

function event(name: string, data: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function heartbeat(): Buffer {
  return Buffer.from(': still working\n\n');
}
