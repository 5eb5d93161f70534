import { faultAdvice } from '../core/fault-advice.ts';
import type { FaultKind, UpstreamFault } from '../core/fault.ts';
import { percentile } from '../core/percentile.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { routeKey } from './route-health.ts';

/** How the calls of each route ended lately, for people to look at. Of this process; forgotten when it ends. */
export interface RouteCalls {
  /** `tookMs` undefined: nobody knows, e.g. of a call that an earlier process sent. */
  note(route: Route, fault: UpstreamFault | undefined, tookMs: number | undefined): void;
  of(route: Route): RecentCalls;
}

/** The calls of the last hour, at most the newest thousand. */
export interface RecentCalls {
  calls: number;
  failed: number;
  /** Of those that brought images, in milliseconds; undefined: there is none. */
  latencyP50Ms: number | undefined;
  latencyP95Ms: number | undefined;
  /** The newest first, however old. */
  lastFaults: readonly NotedFault[];
}

export interface NotedFault {
  atMs: number;
  kind: FaultKind;
  /** With the upstream's own words. */
  message: string;
  /** What the operator can do about it; undefined: nothing. */
  advice: string | undefined;
}

const hourMs = 60 * 60 * 1000;
const most = { calls: 1000, faults: 5, letters: 500 } as const;

interface Kept {
  /** Oldest first. */
  calls: { atMs: number; failed: boolean; tookMs: number | undefined }[];
  /** Newest first. */
  faults: NotedFault[];
}

export function makeRouteCalls(tools: {
  providers: ReadonlyMap<string, Provider>;
  now: () => number;
}): RouteCalls {
  // As many as there are routes.
  const kept = new Map<string, Kept>();

  function keptOf(route: Route): Kept {
    const key = routeKey(route);
    const known = kept.get(key) ?? { calls: [], faults: [] };
    kept.set(key, known);
    return known;
  }

  return {
    note(route, fault, tookMs) {
      const { calls, faults } = keptOf(route);
      const atMs = tools.now();
      calls.push({ atMs, failed: fault !== undefined, tookMs });
      if (calls.length > most.calls) calls.shift();
      if (fault === undefined) return;
      faults.unshift(toNoted(fault, atMs, route, tools.providers));
      faults.splice(most.faults);
    },
    of(route) {
      const { calls, faults } = keptOf(route);
      const recent = calls.filter(({ atMs }) => atMs > tools.now() - hourMs);
      const took = recent.flatMap(({ failed, tookMs }) => (failed || tookMs === undefined ? [] : [tookMs]));
      return {
        calls: recent.length,
        failed: recent.filter(({ failed }) => failed).length,
        latencyP50Ms: percentile(took, 0.5),
        latencyP95Ms: percentile(took, 0.95),
        lastFaults: [...faults],
      };
    },
  };
}

function toNoted(
  fault: UpstreamFault,
  atMs: number,
  route: Route,
  providers: ReadonlyMap<string, Provider>,
): NotedFault {
  const message = fault.facts.details ?? fault.facts.message ?? fault.row.message;
  const provider = providers.get(route.provider);
  return {
    atMs,
    kind: fault.kind,
    message: message.slice(0, most.letters),
    advice: provider === undefined ? undefined : faultAdvice(fault, provider),
  };
}
