import type { Catalog, Model } from '../core/catalog.ts';
import { isFaultKind, UpstreamFault } from '../core/fault.ts';
import type { CallImage, CallResult } from '../core/image-result.ts';
import type { CallRecord, GenerationRecord, StoredImage } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';
import { findPublished } from './adopt.ts';
import { collectCall, holdSlots } from './call.ts';
import type { Asked, CallReport } from './finish.ts';
import { closeGeneration, counterFrom, reportOf, type Finished, type GenerationTools } from './generate.ts';
import { failedReport, keepCall, keepOne } from './keep-call.ts';
import { patiently } from './patience.ts';
import type { Pass } from './route-gate.ts';
import { withinLimit } from './work-signal.ts';

/** A record whose model is not listed any more still has to be closed. */
const unlistedCard: Asked['card'] = { size: undefined, qualityWords: {} };

/**
 * Finishes whatever a dead process began: polls tickets, finishes downloads, closes what cannot be finished.
 * Nothing is sent a second time. Resolves when all of it has ended; failures of one do not stop the others.
 */
export async function resumeGenerations(catalog: Catalog, tools: GenerationTools): Promise<void> {
  const unfinished = await tools.records.unfinished();
  if (unfinished.length === 0) return;
  tools.log.info({ generations: unfinished.length }, 'Finishing what an earlier process began.');
  const passes = holdAll(unfinished, catalog, tools);
  await Promise.all(
    unfinished.map(async ({ record, calls }) => {
      try {
        await withinLimit(tools.stop, tools.collectMs, (signal) =>
          resumeGeneration(record, calls, passes, catalog, signal, tools),
        );
      } catch (error) {
        tools.log.error(
          { generation: record.id, error },
          'A generation could not be finished; the next start tries again.',
        );
      } finally {
        for (const call of calls) passes.get(call)?.leave('used');
      }
    }),
  );
}

/** The slots of all tasks that may still run, before anything else happens: nobody new may take them. */
function holdAll(
  unfinished: readonly { record: GenerationRecord; calls: readonly CallRecord[] }[],
  catalog: Catalog,
  tools: GenerationTools,
): Map<CallRecord, Pass> {
  const passes = new Map<CallRecord, Pass>();
  for (const { record, calls } of unfinished) {
    for (const call of calls) {
      const route = routeOf(call, catalog.find(record.model));
      const isUnderWay = call.state === 'sent' || call.state === 'waiting';
      const pass = isUnderWay && route !== undefined ? holdSlots(route, call.images, tools) : undefined;
      if (pass !== undefined) passes.set(call, pass);
    }
  }
  return passes;
}

function routeOf(call: CallRecord, model: Model | undefined): Route | undefined {
  return model?.routes.find((route) => routeLabel(route) === call.route);
}

async function resumeGeneration(
  unfinished: GenerationRecord,
  calls: readonly CallRecord[],
  passes: ReadonlyMap<CallRecord, Pass>,
  catalog: Catalog,
  signal: AbortSignal,
  tools: GenerationTools,
): Promise<Finished> {
  const record = await withPublished(unfinished, calls, tools);
  const model = catalog.find(record.model);
  const highest = Math.max(
    0,
    ...calls.map((call) => call.firstIndex + call.images),
    ...record.images.map((image) => image.index + 1),
  );
  const extraIndex = counterFrom(highest);
  const reports = await Promise.all(
    calls.map((call) =>
      reportOf(call, tools, signal, () =>
        resumeCall(
          record,
          call,
          { stored: storedBy(call, calls, record), pass: passes.get(call) },
          model,
          extraIndex,
          signal,
          tools,
        ),
      ),
    ),
  );
  if (reports.includes('left')) return { kind: 'left' };
  return await closeGeneration(
    record,
    reports.filter((report) => report !== 'left'),
    {
      card: model?.card ?? unlistedCard,
      parameters: record.parameters,
      warnings: record.warnings,
      spelling: {},
    },
    tools,
  );
}

async function resumeCall(
  record: GenerationRecord,
  call: CallRecord,
  { stored, pass }: { stored: readonly StoredImage[]; pass: Pass | undefined },
  model: Model | undefined,
  extraIndex: () => number,
  signal: AbortSignal,
  tools: GenerationTools,
): Promise<CallReport> {
  const route = routeOf(call, model);
  if (call.state === 'open') {
    const fault = new UpstreamFault('not_sent', {
      message: 'This server stopped before the request was sent; nothing was generated. Send it again.',
    });
    return failedReport(call, fault, undefined, call.attempts, call.tried);
  }
  const done: CallReport = {
    route,
    attempts: call.attempts,
    tried: call.tried,
    images: stored,
    failures: [],
    usage: undefined,
    warnings: [],
    model: undefined,
  };
  if (call.state === 'failed') return withRest(done, call, faultOf(call));
  if (stored.length >= call.images) return done;
  // What a done call has not stored has failed, and the faults were written down with it.
  if (call.state === 'done') return withFailed(done, call, isGroup(record, call));
  if (route === undefined) {
    const fault = new UpstreamFault('unknown', {
      details: `route ${call.route ?? '(none)'} is not configured any more`,
    });
    return withRest(done, call, fault);
  }
  if (call.state === 'storing') {
    const result = linkedResult(
      call,
      record.images.map((image) => image.index),
    );
    if (result === undefined)
      return withRest(
        done,
        call,
        new UpstreamFault('unknown', { details: 'the process ended while it stored the answer' }),
      );
    const report = await keepCall(
      record.id,
      { ...call, isGroup: isGroup(record, call) },
      {
        kind: 'made',
        result: { ...result, images: [...result.images, ...failedImages(call)] },
        route,
        attempts: call.attempts,
        tried: call.tried.filter(({ index }) => index === undefined),
      },
      extraIndex,
      signal,
      tools,
    );
    return withStored(report, stored);
  }
  if (call.state === 'sent' && (call.links ?? []).length > 0) {
    return await keepArrived(record, call, done, route, signal, tools);
  }
  const save = (change: Parameters<GenerationTools['records']['saveCall']>[2]) =>
    tools.records.saveCall(record.id, call.number, change);
  const outcome = await collectCall(
    {
      signal,
      save,
      route,
      attempts: call.attempts,
      tried: call.tried,
      pass,
    },
    call,
    tools,
  );
  return withStored(
    await keepCall(
      record.id,
      { ...call, isGroup: isGroup(record, call) },
      outcome,
      extraIndex,
      signal,
      tools,
    ),
    stored,
  );
}

/**
 * The answer was still arriving: what it had brought is kept, and nobody knows what else it held. No step of that is
 * written down besides the images, so that another restart comes to the same.
 */
async function keepArrived(
  record: GenerationRecord,
  call: CallRecord,
  done: CallReport,
  route: Route,
  signal: AbortSignal,
  tools: GenerationTools,
): Promise<CallReport> {
  const stored = record.images.map(({ index }) => index);
  const links = linkedResult(call, stored)?.images ?? [];
  const kept = await Promise.all(
    links.map((link) => keepOne(record.id, call.firstIndex + link.position, link, route, signal, tools)),
  );
  const report = {
    ...done,
    images: [...done.images, ...kept.filter((one) => 'image' in one).map((one) => one.image)],
    failures: kept.filter((one) => 'fault' in one),
  };
  const details = 'the process ended before the upstream had answered to the end';
  return withRest(report, call, new UpstreamFault('unknown', { details }));
}

/** The record with the pictures whose bytes the dead process had published before it could say so. */
async function withPublished(
  record: GenerationRecord,
  calls: readonly CallRecord[],
  tools: GenerationTools,
): Promise<GenerationRecord> {
  const facts = { generation: record.id };
  const images = await patiently({ what: 'Looking for published pictures', facts }, tools.stop, tools, () =>
    findPublished(record, calls, tools.objects),
  );
  for (const image of images) await tools.records.addImage(record.id, image);
  if (images.length > 0) {
    tools.log.info({ ...facts, images: images.length }, 'Pictures of an earlier process were found again.');
  }
  return { ...record, images: [...record.images, ...images] };
}

/** Those of its own places; more than were asked for stand behind all others and are the first call's. */
function storedBy(call: CallRecord, calls: readonly CallRecord[], record: GenerationRecord): StoredImage[] {
  return record.images.filter(
    ({ index }) =>
      belongsTo(call, index) || (call === calls[0] && !calls.some((other) => belongsTo(other, index))),
  );
}

/** What is stored already is neither missing nor failed. */
function withStored(report: CallReport, stored: readonly StoredImage[]): CallReport {
  const isStored = (index: number): boolean => stored.some((image) => image.index === index);
  return {
    ...report,
    images: [...stored, ...report.images.filter(({ index }) => !isStored(index))],
    failures: report.failures.filter(({ index }) => !isStored(index)),
  };
}

/** How many a group brings is the upstream's choice: none of it is missing. */
function isGroup({ parameters }: GenerationRecord, call: Pick<CallRecord, 'images'>): boolean {
  // A native body that may make several is a group, whatever its words for that are.
  const isNative = parameters['native_params'] !== undefined && call.images > 1;
  return isNative || parameters['sequential_image_generation'] === 'auto';
}

/** The fault a call ended in, as far as it is kept. */
function faultOf({ tried }: Pick<CallRecord, 'tried'>): UpstreamFault {
  const { outcome = '', details } = tried.at(-1) ?? {};
  // Without a trace it gave up before it was sent to anybody, e.g. in a queue.
  const kind = tried.length === 0 ? 'not_sent' : isFaultKind(outcome) ? outcome : 'unknown';
  return new UpstreamFault(kind, details === undefined ? {} : { details });
}

/** The images still to be fetched, or undefined when none is. */
function linkedResult(call: CallRecord, stored: readonly number[]): CallResult | undefined {
  const links = (call.links ?? []).filter((link) => !stored.includes(link.index));
  if (links.length === 0 && stored.length === 0) return undefined;
  return {
    images: links.map((link) => ({
      kind: 'link',
      position: link.index - call.firstIndex,
      url: link.url,
      ...(link.revisedPrompt === undefined ? {} : { revisedPrompt: link.revisedPrompt }),
    })),
  };
}

/** What the answer had said of images that failed, as it was written down with the links of the others. */
function failedImages(call: CallRecord): CallImage[] {
  return faultsOf(call).map(({ index, fault }) => ({
    kind: 'failed',
    position: index - call.firstIndex,
    fault,
  }));
}

function faultsOf({ tried }: CallRecord): { index: number; fault: UpstreamFault }[] {
  return tried.flatMap((trace) =>
    trace.index === undefined ? [] : [{ index: trace.index, fault: faultOf({ tried: [trace] }) }],
  );
}

function belongsTo(call: CallRecord, index: number): boolean {
  return index >= call.firstIndex && index < call.firstIndex + call.images;
}

/** The images that failed alone; of a group those that were never there are not missing. */
function withFailed(report: CallReport, call: CallRecord, isGroup: boolean): CallReport {
  const stored = new Set(report.images.map(({ index }) => index));
  const failures = faultsOf(call).filter(({ index }) => !stored.has(index));
  const told = { ...report, failures };
  return isGroup && report.images.length + failures.length > 0 ? told : withRest(told, call, faultOf(call));
}

function withRest(report: CallReport, call: CallRecord, fault: UpstreamFault): CallReport {
  const there = new Set([...report.images, ...report.failures].map(({ index }) => index));
  const rest = failedReport(call, fault, report.route, report.attempts, report.tried).failures.filter(
    ({ index }) => !there.has(index),
  );
  return { ...report, failures: [...report.failures, ...rest] };
}
