const headerNames =
  '(?:set-)?cookie2?|(?:proxy-)?authorization|(?:x-)?(?:[a-z]+-)?api-key|x-[a-z-]*(?:token|secret|signature)';
const fieldNames =
  '[\\w-]*(?:cookie|authorization|api[-_]?key|access[-_]?key|secret|password|signature|credential|(?:access|refresh|id|auth|security|session)[-_]?token)[\\w-]*';
const text = String.raw`"(?:[^"\\]|\\.)*"?`;

/** What may stand in such a text, an upstream's own or a proxy's, and what takes its place. */
const credentials: readonly [pattern: RegExp, instead: string][] = [
  // A field of JSON, whose value is a text or a list of them.
  [new RegExp(`("${fieldNames}"\\s*:\\s*)(?:${text}|\\[(?:\\s*${text}\\s*,?)*\\]?)`, 'gi'), '$1"[secret]"'],
  // A header on a line of its own.
  [new RegExp(`\\b((?:${headerNames})\\s*:\\s*)[^\\r\\n<]+`, 'gi'), '$1[secret]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/g, '$1 [secret]'],
  // A query may be a signature as a whole; a question mark in prose is followed by a space.
  [/\?(?=[^\s"'<>]*=)[^\s"'<>]*/g, '?[query]'],
  [/(:(?:\\?\/){2})[^\s/@"'<>]+@/g, '$1[secret]@'],
];

/**
 * A text of an upstream's, for the log: its cookies, keys, tokens, queries and passwords are taken out. For short
 * texts: the time grows with the square of their length.
 */
export function withoutCredentials(text: string): string {
  return credentials.reduce((clean, [pattern, instead]) => clean.replaceAll(pattern, instead), text);
}
