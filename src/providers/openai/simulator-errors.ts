import type { Reply } from '../../sandbox/kit.ts';

/** One error of openai-images.md section 7. */
export interface ApiError {
  status: number;
  type: string;
  code: string | null;
  param?: string;
  message: string;
  /** More members inside `error`. */
  details?: Record<string, unknown>;
  headers?: Record<string, string>;
}

const bad = { status: 400, type: 'invalid_request_error' };
const blocked = {
  status: 400,
  type: 'image_generation_user_error',
  code: 'moderation_blocked',
  message:
    'Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and include the request ID.',
};
/** The captured pair was 1 s and 534 ms; one second is added, so that a test sees which of both was used. */
const tryAgain = { 'retry-after': '2', 'retry-after-ms': '1534' };

/** Errors by a name of ours: what a `status` or `partial` fault and `sim:<name>` can ask for. */
export const namedErrors = {
  auth: {
    ...bad,
    status: 401,
    code: 'invalid_api_key',
    message:
      'Incorrect API key provided: sk-wrong***-key. You can find your API key at https://platform.openai.com/account/api-keys.',
  },
  'no-key': {
    ...bad,
    status: 401,
    code: null,
    message:
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
  },
  region: {
    ...bad,
    status: 403,
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported',
  },
  unverified: {
    ...bad,
    status: 403,
    code: null,
    message:
      'Your organization must be verified to use the model `gpt-image-2`. Please go to the settings and click on Verify Organization.',
  },
  'not-found': {
    ...bad,
    status: 404,
    code: 'model_not_found',
    message: 'The model does not exist or you do not have access to it.',
  },
  'model-as-value': {
    ...bad,
    code: 'invalid_value',
    param: 'model',
    message: "Invalid value: 'gpt-image-9'. Value must be an image model.",
  },
  invalid: {
    ...bad,
    code: 'invalid_value',
    param: 'size',
    message: "Invalid value: '1000x1000'. Both edges must be divisible by 16.",
  },
  'unreadable-input': {
    ...bad,
    code: 'invalid_image_file',
    param: 'image',
    message: 'Invalid image file or mode for image 1, please check your image file.',
  },
  moderated: {
    ...blocked,
    details: { moderation_details: { moderation_stage: 'input', categories: ['violence'] } },
  },
  'moderated-output': {
    ...blocked,
    details: { moderation_details: { moderation_stage: 'output', categories: ['sexual'] } },
  },
  policy: {
    ...bad,
    code: 'content_policy_violation',
    message: 'Your request was rejected as a result of our safety system.',
  },
  billing: {
    ...bad,
    code: 'billing_hard_limit_reached',
    message: 'Billing hard limit has been reached.',
  },
  'user-billing': {
    status: 400,
    type: 'image_generation_user_error',
    code: 'billing_hard_limit_reached',
    message: 'Billing hard limit has been reached.',
  },
  quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  throttled: {
    status: 429,
    type: 'input-images',
    code: 'rate_limit_exceeded',
    message:
      'Rate limit reached for gpt-image-2 on input-images per min: Limit 5, Used 5, Requested 1. Please try again in 1.534s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    headers: tryAgain,
  },
  'too-large': { ...bad, status: 413, code: null, message: 'Maximum content size limit exceeded.' },
  internal: {
    status: 500,
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  failed: {
    status: 500,
    type: 'image_generation_server_error',
    code: 'image_generation_failed',
    message: 'Image generation failed.',
  },
  overloaded: {
    status: 503,
    type: 'server_error',
    code: null,
    message: 'The engine is currently overloaded, please try again later.',
  },
} as const satisfies Record<string, ApiError>;

export type ErrorName = keyof typeof namedErrors;

/** A request that is refused before any work. */
export class Refusal extends Error {
  readonly error: ApiError;
  constructor(error: ApiError) {
    super(error.message);
    this.error = error;
  }
}

export function invalidValue(param: string, message: string): Refusal {
  return new Refusal({ ...bad, code: 'invalid_value', param, message });
}

export function invalidType(param: string, expected: string): Refusal {
  return new Refusal({
    ...bad,
    code: 'invalid_type',
    param,
    message: `Invalid type for '${param}': expected ${expected}.`,
  });
}

export function unknownParameter(param: string): Refusal {
  return new Refusal({ ...bad, code: 'unknown_parameter', param, message: `Unknown parameter: '${param}'.` });
}

export function missingParameter(param: string): Refusal {
  return new Refusal({
    ...bad,
    code: 'missing_required_parameter',
    param,
    message: `Missing required parameter: '${param}'.`,
  });
}

export function unknownModel(model: string): Refusal {
  return new Refusal({ ...namedErrors['not-found'], message: `The model '${model}' does not exist.` });
}

export function notJson(): Refusal {
  return new Refusal({
    ...bad,
    code: null,
    message:
      'We could not parse the JSON body of your request. (HINT: This likely means you aren’t using your HTTP library correctly.)',
  });
}

/** Section 7: all four keys, always. */
export function errorBody({ type, code, param, message, details }: ApiError): {
  error: Record<string, unknown>;
} {
  return { error: { message, type, param: param ?? null, code, ...details } };
}

export function errorReply(error: ApiError): Reply {
  return {
    status: error.status,
    json: errorBody(error),
    ...(error.headers ? { headers: error.headers } : {}),
  };
}
