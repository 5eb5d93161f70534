import { errorTable, type ErrorReason } from '../../core/errors.ts';
import type { ReplyHeader } from './headers.ts';
import type { Operation } from './operation.ts';

/** What each failure may say; the compiler sees to it that none is left out. `message` differs with the case. */
const samples: Record<ErrorReason, { message: string; param?: string }> = {
  invalid_api_key: { message: 'Invalid API key or token provided' },
  insufficient_balance: { message: 'The budget of this API key is used up; nothing was generated.' },
  api_key_frozen: { message: 'This API key is frozen. Ask the operator to unfreeze it.' },
  model_access_denied: {
    message: "This API key may not use model 'glm-image'. GET /v1/models lists what it may use.",
    param: 'model',
  },
  model_not_found: {
    message: 'There is no such model. GET /v1/models lists the models.',
    param: 'model',
  },
  not_found: { message: 'There is no such image.' },
  admin_required: { message: 'This needs the admin key.' },
  bad_csrf_token: { message: "Send the session's token as 'x-csrf-token'." },
  method_not_allowed: { message: 'This address takes GET, HEAD.' },
  missing_parameter: { message: "'prompt' is missing. Say what the image is to show.", param: 'prompt' },
  invalid_type: { message: "'n' must be an integer.", param: 'n' },
  invalid_value: { message: "'n' must be 1 to 9.", param: 'n' },
  unsupported_parameter: {
    message: "Parameter 'seed' is not available for model 'glm-image'.",
    param: 'seed',
  },
  unknown_parameter: {
    message: "Unknown parameter: 'sise'. GET /v1/models shows what model 'glm-image' takes.",
    param: 'sise',
  },
  invalid_json: { message: 'The body is not valid JSON.' },
  invalid_content_type: { message: "Send the body as JSON, with 'Content-Type: application/json'." },
  body_too_large: {
    message: 'The body is larger than 67108864 bytes. Send large input images as https URLs.',
  },
  prompt_too_long: {
    message: "'prompt' has 2600 characters; model 'kling-image-o1' takes at most 2500.",
    param: 'prompt',
  },
  too_many_inputs: {
    message: "Model 'kling-image-o1' takes at most 10 input images; 11 were sent.",
    param: 'images',
  },
  invalid_image: { message: 'The input image cannot be decoded.', param: 'images[2]' },
  image_fetch_failed: { message: 'The input image could not be fetched.', param: 'images[2]' },
  asset_not_found: { message: 'There is no such asset.', param: 'images[2]' },
  native_body_required: { message: 'JSON object body is required when Native-Params is enabled' },
  native_not_supported: { message: 'This model takes no native parameters.' },
  content_policy: {
    message: 'The image service refused the content of this request. Change the prompt or the input images.',
    param: 'prompt',
  },
  not_ready: { message: 'Image is not ready yet. Current status: failed' },
  url_expired: { message: 'This link has expired. Fetch a fresh one from GET /v1/images/{image_id}.' },
  bad_signature: {
    message: 'The signature of this link does not fit. Fetch a fresh link from GET /v1/images/{image_id}.',
  },
  idempotency_key_reused: { message: 'This Idempotency-Key belongs to a request with another body.' },
  rate_limited: { message: 'The limit of requests per minute is reached. Try again after the wait given.' },
  upstream_throttled: {
    message: 'The image service is at its rate limit; nothing was generated. Try again after the wait given.',
  },
  queue_full: { message: 'Too many generations are under way. Try again after the wait given.' },
  draining: { message: 'This server is about to stop. Try again.' },
  model_unavailable: { message: "Model 'seedream-4.5' cannot be served at the moment. Try again later." },
  storage_unavailable: { message: 'This server cannot keep images at the moment; nothing was generated.' },
  upstream_unavailable: {
    message: 'The image service could not be reached; nothing was generated. Try again.',
  },
  upstream_auth: {
    message: "The image service refused this server's credential. The operator has been told.",
  },
  upstream_billing: {
    message: 'The image service refused this server for a billing reason. The operator has been told.',
  },
  generation_failed: { message: 'The image service failed to make the image and charged nothing.' },
  upstream_bad_reply: {
    message:
      'The image service gave an answer that could not be read. It may have charged for the work, so it was not asked again.',
  },
  generation_timeout: {
    message:
      'The image is not ready in time. It may still come: look at GET /v1/images/img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B.',
  },
  outcome_unknown: {
    message:
      'The request reached the image service but its outcome is unknown. It may have charged for the work, so it was not asked again.',
  },
  internal: {
    message: 'Something went wrong on this server. The log has more under the request id.',
  },
};

/** What a request of this kind may be refused with, by status. */
export function errorsOf(operation: Operation): Map<number, readonly ErrorReason[]> {
  const reasons = new Set<ErrorReason>([
    ...(operation.access === 'key'
      ? (['invalid_api_key', 'api_key_frozen', 'bad_csrf_token', 'rate_limited'] as const)
      : []),
    // Of a request that has no Host header, or two.
    'invalid_value',
    ...operation.errors,
    'internal',
  ]);
  const byStatus = Map.groupBy(reasons, (reason) => errorTable[reason].status);
  return new Map([...byStatus].toSorted(([a], [b]) => a - b));
}

/** An error reply as it may be, for every reason. */
export function errorSamples(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(errorTable).map(([reason, { type, status }]) => {
      const { message, param = null } = samples[reason as ErrorReason];
      return [reason, { error: { message, type, param, code: String(status), reason } }];
    }),
  );
}

/** Statuses that may be told when there is a record already, or was: 404, to the repeat of a request whose record was deleted. */
const afterAcceptance: ReadonlySet<number> = new Set([400, 404, 424, 429, 500, 502, 503]);
/** Statuses of failures that pass. */
const passing: ReadonlySet<number> = new Set([429, 502, 503]);

/** The headers an error of this status may carry besides those of every reply. */
export function errorHeaders(status: number, { body }: Operation): readonly ReplyHeader[] {
  if (status === 401) return ['WWW-Authenticate'];
  return [
    ...(body !== undefined && afterAcceptance.has(status)
      ? (['X-Image-Id', 'X-Served-By', 'Idempotency-Replayed', 'Preference-Applied'] as const)
      : []),
    ...(passing.has(status) ? (['Retry-After', 'retry-after-ms'] as const) : []),
    'x-should-retry',
  ];
}

/** The table of all reasons, as Markdown. */
export function errorMarkdown(): string {
  const rows = Object.entries(errorTable).map(
    ([reason, { type, status, ...row }]) =>
      `| \`${reason}\` | ${status} | \`${type}\` | ${'shouldRetry' in row ? row.shouldRetry : ''} |`,
  );
  return ['| reason | status | type | x-should-retry |', '|---|---|---|---|', ...rows].join('\n');
}
