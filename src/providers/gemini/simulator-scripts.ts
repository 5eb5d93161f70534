/** The oddities this simulator can play, each by a `variant` fault of that name or by `sim:<name>` in a prompt. */

import { triggersIn, type PromptTriggers } from '../../sandbox/kit-triggers.ts';
import { namedErrors, type NamedError } from './simulator-errors.ts';
import type { Outcome } from './simulator-reply.ts';

/** What changes in a reply that still has an image, or in the way it is written. */
const oddities = {
  'thought-text': 'a thought summary part before the image',
  'leading-text': 'a caption before the image',
  'trailing-text': 'a caption after the image',
  'flagged-draft': 'a draft with thought: true before the image, billed',
  'unflagged-draft': 'a draft as an ordinary signed image part before the image, billed',
  'data-uri-text': 'the image as a data: URI inside a text part',
  'stream-error': 'a stream that breaks off with an error object after its first chunk',
} as const satisfies PromptTriggers;

const safetyMessage =
  "Unable to show the generated image. The image was filtered out because it violated Google's Generative AI Prohibited Use policy.";

/** HTTP 200 without an image (upstream-gemini.md section 5, finishReason). */
const refusals = {
  'image-safety': { finishReason: 'IMAGE_SAFETY', finishMessage: safetyMessage, content: {} },
  'image-prohibited-content': {
    finishReason: 'IMAGE_PROHIBITED_CONTENT',
    finishMessage: safetyMessage,
    content: {},
  },
  'image-recitation': {
    finishReason: 'IMAGE_RECITATION',
    finishMessage: 'Unable to show the generated image. It is too close to existing material.',
    content: {},
  },
  'image-other': {
    finishReason: 'IMAGE_OTHER',
    finishMessage: 'Unable to show the generated image. You will not be charged for this request.',
    content: {},
  },
  'no-image': { finishReason: 'NO_IMAGE', content: { role: 'model', parts: null } },
  'prohibited-content': { finishReason: 'PROHIBITED_CONTENT', content: {} },
  safety: { finishReason: 'SAFETY', content: {} },
  blocklist: { finishReason: 'BLOCKLIST', content: {} },
  spii: { finishReason: 'SPII', content: {} },
  recitation: { finishReason: 'RECITATION', content: {} },
  other: { finishReason: 'OTHER', content: {} },
  'max-tokens': { finishReason: 'MAX_TOKENS', content: { role: 'model' } },
  language: { finishReason: 'LANGUAGE', content: {} },
  'malformed-response': { finishReason: 'MALFORMED_RESPONSE', content: {} },
  'null-parts': { finishReason: 'STOP', content: { role: 'model', parts: null } },
  'empty-content': { finishReason: 'STOP', content: {} },
  'refusal-text': {
    finishReason: 'STOP',
    content: { role: 'model', parts: [{ text: "I can't create that image, but I can describe it." }] },
  },
} as const satisfies Record<string, Omit<Extract<Outcome, { kind: 'refused' }>, 'kind'>>;

const blocks = {
  'blocked-safety': 'SAFETY',
  'blocked-other': 'OTHER',
  'blocked-blocklist': 'BLOCKLIST',
  'blocked-prohibited-content': 'PROHIBITED_CONTENT',
  'blocked-image-safety': 'IMAGE_SAFETY',
} as const;

type Oddity = keyof typeof oddities;

/** What a request is made to end in. */
export interface Script {
  oddities: ReadonlySet<Oddity>;
  outcome: Extract<Outcome, { kind: 'refused' | 'blocked' }> | undefined;
  error: NamedError | undefined;
}

/** Every name that a prompt can call with `sim:<name>`, and what it does. */
export const promptTriggers: PromptTriggers = {
  ...oddities,
  ...Object.fromEntries(
    Object.entries(refusals).map(([name, refusal]) => [
      name,
      `HTTP 200 without an image, finishReason ${refusal.finishReason}`,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(blocks).map(([name, reason]) => [
      name,
      `the prompt blocked with promptFeedback ${reason}`,
    ]),
  ),
  ...Object.fromEntries(Object.keys(namedErrors).map((name) => [name, `the error status '${name}'`])),
};

/** Names a `variant` fault may carry: the triggers that are no error status (those are `status` faults). */
export const variants: readonly string[] = Object.keys({ ...oddities, ...refusals, ...blocks });

/** Moderation as the kit's fault asks for it: at the prompt, or at the finished image. */
export const moderationVariants = { input: 'blocked-prohibited-content', output: 'image-safety' } as const;

/** The script a prompt and a fault's variant ask for; of two endings the first counts. */
export function readScript(prompt: string, variant: string | undefined): Script {
  const names = [...(variant === undefined ? [] : [variant]), ...triggersIn(prompt, promptTriggers)];
  const script: Script = {
    oddities: new Set(names.filter((name): name is Oddity => Object.hasOwn(oddities, name))),
    outcome: undefined,
    error: names.find((name): name is NamedError => Object.hasOwn(namedErrors, name)),
  };
  for (const name of names) {
    script.outcome ??= outcomeOf(name);
  }
  return script;
}

function outcomeOf(name: string): Script['outcome'] {
  if (Object.hasOwn(refusals, name)) {
    return { kind: 'refused', ...refusals[name as keyof typeof refusals] };
  }
  if (Object.hasOwn(blocks, name)) {
    return { kind: 'blocked', blockReason: blocks[name as keyof typeof blocks] };
  }
  return undefined;
}
