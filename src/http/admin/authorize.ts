import { timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditAction, AuditActor } from '../../core/audit.ts';
import { GatewayError } from '../../core/errors.ts';
import { hashSecret } from '../../core/secrets.ts';
import type { HttpTools } from '../tools.ts';
import { findSession } from './sessions.ts';

/**
 * open: anybody; session: whoever has signed in; any: they, and the admin key itself; admin: the admin key, and
 * sessions opened with it or with a link.
 */
type Access = 'open' | 'session' | 'any' | 'admin';

/** What is not for the admin alone. */
const exceptions: Readonly<Record<string, Access>> = {
  'POST /admin/session': 'open',
  'GET /admin/session': 'session',
  'DELETE /admin/session': 'session',
  'GET /admin/seconds': 'any',
};

/** True for the addresses of the admin API, by the route that was found. */
export function isAdminRoute({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/admin/') === true;
}

/** Lets a request to the admin API pass, and notes who makes it. Throws GatewayError. */
export async function authorizeAdmin(
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<void> {
  reply.header('cache-control', 'no-store');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const access = exceptions[`${method} ${request.routeOptions.url}`] ?? 'admin';
  if (access === 'open') return;
  const { authorization } = request.headers;
  if (authorization !== undefined && access !== 'session') {
    await checkAdminKey(authorization, request, tools);
    request.adminActor = 'admin key';
    return;
  }
  const open = await findSession(request, tools);
  if (open === undefined)
    throw new GatewayError('invalid_api_key', 'Nobody is signed in here. Sign in first.');
  request.openSession = open;
  if (open.session.role === 'admin') request.adminActor = 'console session';
  else if (access === 'admin')
    throw new GatewayError('admin_required', 'This needs the admin key; an API key does not open it.');
}

/** Compared in constant time; what is wrong counts as an attempt to sign in. */
async function checkAdminKey(
  authorization: string,
  request: FastifyRequest,
  tools: HttpTools,
): Promise<void> {
  const secret = /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
  tools.admin.attempts.begin(request.ip);
  if (isAdminKey(secret, tools)) {
    tools.admin.attempts.succeed(request.ip);
    return;
  }
  await noteRefusal(request, 'a Bearer token', tools);
  throw new GatewayError('invalid_api_key', 'This is not the admin key of this server.');
}

/** False where no admin key is set. */
export function isAdminKey(secret: string, { admin }: Pick<HttpTools, 'admin'>): boolean {
  if (admin.keyHash === undefined) return false;
  // Both are hashes, of one length.
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(admin.keyHash));
}

/** What an act was done to, and what about it is worth knowing. */
interface Act {
  action: AuditAction;
  target?: string | undefined;
  detail?: string | undefined;
}

/** Writes down what was done. The act itself stands: that it could not be written down is told in the log. */
export async function noteAct(
  act: Act,
  { adminActor: actor = 'console session' }: { adminActor: AuditActor | undefined },
  { admin, ids, clock, log }: Pick<HttpTools, 'admin' | 'ids' | 'clock' | 'log'>,
): Promise<void> {
  const { action, target, detail } = act;
  try {
    await admin.audit.add({ id: ids('aud'), atMs: clock.now(), actor, action, target, detail });
  } catch (error) {
    log.error({ action, target, error }, 'What was done could not be written into the audit log.');
  }
}

/** Somebody tried to get in and was refused. */
export async function noteRefusal(request: FastifyRequest, means: string, tools: HttpTools): Promise<void> {
  const detail = `with ${means} from ${request.ip}`;
  tools.log.warn({ requestId: request.id, address: request.ip }, `Nobody was let in ${detail}.`);
  const actor: AuditActor = means === 'a Bearer token' ? 'admin key' : 'console session';
  await noteAct({ action: 'session.refused', detail }, { adminActor: actor }, tools);
}
