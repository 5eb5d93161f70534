/** The oddities this simulator can play, each by a `variant` fault of that name or by `sim:<name>` in a prompt. */

import { type PromptTriggers, triggersIn } from '../../sandbox/kit-triggers.ts';
import { type NamedError, namedErrors } from './simulator-errors.ts';

const oddities = {
  'output-blocked': 'the finished picture is blocked: 1301 with role assistant, or a task that ends in FAIL',
  'task-fail': 'a task that ends in FAIL; a synchronous call is an internal error',
  'slow-task': 'a task that stays PROCESSING for three polls more',
  'cdn-lag': 'the picture answers two downloads with 404 before it is there',
  'no-content-filter': 'a reply without content_filter',
  'data-object': 'data as a bare object instead of an array of one',
  'bare-reply': 'a reply of data alone, without created, id and request_id',
} as const satisfies PromptTriggers;

export type Oddity = keyof typeof oddities;

/** Every name that a prompt can call with `sim:<name>`, and what it does. */
export const promptTriggers: PromptTriggers = {
  ...oddities,
  ...Object.fromEntries(Object.keys(namedErrors).map((name) => [name, `the error '${name}'`])),
};

/** Names a `variant` fault may carry: the triggers that are no error (those are `status` faults). */
export const variants: readonly string[] = Object.keys(oddities);

/** What a prompt and a fault's variant ask for. */
export function readScript(
  prompt: string,
  variant: string | undefined,
): { oddities: ReadonlySet<Oddity>; error: NamedError | undefined } {
  const names = [...(variant === undefined ? [] : [variant]), ...triggersIn(prompt, promptTriggers)];
  return {
    oddities: new Set(names.filter((name): name is Oddity => Object.hasOwn(oddities, name))),
    error: names.find((name): name is NamedError => Object.hasOwn(namedErrors, name)),
  };
}
