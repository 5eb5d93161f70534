import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { queryOf } from '../v1/images.ts';
import { seconds } from '../v1/wire.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import type { AuditEntry, List } from './wire.ts';

const limits = { most: 100, usual: 50 } as const;

/** GET /admin/audit: what operators have done, the newest first. */
export function auditRoutes({ admin }: Pick<HttpTools, 'admin'>): RouteTable {
  return {
    '/admin/audit': {
      GET: async (request, reply) => {
        const query = queryOf(request.url);
        const limit = readLimit(query.get('limit'));
        const before = readBefore(query.get('before'));
        const entries = await admin.audit.list({ limit, ...(before === undefined ? {} : { before }) });
        const list: List<AuditEntry> = {
          object: 'list',
          data: entries.map(({ id, atMs, actor, action, target, detail }) => ({
            id,
            at: seconds(atMs),
            actor,
            action,
            target: target ?? null,
            detail: detail ?? null,
          })),
        };
        return await reply.send(list);
      },
    },
  };
}

function readLimit(text: string | null): number {
  if (text === null) return limits.usual;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limits.most) return limit;
  throw new GatewayError('invalid_value', `'limit' must be 1 to ${limits.most}.`, { param: 'limit' });
}

function readBefore(text: string | null): string | undefined {
  if (text === null || isId('aud', text)) return text ?? undefined;
  throw new GatewayError('invalid_value', "'before' must be the id of an entry.", { param: 'before' });
}
