import { GatewayError } from '../../core/errors.ts';
import { percentile } from '../../core/percentile.ts';
import { queryOf } from '../v1/images.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { usableKeyOf } from './sessions.ts';
import type { UsualTime } from './wire.ts';

/** What is usual is what the newest of this many took. */
const newest = 50;

/** GET /admin/seconds?model=: how long a generation by a model usually takes. */
export function secondsRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/seconds': {
      GET: async (request, reply) => {
        const model = tools.catalog.find(queryOf(request.url).get('model') ?? '');
        const session = request.openSession?.session;
        const key = session?.role === 'key' ? await usableKeyOf(session, tools) : undefined;
        if (model === undefined || (key?.models !== undefined && !key.models.includes(model.card.id)))
          throw new GatewayError('model_not_found', 'There is no such model.', { param: 'model' });
        const { records } = await tools.records.list({
          keyId: undefined,
          model: model.card.id,
          status: 'completed',
          order: 'desc',
          limit: newest,
        });
        // A sketch says nothing of how long the real thing takes.
        const isSandbox = model.routes[0]?.sandbox === true;
        const took = records.flatMap(({ servedBy, createdAtMs, finishedAtMs, late }) =>
          servedBy?.startsWith('sandbox/') === isSandbox && finishedAtMs !== undefined && late === undefined
            ? [finishedAtMs - createdAtMs]
            : [],
        );
        const usual: UsualTime = { model: model.card.id, usual_ms: percentile(took, 0.5) ?? null };
        return await reply.send(usual);
      },
    },
  };
}
