import type { Model } from '../core/catalog.ts';
import { GatewayError } from '../core/errors.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { RequestOrigin } from '../core/idempotency.ts';
import type { IdMaker } from '../core/ids.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { Meter } from '../core/meter.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { CallRecord, GenerationRecord, Warning } from '../core/record.ts';
import { askAllowance, refusedByLimit, type AllowanceTools } from './allowance.ts';
import { runCall, type CallTools } from './call.ts';
import { endGeneration, type Asked, type CallReport } from './finish.ts';
import { takeHeadStart, type HeadStart } from './head-start.ts';
import type { InFlight } from './in-flight.ts';
import { failedReport, keepCall, keepOne, type Beside } from './keep-call.ts';
import type { KeepTools } from './keep.ts';
import type { LateResults } from './late-results.ts';
import { isStorageFault } from './patience.ts';
import { planGeneration, type Plan, type PlannedCall } from './plan.ts';
import { withinLimit } from './work-signal.ts';
import { makeProgress, type Progress } from './progress.ts';
import { notRecorded, type StorageWatch } from './storage-watch.ts';
import { tellReport, watchCall } from './watch-call.ts';

/** What generations need, handed in once. */
export interface GenerationTools extends CallTools, KeepTools, AllowanceTools {
  /** Patient where money hangs on a write. */
  records: RecordStore;
  objects: Pick<ObjectStore, 'open'>;
  storage: StorageWatch;
  ids: IdMaker;
  inFlight: InFlight;
  late: LateResults;
  meter: Meter;
  /** No resending after this long, ms; the caller is answered with a timeout then. */
  deadlineMs: number;
  /** Work that can still be collected is given up after this long, ms. */
  collectMs: number;
  /** Aborted when the process must end now: what runs is left to the next start. */
  stop: AbortSignal;
}

/** One accepted-to-be request. */
export interface GenerationOrder {
  keyId: string;
  model: Model;
  request: ImageRequest;
  /** For the record: what was asked, by field name, without prompt and images. */
  parameters: Readonly<Record<string, unknown>>;
  warnings: readonly Warning[];
  /** Our field name -> the caller's own spelling. */
  spelling: Readonly<Record<string, string>>;
  /** The caller follows it as it comes, with so many previews of each image. */
  stream?: { previews: number } | undefined;
  /** Kept with the record, so that a repeat of the request finds it. */
  origin: RequestOrigin;
}

/** How a generation ended; `left`: the process ends first, the next start finishes it. */
export type Finished =
  | { kind: 'ended'; record: GenerationRecord; error: GatewayError | undefined }
  | { kind: 'left' };

/** A generation under way. Whoever asked for it may leave: it finishes and is kept. */
export interface RunningGeneration {
  record: GenerationRecord;
  /** When the caller is to be answered at the latest, ms since 1970. */
  deadlineAtMs: number;
  /** What has happened so far, and what comes. */
  progress: Progress;
  /** Never rejects for an upstream's failure. */
  finished: Promise<Finished>;
}

/**
 * The story of a request: plan, record opened, calls, images kept, record closed.
 * Throws GatewayError before anything is written when the key has reached a limit, the server is full or the model has
 * no usable route.
 * `claimed`: nothing was begun, because another generation holds the request's Idempotency-Key.
 */
export async function startGeneration(
  order: GenerationOrder,
  tools: GenerationTools,
): Promise<RunningGeneration | 'claimed'> {
  await tools.storage.admit();
  const { model, reservation } = await askAllowance(order, tools);
  const plan = planGeneration(order.request, model, tools);
  const place = tools.inFlight.enter();
  const record = newRecord(order, tools);
  const starts = plan.calls.map((call) =>
    takeHeadStart({ ...call, generationId: record.id, keyId: record.keyId }, tools),
  );
  const giveBack = (): void => {
    for (const start of starts) start?.giveBack();
  };
  try {
    const opened = await tools.records.open(
      record,
      plan.calls.map((call, i) => ({ ...newCall(record.id, call), ...starts[i]?.sent })),
      order.origin,
      reservation,
    );
    if (typeof opened === 'object') throw refusedByLimit(opened, order);
    if (opened === 'claimed') {
      giveBack();
      place.leave();
      return opened;
    }
    const deadlineAtMs = record.createdAtMs + tools.deadlineMs;
    const progress = makeProgress();
    const finished = place.run(() =>
      withinLimit(tools.stop, tools.collectMs, (signal) =>
        finish(record, order, plan, deadlineAtMs, { signal, progress, starts }, tools),
      ).finally(() => {
        giveBack();
        progress.end();
      }),
    );
    return { record, deadlineAtMs, progress, finished };
  } catch (error) {
    giveBack();
    if (!isStorageFault(error)) {
      place.leave();
      throw error;
    }
    void place.run(() => takeBack(record, order, plan, tools));
    throw notRecorded(error);
  }
}

/**
 * What a disk would not confirm may stand in the records all the same: it is ended there, or whoever repeats the
 * request would wait for work that nobody does.
 */
async function takeBack(
  { id, keyId }: GenerationRecord,
  order: GenerationOrder,
  plan: Plan,
  tools: GenerationTools,
): Promise<void> {
  try {
    const record = await tools.records.get(id, keyId);
    if (record === undefined) return;
    const fault = new UpstreamFault('not_sent', { details: 'the record could not be made durable' });
    const reports = plan.calls.map((call) => failedReport(call, fault, undefined, 0));
    await closeGeneration(record, reports, { ...order, card: order.model.card }, tools);
  } catch (error) {
    tools.log.error({ generation: id, error }, 'A record that was not begun is ended by the next start.');
  }
}

/** What goes on beside the story. */
interface Underway {
  signal: AbortSignal;
  progress: Progress;
  /** Of each call that need not wait for its route. */
  starts: readonly (HeadStart | undefined)[];
}

async function finish(
  record: GenerationRecord,
  order: GenerationOrder,
  plan: Plan,
  deadlineAtMs: number,
  { signal, progress, starts }: Underway,
  tools: GenerationTools,
): Promise<Finished> {
  // Behind every place that was asked for, also those of a group.
  const extraIndex = counterFrom(Math.max(...plan.calls.map((call) => call.firstIndex + call.images)));
  const asked = { ...order, card: order.model.card };
  // Who follows is told of each image by itself; else the last steps share their way to the disk.
  const isAll = plan.calls.length === 1 && plan.calls[0]?.images === 1 && order.request.group === undefined;
  const beside: Beside | undefined = order.stream === undefined ? { steps: [], isAll } : undefined;
  const reports = await Promise.all(
    plan.calls.map((call, i) =>
      reportOf(call, tools, signal, async () => {
        const watcher =
          order.stream === undefined
            ? undefined
            : watchCall(
                record.id,
                call,
                {
                  ...order.stream,
                  hasPreviews: order.model.card.parameters['partial_images'] !== undefined,
                  progress,
                  asked,
                  keep: (index, image, route) => keepOne(record.id, index, image, route, signal, tools),
                },
                tools,
              );
        const save = (change: Parameters<RecordStore['saveCall']>[2]) =>
          tools.records.saveCall(record.id, call.number, change);
        const outcome = await runCall(
          {
            generationId: record.id,
            number: call.number,
            keyId: record.keyId,
            request: call.request,
            images: call.images,
            routes: call.routes,
            deadlineMs: deadlineAtMs,
            signal,
            save,
            headStart: starts[i],
            watch: watcher === undefined ? undefined : (route) => watcher.watch(route),
          },
          tools,
        );
        const isGroup = call.request.group !== undefined;
        watcher?.answered();
        const report = await keepCall(record.id, { ...call, isGroup }, outcome, extraIndex, signal, tools, {
          early: watcher?.early,
          beside,
        });
        tellReport(report, watcher?.told ?? new Map(), { progress, asked });
        return report;
      }),
    ),
  );
  if (reports.includes('left')) return { kind: 'left' };
  return await closeGeneration(
    record,
    reports.filter((report) => report !== 'left'),
    asked,
    tools,
    beside,
  );
}

/** Runs one call's work; what is thrown becomes a report, except that a stopping process leaves the call as it stands. */
export async function reportOf(
  call: { firstIndex: number; images: number },
  tools: Pick<GenerationTools, 'stop' | 'log'>,
  signal: AbortSignal,
  work: () => Promise<CallReport>,
): Promise<CallReport | 'left'> {
  try {
    return await work();
  } catch (error) {
    if (tools.stop.aborted) return 'left';
    if (error instanceof UpstreamFault) return failedReport(call, error, undefined, 0);
    const details = signal.aborted ? 'given up: no end within the collecting time' : String(error);
    if (!signal.aborted) tools.log.error({ error }, 'A call broke off for a reason of our own.');
    return failedReport(call, new UpstreamFault('unknown', { details, cause: error }), undefined, 0);
  }
}

/** The record is closed, done or failed, always one of them; by the next start, where this process must end before. */
export async function closeGeneration(
  record: GenerationRecord,
  reports: readonly CallReport[],
  asked: Asked,
  tools: Pick<GenerationTools, 'records' | 'clock' | 'log' | 'late' | 'meter' | 'stop'>,
  beside?: Beside,
): Promise<Finished> {
  const ending = endGeneration(reports, asked, tools.clock.now());
  let isLate: boolean;
  try {
    const closing = tools.records.close(record.id, ending.outcome, ending.losses, beside?.only);
    [{ isLate }] = await Promise.all([closing, ...(beside?.steps ?? [])]);
  } catch (error) {
    if (tools.stop.aborted && isStorageFault(error)) return { kind: 'left' };
    throw error;
  }
  const { status, servedBy, attempts, images, error } = ending.outcome;
  const durationMs = (ending.outcome.finishedAtMs ?? 0) - record.createdAtMs;
  tools.log.info(
    {
      generation: record.id,
      model: record.model,
      status,
      servedBy,
      attempts,
      tried: reports.flatMap((report) => report.tried.map(({ route, outcome }) => `${route}: ${outcome}`)),
      images: images.length,
      durationMs,
      reason: error?.reason,
    },
    'A generation ended.',
  );
  tools.meter.generationEnded({
    model: record.model,
    status,
    reason: error?.reason,
    durationMs,
    images: { made: images.length, ...ending.losses },
  });
  if (isLate) tools.late.note({ generationId: record.id, images: images.length, durationMs });
  const late = isLate ? { late: true as const } : {};
  return { kind: 'ended', record: { ...record, ...ending.outcome, ...late }, error: ending.error };
}

/** Counts on from a number; the same counter serves all calls of a generation. */
export function counterFrom(first: number): () => number {
  let next = first;
  return () => next++;
}

function newRecord(order: GenerationOrder, tools: GenerationTools): GenerationRecord {
  return {
    id: tools.ids('img'),
    keyId: order.keyId,
    status: 'in_progress',
    model: order.model.card.id,
    prompt: order.request.prompt,
    parameters: order.parameters,
    createdAtMs: tools.clock.now(),
    finishedAtMs: undefined,
    images: [],
    failedImages: [],
    warnings: order.warnings,
    error: undefined,
    usage: undefined,
    provider: undefined,
    servedBy: undefined,
    providerModel: undefined,
    attempts: 0,
  };
}

function newCall(generationId: string, call: PlannedCall): CallRecord {
  return {
    generationId,
    number: call.number,
    state: 'open',
    firstIndex: call.firstIndex,
    images: call.images,
    route: undefined,
    ourId: undefined,
    ticket: undefined,
    links: undefined,
    attempts: 0,
    tried: [],
  };
}
