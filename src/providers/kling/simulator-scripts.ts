import type { InjectedFault } from '../../sandbox/kit.ts';
import { triggersIn, type PromptTriggers } from '../../sandbox/kit-triggers.ts';
import { klingErrors, Refusal, type KlingErrorName } from './simulator-errors.ts';

/** What the simulator can be made to do by a `variant` fault of that name, or by `sim:<name>` in a prompt. */
export const klingVariants = {
  'task-failed': 'the task fails without moderation having a part in it; not charged',
  'code-on-200': 'create answers HTTP 200 with code 1303 and makes no task',
  succeeded: 'the success word is spelt succeeded',
  'unknown-state': 'a poll tells a task_status that no document knows, until the task is done',
  'without-index': 'images carry no index',
  'without-task-info': 'task_info is missing',
  'null-external-id': 'external_task_id is null',
  'without-later-additions': 'result_type, series_images and the deductions are missing',
  'without-images': 'a task succeeds with an empty list of images, and is not charged',
} as const satisfies PromptTriggers;

export type KlingVariant = keyof typeof klingVariants;

/**
 * Words in a prompt that set the simulator off: `sim:` and the name of a variant or of an error. `sim:moderated` and the other errors
 * refuse the create; `sim:moderated-output` lets the task begin and fail.
 */
export const klingTriggers: PromptTriggers = {
  ...Object.fromEntries(Object.entries(klingErrors).map(([name, { code }]) => [name, `refused: ${code}`])),
  ...klingVariants,
  'moderated-output': 'the task is accepted and then fails: risk control',
};

/** What a create has to expect. */
export interface Script {
  /** The task ends as failed; nothing is charged. */
  failure: 'moderation' | 'other' | undefined;
  variants: ReadonlySet<KlingVariant>;
  /** Images whose address has expired from the start. */
  expired: ReadonlySet<number>;
}

/** Joins what the fault and the words of the prompt ask for; throws the Refusal they ask for. */
export function readScript(prompt: string, fault: InjectedFault | undefined): Script {
  const names = triggersIn(prompt, klingTriggers);
  if (fault?.kind === 'variant') names.push(fault.name);
  if (fault?.kind === 'moderation') names.push(fault.stage === 'output' ? 'moderated-output' : 'moderated');
  const variants = new Set<KlingVariant>();
  let failure: Script['failure'];
  for (const name of names) {
    if (Object.hasOwn(klingErrors, name)) throw new Refusal(name as KlingErrorName);
    if (name === 'moderated-output') failure = 'moderation';
    else if (name === 'task-failed') failure = 'other';
    else variants.add(name as KlingVariant);
  }
  return { failure, variants, expired: new Set(fault?.kind === 'partial' ? fault.indexes : []) };
}
