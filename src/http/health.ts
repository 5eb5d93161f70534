import type { RoutesOf } from './openapi/operation.ts';
import type { HttpTools } from './tools.ts';
import type { healthOperations } from './health-operations.ts';

/** /healthz: the process runs. /readyz: it can take work. Nothing secret in either. */
export function healthRoutes(tools: HttpTools): RoutesOf<typeof healthOperations> {
  return {
    '/healthz': {
      GET: (_request, reply) => void reply.header('cache-control', 'no-store').send({ status: 'ok' }),
    },
    '/readyz': {
      GET: async (_request, reply) => {
        reply.header('cache-control', 'no-store');
        const checks = {
          records: await works(() => tools.records.check()),
          objects: await works(() => tools.objects.check()),
          storage: await tools.isStorageWell(),
          draining: tools.isDraining(),
        };
        const isReady = checks.records && checks.objects && checks.storage && !checks.draining;
        return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not_ready', ...checks });
      },
    },
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
