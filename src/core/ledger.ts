import type { KeyLimits } from './key-store.ts';
import type { Cost } from './price.ts';

/**
 * What keys have used: one entry for each accepted generation, opened with its record and settled with its end, each
 * in the record's own transaction. Deleting a record changes none of it (public-api.md sections 7 and 9).
 */

/** What a generation may take at most; held for it until it ends. */
export interface Reservation {
  /** The most images that can come. */
  images: number;
  /** The most they can cost; undefined: nothing of it counts against a budget in money. */
  cost: Cost | undefined;
  /** What the key may take, as it stands now. */
  limits: KeyLimits;
}

/** Which of its limits a key has reached. */
export type LimitRefusal =
  /** The limit itself is lower than what one request asks for. */
  | { limit: 'images_per_request'; most: number }
  | { limit: 'images_per_minute'; most: number; waitMs: number }
  | { limit: 'concurrency'; most: number }
  | { limit: 'budget' }
  | { limit: 'budget_images'; most: number };

/** Images of a generation that did not come. Of a group that failed whole: the most that could have come. */
export interface Losses {
  /** The upstream surely charged nothing. */
  failed: number;
  /** Whether they were made, or charged, nobody knows. */
  unknown: number;
}

/** One model on one day (UTC, of acceptance), generations that have ended. */
export interface UsageRow {
  /** `2026-11-22` */
  date: string;
  /** Catalog id. */
  model: string;
  requests: number;
  images: number;
  failed: number;
  unknown: number;
  outputTokens: number;
  /** Null as soon as one image's cost is unknown, when currencies differ, and when there is no image. */
  cost: Cost | null;
}

/** The same of one key. */
export interface KeyUsageRow extends UsageRow {
  keyId: string;
}

/** The reading side; entries are written by `RecordStore.open` and `close`. Throws RecordStoreError. */
export interface LedgerStore {
  /** From and to are days, both included; by day, then by model. */
  usage(query: { keyId: string; from: string; to: string }): Promise<UsageRow[]>;
  /** Of every key, or of one; by day, then by key and model; at most `limit` rows. */
  usageByKey(query: {
    keyId: string | undefined;
    from: string;
    to: string;
    limit: number;
  }): Promise<KeyUsageRow[]>;
  /** The limit that would refuse this now; undefined: none. `RecordStore.open` asks again, and then it counts. */
  refusal(keyId: string, reservation: Reservation, nowMs: number): Promise<LimitRefusal | undefined>;
  /**
   * What counts against a key's budgets in their period now, ended generations and running ones; undefined: it has
   * none. `cost` where there is a budget in money.
   */
  budgetUse(
    keyId: string,
    limits: KeyLimits,
    nowMs: number,
  ): Promise<{ images: number; cost: Cost | undefined } | undefined>;
  /** Images that count against the limit per minute now, and when none of them does any more, ms since 1970. */
  imagesInMinute(keyId: string, nowMs: number): Promise<{ images: number; freeAtMs: number }>;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Asked for with each request, mostly for the same day. */
let lastDay = { fromMs: Number.NaN, text: '' };

/** The day of a time as usage counts it. */
export function dayOf(ms: number): string {
  if (!(ms >= lastDay.fromMs && ms < lastDay.fromMs + dayMs)) {
    lastDay = { fromMs: Math.floor(ms / dayMs) * dayMs, text: new Date(ms).toISOString().slice(0, 10) };
  }
  return lastDay.text;
}
