/** Google's error bodies, word for word where the words are known (upstream-gemini.md section 7). */

import type { FieldViolation } from './simulator-proto.ts';

/** A refusal in Google's shape; `details` may be absent. */
export interface GoogleError {
  code: number;
  message: string;
  status: string;
  details?: readonly unknown[];
}

const rpc = 'type.googleapis.com/google.rpc.';
const troubleshooting = 'https://developers.generativeai.google/guide/troubleshooting';

export const invalidArgument = (message: string): GoogleError => ({
  code: 400,
  message,
  status: 'INVALID_ARGUMENT',
});

/** All of a body's complaints in one error, as the front end gives them. */
export const badRequest = (violations: readonly FieldViolation[]): GoogleError => ({
  ...invalidArgument(violations.map((violation) => violation.description).join('\n')),
  details: [{ '@type': `${rpc}BadRequest`, fieldViolations: violations }],
});

/** A bad or expired key: 400, not 401 (section 7). */
export const apiKeyInvalid: GoogleError = {
  ...invalidArgument('API key not valid. Please pass a valid API key.'),
  details: [
    {
      '@type': `${rpc}ErrorInfo`,
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
    {
      '@type': `${rpc}LocalizedMessage`,
      locale: 'en-US',
      message: 'API key not valid. Please pass a valid API key.',
    },
  ],
};

export const noApiKey: GoogleError = {
  code: 403,
  message:
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  status: 'PERMISSION_DENIED',
};

/** `Authorization: Bearer` belongs to OAuth and Vertex, never to a key of this API (section 2). */
export const bearerToken: GoogleError = {
  code: 401,
  message:
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  status: 'UNAUTHENTICATED',
  details: [
    {
      '@type': `${rpc}ErrorInfo`,
      reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
  ],
};

export const notFound = (message: string): GoogleError => ({ code: 404, message, status: 'NOT_FOUND' });

/** `model` without the `models/` prefix; `version` is `v1` or `v1beta`. */
export const unknownModel = (model: string, version: string, method: string): GoogleError =>
  notFound(
    `models/${model} is not found for API version ${version}, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`,
  );

const quota = (options: {
  model: string;
  message: string;
  metric: string;
  quotaId: string;
  quotaValue: string;
  retryAfterMs: number;
}): GoogleError => ({
  code: 429,
  message: `You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: ${options.metric}, limit: ${options.message}, model: ${options.model}\nPlease retry in ${options.retryAfterMs / 1000}s.`,
  status: 'RESOURCE_EXHAUSTED',
  details: [
    {
      '@type': `${rpc}Help`,
      links: [
        {
          description: 'Learn more about Gemini API quotas',
          url: 'https://ai.google.dev/gemini-api/docs/rate-limits',
        },
      ],
    },
    {
      '@type': `${rpc}QuotaFailure`,
      violations: [
        {
          quotaMetric: options.metric,
          quotaId: options.quotaId,
          quotaDimensions: { location: 'global', model: options.model },
          ...(options.quotaValue === '0' ? {} : { quotaValue: options.quotaValue }),
        },
      ],
    },
    { '@type': `${rpc}RetryInfo`, retryDelay: `${options.retryAfterMs / 1000}s` },
  ],
});

const paidMetric = 'generativelanguage.googleapis.com/generate_content_paid_tier_requests';

/** The faults that the upstream reports by status, by the name under which a test or a trigger word asks for them. */
export const namedErrors = {
  /** Requests per minute: worth a retry after `RetryInfo.retryDelay`. */
  throttled: (model, retryAfterMs = 1500) =>
    quota({
      model,
      message: '20',
      metric: paidMetric,
      quotaId: 'GenerateRequestsPerMinutePerProjectPerModel',
      quotaValue: '20',
      retryAfterMs,
    }),
  /** Shared capacity: 429 without any details. */
  'throttled-bare': () => ({
    code: 429,
    message: 'Resource has been exhausted (e.g. check quota).',
    status: 'RESOURCE_EXHAUSTED',
  }),
  /** Requests per day: not transient, though a short retryDelay is there. */
  quota: (model) =>
    quota({
      model,
      message: '250',
      metric: paidMetric,
      quotaId: 'GenerateRequestsPerDayPerProjectPerModel',
      quotaValue: '250',
      retryAfterMs: 1500,
    }),
  /** A free key: image models have no free tier. */
  'limit-zero': (model) =>
    quota({
      model,
      message: '0',
      metric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
      quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
      quotaValue: '0',
      retryAfterMs: 1500,
    }),
  auth: () => apiKeyInvalid,
  forbidden: () => ({
    code: 403,
    message: 'The caller does not have permission',
    status: 'PERMISSION_DENIED',
  }),
  billing: () => ({
    code: 400,
    message: 'User location is not supported for the API use.',
    status: 'FAILED_PRECONDITION',
  }),
  internal: () => ({
    code: 500,
    message: `An internal error has occurred. Please retry or report in ${troubleshooting}`,
    status: 'INTERNAL',
  }),
  overloaded: () => ({
    code: 503,
    message: 'The model is overloaded. Please try again later.',
    status: 'UNAVAILABLE',
  }),
  deadline: () => ({
    code: 504,
    message: 'Deadline expired before operation could complete.',
    status: 'DEADLINE_EXCEEDED',
  }),
} satisfies Record<string, (model: string, retryAfterMs?: number) => GoogleError>;

export type NamedError = keyof typeof namedErrors;
