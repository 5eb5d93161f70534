import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Catalog } from '../core/catalog.ts';
import type { FaultKind } from '../core/fault.ts';
import type { Meter } from '../core/meter.ts';
import { routeLabel, type Route } from '../core/route.ts';
import { addProcessMetrics } from './process-metrics.ts';

/** What is looked up when the metrics are asked for. */
export interface MetricSources {
  catalog: Pick<Catalog, 'all'>;
  /** Why a route is out of service; undefined: it is not. */
  faultOf(route: Route): FaultKind | undefined;
  generationsInFlight(): number;
  lateResults(): number;
  storage(): Promise<{ isWell: boolean; freeBytes: number | undefined; heldBytes: number }>;
}

/** What one gateway has counted since it started. */
export interface Metrics {
  meter: Meter;
  /** In the text format of Prometheus. */
  page(): Promise<{ type: string; text: string }>;
  close(): void;
}

/** Of an HTTP reply, s; a generation may take minutes. */
const requestBuckets = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600];
const generationBuckets = [1, 2, 5, 10, 20, 40, 60, 120, 240, 600, 3600];

/** Anybody may invent a method; these have a word of their own. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

/**
 * Counts for one gateway, in a registry of its own. Labels hold patterns, models, routes and words of our own code,
 * so that their number is bounded, and nothing that is anybody's secret.
 */
export function makeMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];

  const requests = new Counter({
    name: 'easel_http_requests_total',
    help: 'HTTP replies, by route pattern, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'easel_http_request_duration_seconds',
    help: 'From a request to the end of its reply, by route pattern.',
    labelNames: ['route'],
    buckets: requestBuckets,
    registers,
  });
  const generations = new Counter({
    name: 'easel_generations_total',
    help: 'Generations that ended, by model, status and the reason of the error (none: there is no error).',
    labelNames: ['model', 'status', 'reason'],
    registers,
  });
  const generationSeconds = new Histogram({
    name: 'easel_generation_duration_seconds',
    help: 'From the acceptance of a generation to its end, by model and status.',
    labelNames: ['model', 'status'],
    buckets: generationBuckets,
    registers,
  });
  const images = new Counter({
    name: 'easel_images_total',
    help: 'Images of generations that ended: made and kept, failed without a charge, or unknown: perhaps charged.',
    labelNames: ['model', 'outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'easel_upstream_calls_total',
    help: 'Attempts on a route, by outcome: ok, or what went wrong.',
    labelNames: ['model', 'route', 'outcome'],
    registers,
  });
  const webhooks = new Counter({
    name: 'easel_webhook_attempts_total',
    help: 'Attempts to deliver a webhook: delivered, pending (it is tried again) or given_up.',
    labelNames: ['outcome'],
    registers,
  });
  addStateMetrics(registry, sources);
  const ofProcess = addProcessMetrics(registry);

  return {
    meter: {
      requestAnswered({ route = '(none)', method, status, durationMs }) {
        requests.inc({ route, method: knownMethods.has(method) ? method : '(other)', status });
        requestSeconds.observe({ route }, durationMs / 1000);
      },
      generationEnded({ model, status, reason = 'none', durationMs, images: counts }) {
        generations.inc({ model, status, reason });
        generationSeconds.observe({ model, status }, durationMs / 1000);
        for (const [outcome, count] of Object.entries(counts)) images.inc({ model, outcome }, count);
      },
      upstreamCalled(route, outcome) {
        calls.inc({ model: route.model, route: routeLabel(route), outcome });
      },
      webhookAttempted(outcome) {
        webhooks.inc({ outcome });
      },
    },
    page: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    close: () => ofProcess.close(),
  };
}

/** What is so now, looked up at each scrape. */
function addStateMetrics(registry: Registry, sources: MetricSources): void {
  registry.registerMetric(
    new Gauge({
      name: 'easel_generations_in_flight',
      help: 'Generations this process is working on.',
      registers: [],
      collect() {
        this.set(sources.generationsInFlight());
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'easel_late_results_total',
      help: 'Generations whose images came after their caller had been answered with a failure.',
      registers: [],
      collect() {
        this.reset();
        this.inc(sources.lateResults());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'easel_route_out_of_service',
      help: '1 while a route is not asked, or only tried now and then; auth, billing, quota and misconfigured wait for the operator.',
      labelNames: ['model', 'route', 'fault'],
      registers: [],
      collect() {
        this.reset();
        for (const route of sources.catalog.all().flatMap((model) => model.routes)) {
          const fault = sources.faultOf(route);
          const labels = { model: route.model, route: routeLabel(route), fault: fault ?? 'none' };
          this.set(labels, fault === undefined ? 0 : 1);
        }
      },
    }),
  );
  const free = new Gauge({
    name: 'easel_storage_free_bytes',
    help: 'Free space where pictures and records lie; the least of all places, as last seen.',
    registers: [registry],
  });
  const held = new Gauge({
    name: 'easel_storage_held_bytes',
    help: 'Pictures in memory that the disk does not take.',
    registers: [registry],
  });
  registry.registerMetric(
    new Gauge({
      name: 'easel_storage_well',
      help: '1 while a picture that is paid for now has a safe place; 0: no generation is begun.',
      registers: [],
      async collect() {
        const { isWell, freeBytes, heldBytes } = await sources.storage();
        this.set(isWell ? 1 : 0);
        if (freeBytes !== undefined) free.set(freeBytes);
        held.set(heldBytes);
      },
    }),
  );
}
