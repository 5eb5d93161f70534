import { z } from 'zod';

/** What a request is to a simulator; `other` is everything beside the paid path (lists, balance). */
export type Operation = 'submit' | 'poll' | 'download' | 'other';

const scope = {
  /** Which requests it may strike. `any` is every request to either origin that the kind makes sense for. */
  on: z.enum(['submit', 'poll', 'download', 'any']),
  /** How many requests it strikes, 1 unless told. */
  times: z.int().min(1).max(1_000_000).optional(),
  /** How many matching requests pass unharmed before. */
  skip: z.int().min(0).max(1_000_000).optional(),
  match: z.strictObject({ promptIncludes: z.string().optional() }).optional(),
};

/**
 * One fault, as `control.inject` and `POST /_sim/faults` take it.
 *
 * Free (nothing is done or charged): `refuse` closes the socket unanswered, `hang-before` never answers, `status` answers an
 * HTTP status or one of the simulator's named errors, `late` only waits before the work.
 * After the work (done and charged, then the answer suffers): `hang-after`, `cut-after` (socket closed unanswered), `cut-body`
 * (headers and half of the body, then closed), `truncate` (half of the body in valid framing), `garbage`, `wrong-type`
 * (text/html), `slow` (dripped over a time).
 * Played by the simulator: `moderation` (input: refused at once; output: refused after the work), `partial` (these images of the
 * answer fail), `wrong-state-order` (a poll tells an earlier state than the true one), `variant` (an oddity the simulator names).
 * Downloads only: `not-found-first` (404), `expired` (403).
 */
const injectedFault = z.discriminatedUnion('kind', [
  z.strictObject({ ...scope, kind: z.literal('refuse') }),
  z.strictObject({ ...scope, kind: z.literal('hang-before') }),
  z.strictObject({
    ...scope,
    kind: z.literal('status'),
    /** One of the names the simulator declares; what follows overrides its parts. */
    error: z.string().optional(),
    status: z.int().min(200).max(599).optional(),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ ...scope, kind: z.literal('late'), byMs: z.number().min(0).max(600_000) }),
  z.strictObject({ ...scope, kind: z.literal('hang-after') }),
  z.strictObject({ ...scope, kind: z.literal('cut-after') }),
  z.strictObject({ ...scope, kind: z.literal('cut-body') }),
  z.strictObject({ ...scope, kind: z.literal('truncate') }),
  z.strictObject({ ...scope, kind: z.literal('garbage') }),
  z.strictObject({ ...scope, kind: z.literal('wrong-type') }),
  z.strictObject({ ...scope, kind: z.literal('slow'), overMs: z.number().min(0).max(600_000) }),
  z.strictObject({ ...scope, kind: z.literal('moderation'), stage: z.enum(['input', 'output']).optional() }),
  z.strictObject({
    ...scope,
    kind: z.literal('partial'),
    indexes: z.array(z.int().min(0)).min(1),
    /** Named error of the failing images; the simulator's output moderation unless told. */
    error: z.string().optional(),
  }),
  z.strictObject({ ...scope, kind: z.literal('wrong-state-order') }),
  z.strictObject({ ...scope, kind: z.literal('variant'), name: z.string(), value: z.unknown().optional() }),
  z.strictObject({ ...scope, kind: z.literal('not-found-first') }),
  z.strictObject({ ...scope, kind: z.literal('expired') }),
]);

export type InjectedFault = z.infer<typeof injectedFault>;
export type FaultKind = InjectedFault['kind'];

const onlyOn: Partial<Record<FaultKind, Operation>> = {
  moderation: 'submit',
  partial: 'submit',
  'wrong-state-order': 'poll',
  'not-found-first': 'download',
  expired: 'download',
};

/** At most this many faults wait in one simulator. */
const maxQueued = 10_000;

export interface FaultQueue {
  /** Throws an Error that says what is wrong with the fault. */
  add(fault: InjectedFault): void;
  /** The first waiting fault that fits; it is used up once. */
  take(request: { on: Operation; prompt: string | undefined }): InjectedFault | undefined;
  clear(): void;
}

/** Faults waiting for their requests, in the order they were given. */
export function createFaultQueue(known: {
  errors: readonly string[];
  variants: readonly string[];
}): FaultQueue {
  let waiting: { fault: InjectedFault; skip: number; times: number }[] = [];

  function check(fault: InjectedFault): void {
    const only = onlyOn[fault.kind];
    if (only !== undefined && fault.on !== only && fault.on !== 'any')
      throw new Error(`'${fault.kind}' can only strike on '${only}'`);
    if (fault.kind === 'status' && fault.error === undefined && fault.status === undefined)
      throw new Error(`'status' needs a status or the name of an error`);
    if ((fault.kind === 'status' || fault.kind === 'partial') && fault.error !== undefined)
      oneOf('error', fault.error, known.errors);
    if (fault.kind === 'variant') oneOf('variant', fault.name, known.variants);
    if (waiting.length >= maxQueued) throw new Error(`more than ${maxQueued} faults are waiting`);
  }

  return {
    add(fault) {
      const checked = injectedFault.parse(fault);
      check(checked);
      waiting.push({ fault: checked, skip: checked.skip ?? 0, times: checked.times ?? 1 });
    },
    take(request) {
      for (const entry of waiting) {
        if (!fits(entry.fault, request)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.times -= 1;
        if (entry.times === 0) waiting = waiting.filter((other) => other !== entry);
        return entry.fault;
      }
      return undefined;
    },
    clear() {
      waiting = [];
    },
  };
}

function oneOf(what: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new Error(`no ${what} '${name}' here; known: ${names.join(', ')}`);
}

function fits(fault: InjectedFault, request: { on: Operation; prompt: string | undefined }): boolean {
  if (fault.on !== 'any' && fault.on !== request.on) return false;
  const only = onlyOn[fault.kind];
  if (only !== undefined && only !== request.on) return false;
  const words = fault.match?.promptIncludes;
  return words === undefined || (request.prompt?.includes(words) ?? false);
}
