import { createHmac, randomBytes } from 'node:crypto';

/** One message about the end of a generation, to one address, and how far its delivery is. */
export interface WebhookDelivery {
  /** `webhook-id`: the same at every attempt, so that the receiver knows a repeat. */
  id: string;
  generationId: string;
  keyId: string;
  url: string;
  /** waiting: the generation has not ended; pending: to be sent; given_up: not tried any more. */
  state: 'waiting' | 'pending' | 'delivered' | 'given_up';
  attempts: number;
  /** Due then, ms since 1970; undefined while it waits and when it has ended. */
  nextAtMs: number | undefined;
  createdAtMs: number;
  /** What the last attempt was answered with; undefined: nothing. */
  lastStatus: number | undefined;
  /** Why the last attempt did not deliver, for the operator. */
  lastError: string | undefined;
  lastAttemptAtMs: number | undefined;
}

/** How an attempt ended. */
export type WebhookOutcome =
  | { state: 'delivered'; status: number }
  | { state: 'given_up'; status: number | undefined; error: string }
  | { state: 'pending'; nextAtMs: number; status: number | undefined; error: string };

/**
 * Where deliveries live. They are opened and fall due in the transactions that open and close their generations
 * (RecordStore). Every write is durable when its promise resolves.
 */
export interface WebhookStore {
  /** Deliveries due by then, the longest due first. */
  due(nowMs: number, limit: number): Promise<WebhookDelivery[]>;
  /** When the next one falls due, ms since 1970; undefined: none is pending. */
  nextDueAtMs(): Promise<number | undefined>;
  /**
   * Takes a due delivery for one attempt and counts it; false: somebody else has it. Unless it is ended, it is
   * due again at `untilMs`, so that an attempt whose process died is repeated.
   */
  claim(id: string, nowMs: number, untilMs: number): Promise<boolean>;
  end(id: string, outcome: WebhookOutcome, atMs: number): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<WebhookDelivery[]>;
  find(id: string): Promise<WebhookDelivery | undefined>;
  /** By its own id or its generation's, whatever became of it, it is due at once. `waiting`: its generation runs. */
  redeliver(id: string, nowMs: number): Promise<'due' | 'waiting' | undefined>;
  /**
   * What a key's messages are signed with, by the key's internal id: its secret, then those that it replaced less than
   * `secretOverlapMs` ago. Empty: it has none.
   */
  secretsOf(keyId: string, nowMs: number): Promise<string[]>;
  /** Replaces the key's secret; the one before it stays valid for `secretOverlapMs`. */
  setSecret(keyId: string, secret: string, nowMs: number): Promise<void>;
}

/** So long a receiver may take to learn a new secret. */
export const secretOverlapMs = 24 * 60 * 60 * 1000;

const secretPrefix = 'whsec_';

/** A new secret in the form of Standard Webhooks: 256 random bits. */
export function makeWebhookSecret(): string {
  return `${secretPrefix}${randomBytes(32).toString('base64')}`;
}

/**
 * The headers that show who sent a message and when, with a signature by each secret: a receiver takes the message when
 * it can verify one of them (Standard Webhooks, "Signature scheme").
 */
export function signWebhook(
  secrets: readonly string[],
  { id, sentAtMs, body }: { id: string; sentAtMs: number; body: string },
): { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string } {
  const timestamp = String(Math.floor(sentAtMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** After the first attempt, the second, ...; a day in all. */
const pausesMs = [
  5 * secondMs,
  30 * secondMs,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  4 * hourMs,
  8 * hourMs,
  8 * hourMs,
];

/**
 * How long to wait after so many attempts, ms; undefined: there is no further one. Spread a little, so that a
 * receiver that was down is not met by all of them at once.
 */
export function webhookPauseMs(attempts: number, random: () => number): number | undefined {
  const pauseMs = pausesMs[attempts - 1];
  return pauseMs === undefined ? undefined : Math.round(pauseMs * (1 + random() / 10));
}
