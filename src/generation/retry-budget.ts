const everyMinute = 10;
const perCall = 0.2;
const most = 50;

/** How many calls may be sent again, so that an outage is not answered with several times the load. */
export interface RetryBudget {
  /** A call goes to this route for the first time. */
  noteCall(routeKey: string): void;
  /** Takes one retry of this route; false: there is none left. */
  takeRetry(routeKey: string): boolean;
}

/**
 * Of each route one retry for every five calls, and ten more a minute, so that a quiet server may retry at all; at
 * most fifty are saved up. In an outage an upstream sees at most a fifth more than its callers ask for, and ten a minute.
 */
export function makeRetryBudget(now: () => number): RetryBudget {
  const accounts = new Map<string, { retries: number; atMs: number }>();
  const accountOf = (routeKey: string) => {
    const account = accounts.get(routeKey) ?? { retries: everyMinute, atMs: now() };
    accounts.set(routeKey, account);
    const elapsedMs = Math.max(0, now() - account.atMs);
    account.atMs = now();
    account.retries = Math.min(most, account.retries + (elapsedMs / 60_000) * everyMinute);
    return account;
  };
  return {
    noteCall(routeKey) {
      const account = accountOf(routeKey);
      account.retries = Math.min(most, account.retries + perCall);
    },
    takeRetry(routeKey) {
      const account = accountOf(routeKey);
      if (account.retries < 1) return false;
      account.retries -= 1;
      return true;
    },
  };
}
