import type { CallChange } from '../core/record-store.ts';
import type { TriedRoute } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';
import type { Trial } from './circuit-breaker.ts';
import type { Pass } from './route-gate.ts';
import type { CallDemand, RouteGates } from './route-gates.ts';
import type { RouteHealth } from './route-health.ts';

/** How a call stands while a route is asked. */
type Sent = Required<Pick<CallChange, 'state' | 'route' | 'ourId' | 'attempts' | 'tried'>>;

/** Leave to ask a route at once. */
export interface HeadStart {
  route: Route;
  demand: CallDemand;
  /** What the call is opened with. */
  sent: Sent;
  /** Whoever takes it ends the pass and the trial. */
  take(): { pass: Pass; trial: Trial };
  /** Nothing was sent. When it was taken it does nothing. */
  giveBack(): void;
}

interface Order {
  generationId: string;
  /** Within the generation. */
  number: number;
  keyId: string;
  images: number;
  routes: readonly Route[];
}

interface Tools {
  gates: RouteGates;
  health: RouteHealth;
}

/**
 * Takes leave before the call is recorded, where a route is free right now: the call is opened as sent then, and
 * nothing has to be written between its record and the upstream. A process that dies before it sends leaves an unknown
 * outcome, as it does when it dies behind a step of its own. Undefined: it has to wait. What is not taken is to be
 * given back.
 */
export function takeHeadStart(order: Order, tools: Tools): HeadStart | undefined {
  const { gates, health } = tools;
  const demand = demandOf(order, tools);
  const inService = order.routes.filter((route) => health.markOf(route) === undefined);
  const entered = gates.tryEnterAny(inService, demand);
  if (entered === undefined) return undefined;
  const { route, pass } = entered;
  const trial = health.begin(route);
  if (trial === undefined) {
    pass.leave('unused');
    return undefined;
  }
  let isTaken = false;
  return {
    route,
    demand,
    sent: sentBy(route, order, []),
    take() {
      isTaken = true;
      return { pass, trial };
    },
    giveBack() {
      if (isTaken) return;
      isTaken = true;
      trial.end('abandoned');
      pass.leave('unused');
    },
  };
}

export function demandOf(
  { keyId, images }: Pick<Order, 'keyId' | 'images'>,
  { gates }: Pick<Tools, 'gates'>,
): CallDemand {
  return { keyId, images, arrival: gates.nextArrival() };
}

/** `tried`: the attempts before this one. */
export function sentBy(
  route: Route,
  { generationId, number }: Pick<Order, 'generationId' | 'number'>,
  tried: readonly TriedRoute[],
): Sent {
  const attempts = tried.length + 1;
  const ourId = `${generationId}-${number}-${attempts}`;
  return { state: 'sent', route: routeLabel(route), ourId, attempts, tried: [...tried] };
}
