import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const precisionMs = 10;

/**
 * Memory, CPU and the lag of the event loop. prom-client's own default metrics are not used: their observers cannot
 * be ended, and live on after a gateway that was closed.
 */
export function addProcessMetrics(registry: Registry): { close(): void } {
  const delay = monitorEventLoopDelay({ resolution: precisionMs });
  delay.enable();
  registry.registerMetric(
    new Gauge({
      name: 'nodejs_eventloop_lag_seconds',
      help: 'How long the event loop was held up, since the metrics were last asked for.',
      labelNames: ['quantile'],
      registers: [],
      collect() {
        this.set({ quantile: '0.5' }, lagSeconds(delay.percentile(50)));
        this.set({ quantile: '0.99' }, lagSeconds(delay.percentile(99)));
        this.set({ quantile: '1' }, lagSeconds(delay.max));
        delay.reset();
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Memory of the whole process.',
      registers: [],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'nodejs_heap_size_used_bytes',
      help: 'Memory that JavaScript objects use.',
      registers: [],
      collect() {
        this.set(process.memoryUsage().heapUsed);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the whole process.',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
  const started = new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, Unix time.',
    registers: [registry],
  });
  started.set(Math.round(performance.timeOrigin / 1000));
  return { close: () => delay.disable() };
}

/** The histogram holds the whole time between two looks, ns: what is beyond the distance is lag. */
function lagSeconds(betweenLooksNs: number): number {
  return Math.max(0, betweenLooksNs / 1e9 - precisionMs / 1e3);
}
