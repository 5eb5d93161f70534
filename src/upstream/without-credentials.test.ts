import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFrom } from './read-fault.ts';

test("what an upstream says about a refusal is kept without a link's signature and without tokens", () => {
  const text =
    'cannot read https://bucket.example.com/a.png?X-Amz-Signature=hush-0123, Bearer hush-0123456789';
  const { details } = faultFrom('parameter', { status: 400, headers: {} }, { code: 'Invalid', text }).facts;
  const told = 'cannot read https://bucket.example.com/a.png?[query] Bearer [secret]';
  assert.equal(details, `HTTP 400, code Invalid, said: ${told}`);
});
