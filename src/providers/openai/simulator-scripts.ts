import type { InjectedFault } from '../../sandbox/kit.ts';
import { triggersIn, type PromptTriggers } from '../../sandbox/kit-triggers.ts';
import { namedErrors, type ErrorName } from './simulator-errors.ts';

/** What the simulator can be made to do by a `variant` fault of that name, or by `sim:<name>` in a prompt. */
export const variants = {
  fewer: 'one image less than asked, where several are',
  'empty-data': 'HTTP 200 with an empty data array; nothing is charged',
  'error-on-200': 'HTTP 200 with nothing but an error object; nothing is charged',
  links: 'links in the place of base64',
  'null-members': 'every member that is not there is null',
  'empty-strings': 'every member that is not there is an empty string',
  'revised-prompt': 'the prompt as it was rewritten stands beside each image',
  'without-usage': 'usage is missing',
  'zero-usage': 'usage is there and all zero',
  'bare-reply': 'nothing but created and data',
  'other-quality': 'the answer names another quality than was asked',
  'plain-json': 'stream is ignored',
  'without-previews': 'a stream shows no previews',
  'without-event-names': 'a stream has data: lines only',
  'with-done': 'a stream ends with [DONE]',
  heartbeats: 'comment lines stand between the events of a stream',
  'breaks-off':
    'a stream ends after its first completed image, or before it where one was asked, with an error event',
} as const satisfies PromptTriggers;

export type Variant = keyof typeof variants;

/** Words in a prompt that set the simulator off: `sim:` and the name of an error or of a variant. */
export const promptTriggers: PromptTriggers = {
  ...Object.fromEntries(
    Object.entries(namedErrors).map(([name, { status, code, type }]) => [
      name,
      `refused: ${status} ${code ?? type}`,
    ]),
  ),
  ...variants,
};

/** What one request has to expect. */
export interface Script {
  /** Refused before any work. */
  refusal: ErrorName | undefined;
  /** Refused when the images are made; nothing is charged. */
  withheld: boolean;
  /** Places of images that are not delivered. */
  missing: ReadonlySet<number>;
  variants: ReadonlySet<Variant>;
}

export function readScript(prompt: string, n: number, fault: InjectedFault | undefined): Script {
  const played = new Set<Variant>();
  const missing = new Set<number>();
  let refusal: ErrorName | undefined;
  for (const name of triggersIn(prompt, promptTriggers)) {
    if (isVariant(name)) played.add(name);
    else refusal ??= name as ErrorName;
  }
  if (fault?.kind === 'variant') played.add(fault.name as Variant);
  if (fault?.kind === 'moderation') refusal = fault.stage === 'output' ? 'moderated-output' : 'moderated';
  if (fault?.kind === 'partial') for (const index of fault.indexes) missing.add(index);
  if (played.has('fewer') && n > 1) missing.add(n - 1);
  const withheld = refusal === 'moderated-output';
  return { refusal: withheld ? undefined : refusal, withheld, missing, variants: played };
}

function isVariant(name: string): name is Variant {
  return Object.hasOwn(variants, name);
}
