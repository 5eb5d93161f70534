import type { FaultKind, UpstreamFault } from '../core/fault.ts';
import type { Route } from '../core/route.ts';
import { routeLabel } from '../core/route.ts';

/** Why a route is out of service. */
export interface RouteMark {
  kind: FaultKind;
  /** How long it stays out, from now, ms. */
  leftMs: number;
}

/** What this process knows about its routes: which cannot work until somebody acts upstream. */
export interface RouteHealth {
  /** Undefined: usable. */
  markOf(route: Route): RouteMark | undefined;
  /** Takes the route out of service where the fault's kind asks for that. True when it was in service before. */
  note(route: Route, fault: UpstreamFault): boolean;
}

/** Marks last as long as their fault's kind says and end by themselves: the next request is the probe. */
export function makeRouteHealth(now: () => number): RouteHealth {
  const marks = new Map<string, { kind: FaultKind; untilMs: number }>();
  const markOf = (route: Route): RouteMark | undefined => {
    const mark = marks.get(keyOf(route));
    if (mark === undefined) return undefined;
    const leftMs = mark.untilMs - now();
    if (leftMs > 0) return { kind: mark.kind, leftMs };
    marks.delete(keyOf(route));
    return undefined;
  };
  return {
    markOf,
    note(route, fault) {
      const { markMs } = fault.row;
      if (markMs === undefined) return false;
      const isNew = markOf(route) === undefined;
      marks.set(keyOf(route), { kind: fault.kind, untilMs: now() + markMs });
      return isNew;
    },
  };
}

function keyOf(route: Route): string {
  return `${route.model} ${routeLabel(route)}`;
}
