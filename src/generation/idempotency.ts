import { fromPublicError, GatewayError } from '../core/errors.ts';
import type { CreateIdentity, IdempotencyStore, ResponseFormat, Undelivered } from '../core/idempotency.ts';
import type { GenerationRecord } from '../core/record.ts';
import { startGeneration, type Finished, type GenerationOrder, type GenerationTools } from './generate.ts';
import { makePreparations } from './preparations.ts';
import type { Progress } from './progress.ts';

/** Who waits for a reply. */
export interface Caller {
  /** Resolves once: the reply was handed to the connection whole, or the caller left before that. */
  ended: Promise<'delivered' | 'hung_up'>;
  hasHungUp(): boolean;
}

/** One request to create images, as far as telling a repeat from a new one needs it. */
export interface CreateRequest extends CreateIdentity {
  idempotencyKey: string | undefined;
  /** The client says that it has sent this before. */
  isRetry: boolean;
  caller: Caller;
}

/** A checked request, ready to be started. */
export type PreparedOrder = Omit<GenerationOrder, 'origin'> & {
  responseFormat: ResponseFormat;
  /** Where a message about the end is to be sent, and under which id. */
  webhook?: { id: string; url: string } | undefined;
};

/** A request with its generation, new or an earlier request's. */
export interface AcceptedRequest {
  generationId: string;
  /** As the first request asked for it. */
  responseFormat: ResponseFormat;
  /** `true`: repeats a request by its Idempotency-Key; `joined`: without one; undefined: the generation is new. */
  replayed: 'true' | 'joined' | undefined;
  /** What happens meanwhile, where this process runs it; else only the outcome will tell. */
  progress: Progress | undefined;
  /**
   * The record with its images, once they exist. Throws GatewayError: as the generation failed,
   * `generation_timeout` at this request's deadline (it goes on then), `not_found` when the record was deleted.
   */
  outcome(): Promise<GenerationRecord>;
}

/** The door to generations: each is made once, however often it is asked for (public-api.md section 10). */
export interface Creations {
  /**
   * Finds the generation that a request repeats, or checks it with `prepare` and starts a new one. Throws
   * GatewayError `idempotency_key_reused`, and whatever `prepare` and the start throw.
   */
  accept(request: CreateRequest, prepare: () => Promise<PreparedOrder>): Promise<AcceptedRequest>;
}

export interface CreationTools extends GenerationTools {
  idempotency: IdempotencyStore;
}

/** A generation accepted longer ago is not joined. */
export const joinWindowMs = 15 * 60 * 1000;
/** A caller who hung up longer ago does not come back by sending the same once more. */
const comeBackMs = 60 * 1000;
/** Ends the wait for the deadline; made once, because the error that it would be by default costs more than all the rest of the wait. */
const answered = new Error('answered');
/** A generation of another process is asked for this often. */
const watchMs = 250;

export function makeCreations(tools: CreationTools): Creations {
  const { idempotency, records, clock, log } = tools;
  const preparations = makePreparations();
  /** Generations of this process. */
  const running = new Map<string, { finished: Promise<Finished>; progress: Progress }>();
  /** Callers waiting now, per generation. */
  const waiting = new Map<string, number>();
  /** Callers' leaving on its way into the store, per body. */
  const leaving = new Map<string, Set<Promise<void>>>();

  return {
    async accept(request, prepare) {
      const leave = await preparations.enter(request);
      try {
        for (;;) {
          const accepted = (await findEarlier(request)) ?? (await startNew(request, await prepare()));
          // Otherwise another process has taken the key in between.
          if (accepted !== undefined) return accepted;
        }
      } finally {
        leave();
      }
    },
  };

  async function findEarlier(request: CreateRequest): Promise<AcceptedRequest | undefined> {
    const { idempotencyKey } = request;
    if (idempotencyKey === undefined) return await findJoinable(request);
    const claim = await idempotency.findClaim({ ...request, idempotencyKey }, clock.now());
    if (claim === undefined) return undefined;
    if (claim.bodyHash !== request.bodyHash) {
      throw new GatewayError(
        'idempotency_key_reused',
        'This Idempotency-Key was used with another request body. Send the same body, or use a new key.',
        { param: 'Idempotency-Key' },
      );
    }
    return attach(request, { ...claim, responseFormat: claim.responseFormat ?? 'url' }, 'true');
  }

  /** Equality is not intent: a request without a key joins only what somebody gave up waiting for, or sends again. */
  async function findJoinable(request: CreateRequest): Promise<AcceptedRequest | undefined> {
    await Promise.all(leaving.get(request.bodyHash) ?? new Set<Promise<void>>());
    const nowMs = clock.now();
    const undelivered = await idempotency.findUndelivered(request, nowMs - joinWindowMs);
    const isLeft = ({ hungUpAtMs = -Infinity }: Undelivered): boolean => hungUpAtMs > nowMs - comeBackMs;
    const joinable = request.isRetry ? undelivered : undelivered.filter(isLeft);
    // Of several, each for one who comes back: first those that nobody waits for any more.
    const [first] = joinable.sort((a, b) => callersOf(a) - callersOf(b));
    return first === undefined ? undefined : attach(request, first, 'joined');
  }

  function callersOf({ generationId }: Undelivered): number {
    return waiting.get(generationId) ?? 0;
  }

  async function startNew(
    request: CreateRequest,
    prepared: PreparedOrder,
  ): Promise<AcceptedRequest | undefined> {
    const { responseFormat, webhook, ...order } = prepared;
    const { endpoint, bodyHash, idempotencyKey } = request;
    const origin = {
      endpoint,
      bodyHash,
      idempotencyKey,
      responseFormat,
      ...(webhook === undefined ? {} : { webhook }),
    };
    const started = await startGeneration({ ...order, origin }, tools);
    if (started === 'claimed') return undefined;
    const { record, deadlineAtMs, progress, finished } = started;
    running.set(record.id, { finished, progress });
    const forget = (): void => void running.delete(record.id);
    finished.then(forget, forget);
    return attach(request, { generationId: record.id, responseFormat }, undefined, deadlineAtMs);
  }

  function attach(
    request: CreateRequest,
    { generationId, responseFormat }: { generationId: string; responseFormat: ResponseFormat },
    replayed: AcceptedRequest['replayed'],
    deadlineAtMs = clock.now() + tools.deadlineMs,
  ): AcceptedRequest {
    waiting.set(generationId, (waiting.get(generationId) ?? 0) + 1);
    void request.caller.ended.then((how) => detach(request, generationId, how));
    const outcome = () => outcomeOf(generationId, request.keyId, deadlineAtMs);
    const progress = running.get(generationId)?.progress;
    return { generationId, responseFormat, replayed, progress, outcome };
  }

  function detach(request: CreateRequest, generationId: string, how: 'delivered' | 'hung_up'): void {
    const left = (waiting.get(generationId) ?? 1) - 1;
    if (left > 0) waiting.set(generationId, left);
    else waiting.delete(generationId);
    const nowMs = clock.now();
    if (how === 'delivered') {
      void note(generationId, idempotency.noteDelivered(generationId, nowMs));
      return;
    }
    const all = leaving.get(request.bodyHash) ?? new Set();
    leaving.set(request.bodyHash, all);
    const noted = note(generationId, idempotency.noteHungUp(generationId, nowMs)).finally(() => {
      all.delete(noted);
      if (all.size === 0) leaving.delete(request.bodyHash);
    });
    all.add(noted);
  }

  async function note(generationId: string, noted: Promise<void>): Promise<void> {
    try {
      await noted;
    } catch (error) {
      log.warn({ generation: generationId, error }, 'What became of a reply could not be noted.');
    }
  }

  async function outcomeOf(id: string, keyId: string, deadlineAtMs: number): Promise<GenerationRecord> {
    const over = new AbortController();
    const deadline = clock.sleep(deadlineAtMs - clock.now(), over.signal).then(left, left);
    try {
      const finished = await Promise.race([
        running.get(id)?.finished ?? watch(id, keyId, over.signal),
        deadline,
      ]);
      const { record, error } = finished.kind === 'ended' ? finished : endOf(await findEnded(id, keyId));
      if (error !== undefined) throw error;
      return record;
    } finally {
      over.abort(answered);
    }
  }

  /** The record, if it has ended in the last moment. Throws the timeout, once it is noted. */
  async function findEnded(id: string, keyId: string): Promise<GenerationRecord> {
    if (!(await isTimedOut(id))) return await find(id, keyId);
    throw new GatewayError(
      'generation_timeout',
      tools.stop.aborted
        ? `This server is stopping before the image is ready. Its next start collects what was begun: look at GET /v1/images/${id}.`
        : `The image is not ready in time. It may still come: look at GET /v1/images/${id}.`,
    );
  }

  /** The end of a generation that an earlier or another process runs. */
  async function watch(id: string, keyId: string, signal: AbortSignal): Promise<Finished> {
    const either = AbortSignal.any([signal, tools.stop]);
    for (;;) {
      const record = await find(id, keyId);
      if (record.status !== 'in_progress') return endOf(record);
      try {
        await clock.sleep(watchMs, either);
      } catch {
        return left();
      }
    }
  }

  /** Durable before the caller reads it, so that what comes later is known to be late. */
  async function isTimedOut(id: string): Promise<boolean> {
    try {
      return await idempotency.noteTimedOut(id, clock.now());
    } catch (error) {
      log.error(
        { generation: id, error },
        'A timeout could not be noted; its result will not be listed as late.',
      );
      return true;
    }
  }

  async function find(id: string, keyId: string): Promise<GenerationRecord> {
    const record = await records.get(id, keyId);
    if (record !== undefined) return record;
    throw new GatewayError(
      'not_found',
      'The image of this request was made before and has been deleted. Use a new Idempotency-Key to make another.',
    );
  }
}

function left(): Finished {
  return { kind: 'left' };
}

function endOf(record: GenerationRecord): Extract<Finished, { kind: 'ended' }> {
  return {
    kind: 'ended',
    record,
    error: record.error === undefined ? undefined : fromPublicError(record.error),
  };
}
