import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Meter } from '../core/meter.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { GenerationRecord } from '../core/record.ts';
import {
  signWebhook,
  webhookPauseMs,
  type WebhookDelivery,
  type WebhookOutcome,
  type WebhookStore,
} from '../core/webhook.ts';
import type { PublicPoster } from '../upstream/post-public.ts';

/** What sending needs, handed in. */
export interface WebhookTools {
  webhooks: WebhookStore;
  records: Pick<RecordStore, 'get'>;
  poster: Pick<PublicPoster, 'post'>;
  /** What is told of a generation that has ended, with links signed now. */
  messageOf(record: GenerationRecord): unknown;
  clock: Clock;
  /** 0 <= x < 1 */
  random: () => number;
  log: Log;
  meter: Pick<Meter, 'webhookAttempted'>;
}

/** Sends what is due until it is stopped; at least once, over a day (public-api.md section 4.6). */
export interface WebhookSender {
  /** Something may have fallen due. */
  wake(): void;
  /** Resolves when no attempt runs any more. */
  stopped: Promise<void>;
}

/** Attempts at once: in all, and to one origin, so that a slow receiver does not hold up the others. */
const maxAtOnce = 16;
const maxPerOrigin = 4;
/** An attempt is over well before; when its process has died, another begins then. */
const leaseMs = 20_000;
/** Another process, the command line, may make something due. */
const lookMs = 2_000;
/** Why a wait ended; made once, because the error that it would be by default is costly. */
const due = new Error('something may have fallen due');
/** Many generations may end at once, and most of them have no webhook: one look serves all. */
const shortestMs = 100;

/** Begins at once, with what an earlier process left. */
export function startWebhookSender(tools: WebhookTools, stop: AbortSignal): WebhookSender {
  const { webhooks, clock, log } = tools;
  /** Delivery id -> the origin it is being sent to. */
  const running = new Map<string, string>();
  const attempts = new Set<Promise<void>>();
  let wakeUp: (() => void) | undefined;
  return { wake: () => wakeUp?.(), stopped: run() };

  async function run(): Promise<void> {
    while (!stop.aborted) {
      const woken = new AbortController();
      wakeUp = () => woken.abort(due);
      try {
        await startDue();
      } catch (error) {
        log.warn({ error }, 'The webhooks that are due could not be read; it is tried again.');
      }
      await clock.sleep(shortestMs, stop).catch(() => undefined);
      await clock.sleep(lookMs, AbortSignal.any([stop, woken.signal])).catch(() => undefined);
    }
    await Promise.all(attempts);
  }

  async function startDue(): Promise<void> {
    if (running.size >= maxAtOnce) return;
    // Those of a slow origin may stand in front: looked past, within reason.
    for (const delivery of await webhooks.due(clock.now(), 100)) {
      const origin = URL.parse(delivery.url)?.origin ?? '';
      const there = [...running.values()].filter((other) => other === origin).length;
      if (running.has(delivery.id) || there >= maxPerOrigin || running.size >= maxAtOnce) continue;
      running.set(delivery.id, origin);
      const attempt = deliver(delivery).finally(() => {
        running.delete(delivery.id);
        attempts.delete(attempt);
        wakeUp?.();
      });
      attempts.add(attempt);
    }
  }

  /** Never throws. What cannot be noted is due again when its lease is over: once too often, never too seldom. */
  async function deliver(delivery: WebhookDelivery): Promise<void> {
    try {
      const nowMs = clock.now();
      if (!(await webhooks.claim(delivery.id, nowMs, nowMs + leaseMs))) return;
      const outcome = await attempt({ ...delivery, attempts: delivery.attempts + 1 });
      tools.meter.webhookAttempted(outcome.state);
      await webhooks.end(delivery.id, outcome, clock.now());
      const facts = {
        webhook: delivery.id,
        generation: delivery.generationId,
        attempts: delivery.attempts + 1,
        status: outcome.status,
      };
      if (outcome.state === 'delivered') log.info(facts, 'A webhook was delivered.');
      else if (outcome.state === 'given_up')
        log.warn({ ...facts, details: outcome.error }, 'A webhook was given up.');
      else log.info({ ...facts, details: outcome.error }, 'A webhook was not taken; it is sent again.');
    } catch (error) {
      if (stop.aborted) return;
      log.warn({ webhook: delivery.id, error }, 'A webhook could not be sent; it is tried again.');
    }
  }

  async function attempt({
    id,
    generationId,
    keyId,
    url,
    attempts,
  }: WebhookDelivery): Promise<WebhookOutcome> {
    const sentAtMs = clock.now();
    const [record, secrets] = await Promise.all([
      tools.records.get(generationId, keyId),
      webhooks.secretsOf(keyId, sentAtMs),
    ]);
    if (record === undefined)
      return { state: 'given_up', status: undefined, error: 'the record was deleted' };
    if (secrets.length === 0) return { state: 'given_up', status: undefined, error: 'the key has no secret' };
    const body = JSON.stringify(tools.messageOf(record));
    const headers = signWebhook(secrets, { id, sentAtMs, body });
    const answer = await tools.poster.post(url, body, headers, stop);
    const status = 'status' in answer ? answer.status : undefined;
    if (status !== undefined && status >= 200 && status < 300) return { state: 'delivered', status };
    const error = 'failed' in answer ? answer.failed : `HTTP ${answer.status}`;
    // The receiver says that it wants none of these any more (Standard Webhooks, "Status code").
    if (status === 410) return { state: 'given_up', status, error };
    const pauseMs = webhookPauseMs(attempts, tools.random);
    return pauseMs === undefined
      ? { state: 'given_up', status, error }
      : { state: 'pending', status, error, nextAtMs: clock.now() + pauseMs };
  }
}
