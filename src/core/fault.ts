import type { ErrorReason } from './errors.ts';
import { GatewayError } from './errors.ts';

/**
 * What went wrong in one exchange with an upstream, in our words. Each provider declares which of its
 * statuses and codes is which kind (its `faults`); everything that follows from a kind stands here once:
 * what the caller is told, whether the upstream surely charged nothing, and whether the call may be sent
 * again (public-api.md section 4.5, the closed list).
 */
interface FaultRow {
  readonly reason: ErrorReason;
  /** True: the upstream surely charged nothing. */
  readonly free: boolean;
  /** here: the same route after a wait, then the next; next: another route at once; never. */
  readonly resend: 'here' | 'next' | 'never';
  /** Takes the route out of service for this long (ms), because it cannot work until somebody acts. */
  readonly markMs?: number;
  /** What the caller reads. */
  readonly message: string;
}

const minuteMs = 60_000;

export const faultTable = {
  /** The connection failed before any byte of the request was written. */
  not_sent: {
    reason: 'upstream_unavailable',
    free: true,
    resend: 'here',
    message: 'The image service could not be reached; nothing was generated. Try again.',
  },
  throttled: {
    reason: 'upstream_throttled',
    free: true,
    resend: 'here',
    message: 'The image service is at its rate limit; nothing was generated. Try again after the wait given.',
  },
  /** Documented as refused before any work, e.g. Gemini's 503 UNAVAILABLE. */
  overloaded: {
    reason: 'upstream_unavailable',
    free: true,
    resend: 'here',
    message: 'The image service is overloaded; nothing was generated. Try again.',
  },
  /** A quota that no short wait helps: per day, limit 0, spending guard, used-up free tier. */
  quota: {
    reason: 'upstream_throttled',
    free: true,
    resend: 'next',
    markMs: 10 * minuteMs,
    message:
      "This server's quota at the image service is used up. The operator has been told; waiting a little will not help.",
  },
  billing: {
    reason: 'upstream_billing',
    free: true,
    resend: 'next',
    markMs: 5 * minuteMs,
    message: 'The image service refused this server for a billing reason. The operator has been told.',
  },
  auth: {
    reason: 'upstream_auth',
    free: true,
    resend: 'next',
    markMs: 5 * minuteMs,
    message: "The image service refused this server's credential. The operator has been told.",
  },
  /** The upstream does not know the model or the address: the operator's settings are off. */
  misconfigured: {
    reason: 'upstream_auth',
    free: true,
    resend: 'next',
    markMs: 5 * minuteMs,
    message: 'The image service does not offer this model to this server. The operator has been told.',
  },
  content: {
    reason: 'content_policy',
    free: true,
    resend: 'never',
    message: 'The image service refused the content of this request. Change the prompt or the input images.',
  },
  parameter: {
    reason: 'invalid_value',
    free: true,
    resend: 'never',
    message: 'The image service refused a parameter of this request.',
  },
  /** Failed, and documented as not charged. */
  failed: {
    reason: 'generation_failed',
    free: true,
    resend: 'never',
    message: 'The image service failed to make the image and charged nothing.',
  },
  /** Answered, but not in a way its documentation allows, after it may have worked. */
  bad_reply: {
    reason: 'upstream_bad_reply',
    free: false,
    resend: 'never',
    message:
      'The image service gave an answer that could not be read. It may have charged for the work, so it was not asked again.',
  },
  /** Sent, and no usable answer came. */
  unknown: {
    reason: 'outcome_unknown',
    free: false,
    resend: 'never',
    message:
      'The request reached the image service but its outcome is unknown. It may have charged for the work, so it was not asked again.',
  },
} as const satisfies Record<string, FaultRow>;

export type FaultKind = keyof typeof faultTable;

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(faultTable, text);
}

/** What a provider or the transport knows about one fault. */
export interface FaultFacts {
  /** A better text for the caller than the table's; no upstream address, key or prompt in it. */
  message?: string;
  /** `prompt`, `size`, `reference_images[1]`... when the upstream says what it refused. */
  param?: string;
  /** The wait the upstream asked for. */
  waitMs?: number;
  /** What the operator can do about just this refusal; absent: what the kind's own row of advice says. */
  advice?: string;
  /** For the log: status, code, request id, the upstream's own words. */
  details?: string;
  cause?: unknown;
}

/** A failed exchange. Carries everything `generation/call.ts` needs to decide what follows. */
export class UpstreamFault extends Error {
  readonly kind: FaultKind;
  readonly facts: FaultFacts;

  constructor(kind: FaultKind, facts: FaultFacts = {}) {
    super(facts.details ?? kind, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'UpstreamFault';
    this.kind = kind;
    this.facts = facts;
  }

  get row(): FaultRow {
    return faultTable[this.kind];
  }
}

/** The fault as the caller is told it. */
export function toGatewayError(fault: UpstreamFault): GatewayError {
  const { row, facts } = fault;
  return new GatewayError(row.reason, facts.message ?? row.message, {
    ...(facts.param === undefined ? {} : { param: facts.param }),
    ...(facts.waitMs === undefined ? {} : { retryAfterMs: facts.waitMs }),
    ...(facts.details === undefined ? {} : { details: facts.details }),
    ...(fault.kind === 'quota' ? { shouldRetry: false } : {}),
    cause: fault,
  });
}
