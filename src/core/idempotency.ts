import { errorTable } from './errors.ts';
import type { GenerationRecord } from './record.ts';

/** How long an Idempotency-Key is kept (public-api.md section 10). */
export const claimLifeMs = 24 * 60 * 60 * 1000;

export type ResponseFormat = 'url' | 'b64_json';

/** A create request as its repeats are recognised: same API key, endpoint and body. */
export interface CreateIdentity {
  keyId: string;
  /** The path, e.g. `/v1/images/generations`. */
  endpoint: string;
  /** Equal for equal bodies; headers that change what is asked belong to it. */
  bodyHash: string;
}

/** What is kept with a generation, so that a repeat of its request finds it and is answered alike. */
export interface RequestOrigin extends Omit<CreateIdentity, 'keyId'> {
  idempotencyKey: string | undefined;
  responseFormat: ResponseFormat;
  /** A message about the end is to be sent there, under this id. */
  webhook?: { id: string; url: string };
}

/** Where an Idempotency-Key counts. */
export interface ClaimScope extends Omit<CreateIdentity, 'bodyHash'> {
  idempotencyKey: string;
}

/** A key that a generation holds. */
export interface Claim {
  generationId: string;
  bodyHash: string;
  /** Undefined: the record was deleted meanwhile. */
  responseFormat: ResponseFormat | undefined;
}

/** A generation whose reply nobody has received. */
export interface Undelivered {
  generationId: string;
  responseFormat: ResponseFormat;
  /** When the last caller who hung up did so, ms since 1970. */
  hungUpAtMs: number | undefined;
}

/**
 * What is known about the requests that generations came from. Claims themselves are made by `RecordStore.open`,
 * in one step with their record: a crash leaves both or neither. Every write is durable when its promise
 * resolves; what the database does wrong is a RecordStoreError.
 */
export interface IdempotencyStore {
  /** The claim on a key; undefined when there is none, or it is void: too old, or its outcome is not remembered. */
  findClaim(scope: ClaimScope, nowMs: number): Promise<Claim | undefined>;
  /**
   * Generations that an equal request opened since then, whose outcome is remembered and whose reply nobody
   * received; oldest first, at most 100.
   */
  findUndelivered(identity: CreateIdentity, openedSinceMs: number): Promise<Undelivered[]>;
  /** A caller has the whole reply. That stays so. */
  noteDelivered(generationId: string, atMs: number): Promise<void>;
  /** A caller left before the reply was out. */
  noteHungUp(generationId: string, atMs: number): Promise<void>;
  /**
   * Whoever waited when a process died has lost the connection: notes it for all replies not delivered of
   * generations opened since then. Only for a store that no other process serves callers from.
   */
  noteAllHungUp(openedSinceMs: number, atMs: number): Promise<void>;
  /** A caller is about to be answered with a timeout; false when the generation has ended meanwhile. */
  noteTimedOut(generationId: string, atMs: number): Promise<boolean>;
}

/**
 * Whether a repeat gets this outcome again: success, what is still under way, and every failure after which a
 * charge or a late result is possible. After any other error the key may be used again.
 */
export function isRemembered({ status, error }: Pick<GenerationRecord, 'status' | 'error'>): boolean {
  return status !== 'failed' || error === undefined || errorTable[error.reason].status === 424;
}
