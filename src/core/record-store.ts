import type {
  CallRecord,
  CallState,
  GenerationRecord,
  PendingLink,
  StoredImage,
  TriedRoute,
} from './record.ts';
import type { RequestOrigin } from './idempotency.ts';
import type { LimitRefusal, Losses, Reservation } from './ledger.ts';
import type { Ticket } from './provider.ts';

/**
 * Where records live. Every write is durable when its promise resolves: it survives kill -9 and a power cut.
 * Whatever the database does wrong is a RecordStoreError.
 */
export interface RecordStore {
  /**
   * Opens a generation and its calls, takes the Idempotency-Key of its request, and holds what it may take at most
   * in the ledger, all in one step. `claimed`: another generation holds that key (core/idempotency.ts). A refusal: the
   * API key has reached one of its limits (core/ledger.ts). Then nothing was opened. Without a reservation the calls'
   * images are held, against no limit.
   */
  open(
    record: GenerationRecord,
    calls: readonly CallRecord[],
    origin?: RequestOrigin,
    reservation?: Reservation,
  ): Promise<'opened' | 'claimed' | LimitRefusal>;
  /** Moves a call on. Fields not named stay as they are. */
  saveCall(generationId: string, number: number, change: CallChange): Promise<void>;
  /** Adds one stored image; again with the same index: replaces it. */
  addImage(generationId: string, image: StoredImage): Promise<void>;
  /**
   * Closes the generation: images and failures as given, calls done. `isLate`: it has images, and a caller had
   * been answered before they came, with a timeout or a failure; the record says so from now on. The first time its
   * entry in the ledger is settled with it, in one step. `only`: the one call it has, and what that had tried by its end.
   */
  close(
    generationId: string,
    outcome: Outcome,
    losses?: Losses,
    only?: CallEnd,
  ): Promise<{ isLate: boolean }>;

  /** Undefined: no such record, or another key's (give keyId undefined to read any). */
  get(id: string, keyId: string | undefined): Promise<GenerationRecord | undefined>;
  list(query: ListQuery): Promise<RecordPage>;
  /**
   * Takes the record away and returns the objects it held, which are remembered as doomed until
   * `forgetObjects` is told that they are gone. Undefined: no such record of this key.
   */
  remove(id: string, keyId: string): Promise<{ objects: string[] } | 'in_progress' | undefined>;
  /** Objects whose record was removed but whose bytes may still be there, e.g. after a crash. */
  doomedObjects(): Promise<string[]>;
  forgetObjects(names: readonly string[]): Promise<void>;

  /** All records of all keys by their ids, from behind `afterId` on; for going through everything. */
  page(afterId: string | undefined, limit: number): Promise<GenerationRecord[]>;

  /** How long completed generations took, the newest first; of more than can be read in a second only some. */
  durations(query: DurationQuery): Promise<Duration[]>;

  /** Generations in progress, oldest first: after a start those that a dead process left. */
  unfinished(): Promise<{ record: GenerationRecord; calls: CallRecord[] }[]>;

  /** Throws when the store cannot write now. For /readyz. */
  check(): Promise<void>;
}

/** Generations created in this time, `toMs` excluded, and at most so many. */
export interface DurationQuery {
  /** Undefined: every key's. */
  keyId: string | undefined;
  fromMs: number;
  toMs: number;
  most: number;
}

export interface Duration {
  keyId: string;
  /** Catalog id. */
  model: string;
  createdAtMs: number;
  /** From acceptance to the end. */
  durationMs: number;
}

export interface CallChange {
  state?: CallState;
  route?: string;
  ourId?: string;
  ticket?: Ticket;
  /** null: none left. */
  links?: readonly PendingLink[] | null;
  attempts?: number;
  tried?: readonly TriedRoute[];
}

/** The end of a call that is recorded with the end of its generation. */
export type CallEnd = Pick<CallRecord, 'number' | 'tried'>;

/** How a generation ended. */
export type Outcome = Pick<
  GenerationRecord,
  | 'status'
  | 'finishedAtMs'
  | 'images'
  | 'failedImages'
  | 'warnings'
  | 'error'
  | 'usage'
  | 'provider'
  | 'servedBy'
  | 'providerModel'
  | 'attempts'
>;

/** `after` and `before` exclude each other. */
export interface ListQuery {
  /** Undefined: every key's records, for the operator. */
  keyId: string | undefined;
  limit: number;
  order: 'desc' | 'asc';
  /** Records following this id in the chosen order; the id holds its position even when the record is gone. */
  after?: string;
  /** The `limit` records just preceding this id, in the chosen order. */
  before?: string;
  /** Default: finished ones (completed and failed). */
  status?: 'all' | 'in_progress' | 'completed' | 'failed' | 'finished';
  model?: string;
  /** Only records whose images came late, or only the others. */
  late?: boolean;
  /** Words that must all stand in the prompt, any script, in either case, also as part of a longer word. */
  words?: readonly string[];
  /** Only records whose cost is known and within these bounds, in millionths of whatever currency it is in. */
  costMinMicros?: number;
  costMaxMicros?: number;
  /** Created at this time or later. */
  createdAfterMs?: number;
  /** Created before this time. */
  createdBeforeMs?: number;
}

export interface RecordPage {
  records: GenerationRecord[];
  /** More exist in the direction walked; of a search that ran out of time: more may exist. */
  hasMore: boolean;
}

/**
 * Why the store could not do it: no room; writing not allowed; another process held it for too long; the id,
 * name or secret is in use; no such record; made by a newer version; anything else the disk or the network did.
 */
export type RecordStoreFault = 'full' | 'read_only' | 'busy' | 'taken' | 'missing' | 'newer' | 'io';

/** The one error the record, key and setting stores throw; the driver's own is its `cause`. */
export class RecordStoreError extends Error {
  readonly kind: RecordStoreFault;

  constructor(kind: RecordStoreFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RecordStoreError';
    this.kind = kind;
  }
}
