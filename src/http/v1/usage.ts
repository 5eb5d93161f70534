import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import { keyOf } from '../auth.ts';
import { queryOf } from './images.ts';
import type { usageOperations } from './usage-operations.ts';
import { readUsageQuery } from './usage-query.ts';
import { usageListToWire } from './wire.ts';

/** GET /v1/usage: what the calling key has used (public-api.md section 9). */
export function usageRoutes(tools: Pick<HttpTools, 'ledger' | 'clock'>): RoutesOf<typeof usageOperations> {
  return {
    '/v1/usage': {
      GET: async (request, reply) => {
        const days = readUsageQuery(queryOf(request.url), tools.clock.now());
        const rows = await tools.ledger.usage({ keyId: keyOf(request).id, ...days });
        return await reply.send(usageListToWire(rows));
      },
    },
  };
}
