import type { Reply } from '../../sandbox/kit.ts';

interface ArkError {
  status: number;
  type: string;
  code: string;
  /** Ends without a full stop; the reply adds the request id. */
  message: string;
}

const badRequest = { status: 400, type: 'BadRequest' };
const forbidden = { status: 403, type: 'Forbidden' };
const notFound = { status: 404, type: 'NotFound' };
const tooMany = { status: 429, type: 'TooManyRequests' };

/** Errors by a name of ours, as upstream-seedream.md section 8 has them; what a `status` or `partial` fault can ask for. */
export const arkErrors = {
  auth: {
    status: 401,
    type: 'Unauthorized',
    code: 'AuthenticationError',
    message: 'the API key or AK/SK in the request is missing or invalid',
  },
  account: {
    status: 401,
    type: 'Forbidden',
    code: 'InvalidAccountStatus',
    message: 'The account is in an abnormal status',
  },
  billing: {
    ...forbidden,
    code: 'AccountOverdueError',
    message: 'The request failed because your account has an overdue balance',
  },
  forbidden: {
    ...forbidden,
    code: 'AccessDenied',
    message: 'The request failed because you do not have access to the requested resource',
  },
  'not-open': {
    ...notFound,
    code: 'ModelNotOpen',
    message: 'Your account has not activated the model. Please activate the model service in the Ark Console',
  },
  'not-found': {
    ...notFound,
    code: 'InvalidEndpointOrModel.NotFound',
    message: 'The model or endpoint does not exist or you do not have access to it',
  },
  closed: {
    ...badRequest,
    code: 'InvalidEndpoint.ClosedEndpoint',
    message: 'The request targeted an endpoint that is currently closed or temporarily unavailable',
  },
  missing: {
    ...badRequest,
    code: 'MissingParameter',
    message: 'The request failed because it is missing a parameter',
  },
  invalid: {
    ...badRequest,
    code: 'InvalidParameter',
    message:
      'The parameter `size` specified in the request is not valid: the specified size is not supported',
  },
  'empty-url': {
    ...badRequest,
    code: 'InvalidImageURL.EmptyURL',
    message: 'The image URL in the request is empty',
  },
  'image-format': {
    ...badRequest,
    code: 'InvalidImageURL.InvalidFormat',
    message: 'The image in the request cannot be parsed or its format is not supported',
  },
  'input-timeout': {
    ...badRequest,
    code: 'InvalidParameter',
    message: 'Timeout while downloading url=https://slow.example.test/input.png',
  },
  moderated: {
    ...badRequest,
    code: 'InputTextSensitiveContentDetected',
    message: 'The request failed because the input text may contain sensitive information',
  },
  'moderated-input': {
    ...badRequest,
    code: 'InputImageSensitiveContentDetected',
    message: 'The request failed because the input image may contain sensitive information',
  },
  'moderated-output': {
    ...badRequest,
    code: 'OutputImageSensitiveContentDetected',
    message: 'The request failed because the output image may contain sensitive information',
  },
  'moderation-service': {
    ...badRequest,
    code: 'ContentSecurityDetectionError',
    message: 'The request failed because the content security detection service returned an error',
  },
  throttled: {
    ...tooMany,
    code: 'ModelAccountIpmRateLimitExceeded',
    message: 'The request failed because the account has exceeded the images per minute limit of this model',
  },
  'throttled-requests': {
    ...tooMany,
    code: 'RateLimitExceeded.EndpointRPMExceeded',
    message: 'The requests per minute limit of the associated endpoint is exceeded',
  },
  burst: {
    ...tooMany,
    code: 'RequestBurstTooFast',
    message: 'The request failed because of a sudden surge of requests',
  },
  inflight: {
    ...tooMany,
    code: 'InflightBatchsizeExceeded',
    message: 'The number of requests in flight exceeds the limit of the account',
  },
  overloaded: {
    ...tooMany,
    code: 'ServerOverloaded',
    message: 'The service is currently unable to handle additional requests due to high demand',
  },
  quota: {
    ...tooMany,
    code: 'QuotaExceeded',
    message: 'The free quota of the account for this model is used up',
  },
  'spending-guard': {
    ...tooMany,
    code: 'SetLimitExceeded',
    message: 'The account has reached the limit set for this model and the model service is paused',
  },
  internal: {
    status: 500,
    type: 'InternalServerError',
    code: 'InternalServiceError',
    message: 'The service encountered an unexpected internal error',
  },
} as const satisfies Record<string, ArkError>;

export type ArkErrorName = keyof typeof arkErrors;

/** A request that is refused before any image is made. */
export class Refusal extends Error {
  readonly error: ArkErrorName;
  constructor(error: ArkErrorName, message: string = arkErrors[error].message) {
    super(message);
    this.error = error;
  }
}

/** "The parameter `size` specified in the request is not valid: ..." */
export function notValid(parameter: string, reason: string): Refusal {
  return new Refusal(
    'invalid',
    `The parameter \`${parameter}\` specified in the request is not valid: ${reason}`,
  );
}

/** The body and status of an error; `param` is empty, as mostly seen on the wire. */
export function errorReply(
  error: ArkErrorName,
  requestId: string,
  message: string = arkErrors[error].message,
): Reply {
  const { status, type, code } = arkErrors[error];
  // Section 8 shows the two spellings of "request id" side by side.
  const suffix = error === 'auth' ? `. request id: ${requestId}` : `. Request id: ${requestId}`;
  return { status, json: { error: { code, message: message + suffix, param: '', type } } };
}

/** The error of one image inside an answer that has others. */
export function imageError(error: ArkErrorName): { code: string; message: string } {
  return { code: arkErrors[error].code, message: `${arkErrors[error].message}.` };
}
