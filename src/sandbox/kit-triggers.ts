/** What a word in a prompt makes a simulator do; the key is written behind `sim:`. */
export type PromptTriggers = Readonly<Record<string, string>>;

/**
 * The names that a prompt calls with `sim:<name>`, in their order, e.g. `['blocked-safety']` for "a fox sim:blocked-safety".
 * The prefix keeps a picture's ordinary words from setting anything off.
 */
export function triggersIn(prompt: string, known: PromptTriggers): string[] {
  return [...prompt.matchAll(/\bsim:([\w-]+)/g)].flatMap(([, name = '']) =>
    Object.hasOwn(known, name) ? [name] : [],
  );
}
