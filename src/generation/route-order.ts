import type { Route } from '../core/route.ts';

/**
 * The routes of one call, best first: as configured, except that those with a weight are drawn for each other's places,
 * each next one with the chance its weight has among those left. `random`: 0 <= x < 1.
 */
export function orderRoutes(routes: readonly Route[], random: () => number): Route[] {
  const drawn = drawByWeight(
    routes.filter((route) => route.weight !== undefined),
    random,
  );
  return routes.map((route) => (route.weight === undefined ? route : (drawn.shift() ?? route)));
}

function drawByWeight(routes: readonly Route[], random: () => number): Route[] {
  const left = [...routes];
  const drawn: Route[] = [];
  while (left.length > 0) {
    let point = random() * left.reduce((sum, route) => sum + (route.weight ?? 0), 0);
    const place = left.findIndex((route) => (point -= route.weight ?? 0) < 0);
    drawn.push(...left.splice(place === -1 ? left.length - 1 : place, 1));
  }
  return drawn;
}
