import { z } from 'zod';
import type { FaultKind, UpstreamFault } from '../../core/fault.ts';
import type { FailedAnswer } from '../../core/upstream-client.ts';
import type { FaultMeaning, FaultMeanings } from '../../upstream/read-fault.ts';
import { faultFrom, meaningOfCode, meaningOfStatus, namedField } from '../../upstream/read-fault.ts';

const prompt: FaultMeaning = { kind: 'content', param: 'prompt' };
const inputs: FaultMeaning = { kind: 'content', param: 'reference_images' };
const overdue: FaultMeaning = {
  kind: 'billing',
  advice: 'ModelArk: the account is overdue. Settle what is due there.',
};

/**
 * upstream-seedream.md section 8: code -> meaning. Codes have dots; a row holds for everything below it. Two of
 * the 429s are no throttling: a used-up quota and the account's own spending guard.
 */
export const faults: FaultMeanings = {
  MissingParameter: 'parameter',
  InvalidParameter: 'parameter',
  'InvalidEndpoint.ClosedEndpoint': 'misconfigured',
  InvalidImageURL: { kind: 'parameter', param: 'reference_images' },

  SensitiveContentDetected: prompt,
  InputTextSensitiveContentDetected: prompt,
  InputTextRiskDetection: prompt,
  InputImageSensitiveContentDetected: inputs,
  InputImageRiskDetection: inputs,
  OutputImageSensitiveContentDetected: 'content',
  OutputImageRiskDetection: 'content',
  ContentSecurityDetectionError: {
    kind: 'failed',
    message: 'The image service could not check the content of this request; nothing was generated.',
  },

  AuthenticationError: 'auth',
  InvalidAccountStatus: 'auth',
  AccountOverdueError: overdue,
  'OperationDenied.ServiceOverdue': overdue,
  AccessDenied: 'misconfigured',
  'OperationDenied.ServiceNotOpen': 'misconfigured',
  'OperationDenied.PermissionDenied': 'misconfigured',
  InvalidEndpointOrModel: 'misconfigured',
  'InvalidEndpoint.NotFound': 'misconfigured',
  ModelNotOpen: {
    kind: 'misconfigured',
    advice: 'ModelArk: the model is not activated for this account. Activate it in its console.',
  },
  UnsupportedModel: 'misconfigured',

  ModelAccountIpmRateLimitExceeded: 'throttled',
  RateLimitExceeded: 'throttled',
  APIAccountRpmRateLimitExceeded: 'throttled',
  ModelAccountRpmRateLimitExceeded: 'throttled',
  ModelAccountTpmRateLimitExceeded: 'throttled',
  AccountRateLimitExceeded: 'throttled',
  RequestBurstTooFast: 'throttled',
  InflightBatchsizeExceeded: 'throttled',
  ServerOverloaded: 'throttled',
  QuotaExceeded: 'quota',
  SetLimitExceeded: {
    kind: 'quota',
    advice: "ModelArk: the account's own spending limit has paused this model. Raise it in its console.",
  },

  RequestCanceled: 'unknown',
  // May have generated a part, which is charged (section 11, quirk 3).
  InternalServiceError: 'unknown',
};

/** Ark's fields -> ours, as its texts name them: "The parameter `size` specified in the request is not valid". */
const fields = {
  prompt: 'prompt',
  image: 'reference_images',
  size: 'size',
  watermark: 'watermark',
  seed: 'seed',
  sequential_image_generation: 'sequential_image_generation',
  sequential_image_generation_options: 'sequential_image_generation_options',
  max_images: 'sequential_image_generation_options',
  output_format: 'output_format',
};

export const errorSchema = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  param: z.string().nullish(),
});
export type ArkError = z.infer<typeof errorSchema>;

const refusalSchema = z.object({ error: errorSchema });

export function readFault(answer: FailedAnswer): UpstreamFault {
  const error = refusalSchema.safeParse(answer.body).data?.error ?? {};
  return faultOf(error, answer, meaningOfCode(faults, error.code) ?? meaningOfStatus(answer.status));
}

/**
 * One failed image among others: never billed (section 6), so what would be unknown for a whole call is a free
 * failure here.
 */
export function faultOfEntry(
  error: ArkError,
  answer: Pick<FailedAnswer, 'status' | 'headers'>,
): UpstreamFault {
  const meaning = meaningOfCode(faults, error.code) ?? 'failed';
  return faultOf(error, answer, meaning === 'unknown' ? 'failed' : meaning);
}

function faultOf(
  error: ArkError,
  answer: Pick<FailedAnswer, 'status' | 'headers'>,
  meaning: FaultKind | FaultMeaning,
): UpstreamFault {
  const quoted = /`[^`]+`/.exec(error.message ?? '')?.[0];
  return faultFrom(meaning, answer, {
    code: error.code || undefined,
    text: error.message ?? undefined,
    requestId: answer.headers['x-request-id'],
    param: namedField(error.param || quoted, fields),
  });
}
