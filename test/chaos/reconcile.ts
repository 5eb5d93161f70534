import type { Answer, CallerStory } from './callers.ts';
import type { WireRecord } from './records.ts';
import type { PlannedRequest, Upset } from './schedule.ts';
import { storageUpsets, type Span } from './upsets.ts';
import type { Charge } from './upstreams.ts';

/** Everything that is known when a run is judged. */
export interface Evidence {
  stories: readonly CallerStory[];
  charges: readonly Charge[];
  records: readonly WireRecord[];
  /** `img_..._0` of every stored file. */
  objects: ReadonlySet<string>;
  /** What went wrong for everybody, and when. */
  spans: readonly Span[];
  /** Task ids the gateway asked for: it had their tickets, and they had to be durable. */
  polled: ReadonlySet<string>;
  /** Pictures that were handed out whole: the gateway had their links, and they had to be durable too. */
  given: ReadonlySet<string>;
  /** Markers of requests whose connection died because nothing was said in time, a machine that is too busy included. */
  silenced: ReadonlySet<string>;
  /** Records whose caller was answered, as the gateway's log says. */
  answered: ReadonlySet<string>;
  /** What the bytes of `img_..._0` hash to when they are fetched; an Error where that failed. */
  hashes: ReadonlyMap<string, string | Error>;
}

export interface Judgement {
  charged: number;
  stored: number;
  /** The record says that the outcome is unknown, and the schedule made it so. */
  unknown: number;
  /** The same by what made it so. */
  unknownBecause: ReadonlyMap<string, number>;
  /** Charged and stored, then deleted by the caller. */
  deleted: number;
  /** Charged, and neither of these. */
  lost: number;
  /** Images charged beyond what a request asked for. */
  chargedTwice: number;
  /**
   * The same, where a caller without an Idempotency-Key hung up just as its answer was handed to the connection, and
   * then asked again: the first reply counts as delivered (public-api.md section 10).
   */
  boughtAgain: number;
  problems: readonly Problem[];
}

export interface Problem {
  round: number | undefined;
  text: string;
}

/** The 424s: the upstream may have charged (public-api.md section 4.5). */
const unknownReasons: ReadonlySet<string> = new Set([
  'outcome_unknown',
  'upstream_bad_reply',
  'generation_timeout',
]);

/** The markers of schedule.ts. */
export const markerPattern = /\bmark-\d{6}-\d\b/;

/** Puts what the upstreams charged, what is kept and what callers were told side by side. */
export function judge(evidence: Evidence): Judgement {
  const chargesOf = groupBy(evidence.charges, ({ prompt }) => markerPattern.exec(prompt)?.[0] ?? '');
  const recordsOf = groupBy(evidence.records, ({ prompt }) => markerPattern.exec(prompt)?.[0] ?? '');
  const problems: Problem[] = [];
  const unknownBecause = new Map<string, number>();
  const sum = { charged: 0, stored: 0, unknown: 0, deleted: 0, lost: 0, chargedTwice: 0, boughtAgain: 0 };

  for (const story of evidence.stories) {
    const { marker, round } = story.request;
    const charges = chargesOf.get(marker) ?? [];
    const records = recordsOf.get(marker) ?? [];
    const say = (text: string): void =>
      void problems.push({ round, text: `${marker} (${describe(story)}): ${text}` });

    const { stored, missing } = matchImages(charges, records);
    sum.charged += charges.length;
    sum.stored += stored;
    const extra = chargedBeyond(story.request, charges);
    if (extra > 0 && hasCrossed(story, records, evidence)) sum.boughtAgain += extra;
    else if (extra > 0) {
      sum.chargedTwice += extra;
      say(`CHARGED TWICE: ${charges.length} images of ${story.request.images}, ${bill(charges)}`);
    }

    const isGone = story.deleted !== undefined && !records.some(({ id }) => id === story.deleted?.imageId);
    if (isGone) sum.deleted += missing.length;
    else if (missing.length > 0) {
      const found = whyUnknown(missing, records, story, evidence);
      if ('excuse' in found) {
        sum.unknown += missing.length;
        unknownBecause.set(found.excuse, (unknownBecause.get(found.excuse) ?? 0) + missing.length);
      } else {
        sum.lost += missing.length;
        say(`LOST: ${missing.length} of ${charges.length} charged images, ${found.wrong}; ${bill(missing)}`);
      }
    }
    for (const text of checkRecords(records, charges, story, evidence)) say(text);
    for (const answer of story.answers) for (const text of checkAnswer(answer, records, story)) say(text);
    for (const text of checkFailures(story, charges, evidence)) say(text);
  }

  const known = new Set(evidence.stories.map(({ request }) => request.marker));
  for (const [marker, charges] of chargesOf) {
    if (known.has(marker)) continue;
    problems.push({ round: undefined, text: `charged for nobody: '${charges[0]?.prompt}'` });
  }
  problems.push(...checkObjects(evidence));
  return { ...sum, unknownBecause, problems };
}

function matchImages(
  charges: readonly Charge[],
  records: readonly WireRecord[],
): { stored: number; missing: Charge[] } {
  const kept = records.flatMap(({ images }) => images.map(({ sha256 }) => sha256));
  const missing = charges.filter(({ sha256 }) => {
    const at = kept.indexOf(sha256);
    if (at < 0) return true;
    kept.splice(at, 1);
    return false;
  });
  return { stored: charges.length - missing.length, missing };
}

/** A group is one purchase, whatever it brings. */
function chargedBeyond(request: PlannedRequest, charges: readonly Charge[]): number {
  if ('sequential_image_generation' in request.body) {
    const first = charges[0]?.requestId;
    return charges.filter(({ requestId }) => requestId !== first).length;
  }
  return Math.max(0, charges.length - request.images);
}

/** Every purchase but the last was answered, as far as the gateway could see, and the caller was not there any more. */
function hasCrossed(
  { request, answers }: CallerStory,
  records: readonly WireRecord[],
  { answered }: Evidence,
): boolean {
  if (request.caller.kind !== 'resends') return false;
  const purchases = records.filter(mayHaveBought);
  const leavings = answers.filter(({ kind }) => kind === 'left').length;
  const seen = purchases.filter(({ id }) => answered.has(id)).length;
  return seen >= purchases.length - 1 && leavings >= purchases.length - 1;
}

function mayHaveBought({ images, error }: WireRecord): boolean {
  return images.length > 0 || unknownReasons.has(error?.reason ?? '');
}

/** Either the records say unknown and that could not be helped, or what is wrong. */
function whyUnknown(
  missing: readonly Charge[],
  records: readonly WireRecord[],
  story: CallerStory,
  evidence: Evidence,
): { excuse: string } | { wrong: string } {
  if (records.length === 0) return { wrong: 'and there is no record' };
  const said = records.map(inShort).join(', ');
  const places = records.reduce((sum, record) => sum + unknownPlaces(record, story.request), 0);
  if (places < missing.length) return { wrong: `and the records say ${said}` };
  const excuse = excuseOf(missing, story, evidence);
  return excuse === undefined
    ? { wrong: `recorded as unknown for no reason that the schedule gave (${said})` }
    : { excuse };
}

function unknownPlaces(record: WireRecord, request: PlannedRequest): number {
  if (record.status === 'failed') return unknownReasons.has(record.error?.reason ?? '') ? request.images : 0;
  return record.failed_images.filter(({ error }) => unknownReasons.has(error.reason)).length;
}

/** Troubles after which nobody can know, unless there is a ticket. */
const spoilsSubmit: ReadonlySet<string> = new Set([
  'refuse',
  'hang-before',
  'hang-after',
  'cut-after',
  'cut-body',
  'truncate',
  'garbage',
  'wrong-type',
  'status',
]);
const dayMs = 24 * 3_600_000;

/** What made the outcome of these images unknowable; undefined: nothing did. */
function excuseOf(missing: readonly Charge[], story: CallerStory, evidence: Evidence): string | undefined {
  const { provider, fault: trouble } = story.request;
  const upsets = evidence.spans.filter((span) => touches(span, story)).map(({ upset }) => upset);
  if (trouble?.fault.kind === 'expired' || (trouble?.fault.kind === 'partial' && provider === 'kling'))
    return 'the link expired';
  if (upsets.some((upset) => expiresLinks(upset, provider))) return 'the link expired';
  // Kling's tasks are found again by our id, whatever became of the submit's answer.
  const wasKnown = missing.some(
    ({ taskId, sha256 }) => evidence.polled.has(taskId ?? '') || evidence.given.has(sha256),
  );
  if (provider === 'kling' || wasKnown) return undefined;
  if (trouble?.fault.on === 'submit' && spoilsSubmit.has(trouble.fault.kind)) return 'the answer was spoilt';
  if (evidence.silenced.has(story.request.marker)) return 'the answer came too late';
  return upsets.some((upset) => cuts(upset, provider)) ? 'the connection or the process was cut' : undefined;
}

/** upstream-seedream.md section 6: a day. The others' links live for a month. */
function expiresLinks(upset: Upset, provider: string): boolean {
  return (
    upset.kind === 'upstream-clock' && upset.provider === provider && provider === 'ark' && upset.byMs > dayMs
  );
}

function cuts(upset: Upset, provider: string): boolean {
  if (upset.kind === 'upstream-gone') return upset.provider === provider;
  return upset.kind === 'kill' || upset.kind === 'terminate';
}

/** A generation may go on for a while after its caller has left. */
const afterwardsMs = 15_000;

function touches(span: Span, story: CallerStory): boolean {
  const last = story.answers.at(-1);
  const isTold = last?.kind === 'answered' && last.reason !== 'generation_timeout';
  const to = isTold ? story.to : story.to + afterwardsMs;
  return span.from <= to && span.to >= story.from;
}

/** Every image of a record is readable, is what was charged, and has its file; nothing is left open. */
function* checkRecords(
  records: readonly WireRecord[],
  charges: readonly Charge[],
  story: CallerStory,
  evidence: Evidence,
): Generator<string> {
  const charged = new Set(charges.map(({ sha256 }) => sha256));
  for (const record of records) {
    if (record.status === 'in_progress') yield `STUCK: ${record.id} is still in progress`;
    if (record.status === 'failed' && record.images.length > 0) yield `${record.id} failed and has images`;
    if (record.status === 'completed' && record.images.length === 0)
      yield `${record.id} completed without images`;
    for (const image of record.images) {
      const hash = evidence.hashes.get(`${record.id}_${image.index}`);
      if (hash instanceof Error) yield `UNREADABLE: image ${image.index} of ${record.id}: ${hash.message}`;
      else if (hash !== image.sha256) yield `WRONG BYTES: image ${image.index} of ${record.id}`;
      if (!charged.has(image.sha256)) yield `image ${image.index} of ${record.id} was never charged`;
    }
  }
  if (story.deleted?.isTold === true && records.some(({ id }) => id === story.deleted?.imageId))
    yield 'deleted, and still there';
}

/** What the caller was told agrees with what is kept. */
function* checkAnswer(answer: Answer, records: readonly WireRecord[], story: CallerStory): Generator<string> {
  if (answer.kind !== 'answered') return;
  const record = records.find(({ id }) => id === answer.imageId);
  if (answer.status === 200) {
    if (answer.images === 0) yield `told 200 without images: ${answer.text}`;
    if (record === undefined) {
      if (story.deleted?.imageId !== answer.imageId)
        yield `told 200 for ${answer.imageId}, which is not there`;
      return;
    }
    if (record.status !== 'completed') yield `told 200, and ${inShort(record)}`;
    const kept = new Set(record.images.map(({ sha256 }) => sha256));
    if (answer.sha256.some((sha256) => !kept.has(sha256))) yield `given other bytes than ${record.id} has`;
    return;
  }
  if (answer.status === 202) {
    if (record === undefined && story.deleted?.imageId !== answer.imageId)
      yield `told 202 for ${answer.imageId}, which is not there`;
    return;
  }
  if (answer.imageId !== undefined && record === undefined && story.deleted?.imageId !== answer.imageId)
    yield `told ${answer.status} for ${answer.imageId}, which is not there`;
  // Only an answer that says "it may still come" may be overtaken by the pictures.
  if (record?.status === 'completed' && !unknownReasons.has(answer.reason ?? ''))
    yield `told ${answer.status} ${answer.reason}, and ${inShort(record)}`;
}

/** "Our fault" is only for a disk that fails, and before anything was bought: clients resend on every 5xx. */
function* checkFailures(
  story: CallerStory,
  charges: readonly Charge[],
  { spans }: Evidence,
): Generator<string> {
  const failures = story.answers.filter((answer) => answer.kind === 'answered' && answer.status === 500);
  if (failures.length === 0) return;
  const isDisk = spans.some((span) => storageUpsets.has(span.upset.kind) && touches(span, story));
  if (!isDisk) yield 'told 500, and no disk failed';
  const last = story.answers.at(-1);
  if (charges.length > 0 && failures.length === story.answers.length && last?.kind === 'answered')
    yield `told 500 (${last.imageId ?? 'no record'}) after ${charges.length} images were charged`;
}

/** No file without a record, no record without its files. */
function checkObjects({ objects, records }: Evidence): Problem[] {
  const named = new Set(
    records.flatMap((record) => record.images.map((image) => `${record.id}_${image.index}`)),
  );
  const orphans = [...objects].filter((name) => !named.has(name));
  const gone = [...named].filter((name) => !objects.has(name));
  const owner = new Map(records.map((record) => [record.id, record]));
  return [
    ...orphans.map((name) => {
      const record = owner.get(name.replace(/_\d+$/, ''));
      return {
        round: roundOf(record?.prompt),
        text: `ORPHAN: the file ${name} is in no record (${record === undefined ? 'no such record' : inShort(record)})`,
      };
    }),
    ...gone.map((name) => ({
      round: roundOf(owner.get(name.replace(/_\d+$/, ''))?.prompt),
      text: `GONE: the file ${name} is missing`,
    })),
  ];
}

function roundOf(prompt: string | undefined): number | undefined {
  const marker = markerPattern.exec(prompt ?? '')?.[0];
  return marker === undefined ? undefined : Number(marker.slice(5, 11));
}

function inShort(record: WireRecord): string {
  const failed = record.failed_images.map(({ index, error }) => `${index} ${error.reason}`);
  const failures = failed.length === 0 ? '' : `, failed: ${failed.join(', ')}`;
  return `${record.id} is ${record.status}${record.error === null ? '' : ` ${record.error.reason}`} with ${record.images.length} images${failures}`;
}

function describe({ request, answers }: CallerStory): string {
  const told = answers.map((answer) =>
    answer.kind === 'answered'
      ? `${answer.status}${answer.reason === undefined ? '' : ` ${answer.reason}`}`
      : answer.kind,
  );
  return `${request.model}, ${request.caller.kind}, ${request.fault?.name ?? 'no fault'}, told ${told.join('; ')}`;
}

function bill(charges: readonly Charge[]): string {
  return charges.map(({ taskId, requestId, ourId }) => taskId ?? ourId ?? requestId).join(' ');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
