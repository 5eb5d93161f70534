import type { InFlightGeneration } from '../../../src/http/admin/wire.ts';

export type Step = InFlightGeneration['calls'][number]['step'];

/** The way of a call, in order; `done` and `failed` are its ends. */
export const steps = ['open', 'sent', 'waiting', 'storing'] as const satisfies readonly Step[];

const words: Readonly<Record<Step, string>> = {
  open: 'Open',
  sent: 'Sent',
  waiting: 'Waiting',
  storing: 'Storing',
  done: 'Done',
  failed: 'Failed',
};

export function stepWord(step: Step): string {
  return words[step];
}

/** Where a step stands when a call has come to `at`. */
export function stepState(step: (typeof steps)[number], at: Step): 'past' | 'now' | 'to_come' {
  if (at === 'failed') return 'to_come';
  if (at === 'done') return 'past';
  const [place, reached] = [steps.indexOf(step), steps.indexOf(at)];
  return place < reached ? 'past' : place === reached ? 'now' : 'to_come';
}

/** `7 s`, `1 min 5 s`; never less than nothing, whatever the clocks of the two machines say. */
export function elapsedText(sinceSeconds: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor(nowMs / 1000 - sinceSeconds));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
