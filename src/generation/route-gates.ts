import type { Clock } from '../core/clock.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { makeRouteGate, type Demand, type Pass, type RouteGate } from './route-gate.ts';

/** What a call needs, whatever the route. */
export interface CallDemand {
  keyId: string;
  /** Grows with each call of the process. */
  arrival: number;
  /** Images it may bring. */
  images: number;
}

/** A route that a call may go by now. */
export interface Entered {
  route: Route;
  pass: Pass;
}

/** The gates of all routes. Limits belong to an upstream account: routes that share one share its gate. */
export interface RouteGates {
  /** A place for a call that has not waited yet: its arrival. */
  nextArrival(): number;
  /** The first route in order that has room now; undefined: none has. */
  tryEnterAny(routes: readonly Route[], demand: CallDemand): Entered | undefined;
  /**
   * The first route in order that has room now, else the first to have it. Undefined at `untilMs`. Rejects with the
   * signal's reason.
   */
  enterAny(
    routes: readonly Route[],
    demand: CallDemand,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<Entered | undefined>;
  /** Takes slots at once, for a task that an earlier process began. */
  hold(route: Route, images: number): Pass;
  /** How many slots are taken, and how many there are now; undefined: no limit is known. */
  load(route: Route): { inUse: number; slots: number | undefined };
  /** The wait that is certain now, ms. */
  leastWaitMs(route: Route, images: number): number;
}

/** `routes`: all there are, so that those of one account are known to be of one account before the first call. */
export function makeRouteGates(
  routes: readonly Route[],
  tools: { providers: ReadonlyMap<string, Provider>; clock: Clock; random: () => number },
): RouteGates {
  const { providers, clock } = tools;
  const gates = new Map<string, RouteGate>();
  /** The same by route, which is asked several times a call. */
  const gateOfRoute = new WeakMap<Route, RouteGate>();
  let arrivals = 0;

  function gateOf(route: Route): RouteGate {
    const gate = gateOfRoute.get(route) ?? gateOfAccount(route);
    gateOfRoute.set(route, gate);
    return gate;
  }

  function gateOfAccount(route: Route): RouteGate {
    const key = accountOf(route);
    const known = gates.get(key);
    if (known !== undefined) return known;
    const sharing = [route, ...routes.filter((other) => accountOf(other) === key)];
    const made = makeRouteGate(
      {
        slots: least(sharing.map((other) => other.concurrency)),
        imagesPerMinute: least(sharing.map((other) => other.imagesPerMinute)),
      },
      tools,
    );
    gates.set(key, made);
    return made;
  }

  function slotsOf(route: Route, images: number): number {
    return providers.get(route.provider)?.slotPer === 'image' ? images : 1;
  }

  function demandAt(route: Route, demand: CallDemand): Demand {
    return { ...demand, slots: slotsOf(route, demand.images) };
  }

  function tryEnterAny(routes: readonly Route[], demand: CallDemand): Entered | undefined {
    for (const route of routes) {
      const pass = gateOf(route).tryEnter(demandAt(route, demand));
      if (pass !== undefined) return { route, pass };
    }
    return undefined;
  }

  return {
    nextArrival: () => (arrivals += 1),
    tryEnterAny,
    async enterAny(routes, demand, untilMs, signal) {
      signal.throwIfAborted();
      const atOnce = tryEnterAny(routes, demand);
      if (atOnce !== undefined) return atOnce;
      const { promise, resolve } = Promise.withResolvers<Entered | undefined>();
      const timer = new AbortController();
      const withdrawals: (() => void)[] = [];
      let hasEnded = false;
      const end = (entered: Entered | undefined): void => {
        hasEnded = true;
        timer.abort();
        for (const withdraw of withdrawals) withdraw();
        resolve(entered);
      };
      const giveUp = (): void => end(undefined);
      signal.addEventListener('abort', giveUp);
      for (const route of routes) {
        if (hasEnded) break;
        withdrawals.push(
          gateOf(route).wait(demandAt(route, demand), (pass) => {
            // Taking this demand out of the other queues lets others go there, whose leaving may open one of ours.
            if (hasEnded) pass.leave('unused');
            else end({ route, pass });
          }),
        );
      }
      if (!hasEnded) {
        clock.sleep(Math.max(0, untilMs - clock.now()), timer.signal).then(giveUp, () => undefined);
      }
      const entered = await promise;
      signal.removeEventListener('abort', giveUp);
      if (entered === undefined) signal.throwIfAborted();
      return entered;
    },
    hold: (route, images) => gateOf(route).hold(slotsOf(route, images)),
    load: (route) => gateOf(route).load(),
    leastWaitMs: (route, images) => gateOf(route).leastWaitMs(images),
  };
}

/** The strictest of several limits on one thing. */
function least(limits: readonly (number | undefined)[]): number | undefined {
  const given = limits.filter((limit) => limit !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

/** Limits hold per account and model (upstream-kling.md section 9, upstream-seedream.md section 9), whatever we call the model. */
function accountOf({ provider, baseUrl, credential, upstreamModel }: Route): string {
  return JSON.stringify([provider, baseUrl, upstreamModel, credential]);
}
