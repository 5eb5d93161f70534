import { UpstreamFault } from '../core/fault.ts';

/**
 * A fault without the secrets that were sent: some upstreams repeat a refused key in their text, our log does
 * not. `values` are credentials and the headers that carried them. What is no fault, or holds none of them,
 * comes back as it is.
 */
export function withoutSecrets(thrown: unknown, values: readonly string[]): unknown {
  const details = thrown instanceof UpstreamFault ? thrown.facts.details : undefined;
  if (!(thrown instanceof UpstreamFault) || details === undefined) return thrown;
  const clean = values
    .flatMap((value) => value.split(/[\s,;=]+/))
    .filter((secret) => secret.length >= shortestSecret)
    .toSorted((a, b) => b.length - a.length)
    .reduce(withoutSecret, details);
  if (clean === details) return thrown;
  // Made anew without its cause: the first one's message holds the text too.
  return new UpstreamFault(thrown.kind, { ...thrown.facts, details: clean, cause: undefined });
}

/** Shorter words of a header, such as the scheme, hide nothing. */
const shortestSecret = 8;

/** The whole secret anywhere, and the beginning of one where the text was cut off. */
function withoutSecret(text: string, secret: string): string {
  const clean = text.replaceAll(secret, '[secret]');
  for (let length = secret.length - 1; length >= shortestSecret; length -= 1) {
    if (clean.endsWith(secret.slice(0, length))) return `${clean.slice(0, -length)}[secret]`;
  }
  return clean;
}
