import assert from 'node:assert/strict';
import type { Answered } from './gateway.ts';

/** status -> type of public-api.md section 3, for the statuses that have one type only. */
const typeOfStatus: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_api_key',
  405: 'invalid_request_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  424: 'api_error',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  503: 'api_error',
};

/** What an error reply must say. */
export interface Refusal {
  status: number;
  reason: string;
  /** null when it is left out. */
  param?: string | undefined;
  /** Where the status has several. */
  type?: string;
}

/** Checks an error reply against public-api.md section 3: all five keys, JSON, a request id, and what is told. */
export function assertRefused(answer: Answered, { status, reason, param, type }: Refusal): void {
  const seen = `${answer.status} ${answer.text.slice(0, 300)}`;
  assert.equal(answer.status, status, seen);
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8', seen);
  assert.match(answer.headers.get('x-request-id') ?? '', /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  const body: unknown = JSON.parse(answer.text);
  assert.deepEqual(Object.keys(Object(body)), ['error'], seen);
  const error = answer.at('error');
  assert.deepEqual(
    Object.keys(Object(error)).toSorted(),
    ['code', 'message', 'param', 'reason', 'type'],
    seen,
  );
  assert.equal(answer.at('error.reason'), reason, seen);
  assert.equal(answer.at('error.param'), param ?? null, seen);
  assert.equal(answer.at('error.code'), String(status), seen);
  assert.equal(answer.at('error.type'), type ?? typeOfStatus[status], seen);
  assert.match(String(answer.at('error.message')), /^\S.{8,}\S$/su, seen);
}
