import type { Model } from '../core/catalog.ts';
import { GatewayError } from '../core/errors.ts';
import type { FaultKind } from '../core/fault.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import type { RouteHealth } from './route-health.ts';
import { orderRoutes } from './route-order.ts';

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
  /** In order of preference, those out of service included: they may be back when it is this call's turn. */
  routes: readonly Route[];
}

/** How a generation is to be made. */
export interface Plan {
  model: Model;
  calls: readonly PlannedCall[];
}

const seedRange = 2 ** 31;

/** What planning asks, handed in. */
export interface PlanTools {
  health: RouteHealth;
  providers: ReadonlyMap<string, Provider>;
  /** 0 <= x < 1 */
  random: () => number;
}

/**
 * Splits a request into calls and puts the model's routes in order for each of them.
 * Throws GatewayError `model_unavailable` when no route is usable now.
 */
export function planGeneration(request: ImageRequest, model: Model, tools: PlanTools): Plan {
  const { routes } = model;
  if (routes.every((route) => tools.health.markOf(route) !== undefined))
    throw unavailable(model, tools.health);
  const calls = splitIntoCalls(request, imagesPerCall(model, tools.providers));
  return { model, calls: calls.map((call) => ({ ...call, routes: orderRoutes(routes, tools.random) })) };
}

/**
 * A larger n than the upstream makes at once, than a route has image slots for, or than a route may make in a minute,
 * becomes several calls. Any route may serve any call, so the strictest route decides.
 */
function imagesPerCall(model: Model, providers: ReadonlyMap<string, Provider>): number {
  const limits = model.routes.flatMap((route) => [
    providers.get(route.provider)?.slotPer === 'image' ? route.concurrency : undefined,
    route.imagesPerMinute,
  ]);
  return Math.max(1, Math.min(model.card.imagesPerCall, ...limits.filter((limit) => limit !== undefined)));
}

/** With a seed, call i uses (seed + its first index) mod 2^31: otherwise one picture would be paid for n times (public-api.md section 4.2). */
function splitIntoCalls(request: ImageRequest, imagesPerCall: number): Omit<PlannedCall, 'routes'>[] {
  if (request.group !== undefined) {
    return [{ number: 0, firstIndex: 0, request, images: request.group.maxImages }];
  }
  const calls: Omit<PlannedCall, 'routes'>[] = [];
  for (let firstIndex = 0; firstIndex < request.n; firstIndex += imagesPerCall) {
    const n = Math.min(imagesPerCall, request.n - firstIndex);
    const seed = request.seed === undefined ? undefined : (request.seed + firstIndex) % seedRange;
    calls.push({ number: calls.length, firstIndex, request: { ...request, n, seed }, images: n });
  }
  return calls;
}

function unavailable(model: Model, health: RouteHealth): GatewayError {
  const marks = model.routes.flatMap((route) => health.markOf(route) ?? []);
  const isDown = marks.some(({ kind }) => kind === 'not_sent' || kind === 'overloaded');
  const why =
    model.routes.length === 0
      ? 'no route is configured for it'
      : isDown
        ? 'the image service does not answer'
        : 'every route is out of service because its upstream refused this server';
  return new GatewayError(
    'model_unavailable',
    `Model '${model.card.id}' is not available now: ${why}. Ask the operator, or use another model (GET /v1/models).`,
    {
      retryAfterMs: waitOf(marks.map(({ leftMs }) => leftMs)),
      details: `model ${model.card.id} has no usable route${kindsOf(marks)}`,
    },
  );
}

/** Without a route at all no wait helps, so clients that wait and try again are to find out soon. */
function waitOf(leftMs: readonly number[]): number {
  return leftMs.length === 0 ? 1000 : Math.max(1000, Math.min(60_000, ...leftMs));
}

function kindsOf(marks: readonly { kind: FaultKind }[]): string {
  return marks.length === 0 ? '' : `: ${marks.map(({ kind }) => kind).join(', ')}`;
}
