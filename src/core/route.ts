import type { Price } from './price.ts';

/** What opens an upstream's door. Never logged, never in an error, a URL or a metric. */
export type Credential =
  | { kind: 'key'; apiKey: string }
  | { kind: 'pair'; accessKey: string; secretKey: string }
  /** The upstream asks for none, e.g. a server in the operator's own network. */
  | { kind: 'none' };

/** One way to serve a model: provider + base URL + credential + upstream model id + price. */
export interface Route {
  /** Catalog id of the model it serves. */
  model: string;
  /** Provider name, e.g. `ark`. */
  provider: string;
  /** e.g. `primary`; with the provider it makes `ark/primary`. */
  name: string;
  /** Without a trailing slash. */
  baseUrl: string;
  credential: Credential;
  /** The upstream's own model id. */
  upstreamModel: string;
  /** What every request to this upstream says besides what the caller asked: the card's `upstreamFields`, changed by the route's own. */
  upstreamFields?: Readonly<Record<string, unknown>>;
  /** Undefined: unknown, and then a cost is null. */
  price: Price | undefined;
  /** Origins, besides public hosts and the base URL's own, that results may be downloaded from. */
  downloadOrigins: readonly string[];
  /** Calls at once (Kling: image slots at once). Undefined: no limit of ours. */
  concurrency: number | undefined;
  imagesPerMinute: number | undefined;
  /** Its share of the calls among the model's routes that have a weight. Undefined: its place in the list counts. */
  weight: number | undefined;
  /** The upstream grants this account pictures without its watermark (GLM-Image: per account). */
  watermarkFree: boolean;
  /** Served by a built-in simulator. */
  sandbox: boolean;
}

/** As in X-Served-By and records: `ark/primary`, `sandbox/ark`. */
export function routeLabel(route: Route): string {
  return route.sandbox ? `sandbox/${route.provider}` : `${route.provider}/${route.name}`;
}
