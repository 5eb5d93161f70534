import type { FaultKind } from './fault.ts';
import type { GenerationRecord } from './record.ts';
import type { Route } from './route.ts';

/**
 * What happens, told to whoever counts it. The words come from code and from the operator's configuration alone:
 * nothing that a caller or an upstream wrote, no key, no address.
 */
export interface Meter {
  /** A reply was sent, or its caller left. `route` is the router's pattern; undefined: no route was found. */
  requestAnswered(request: {
    route: string | undefined;
    method: string;
    status: number;
    durationMs: number;
  }): void;
  /** A generation was closed. */
  generationEnded(generation: EndedGeneration): void;
  /** An attempt on a route has ended. */
  upstreamCalled(route: Route, outcome: FaultKind | 'ok'): void;
  /** An attempt to deliver a webhook has ended; `pending`: it will be tried again. */
  webhookAttempted(outcome: 'delivered' | 'pending' | 'given_up'): void;
}

export interface EndedGeneration {
  /** Catalog id. */
  model: string;
  status: GenerationRecord['status'];
  /** Of the error; undefined: there is none. */
  reason: string | undefined;
  durationMs: number;
  /** How many of each: made, surely free of charge, and nobody knows. */
  images: { made: number; failed: number; unknown: number };
}
