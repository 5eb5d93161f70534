import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import type { ApiKey, KeyStore } from '../core/key-store.ts';
import { hashSecret } from '../core/secrets.ts';

const secretForm = /^sk-[A-Za-z0-9]{32,512}$/;

/**
 * The key a request presents. Missing, malformed, unknown, expired and deleted are one identical 401; a frozen
 * key is 403 (public-api.md section 2).
 */
export async function authenticate(
  header: string | undefined,
  keys: KeyStore,
  nowMs: number,
): Promise<ApiKey> {
  const match = /^bearer +(\S+) *$/i.exec(header ?? '');
  const secret = match?.[1];
  if (secret === undefined || !secretForm.test(secret)) throw refused();
  const hash = hashSecret(secret);
  const key = await keys.findByHash(hash);
  if (key === undefined || !isSame(key.secretHash, hash)) throw refused();
  checkUsable(key, nowMs);
  return key;
}

/** Throws GatewayError for a key that has ended or is frozen. */
export function checkUsable(key: ApiKey, nowMs: number): void {
  if (key.state === 'deleted') throw refused();
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) throw refused();
  if (key.state === 'frozen')
    throw new GatewayError('api_key_frozen', 'This API key is frozen. Ask the operator to unfreeze it.');
}

/** The look-up is by hash, so timing tells nothing of a secret; the comparison is constant all the same. */
function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The one 401 of public-api.md section 2. */
export function refused(): GatewayError {
  return new GatewayError('invalid_api_key', 'Invalid API key or token provided');
}

/** The authenticated key of a request under /v1. */
export function keyOf(request: FastifyRequest): ApiKey {
  if (request.apiKey === undefined) throw new Error('a route under /v1 was reached without a key');
  return request.apiKey;
}
