import type { ErrorReason, ErrorType } from '../../../src/core/errors.ts';

/** What went wrong with a request to the gateway, in the words of public-api.md section 3. */
export class ApiError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly type: ErrorType | 'no_answer';
  /** `offline` when the gateway could not be reached. */
  readonly reason: ErrorReason | 'offline' | 'unknown';
  readonly param: string | null;
  readonly retryAfterMs: number | null;

  constructor(
    facts: Pick<ApiError, 'message' | 'status' | 'type' | 'reason'> &
      Partial<Pick<ApiError, 'param' | 'retryAfterMs'>>,
    cause?: unknown,
  ) {
    super(facts.message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = facts.status;
    this.type = facts.type;
    this.reason = facts.reason;
    this.param = facts.param ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** The error object of a reply, an event or a record. */
export function errorOf(value: unknown, status: number, retryAfterMs: number | null = null): ApiError {
  const facts = isObject(value) ? value : {};
  const text = (name: string): string | null => {
    const found = facts[name];
    return typeof found === 'string' ? found : null;
  };
  return new ApiError({
    message: text('message') ?? `The gateway answered ${status} without saying why.`,
    status,
    type: (text('type') ?? 'api_error') as ErrorType,
    reason: (text('reason') ?? 'unknown') as ErrorReason,
    param: text('param'),
    retryAfterMs,
  });
}

/** No answer came: the gateway is down, or this machine has no way to it. */
export function offlineError(cause: unknown): ApiError {
  return new ApiError(
    {
      message: 'The gateway cannot be reached. Check that it runs and that you are connected.',
      status: 0,
      type: 'no_answer',
      reason: 'offline',
    },
    cause,
  );
}

/** Anything thrown, as an ApiError. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(
    {
      message: 'Something went wrong on this page. Reload it and try again.',
      status: 0,
      type: 'no_answer',
      reason: 'unknown',
    },
    thrown,
  );
}

/** The caller itself ended the request. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
