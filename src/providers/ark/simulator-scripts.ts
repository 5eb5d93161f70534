import type { InjectedFault } from '../../sandbox/kit.ts';
import { triggersIn, type PromptTriggers } from '../../sandbox/kit-triggers.ts';
import { arkErrors, type ArkErrorName } from './simulator-errors.ts';
import type { ArkJob } from './simulator-request.ts';

/** What the simulator can be made to do by a `variant` fault of that name, or by `sim:<name>` in a prompt. */
export const arkVariants = {
  fewer: 'a group delivers one image less than asked, or as many as the value says (sim:fewer:2)',
  'without-completed': 'a stream ends without its image_generation.completed event',
  'without-done': 'a stream ends without [DONE]',
  'without-event-names': 'a stream has data: lines only',
  'silent-failures': 'a stream tells nothing of failed images, so that image_index has gaps',
  'partial-image': 'a stream shows a preview before each image',
  'error-frame': 'a stream holds nothing but an error object without type',
  'multiplication-sign': 'sizes are written with U+00D7',
  'created-at': 'created is called created_at',
  'without-usage': 'usage is missing',
  'error-on-200': 'HTTP 200 with a top-level error and no image; nothing is charged',
  'empty-data': 'HTTP 200 with an empty data array; nothing is charged',
} as const satisfies PromptTriggers;

export type ArkVariant = keyof typeof arkVariants;

/**
 * Words in a prompt that set the simulator off: `sim:` and the name of a variant, or of an error. `sim:moderated`,
 * `sim:throttled` and so on refuse the request as the error does; these three strike a made image instead, the first one or the
 * one that is named (`sim:moderated-output:2`).
 */
export const arkTriggers: PromptTriggers = {
  ...Object.fromEntries(Object.entries(arkErrors).map(([name, { code }]) => [name, `refused: ${code}`])),
  ...arkVariants,
  'moderated-output': 'image 0, or the one named, is rejected by the content filter; the others are made',
  internal: 'image 0, or the one named, fails with a 500; those after it are not attempted',
};

/** What one request has to expect. */
export interface Script {
  refusal: ArkErrorName | undefined;
  /** Images that fail, by index. */
  failing: ReadonlyMap<number, ArkErrorName>;
  variants: ReadonlySet<ArkVariant>;
  /** How many images are attempted. */
  count: number;
}

const strikesImages: ReadonlySet<string> = new Set(['moderated-output', 'internal']);

/** Joins what the fault and the words of the prompt ask for. */
export function readScript(job: ArkJob, fault: InjectedFault | undefined): Script {
  const failing = new Map<number, ArkErrorName>();
  const variants = new Set<ArkVariant>();
  let refusal: ArkErrorName | undefined;
  let count = job.maxImages;

  for (const name of triggersIn(job.prompt, arkTriggers)) {
    const value = new RegExp(`\\bsim:${name}:(\\d{1,2})`).exec(job.prompt)?.[1];
    if (strikesImages.has(name)) failing.set(Number(value ?? 0), name as ArkErrorName);
    else if (isVariant(name)) playVariant(name, value === undefined ? undefined : Number(value));
    else refusal ??= name as ArkErrorName;
  }
  if (fault?.kind === 'variant') playVariant(fault.name as ArkVariant, fault.value);
  if (fault?.kind === 'moderation') {
    if (fault.stage === 'output')
      for (let index = 0; index < count; index += 1) failing.set(index, 'moderated-output');
    else refusal = 'moderated';
  }
  if (fault?.kind === 'partial')
    for (const index of fault.indexes)
      failing.set(index, (fault.error as ArkErrorName | undefined) ?? 'moderated-output');
  return { refusal, failing, variants, count };

  function playVariant(name: ArkVariant, value: unknown): void {
    variants.add(name);
    if (name !== 'fewer') return;
    const wanted = typeof value === 'number' ? value : job.maxImages - 1;
    count = Math.min(job.maxImages, Math.max(1, Math.floor(wanted)));
  }
}

function isVariant(name: string): name is ArkVariant {
  return Object.hasOwn(arkVariants, name);
}
