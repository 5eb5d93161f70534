import type { Model } from '../../core/catalog.ts';
import type { PriceRow } from '../../core/price.ts';
import { routeLabel, type Route } from '../../core/route.ts';
import { seconds } from '../v1/wire.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import type { AdminModel, AdminRoute, List } from './wire.ts';

/** GET /admin/models: every model with its routes, as they are now. */
export function adminModelRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/models': {
      GET: async (_request, reply) => {
        const list: List<AdminModel> = {
          object: 'list',
          data: tools.catalog.all().map((model) => modelToWire(model, tools)),
        };
        return await reply.send(list);
      },
    },
  };
}

function modelToWire({ card, routes }: Model, tools: HttpTools): AdminModel {
  return {
    id: card.id,
    display_name: card.displayName,
    available: routes.some(tools.isUsable),
    sandbox: routes[0]?.sandbox ?? false,
    routes: routes.map((route) => routeToWire(route, tools)),
  };
}

function routeToWire(route: Route, { admin, clock }: HttpTools): AdminRoute {
  const { mark, isProbed, inUse, slots, recent } = admin.routeNow(route);
  return {
    label: routeLabel(route),
    provider: route.provider,
    upstream_model: route.upstreamModel,
    state: isProbed ? 'probing' : mark === undefined ? 'ready' : 'out_of_service',
    mark:
      mark === undefined
        ? null
        : { fault: mark.kind, until: isProbed ? null : seconds(clock.now() + mark.leftMs) },
    in_flight: inUse,
    slots: slots ?? null,
    recent: {
      calls: recent.calls,
      failed: recent.failed,
      latency_p50_ms: recent.latencyP50Ms ?? null,
      latency_p95_ms: recent.latencyP95Ms ?? null,
    },
    pricing: (route.price ?? []).map(priceToWire),
    last_errors: recent.lastFaults.map(({ atMs, kind, message, advice }) => ({
      at: seconds(atMs),
      reason: kind,
      message,
      advice: advice ?? null,
    })),
  };
}

/** Where a row is by tokens, what comes out of it is what costs. */
function priceToWire(row: PriceRow): AdminRoute['pricing'][number] {
  const amount = row.unit === 'image' ? row.amount : row.output;
  return { unit: row.unit, amount, currency: row.currency };
}
