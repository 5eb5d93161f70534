import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable, GatewayError, toPublicError, type ErrorReason } from './errors.ts';
import { faultTable, toGatewayError, UpstreamFault, type FaultKind } from './fault.ts';

/** The table of public-api.md section 4.5, row by row. That each comes over the wire so: test/e2e/failures.test.ts. */
const promised: readonly [cause: string, status: number, reason: ErrorReason, shouldRetry: boolean][] = [
  ['too many generations in flight', 503, 'queue_full', true],
  ['no usable route', 503, 'model_unavailable', true],
  ['upstream throttles', 429, 'upstream_throttled', true],
  ['upstream unreachable or refusing', 502, 'upstream_unavailable', true],
  ['upstream says failed, not charged', 502, 'generation_failed', false],
  ['unreadable reply after acceptance', 424, 'upstream_bad_reply', false],
  ['upstream refused the content', 400, 'content_policy', false],
  ['upstream refused a parameter', 400, 'invalid_value', false],
  ['deadline', 424, 'generation_timeout', false],
  ['sent, outcome unknown', 424, 'outcome_unknown', false],
  // Section 3: an operator's fault.
  ['bad credential upstream', 502, 'upstream_auth', false],
  ['no balance upstream', 502, 'upstream_billing', false],
];

for (const [cause, status, reason, shouldRetry] of promised) {
  test(`${cause} is ${status} ${reason}, x-should-retry ${shouldRetry}`, () => {
    const error = new GatewayError(reason, 'It failed.');
    assert.deepEqual([error.status, error.shouldRetry], [status, shouldRetry]);
    assert.deepEqual(Object.keys(toPublicError(error)), ['message', 'type', 'param', 'code', 'reason']);
    assert.equal(toPublicError(error).code, String(status));
  });
}

/** What each fault of an upstream becomes. */
const faults: Record<FaultKind, [reason: ErrorReason, shouldRetry: boolean]> = {
  not_sent: ['upstream_unavailable', true],
  overloaded: ['upstream_unavailable', true],
  throttled: ['upstream_throttled', true],
  // A wait that cannot help (section 9).
  quota: ['upstream_throttled', false],
  billing: ['upstream_billing', false],
  auth: ['upstream_auth', false],
  misconfigured: ['upstream_auth', false],
  content: ['content_policy', false],
  parameter: ['invalid_value', false],
  failed: ['generation_failed', false],
  bad_reply: ['upstream_bad_reply', false],
  unknown: ['outcome_unknown', false],
};

for (const [kind, [reason, shouldRetry]] of Object.entries(faults)) {
  test(`an upstream's fault '${kind}' is told as ${reason}, x-should-retry ${shouldRetry}`, () => {
    const error = toGatewayError(new UpstreamFault(kind as FaultKind));
    assert.deepEqual([error.reason, error.shouldRetry], [reason, shouldRetry]);
  });
}

test('no status that invites a retry follows a call that may have been paid for', () => {
  for (const row of Object.values(faultTable)) {
    if (row.free) continue;
    const { status, shouldRetry } = new GatewayError(row.reason, row.message);
    assert.deepEqual([status, shouldRetry, row.resend], [424, false, 'never']);
  }
});

test('every status that clients resend by themselves says whether that can help', () => {
  for (const [reason, row] of Object.entries(errorTable)) {
    if (row.status < 500 && ![408, 409, 424, 429].includes(row.status)) continue;
    assert.ok('shouldRetry' in row, reason);
    if (row.status === 424) assert.equal(row.shouldRetry, false, reason);
  }
});
