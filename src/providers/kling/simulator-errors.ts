import type { Reply } from '../../sandbox/kit.ts';

interface KlingError {
  status: number;
  code: number;
  message: string;
}

/** Errors by a name of ours, as upstream-kling.md section 7 has them; what a `status` fault can ask for. */
export const klingErrors = {
  'auth-failed': { status: 401, code: 1000, message: 'Authentication failed' },
  'auth-missing': { status: 401, code: 1001, message: 'Authorization is empty' },
  auth: { status: 401, code: 1002, message: 'Authorization is invalid' },
  'auth-early': { status: 401, code: 1003, message: 'Authorization is not yet valid' },
  'auth-expired': { status: 401, code: 1004, message: 'Authorization has expired' },
  account: { status: 429, code: 1100, message: 'Account exception' },
  arrears: { status: 429, code: 1101, message: 'Account in arrears (postpaid scenario)' },
  billing: { status: 429, code: 1102, message: 'Account balance not enough' },
  quota: { status: 429, code: 1102, message: 'Resource pack depleted or expired (prepaid scenario)' },
  forbidden: {
    status: 403,
    code: 1103,
    message: 'Unauthorized access to requested resource, such as API/model',
  },
  'bad-request': { status: 400, code: 1200, message: 'Invalid request parameters' },
  invalid: { status: 400, code: 1201, message: 'Invalid parameters, such as incorrect key or illegal value' },
  'task-not-found': { status: 400, code: 1201, message: 'Task not found by id/external id: ' },
  duplicate: { status: 400, code: 1201, message: 'External_task_id  already exists' },
  method: { status: 404, code: 1202, message: 'The requested method is invalid' },
  'not-found': {
    status: 404,
    code: 1203,
    message: 'The requested resource does not exist, such as the model',
  },
  policy: { status: 400, code: 1300, message: 'Trigger strategy of the platform' },
  moderated: { status: 400, code: 1301, message: 'Trigger the content security policy of the platform' },
  throttled: {
    status: 429,
    code: 1302,
    message: 'The API request is too fast, exceeding the rate limit of the platform',
  },
  concurrency: { status: 429, code: 1303, message: 'parallel task over resource pack limit' },
  'ip-rule': { status: 429, code: 1304, message: 'Trigger the IP whitelist policy of the platform' },
  internal: { status: 500, code: 5000, message: 'Server internal error' },
  overloaded: {
    status: 503,
    code: 5001,
    message: 'Server temporarily unavailable, usually due to maintenance',
  },
  timeout: { status: 504, code: 5002, message: 'Server internal timeout, usually due to a backlog' },
} as const satisfies Record<string, KlingError>;

export type KlingErrorName = keyof typeof klingErrors;

/** Text of a task that moderation stopped after it was accepted; no number comes with it. */
export const riskControlMessage = 'Failure to pass the risk control system';

/** A request that is answered with an error. */
export class Refusal extends Error {
  readonly error: KlingErrorName;
  constructor(error: KlingErrorName, message: string = klingErrors[error].message) {
    super(message);
    this.error = error;
  }
}

/** `<field> value '<v>' is invalid`, as seen on the wire; long values are cut. */
export function invalidValue(field: string, value: unknown): Refusal {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
  return new Refusal('invalid', `${field} value '${text.slice(0, 80)}' is invalid`);
}

export function errorReply(
  error: KlingErrorName,
  requestId: string,
  message: string = klingErrors[error].message,
): Reply {
  const { status, code } = klingErrors[error];
  return { status, json: { code, message, request_id: requestId } };
}
