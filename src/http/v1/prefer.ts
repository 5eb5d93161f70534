import type { IncomingHttpHeaders } from 'node:http';
import type { ParameterHandling } from '../../core/key-store.ts';

/**
 * The handling that `Prefer` asks for; undefined: it asks for none, or in words nobody knows, which RFC 7240 says to
 * pass over. Of several the first counts.
 */
export function readHandling(headers: IncomingHttpHeaders): ParameterHandling | undefined {
  if (headers['prefer'] === undefined) return undefined;
  for (const preference of String(headers['prefer'] ?? '').split(',')) {
    const [name, value] = (preference.split(';', 1)[0] ?? '').split('=', 2).map((part) => part.trim());
    if (name?.toLowerCase() !== 'handling') continue;
    const word = value?.replace(/^"(.*)"$/, '$1').toLowerCase();
    return word === 'strict' || word === 'lenient' ? word : undefined;
  }
  return undefined;
}

/** The caller wants to be answered at once and looks for the images later (RFC 7240, public-api.md section 4.6). */
export function prefersAsync(headers: IncomingHttpHeaders): boolean {
  if (headers['prefer'] === undefined) return false;
  return String(headers['prefer'] ?? '')
    .split(',')
    .some((preference) => preference.split(';', 1)[0]?.trim().toLowerCase() === 'respond-async');
}
