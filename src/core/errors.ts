/**
 * Every way a request can fail, once. The wire, the docs and the tests are made from this table
 * (public-api.md sections 3 and 4.5). A new failure is a new row, not a new class.
 */

/** The `type` of an error on the wire. */
export type ErrorType =
  | 'invalid_api_key'
  | 'insufficient_balance'
  | 'api_key_frozen'
  | 'model_access_denied'
  | 'model_not_found'
  | 'not_found_error'
  | 'invalid_request_error'
  | 'rate_limit_error'
  | 'api_error';

interface ErrorRow {
  /** HTTP status of the reply. */
  readonly status: number;
  readonly type: ErrorType;
  /** Sent as `x-should-retry`; absent: the header is not sent. */
  readonly shouldRetry?: boolean;
}

/** reason -> what goes on the wire. */
export const errorTable = {
  invalid_api_key: { status: 401, type: 'invalid_api_key' },
  insufficient_balance: { status: 402, type: 'insufficient_balance', shouldRetry: false },
  api_key_frozen: { status: 403, type: 'api_key_frozen' },
  model_access_denied: { status: 403, type: 'model_access_denied' },
  model_not_found: { status: 404, type: 'model_not_found' },
  not_found: { status: 404, type: 'not_found_error' },
  /** A session whose API key may not do this. */
  admin_required: { status: 403, type: 'invalid_request_error' },
  /** A change that a cookie authorises, without the session's token. */
  bad_csrf_token: { status: 403, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },

  missing_parameter: { status: 400, type: 'invalid_request_error' },
  invalid_type: { status: 400, type: 'invalid_request_error' },
  invalid_value: { status: 400, type: 'invalid_request_error', shouldRetry: false },
  unsupported_parameter: { status: 400, type: 'invalid_request_error' },
  unknown_parameter: { status: 400, type: 'invalid_request_error' },
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_content_type: { status: 415, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  prompt_too_long: { status: 400, type: 'invalid_request_error' },
  too_many_inputs: { status: 400, type: 'invalid_request_error' },
  invalid_image: { status: 400, type: 'invalid_request_error' },
  image_fetch_failed: { status: 400, type: 'invalid_request_error' },
  asset_not_found: { status: 400, type: 'invalid_request_error' },
  native_body_required: { status: 400, type: 'invalid_request_error' },
  native_not_supported: { status: 400, type: 'invalid_request_error' },
  content_policy: { status: 400, type: 'invalid_request_error', shouldRetry: false },
  not_ready: { status: 400, type: 'invalid_request_error' },
  url_expired: { status: 403, type: 'invalid_request_error' },
  bad_signature: { status: 403, type: 'invalid_request_error' },
  idempotency_key_reused: { status: 400, type: 'invalid_request_error' },

  rate_limited: { status: 429, type: 'rate_limit_error', shouldRetry: true },
  upstream_throttled: { status: 429, type: 'rate_limit_error', shouldRetry: true },

  queue_full: { status: 503, type: 'api_error', shouldRetry: true },
  draining: { status: 503, type: 'api_error', shouldRetry: true },
  model_unavailable: { status: 503, type: 'api_error', shouldRetry: true },
  /** No room on the disk, or it cannot be written: what would be paid for could not be kept. */
  storage_unavailable: { status: 503, type: 'api_error', shouldRetry: true },
  upstream_unavailable: { status: 502, type: 'api_error', shouldRetry: true },
  upstream_auth: { status: 502, type: 'api_error', shouldRetry: false },
  upstream_billing: { status: 502, type: 'api_error', shouldRetry: false },
  generation_failed: { status: 502, type: 'api_error', shouldRetry: false },
  upstream_bad_reply: { status: 424, type: 'api_error', shouldRetry: false },
  generation_timeout: { status: 424, type: 'api_error', shouldRetry: false },
  outcome_unknown: { status: 424, type: 'api_error', shouldRetry: false },
  internal: { status: 500, type: 'api_error', shouldRetry: false },
} as const satisfies Record<string, ErrorRow>;

/** The stable detail of an error: `reason` on the wire. */
export type ErrorReason = keyof typeof errorTable;

/** The inner object of an error reply; always all five keys (public-api.md section 3). */
export interface PublicError {
  message: string;
  type: ErrorType;
  param: string | null;
  code: string;
  reason: ErrorReason;
}

/** What may be said about a failure beyond its row of the table. */
export interface ErrorFacts {
  /** The caller's own spelling of the field at fault, list items as `images[2]`. */
  param?: string;
  /** For the log only: upstream codes, addresses, sizes. Never a key, a header or a prompt. */
  details?: string;
  /** Sent as Retry-After and retry-after-ms, at most 60 s. */
  retryAfterMs?: number;
  /** Overrides the table's `x-should-retry`, e.g. a daily quota that no wait can help. */
  shouldRetry?: boolean;
  cause?: unknown;
}

/** The one error class. `message` is for the caller: what happened and what to do. */
export class GatewayError extends Error {
  readonly reason: ErrorReason;
  readonly param: string | null;
  readonly details: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly shouldRetry: boolean | undefined;

  constructor(reason: ErrorReason, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'GatewayError';
    const row: ErrorRow = errorTable[reason];
    this.reason = reason;
    this.param = facts.param ?? null;
    this.details = facts.details;
    this.retryAfterMs = facts.retryAfterMs;
    this.shouldRetry = facts.shouldRetry ?? row.shouldRetry;
  }

  /** The HTTP status of this error's row. */
  get status(): number {
    return errorTable[this.reason].status;
  }
}

/** An error as the caller sees it. */
export function toPublicError(error: GatewayError): PublicError {
  const row = errorTable[error.reason];
  return {
    message: error.message,
    type: row.type,
    param: error.param,
    code: String(row.status),
    reason: error.reason,
  };
}

/** A kept error, to be answered with once more. What only its first telling knew, e.g. a wait, is gone. */
export function fromPublicError(error: PublicError): GatewayError {
  return new GatewayError(error.reason, error.message, error.param === null ? {} : { param: error.param });
}

/** A failure as a row of the table, whatever was thrown; a stranger's exception becomes `internal`. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(
    'internal',
    'Something went wrong on this server. The log has more under the request id.',
    {
      cause: thrown,
      details: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
    },
  );
}
