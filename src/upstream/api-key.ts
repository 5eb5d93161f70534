import { UpstreamFault } from '../core/fault.ts';
import type { Credential } from '../core/route.ts';

/** The one key of a provider that declares `credentials: ['key']`. Throws UpstreamFault `auth` for anything else. */
export function apiKeyOf(credential: Credential): string {
  if (credential.kind === 'key') return credential.apiKey;
  throw new UpstreamFault('auth', { details: 'this provider takes one API key' });
}
