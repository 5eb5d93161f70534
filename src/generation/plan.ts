import type { Model } from '../core/catalog.ts';
import { GatewayError } from '../core/errors.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { Route } from '../core/route.ts';
import type { RouteHealth } from './route-health.ts';

/** One call of a generation before it is sent. */
export interface PlannedCall {
  /** From 0 within the generation. */
  number: number;
  /** Index of its first image within the generation. */
  firstIndex: number;
  /** The generation's request with this call's own `n` and `seed`. */
  request: ImageRequest;
  /** Images it may bring: n, or the most of a group. */
  images: number;
}

/** How a generation is to be made. */
export interface Plan {
  model: Model;
  /** Usable now, in order. */
  routes: readonly Route[];
  calls: readonly PlannedCall[];
}

const seedRange = 2 ** 31;

/**
 * Splits a request into calls and picks the routes that may serve it.
 * Throws GatewayError `model_unavailable` when the model has no usable route.
 */
export function planGeneration(request: ImageRequest, model: Model, health: RouteHealth): Plan {
  const routes = model.routes.filter((route) => health.markOf(route) === undefined);
  if (routes.length === 0) throw unavailable(model, health);
  return { model, routes, calls: splitIntoCalls(request, imagesPerCall(model, routes)) };
}

/** A larger n than the upstream makes at once, or than a route has slots for, becomes several calls. */
function imagesPerCall(model: Model, routes: readonly Route[]): number {
  const slots = routes.map((route) => route.concurrency ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(model.card.imagesPerCall, ...slots));
}

/** With a seed, call i uses (seed + its first index) mod 2^31: otherwise one picture would be paid for n times (public-api.md section 4.2). */
export function splitIntoCalls(request: ImageRequest, imagesPerCall: number): PlannedCall[] {
  if (request.group !== undefined) {
    return [{ number: 0, firstIndex: 0, request, images: request.group.maxImages }];
  }
  const calls: PlannedCall[] = [];
  for (let firstIndex = 0; firstIndex < request.n; firstIndex += imagesPerCall) {
    const n = Math.min(imagesPerCall, request.n - firstIndex);
    const seed = request.seed === undefined ? undefined : (request.seed + firstIndex) % seedRange;
    calls.push({ number: calls.length, firstIndex, request: { ...request, n, seed }, images: n });
  }
  return calls;
}

function unavailable(model: Model, health: RouteHealth): GatewayError {
  const waits = model.routes.map((route) => health.markOf(route)?.leftMs ?? 0);
  const why =
    model.routes.length === 0
      ? 'no route is configured for it'
      : 'every route is out of service because its upstream refused this server';
  return new GatewayError(
    'model_unavailable',
    `Model '${model.card.id}' is not available now: ${why}. Ask the operator, or use another model (GET /v1/models).`,
    {
      retryAfterMs: Math.max(1000, Math.min(60_000, ...waits)),
      details: `model ${model.card.id} has no usable route`,
      // Without a route at all no wait helps.
      ...(model.routes.length === 0 ? { shouldRetry: false } : {}),
    },
  );
}
