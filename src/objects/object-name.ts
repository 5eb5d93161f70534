const segment = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const namePattern = new RegExp(`^${segment}(/${segment}){0,7}$`);

/**
 * Names are ours: letters, digits, `_ . -` and `/` between folders; no part begins with a dot, so none leads
 * out of the store or into its drafts. Another name is a mistake of the program and throws RangeError.
 */
export function checkName(name: string): string {
  if (!namePattern.test(name)) throw new RangeError('not a name for a stored object');
  return name;
}
