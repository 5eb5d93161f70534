/** Who is calling: the raw key, or the older JWT made from it (upstream-glm-image.md section 1). */

import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Exchange } from '../../sandbox/kit.ts';
import type { Code } from './simulator-errors.ts';

/** The code to refuse with, or undefined for a caller who may. `apiKey` is `<id>.<secret>`. */
export function authProblem(exchange: Exchange, apiKey: string, nowMs: number): Code | undefined {
  const header = exchange.headers.authorization;
  if (header === undefined || header === '') return '1001';
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) return '1002';
  if (token === apiKey) return undefined;
  const pieces = token.split('.');
  if (pieces.length === 2 && pieces.every((piece) => piece !== '')) return '1000';
  return pieces.length === 3 ? jwtProblem(token, apiKey, nowMs) : '1002';
}

/** Z.ai's JWT has its own header field, and its times are in milliseconds: an `exp` in seconds is long past. */
function jwtProblem(token: string, apiKey: string, nowMs: number): Code | undefined {
  const [id = '', secret = ''] = apiKey.split('.');
  const [head = '', claims = '', signature = ''] = token.split('.');
  const header = decoded(head);
  const payload = decoded(claims);
  const { exp, timestamp } = payload ?? {};
  if (header?.['alg'] !== 'HS256' || header['sign_type'] !== 'SIGN') return '1002';
  if (typeof exp !== 'number' || typeof timestamp !== 'number') return '1002';
  if (payload?.['api_key'] !== id) return '1000';
  const expected = createHmac('sha256', secret).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return '1004';
  return exp <= nowMs ? '1003' : undefined;
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
