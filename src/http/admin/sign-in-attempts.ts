import { isIPv6 } from 'node:net';
import { GatewayError } from '../../core/errors.ts';

/** Counts who tries to sign in, so that nobody tries many keys. Of this process; forgotten when it ends. */
export interface SignInAttempts {
  /** Counts one more attempt. Throws GatewayError `rate_limited` when the last minute holds too many already. */
  begin(address: string): void;
  /** The attempt that was begun was a good one: it does not count. */
  succeed(address: string): void;
}

const minuteMs = 60_000;
const most = { perAddress: 10, inAll: 100 } as const;

export function makeSignInAttempts(now: () => number): SignInAttempts {
  /** Oldest first; never more than `most.inAll`. */
  const attempts: { network: string; atMs: number }[] = [];

  return {
    begin(address) {
      const nowMs = now();
      // One whose time lies ahead was made before the clock was set back.
      const live = attempts.filter(({ atMs }) => atMs > nowMs - minuteMs && atMs <= nowMs);
      attempts.splice(0, attempts.length, ...live);
      const network = networkOf(address);
      const own = attempts.filter((attempt) => attempt.network === network);
      const oldest =
        own.length >= most.perAddress ? own[0] : attempts.length >= most.inAll ? attempts[0] : undefined;
      if (oldest !== undefined) throw tooMany(oldest.atMs + minuteMs - nowMs);
      attempts.push({ network, atMs: nowMs });
    },
    succeed(address) {
      const network = networkOf(address);
      const index = attempts.findLastIndex((attempt) => attempt.network === network);
      if (index >= 0) attempts.splice(index, 1);
    },
  };
}

/** Who has an IPv6 address has at least 2^64 of them. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest].slice(0, 4).join(':');
}

function tooMany(waitMs: number): GatewayError {
  const seconds = Math.ceil(waitMs / 1000);
  return new GatewayError(
    'rate_limited',
    `Too many attempts to sign in have failed. Try again in ${seconds === 1 ? '1 second' : `${seconds} seconds`}.`,
    { retryAfterMs: waitMs },
  );
}
