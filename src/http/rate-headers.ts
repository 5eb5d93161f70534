import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { ApiKey } from '../core/key-store.ts';
import { inSeconds } from '../generation/allowance.ts';
import type { HttpTools } from './tools.ts';

/** What replies say of a key's limits per minute (public-api.md section 9, openai-images.md section 7). */

/** Counts a request against its key's limit and says what is left. Throws GatewayError `rate_limited`. */
export async function countRequest(
  key: ApiKey,
  limit: number,
  reply: FastifyReply,
  { requestRate, clock }: Pick<HttpTools, 'requestRate' | 'clock'>,
): Promise<void> {
  const { isAllowed, remaining, resetMs, waitMs } = await requestRate.take(key.id, limit, clock.now());
  sayRate(reply, 'requests', { limit, remaining, resetMs });
  if (isAllowed) return;
  throw new GatewayError(
    'rate_limited',
    `This API key may send ${limit} requests a minute, and that limit is reached. Try again in ${inSeconds(waitMs)}.`,
    { retryAfterMs: waitMs },
  );
}

/** Says what is left of a key's images per minute as the reply goes out; nothing where that cannot be read now. */
export async function sayImages(
  key: ApiKey,
  limit: number,
  reply: FastifyReply,
  { ledger, clock, log }: Pick<HttpTools, 'ledger' | 'clock' | 'log'>,
): Promise<void> {
  const nowMs = clock.now();
  try {
    const { images, freeAtMs } = await ledger.imagesInMinute(key.id, nowMs);
    sayRate(reply, 'images', {
      limit,
      remaining: Math.max(0, limit - images),
      resetMs: Math.max(0, freeAtMs - nowMs),
    });
  } catch (error) {
    log.warn({ key: key.name, error }, "What is left of a key's images could not be read.");
  }
}

/** A request to create images, whatever becomes of it. */
export function isCreate({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return method === 'POST' && (url === '/v1/images/generations' || url === '/v1/images/edits');
}

function sayRate(
  reply: FastifyReply,
  what: 'requests' | 'images',
  { limit, remaining, resetMs }: { limit: number; remaining: number; resetMs: number },
): void {
  reply
    .header(`x-ratelimit-limit-${what}`, String(limit))
    .header(`x-ratelimit-remaining-${what}`, String(remaining))
    .header(`x-ratelimit-reset-${what}`, goDuration(resetMs));
}

/** As Go writes a duration, which is what clients of OpenAI's headers read: `120ms`, `58.891s`, `1m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = (whole % 60_000) / 1000;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
