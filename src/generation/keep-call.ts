import { UpstreamFault } from '../core/fault.ts';
import type { CallImage, CallResult } from '../core/image-result.ts';
import type { CallEnd, RecordStore } from '../core/record-store.ts';
import type { PendingLink, TriedRoute } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';
import type { CallOutcome } from './call.ts';
import type { EarlyImages, Kept } from './early-images.ts';
import type { CallReport } from './finish.ts';
import { keepImage, type KeepTools } from './keep.ts';
import type { PlannedCall } from './plan.ts';

/** What keeping the images of a call needs, handed in. */
export interface KeepCallTools extends KeepTools {
  records: Pick<RecordStore, 'saveCall' | 'addImage'>;
  /** Aborted when the process must end now. */
  stop: AbortSignal;
}

/** Steps that the end of a generation waits for, so that they share its way to the disk. */
export interface Beside {
  steps: Promise<void>[];
  /** The image is all there is to wait for: the end of the record comes at once. */
  isAll: boolean;
  /** Where it is all: the end of the call, which the end of the record takes with it. */
  only?: CallEnd;
}

/** Stores what a call brought; images that cannot be had or stored fail alone. */
export async function keepCall(
  generationId: string,
  call: Pick<PlannedCall, 'number' | 'firstIndex' | 'images'> & { isGroup: boolean },
  outcome: CallOutcome,
  extraIndex: () => number,
  signal: AbortSignal,
  tools: KeepCallTools,
  { early, beside }: { early?: EarlyImages | undefined; beside?: Beside | undefined } = {},
): Promise<CallReport> {
  if (outcome.kind === 'failed') {
    const { fault, route, attempts, tried } = outcome;
    const before = (await early?.all()) ?? [];
    const images = before.filter((one) => 'image' in one).map((one) => one.image);
    await tools.records.saveCall(generationId, call.number, { state: 'failed', links: null, tried });
    const report = failedReport(call, fault, route, attempts, tried);
    const isThere = ({ index }: { index: number }) => images.some((image) => image.index === index);
    return { ...report, images, failures: report.failures.filter((failure) => !isThere(failure)) };
  }
  const { result, route, attempts, tried } = outcome;
  const placed = placeImages(call, result, extraIndex);
  const links = linksOf(placed);
  // The links are durable before the first download, so that a restart fetches them, and with them what the answer
  // says of images that failed. Pictures that came inside it are published first of all: a restart finds them by
  // their names (adopt.ts).
  await early?.saved();
  if (links.length > 0) {
    const told = placed.flatMap(({ index, image }) =>
      image.kind === 'failed' ? [traceOfImage(route, index, image.fault, tools.clock.now())] : [],
    );
    await tools.records.saveCall(generationId, call.number, {
      state: 'storing',
      links,
      tried: [...tried, ...told],
    });
  }
  const kept = await Promise.all(
    placed.map(
      ({ index, image }) =>
        early?.at(index) ?? keepOne(generationId, index, image, route, signal, tools, beside),
    ),
  );
  const images = kept.filter((one) => 'image' in one).map((one) => one.image);
  const missing = call.isGroup ? [] : missingOf(call, placed);
  const failures = [...kept.filter((one) => 'fault' in one), ...missing];
  const traces = failures.map(({ index, fault }) => traceOfImage(route, index, fault, tools.clock.now()));
  const done = { state: 'done', links: null, tried: [...tried, ...traces] } as const;
  if (beside?.isAll === true) beside.only = { number: call.number, tried: done.tried };
  else await besides(tools.records.saveCall(generationId, call.number, done), beside);
  return {
    route,
    attempts,
    tried,
    images,
    failures,
    usage: result.usage,
    warnings: result.warnings ?? [],
    model: result.model,
  };
}

/**
 * A step that is on its way to the disk: waited for, or left to whoever waits for all of them. What is asked for
 * within one turn shares one sync, which is most of what a small generation's end takes.
 */
async function besides(step: Promise<void>, beside: Beside | undefined): Promise<void> {
  if (beside === undefined) return await step;
  // It is awaited with the others.
  step.catch(() => undefined);
  beside.steps.push(step);
}

/**
 * Stores one image and adds it to the record; one that cannot be had or stored fails alone. Without a step of its own
 * (`isAll`) the end of the record adds it: a process that dies between the two finds it by its name (adopt.ts).
 */
export async function keepOne(
  generationId: string,
  index: number,
  image: CallImage,
  route: Route,
  signal: AbortSignal,
  tools: KeepCallTools,
  beside?: Beside,
): Promise<Kept> {
  if (image.kind === 'failed') return { index, fault: image.fault };
  try {
    const stored = await keepImage({ generationId, index, image, route }, signal, tools);
    if (beside?.isAll !== true) await besides(tools.records.addImage(generationId, stored), beside);
    return { image: stored };
  } catch (error) {
    // The next start goes on. When only the time for collecting is over, this image fails alone.
    if (tools.stop.aborted) throw error;
    const fault =
      error instanceof UpstreamFault
        ? error
        : new UpstreamFault('unknown', {
            message:
              'The image was made but could not be stored on this server. It was charged, so it was not made again.',
            details: String(error),
            cause: error,
          });
    tools.log.error(
      { generation: generationId, index, route: routeLabel(route), details: fault.facts.details },
      'An image that was made could not be kept.',
    );
    return { index, fault };
  }
}

/** For the operator: which image of which call failed, and how. */
function traceOfImage(route: Route, index: number, { kind, facts }: UpstreamFault, atMs: number): TriedRoute {
  const details = `image ${index}: ${facts.details ?? facts.message ?? kind}`;
  return { route: routeLabel(route), outcome: kind, atMs, details, index };
}

/** Gives each image its place in the generation. More than were asked for are kept too, behind all others: they were paid for. */
function placeImages(
  call: { firstIndex: number; images: number },
  result: CallResult,
  extraIndex: () => number,
): { index: number; image: CallImage }[] {
  return result.images.map((image) => ({
    index: image.position < call.images ? call.firstIndex + image.position : extraIndex(),
    image,
  }));
}

function linksOf(placed: readonly { index: number; image: CallImage }[]): PendingLink[] {
  return placed.flatMap(({ index, image }) =>
    image.kind === 'link'
      ? [
          {
            index,
            url: image.url,
            ...(image.revisedPrompt === undefined ? {} : { revisedPrompt: image.revisedPrompt }),
          },
        ]
      : [],
  );
}

function missingOf(
  call: { firstIndex: number; images: number },
  placed: readonly { index: number }[],
): { index: number; fault: UpstreamFault }[] {
  const there = new Set(placed.map(({ index }) => index));
  return indexesOf(call)
    .filter((index) => !there.has(index))
    .map((index) => ({
      index,
      fault: new UpstreamFault('bad_reply', {
        details: `image ${index} is missing from the upstream's answer`,
      }),
    }));
}

export function failedReport(
  call: { firstIndex: number; images: number },
  fault: UpstreamFault,
  route: Route | undefined,
  attempts: number,
  tried: readonly TriedRoute[] = [],
): CallReport {
  return {
    route,
    attempts,
    tried,
    images: [],
    failures: indexesOf(call).map((index) => ({ index, fault })),
    usage: undefined,
    warnings: [],
    model: undefined,
  };
}

function indexesOf(call: { firstIndex: number; images: number }): number[] {
  return Array.from({ length: call.images }, (_, i) => call.firstIndex + i);
}
