import { hash, randomBytes, randomInt } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new API key's secret: `sk-` and 40 letters and digits, about 238 bits. Shown once, never kept. */
export function makeApiSecret(): string {
  return `sk-${Array.from({ length: 40 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;
}

/** 256 random bits as letters, digits, - and _: cookies, one-time links. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Lower-case hex SHA-256 of a secret: all that is kept of it. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}
