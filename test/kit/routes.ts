import type { Route } from '../../src/core/route.ts';

/** A route that leads nowhere, for what only looks at routes. */
export function routeOf(facts: Partial<Route> = {}): Route {
  return {
    model: 'model',
    provider: 'ark',
    name: 'primary',
    baseUrl: 'http://127.0.0.1:9',
    credential: { kind: 'key', apiKey: 'key' },
    upstreamModel: 'upstream-model',
    price: undefined,
    downloadOrigins: [],
    concurrency: undefined,
    imagesPerMinute: undefined,
    weight: undefined,
    watermarkFree: false,
    sandbox: false,
    ...facts,
  };
}
