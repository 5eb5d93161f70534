import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { FailedAnswer } from '../../core/upstream-client.ts';
import type { FaultMeaning, FaultMeanings } from '../../upstream/read-fault.ts';
import { faultFrom, meaningOfCode, meaningOfStatus } from '../../upstream/read-fault.ts';

/**
 * upstream-gemini.md section 7: `error.status` -> meaning. What 500 and 504 cost is documented nowhere; 503
 * UNAVAILABLE is refused before any work.
 */
export const faults: FaultMeanings = {
  INVALID_ARGUMENT: 'parameter',
  FAILED_PRECONDITION: {
    kind: 'billing',
    advice: 'Google: the project of this key needs billing. Turn it on in its console.',
  },
  UNAUTHENTICATED: 'auth',
  PERMISSION_DENIED: 'auth',
  NOT_FOUND: 'misconfigured',
  RESOURCE_EXHAUSTED: 'throttled',
  INTERNAL: 'unknown',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'unknown',
};

/** `ErrorInfo.reason` says more than the status where it stands here: a bad key is a 400 upstream. */
const reasons: FaultMeanings = { API_KEY_INVALID: 'auth' };

/**
 * An answer without a picture is well-formed, but whether it was charged is open (section 13): only the
 * upstream's own word makes it free. `bad_reply` is the kind of what may have been charged and has nothing
 * left to be learnt about.
 */
const noImage: FaultMeaning = {
  kind: 'bad_reply',
  message:
    'The image service answered without an image. It may have charged for the work, so it was not asked again.',
};

/** Section 5: `finishReason` of an answer that is not a success, on HTTP 200. */
export const finishReasons: FaultMeanings = {
  STOP: noImage,
  NO_IMAGE: noImage,
  IMAGE_OTHER: noImage,
  OTHER: noImage,
  FINISH_REASON_UNSPECIFIED: noImage,
  MAX_TOKENS: noImage,
  IMAGE_SAFETY: 'content',
  IMAGE_PROHIBITED_CONTENT: 'content',
  PROHIBITED_CONTENT: 'content',
  IMAGE_RECITATION: 'content',
  RECITATION: 'content',
  SAFETY: 'content',
  BLOCKLIST: 'content',
  SPII: 'content',
};

const detailSchema = z.object({
  reason: z.string().nullish(),
  retryDelay: z.string().nullish(),
  violations: z
    .array(z.object({ quotaId: z.string().nullish(), quotaValue: z.string().nullish() }))
    .nullish(),
});

const refusalSchema = z.object({
  error: z.object({
    status: z.string().nullish(),
    message: z.string().nullish(),
    details: z.array(detailSchema.catch({})).nullish().catch(undefined),
  }),
});
type Refusal = z.infer<typeof refusalSchema>['error'];

export function readFault(answer: FailedAnswer): UpstreamFault {
  const error: Refusal = refusalSchema.safeParse(answer.body).data?.error ?? {};
  const reason = error.details?.find((detail) => detail.reason)?.reason;
  const declared = meaningOfCode(reasons, reason) ?? meaningOfCode(faults, error.status);
  const byStatus = answer.status === 429 ? 'throttled' : meaningOfStatus(answer.status);
  const meaning = declared ?? byStatus;
  return faultFrom(meaning === 'throttled' && isUsedUp(error) ? 'quota' : meaning, answer, {
    code: [error.status, reason].filter(Boolean).join(' ') || undefined,
    text: error.message ?? undefined,
    param: fieldOf(error.message ?? ''),
    waitMs: waitOf(error),
  });
}

/** Per-day and zero limits are not transient, even when a short wait stands beside them (section 7). */
function isUsedUp(error: Refusal): boolean {
  const violations = error.details?.flatMap((detail) => detail.violations ?? []) ?? [];
  return (
    /limit: 0\b/.test(error.message ?? '') ||
    violations.some(({ quotaId, quotaValue }) => quotaId?.includes('PerDay') === true || quotaValue === '0')
  );
}

/** `RetryInfo.retryDelay` such as "1.5s", else the same hint in the text: "Please retry in 33.4s". */
function waitOf(error: Refusal): number | undefined {
  const hint = error.details?.find((detail) => detail.retryDelay)?.retryDelay;
  const match = /^([\d.]+)s$/.exec(hint ?? '') ?? /retry in ([\d.]+)s/.exec(error.message ?? '');
  const ms = Math.ceil(Number(match?.[1] ?? Number.NaN) * 1000);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Part 0 is the prompt, so `parts[2]` is the second input image. */
function fieldOf(message: string): string | undefined {
  const part = /parts\[(\d+)\]\.inline_?data/i.exec(message)?.[1];
  if (part !== undefined) return `reference_images[${Number(part) - 1}]`;
  if (/aspect_?ratio/i.test(message)) return 'ratio';
  if (/image_?size/i.test(message)) return 'size';
  if (/generation_?config\.seed/i.test(message)) return 'seed';
  return undefined;
}

/** Why an HTTP 200 has no picture (section 5). */
export interface Withheld {
  finishReason: string | undefined;
  finishMessage: string | undefined;
  blockReason: string | undefined;
  responseId: string | undefined;
}

/** `promptOnly`: there were no input images, so a blocked prompt can only be the text. */
export function faultOfWithheld(withheld: Withheld, promptOnly: boolean): UpstreamFault {
  const { finishReason, finishMessage, blockReason, responseId } = withheld;
  const answer = { status: 200, headers: {} };
  const code = blockReason ?? finishReason ?? 'no candidate';
  const said = { code, text: finishMessage, requestId: responseId };
  if (blockReason !== undefined) {
    return faultFrom(promptOnly ? { kind: 'content', param: 'prompt' } : 'content', answer, said);
  }
  const meaning = meaningOfCode(finishReasons, finishReason) ?? noImage;
  const free = meaning === noImage && /\bnot (be )?charged\b/i.test(finishMessage ?? '');
  return faultFrom(free ? 'failed' : meaning, answer, said);
}
