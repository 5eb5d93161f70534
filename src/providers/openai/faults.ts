import type { FaultKind, UpstreamFault } from '../../core/fault.ts';
import type { FailedAnswer } from '../../core/upstream-client.ts';
import type { Refusal } from '../../upstream/openai-refusal.ts';
import { readRefusal } from '../../upstream/openai-refusal.ts';
import type { FaultMeaning, FaultMeanings } from '../../upstream/read-fault.ts';
import { faultFrom, meaningOfCode, meaningOfStatus, namedField } from '../../upstream/read-fault.ts';

const unreadableInput: FaultMeaning = { kind: 'parameter', param: 'reference_images' };

/**
 * openai-images.md section 7: `error.code` -> meaning. A 429 `rate_limit_exceeded` is refused before any work and
 * billed nowhere, and OpenAI's own clients send it again by themselves, so it is `throttled` and so do we. Its
 * twin `insufficient_quota` is no throttle. What a 5xx cost is documented nowhere: it is never sent again.
 */
export const faults: FaultMeanings = {
  invalid_value: 'parameter',
  unknown_parameter: 'parameter',
  missing_required_parameter: 'parameter',
  invalid_type: 'parameter',
  invalid_image_file: unreadableInput,
  invalid_image_format: unreadableInput,

  moderation_blocked: 'content',
  content_policy_violation: 'content',

  billing_hard_limit_reached: {
    kind: 'billing',
    advice: "The account's own spending limit is reached. Raise it there.",
  },
  insufficient_quota: { kind: 'billing', advice: 'The account has no credit left. Top up there.' },
  invalid_api_key: 'auth',
  unsupported_country_region_territory: 'auth',
  model_not_found: 'misconfigured',
  unknown_url: 'misconfigured',
  method_not_supported: 'misconfigured',

  rate_limit_exceeded: 'throttled',
  // LocalAI, while it loads the weights and before it does anything (upstream-local.md section 4).
  model_loading: 'overloaded',

  image_generation_failed: 'unknown',
};

/** `error.reason`: another Easel's answer says exactly what came of the request (public-api.md sections 3 and 4.5). */
export const reasons: FaultMeanings = {
  content_policy: 'content',
  invalid_image: unreadableInput,
  image_fetch_failed: unreadableInput,
  too_many_inputs: unreadableInput,
  prompt_too_long: { kind: 'parameter', param: 'prompt' },
  unsupported_parameter: 'parameter',
  insufficient_balance: 'billing',
  api_key_frozen: 'auth',
  model_access_denied: 'auth',
  rate_limited: 'throttled',
  upstream_throttled: 'throttled',
  queue_full: 'overloaded',
  draining: 'overloaded',
  model_unavailable: 'overloaded',
  upstream_unavailable: 'overloaded',
  upstream_auth: 'misconfigured',
  upstream_billing: 'billing',
  generation_failed: 'failed',
  upstream_bad_reply: 'bad_reply',
  generation_timeout: 'unknown',
  outcome_unknown: 'unknown',
  internal: 'unknown',
};

/** OpenAI's fields -> ours; those that are the route's business and not the caller's are in `ofTheRoute`. */
const fields: Readonly<Record<string, string>> = {
  prompt: 'prompt',
  image: 'reference_images',
  images: 'reference_images',
  n: 'n',
  size: 'size',
  aspect_ratio: 'ratio',
  quality: 'quality',
  watermark: 'watermark',
  seed: 'seed',
  output_format: 'output_format',
  negative_prompt: 'negative_prompt',
  mask: 'mask',
  style: 'style',
  background: 'background',
  moderation: 'moderation',
  output_compression: 'output_compression',
  partial_images: 'partial_images',
  input_fidelity: 'input_fidelity',
};

/** The image routes refuse an unknown model as an invalid value, too (section 12). */
const ofTheRoute = new Set(['model', 'response_format']);

export function readFault(answer: FailedAnswer): UpstreamFault {
  const refusal = readRefusal(answer);
  const declared =
    meaningOfCode(reasons, refusal.reason) ??
    meaningOfCode(faults, refusal.code) ??
    meaningOfCode(faults, refusal.type);
  const meaning = declared ?? byText(refusal) ?? byStatus(answer.status);
  const isParameter = (typeof meaning === 'string' ? meaning : meaning.kind) === 'parameter';
  const isOurs = isParameter && refusal.param !== undefined && ofTheRoute.has(refusal.param);
  return faultFrom(isOurs ? 'misconfigured' : meaning, answer, {
    ...refusal,
    ...codeOf(refusal),
    param: fieldOf(refusal),
  });
}

/** The wording that all kinds of refused content share (upstream-azure-openai.md section 5). */
function byText({ text }: Refusal): FaultKind | undefined {
  return /safety system|content management policy/i.test(text ?? '') ? 'content' : undefined;
}

function byStatus(status: number): FaultKind | FaultMeaning {
  if (status === 402) return 'billing';
  if (status === 429) return 'throttled';
  // Easel's own status of a failure that may have been charged.
  return status === 424 ? 'unknown' : meaningOfStatus(status);
}

/** For the log: type and reason say more where the code is a bare number or missing. */
function codeOf({ code, type, reason }: Refusal): Pick<Refusal, 'code'> {
  return { code: [code, reason ?? type].filter(Boolean).join(' ') || undefined };
}

/** `image[1]` and `images[1].image_url` are the second input image. */
function fieldOf({ param, text }: Refusal): string | undefined {
  const name = param?.replace(/^image\[\]/, 'image').replace(/\..*$/, '');
  return namedField(name ?? text, fields);
}
