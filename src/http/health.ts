import type { Clock } from '../core/clock.ts';
import type { RoutesOf } from './openapi/operation.ts';
import type { HttpTools } from './tools.ts';
import type { healthOperations } from './health-operations.ts';

/** /healthz: the process runs. /readyz: it can take work. /metrics: what it has done. Nothing secret in any. */
export function healthRoutes(tools: HttpTools): RoutesOf<typeof healthOperations> {
  const look = onceASecond(tools.clock, async () => {
    const [records, objects] = await Promise.all([
      works(() => tools.records.check()),
      works(() => tools.objects.check()),
    ]);
    return { records, objects };
  });
  return {
    '/metrics': {
      GET: async (_request, reply) => {
        const { type, text } = await tools.metricsPage();
        return reply.header('cache-control', 'no-store').type(type).send(text);
      },
    },
    '/healthz': {
      GET: (_request, reply) => void reply.header('cache-control', 'no-store').send({ status: 'ok' }),
    },
    '/readyz': {
      GET: async (_request, reply) => {
        reply.header('cache-control', 'no-store');
        const checks = {
          ...(await look()),
          storage: await tools.isStorageWell(),
          draining: tools.isDraining(),
        };
        const isReady = checks.records && checks.objects && checks.storage && !checks.draining;
        return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not_ready', ...checks });
      },
    },
  };
}

const lookEveryMs = 1000;

/** Anybody may ask, without a key, and looking writes to the disk: all who ask within a second share one look. */
function onceASecond<T>(clock: Clock, look: () => Promise<T>): () => Promise<T> {
  let last: { atMs: number; seen: Promise<T> } | undefined;
  return () => {
    const nowMs = clock.now();
    // A clock that was put back must not stop the looking.
    if (last === undefined || nowMs - last.atMs >= lookEveryMs || nowMs < last.atMs)
      last = { atMs: nowMs, seen: look() };
    return last.seen;
  };
}

async function works(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
