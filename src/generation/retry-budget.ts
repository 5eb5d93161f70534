/** In credits: a retry costs five, a call earns one. */
const retryCosts = 5;
const perCall = 1;
const perMinute = 10 * retryCosts;
const most = 50 * retryCosts;

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
  const accounts = new Map<string, { credits: number; atMs: number }>();
  const accountOf = (routeKey: string) => {
    const account = accounts.get(routeKey) ?? { credits: perMinute, atMs: now() };
    accounts.set(routeKey, account);
    const elapsedMs = Math.max(0, now() - account.atMs);
    account.atMs = now();
    account.credits = Math.min(most, account.credits + (elapsedMs / 60_000) * perMinute);
    return account;
  };
  return {
    noteCall(routeKey) {
      const account = accountOf(routeKey);
      account.credits = Math.min(most, account.credits + perCall);
    },
    takeRetry(routeKey) {
      const account = accountOf(routeKey);
      if (account.credits < retryCosts) return false;
      account.credits -= retryCosts;
      return true;
    },
  };
}
