import { ask, send } from '../api/client.ts';
import { ApiError, asApiError, errorOf, isObject } from '../api/errors.ts';
import { readEvents } from '../api/events.ts';
import type { ImageRecord } from '../api/wire.ts';
import { currentSession, sessionState } from '../session/session.ts';
import type { Store } from '../store.ts';
import type { InputImage } from './workspace.ts';

/** The body of a create request, without what the console adds to be told of progress. */
export type CreateBody = { model: string; prompt: string } & Readonly<Record<string, unknown>>;

/** One request for pictures, from the press of the button on. It goes on when its screen is left. */
export interface Run {
  /** Also its Idempotency-Key: sent again, it is answered and not made again. */
  id: string;
  /** Runs of one press of the button. */
  group: string;
  /** Whose record it is. */
  keyId: string | undefined;
  modelName: string;
  body: CreateBody;
  /** The input images of which `body` holds the addresses: those of pictures made here age. */
  inputs: readonly InputImage[];
  /** What the model could not take of what was chosen, in words. */
  leftOut: readonly string[];
  /** Milliseconds. */
  startedAt: number;
  /** The record's id, once there is a record. */
  imageId: string | null;
  state: RunState;
  /** What came so far; not kept over a reload, where the record has it. */
  live: LiveImages;
}

export type RunState =
  | { kind: 'running' }
  | { kind: 'done'; record: ImageRecord | null }
  | { kind: 'failed'; error: FailureFacts };

/** What is kept of an ApiError. */
export type FailureFacts = Pick<ApiError, 'message' | 'reason' | 'status' | 'param' | 'retryAfterMs'>;

export interface LiveImages {
  images: readonly { index: number; url: string; size: string }[];
  /** By index: what the provider shows while it works. */
  previews: Readonly<Record<number, string>>;
}

type Runs = Store<readonly Run[]>;

const nothingYet: LiveImages = { images: [], previews: {} };
/** How often a record is asked for after the events were cut. */
const pollMs = 1500;

/** Older ones leave the page; their pictures are in the gallery. */
const maxRuns = 40;

/** Runs that something waits for on this page already. */
const followed = new Set<string>();

/** What a run is begun with. */
export type RunRequest = Pick<Run, 'body' | 'inputs' | 'modelName' | 'leftOut'>;

/** Begins runs as the first of the list; they are in the store from now on, and end there. */
export function startRuns(runs: Runs, requests: readonly RunRequest[]): void {
  const group = randomId();
  const begun = requests.map((request) => newRun(request, group));
  runs.set([...begun, ...runs.get()].slice(0, maxRuns));
  for (const { id } of begun) void follow(runs, id, () => generate(runs, id));
}

/** Begins a run in the place of one that failed. */
export function retryRun(runs: Runs, failed: Run, request: RunRequest): void {
  const begun = newRun(request, failed.group);
  runs.set(runs.get().map((run) => (run.id === failed.id ? begun : run)));
  void follow(runs, begun.id, () => generate(runs, begun.id));
}

function newRun(request: RunRequest, group: string): Run {
  return {
    ...request,
    id: randomId(),
    group,
    keyId: actingKeyId(),
    startedAt: Date.now(),
    imageId: null,
    state: { kind: 'running' },
    live: nothingYet,
  };
}

function actingKeyId(): string | undefined {
  return currentSession()?.acting_key.id;
}

/** Asks for the same once more, under the same Idempotency-Key: for ends that left it open whether it was sent. */
export function resend(runs: Runs, id: string): void {
  change(runs, id, { state: { kind: 'running' }, startedAt: Date.now(), live: nothingYet });
  void follow(runs, id, () => generate(runs, id));
}

/** After a reload of the page: looks for the pictures of what was running, and for those of finished runs. */
export function recoverRuns(runs: Runs): void {
  for (const run of runs.get()) {
    const isWhole = run.state.kind === 'failed' || (run.state.kind === 'done' && run.state.record !== null);
    if (isWhole || followed.has(run.id)) continue;
    if (run.imageId === null) {
      const error = failure(
        'The page was left before the gateway had answered. Try again: it is not made twice.',
      );
      change(runs, run.id, { state: { kind: 'failed', error } });
    } else refreshRun(runs, run.id);
  }
}

/** Asks for a run's record anew: its links hold for a while only. One whose pictures were deleted goes. */
export function refreshRun(runs: Runs, id: string): void {
  const imageId = find(runs, id)?.imageId ?? null;
  if (imageId === null) return;
  change(runs, id, { live: nothingYet });
  void follow(runs, id, () => awaitRecord(runs, id, imageId));
}

/** Takes a group out of the list. The pictures stay in the gallery. */
export function forgetGroup(runs: Runs, group: string): void {
  runs.set(runs.get().filter((run) => run.group !== group));
}

/** Follows a run until it has ended. */
async function follow(runs: Runs, id: string, how: () => Promise<void>): Promise<void> {
  if (followed.has(id)) return;
  followed.add(id);
  try {
    await how();
  } catch (thrown) {
    change(runs, id, { state: { kind: 'failed', error: factsOf(asApiError(thrown)) } });
  } finally {
    followed.delete(id);
  }
}

async function generate(runs: Runs, id: string): Promise<void> {
  const run = find(runs, id);
  if (run === undefined) return;
  let imageId: string | null = null;
  try {
    const response = await send('POST', '/v1/images/generations', {
      body: { ...run.body, stream: true, response_format: 'url' },
      headers: { 'idempotency-key': id },
    });
    imageId = response.headers.get('x-image-id');
    change(runs, id, { imageId });
    for await (const { name, data } of readEvents(response)) {
      if (!isObject(data)) continue;
      if (name === 'error') throw errorOf(data['error'], statusOf(data['error']));
      change(runs, id, { live: withEvent(find(runs, id)?.live, name, data) });
    }
  } catch (thrown) {
    const error = asApiError(thrown);
    // The line was cut, not the work.
    if (imageId !== null && error.status === 0) return await awaitRecord(runs, id, imageId);
    const facts = error.status === 401 ? failure(signedOut, error) : factsOf(error);
    change(runs, id, { state: { kind: 'failed', error: facts } });
    return;
  }
  if (imageId !== null) return await awaitRecord(runs, id, imageId);
  change(runs, id, { state: { kind: 'done', record: null } });
}

const signedOut = 'You were signed out before this was sent, so nothing was made. Sign in and try again.';

/** Asks for the record until it has ended. What keeps it from being asked is waited out. */
async function awaitRecord(runs: Runs, id: string, imageId: string): Promise<void> {
  for (;;) {
    if (find(runs, id) === undefined) return;
    try {
      const record = await ask<ImageRecord>('GET', `/v1/images/${imageId}`);
      if (record.status === 'completed') {
        // Previews are megabytes of text.
        const images = find(runs, id)?.live.images ?? [];
        change(runs, id, { state: { kind: 'done', record }, live: { images, previews: {} } });
        return;
      }
      if (record.status === 'failed') {
        const error = errorOf(record.error, statusOf(record.error));
        change(runs, id, { state: { kind: 'failed', error: factsOf(error) } });
        return;
      }
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.status === 401) await signedInAgain();
      else if (error.status === 404) {
        // Another key is acted as now, which does not see it: it is looked for when this one is back.
        if (actingKeyId() !== find(runs, id)?.keyId) return;
        runs.set(runs.get().filter((run) => run.id !== id));
        return;
      } else if (error.status !== 0 && error.status < 500) {
        change(runs, id, { state: { kind: 'failed', error: factsOf(error) } });
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function signedInAgain(): Promise<void> {
  if (sessionState.get().state === 'signed_in') return;
  await new Promise<void>((resolve) => {
    const stop = sessionState.subscribe(() => {
      if (sessionState.get().state !== 'signed_in') return;
      stop();
      resolve();
    });
  });
}

function withEvent(before: LiveImages = nothingYet, name: string, data: Record<string, unknown>): LiveImages {
  const { index, url, size, b64_json: base64, output_format: format } = data;
  if (typeof index !== 'number') return before;
  if (name.endsWith('.completed') && typeof url === 'string' && typeof size === 'string') {
    const images = [...before.images.filter((image) => image.index !== index), { index, url, size }];
    return { ...before, images: images.toSorted((a, b) => a.index - b.index) };
  }
  if (name.endsWith('.partial_image') && typeof base64 === 'string' && typeof format === 'string') {
    // Only what is an image whatever its bytes: the page shows it in an <img>.
    const type = /^(png|jpeg|webp)$/.test(format) ? format : 'png';
    return { ...before, previews: { ...before.previews, [index]: `data:image/${type};base64,${base64}` } };
  }
  return before;
}

function find(runs: Runs, id: string): Run | undefined {
  return runs.get().find((run) => run.id === id);
}

function change(runs: Runs, id: string, changes: Partial<Run>): void {
  runs.set(runs.get().map((run) => (run.id === id ? { ...run, ...changes } : run)));
}

function factsOf({ message, reason, status, param, retryAfterMs }: ApiError): FailureFacts {
  return { message, reason, status, param, retryAfterMs };
}

function failure(message: string, { reason, status }: Partial<FailureFacts> = {}): FailureFacts {
  return { message, reason: reason ?? 'offline', status: status ?? 0, param: null, retryAfterMs: null };
}

function statusOf(error: unknown): number {
  return isObject(error) ? Number(error['code']) || 500 : 500;
}

/** A page that is not on https or loopback has no randomUUID. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** What of the runs is kept over a reload: the latest, without what their records hold. */
export function keptRuns(runs: readonly Run[]): readonly Run[] {
  return runs.slice(0, 12).map((run) => ({
    ...run,
    inputs: run.inputs.map((input) => ({ ...input, thumbnail: null })),
    live: nothingYet,
    state: run.state.kind === 'done' ? { kind: 'done', record: null } : run.state,
  }));
}

/** Runs as an earlier load of this page kept them; their records are asked for anew, as links age. */
export function readRuns(value: unknown): readonly Run[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value as Run[];
}
