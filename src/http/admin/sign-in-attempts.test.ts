import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { makeSignInAttempts } from './sign-in-attempts.ts';

function bench() {
  let nowMs = 1e12;
  const attempts = makeSignInAttempts(() => nowMs);
  return {
    attempts,
    skip: (ms: number) => void (nowMs += ms),
    /** How many failures in a row an address is allowed. */
    failuresOf: (addresses: readonly string[]): number => {
      for (const [i, address] of addresses.entries()) {
        try {
          attempts.begin(address);
        } catch (error) {
          assert.ok(error instanceof GatewayError && error.reason === 'rate_limited');
          return i;
        }
      }
      return addresses.length;
    },
  };
}

const times = (count: number, address: string): string[] => Array.from({ length: count }, () => address);

test('an IPv6 address counts by its network, however it is written', () => {
  const { failuresOf } = bench();
  const network = [
    '2001:db8:1:2::1',
    '2001:db8:1:2::2',
    '2001:db8:1:2:3:4:5:6',
    '2001:db8:1:2:ffff::',
    '2001:db8:1:2::3:4',
  ];
  assert.equal(failuresOf([...network, ...network, '2001:db8:1:2::9']), 10);
  assert.equal(failuresOf(['2001:db8:1:3::1']), 1);
  assert.equal(failuresOf(times(11, '::1')), 10);
  assert.equal(failuresOf(times(11, '::ffff:127.0.0.1')), 10);
  assert.equal(failuresOf(['::ffff:127.0.0.2']), 1);
});

test('an attempt that was good does not count', () => {
  const { attempts, failuresOf } = bench();
  for (let i = 0; i < 200; i += 1) {
    attempts.begin('127.0.0.1');
    attempts.succeed('127.0.0.1');
  }
  assert.equal(failuresOf(times(11, '127.0.0.1')), 10);
});

test('the wait is told, and a clock that is set back makes nobody wait for it', () => {
  const { attempts, skip, failuresOf } = bench();
  failuresOf(times(10, '127.0.0.1'));
  skip(20_000);
  assert.throws(
    () => attempts.begin('127.0.0.1'),
    (error) => error instanceof GatewayError && error.retryAfterMs === 40_000,
  );
  skip(-3_600_000);
  assert.equal(failuresOf(times(1, '127.0.0.1')), 1);
});
