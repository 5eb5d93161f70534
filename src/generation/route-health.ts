import type { FaultKind } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { routeLabel, type Route } from '../core/route.ts';
import {
  makeCircuitBreaker,
  type BreakerChange,
  type CircuitBreaker,
  type RouteMark,
  type Trial,
} from './circuit-breaker.ts';

/** What this process knows about its routes: which are not to be asked now, because they would fail. */
export interface RouteHealth {
  /** Undefined: usable. */
  markOf(route: Route): RouteMark | undefined;
  /** Leave to make one call, whose end must be told; undefined exactly when there is a mark. */
  begin(route: Route): Trial | undefined;
  /** True while one call finds out whether the route works again: worth waiting for. */
  isProbed(route: Route): boolean;
  /** Resolves when a probe of any route has ended next. */
  probeEnded(): Promise<void>;
  /** Why it is out of service, until a call has shown that it works again; undefined: it is not. */
  faultOf(route: Route): FaultKind | undefined;
}

/** A circuit breaker for each route; what it does is loud in the log. */
export function makeRouteHealth(tools: { now: () => number; log: Log }): RouteHealth {
  const breakers = new Map<string, CircuitBreaker>();
  /** Made when somebody waits for it. */
  let ended: PromiseWithResolvers<void> | undefined;

  function breakerOf(route: Route): CircuitBreaker {
    const key = routeKey(route);
    const known = breakers.get(key);
    if (known !== undefined) return known;
    const made = makeCircuitBreaker(tools.now, (change) => tell(route, change, tools.log));
    breakers.set(key, made);
    return made;
  }

  return {
    markOf: (route) => breakerOf(route).mark(),
    begin(route) {
      const trial = breakerOf(route).begin();
      return trial === undefined
        ? undefined
        : {
            end(how) {
              trial.end(how);
              ended?.resolve();
              ended = undefined;
            },
          };
    },
    isProbed: (route) => breakerOf(route).isProbed(),
    probeEnded: () => (ended ??= Promise.withResolvers<void>()).promise,
    faultOf: (route) => breakerOf(route).cause(),
  };
}

/** A route among all of this server's. */
export function routeKey(route: Route): string {
  return `${route.model} ${routeLabel(route)}`;
}

function tell(route: Route, { state, kind, coolDownMs }: BreakerChange, log: Log): void {
  const label = routeLabel(route);
  const facts = { route: label, model: route.model, fault: kind };
  if (state === 'closed') {
    log.info(facts, `Route ${label} is in service again.`);
    return;
  }
  const what =
    kind === 'not_sent' || kind === 'overloaded'
      ? 'Its upstream does not answer.'
      : 'Look at its credential, balance, quota and model id.';
  log.error(
    { ...facts, coolDownMs },
    `Route ${label} is out of service: ${kind}. ${what} One call tries it again in ${Math.ceil(coolDownMs / 1000)} s, then at growing distances.`,
  );
}
