import { errors, jwtVerify } from 'jose';

import { Refusal } from './simulator-errors.ts';

/** What the simulator accepts: the key of the console, or the pair of section 2's published vector. */
export const klingCredential = {
  apiKey: 'kling-sim-0001-key',
  accessKey: 'ak-sim-0001',
  secretKey: 'sk-sim-0001-secret',
} as const;

/** Checks a bearer value, API key or JWT: upstream-kling.md sections 2, 7 and 12. Throws a Refusal. */
export async function checkAuthorization(header: string | undefined, nowMs: number): Promise<void> {
  if (header === undefined || header === '') throw new Refusal('auth-missing');
  const token = /^Bearer (\S+)$/.exec(header)?.[1];
  if (token === klingCredential.apiKey) return;
  if (token === undefined || token.split('.').length !== 3) throw new Refusal('auth');
  try {
    await jwtVerify(token, new TextEncoder().encode(klingCredential.secretKey), {
      algorithms: ['HS256'],
      issuer: klingCredential.accessKey,
      requiredClaims: ['exp', 'nbf'],
      currentDate: new Date(nowMs),
    });
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw new Refusal('auth-expired');
    if (
      cause instanceof errors.JWTClaimValidationFailed &&
      cause.claim === 'nbf' &&
      cause.reason === 'check_failed'
    )
      throw new Refusal('auth-early');
    throw new Refusal('auth');
  }
}
