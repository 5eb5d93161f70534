import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { endOfSession, type ConsoleSession } from '../../core/console-session.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ApiKey } from '../../core/key-store.ts';
import { hashSecret } from '../../core/secrets.ts';
import { authenticate } from '../auth.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { isAdminKey, noteAct, noteRefusal } from './authorize.ts';
import { readBody } from './read-body.ts';
import { actingKeyOf, closeSession, openSession, usableKeyOf, type OpenSession } from './sessions.ts';
import type { Session } from './wire.ts';

const secretText = (form: string) =>
  z.string({ error: form }).min(1, { error: form }).max(1024, { error: form });

const signInBody = z
  .strictObject({
    key: secretText('must be the admin key or an API key').optional(),
    link: secretText('must be what stands behind #sign-in= in a one-time link').optional(),
  })
  .refine(({ key, link }) => (key === undefined) !== (link === undefined), {
    error: "must have either 'key' or 'link'",
  });

const actingKeyBody = z.strictObject({ key_id: z.string({ error: "must be a key's id" }) });

/** /admin/session: signing in, who is signed in, whom an admin acts as, and out. */
export function sessionRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/session': {
      POST: async (request, reply) => await signIn(request, reply, tools),
      GET: async (request, reply) => await reply.send(await toWire(sessionOf(request), tools)),
      DELETE: async (request, reply) => {
        const open = sessionOf(request);
        await closeSession(open, request, reply, tools);
        await noteAct({ action: 'session.sign_out', target: open.session.keyId }, request, tools);
        return await reply.status(204).send();
      },
    },
    '/admin/session/acting-key': {
      PUT: async (request, reply) => await chooseActingKey(request, reply, tools),
    },
  };
}

async function signIn(request: FastifyRequest, reply: FastifyReply, tools: HttpTools): Promise<FastifyReply> {
  const { key, link } = readBody(signInBody, request.body);
  tools.admin.attempts.begin(request.ip);
  const { who, how } = await identify({ key, link }, tools).catch(async (error: unknown) => {
    if (error instanceof GatewayError)
      await noteRefusal(request, link === undefined ? 'a key' : 'a one-time link', tools);
    throw error;
  });
  tools.admin.attempts.succeed(request.ip);
  const open = await openSession(who, request, reply, tools);
  const detail = `with ${how} from ${request.ip}`;
  await noteAct({ action: 'session.sign_in', target: who.keyId, detail }, request, tools);
  return await reply.send(await toWire(open, tools));
}

type Who = Pick<ConsoleSession, 'role' | 'keyId' | 'credentialHash'>;

/** Whom a key or a link stands for. Throws GatewayError `invalid_api_key` or `api_key_frozen`. */
async function identify(
  { key, link }: { key: string | undefined; link: string | undefined },
  tools: HttpTools,
): Promise<{ who: Who; how: string }> {
  if (link !== undefined) {
    if (!(await tools.admin.sessions.takeLink(hashSecret(link), tools.clock.now())))
      throw new GatewayError(
        'invalid_api_key',
        'This link was used already, or is too old. Make a new one with: npm run easel -- sign-in-link',
      );
    return {
      who: { role: 'admin', keyId: undefined, credentialHash: undefined },
      how: 'a one-time link',
    };
  }
  const secret = (key ?? '').trim();
  if (isAdminKey(secret, tools))
    return {
      who: { role: 'admin', keyId: undefined, credentialHash: tools.admin.keyHash },
      how: 'the admin key',
    };
  const apiKey = await authenticate(`Bearer ${secret}`, tools.keys, tools.clock.now());
  return {
    who: { role: 'key', keyId: apiKey.id, credentialHash: apiKey.secretHash },
    how: `API key '${apiKey.name}'`,
  };
}

async function chooseActingKey(
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<FastifyReply> {
  if (request.openSession === undefined)
    throw new GatewayError('invalid_value', 'The admin key itself acts as no API key; a session does.');
  const { session, csrfToken } = request.openSession;
  const { key_id: keyId } = readBody(actingKeyBody, request.body);
  const key = await tools.keys.find(keyId);
  if (key === undefined || key.id !== keyId)
    throw new GatewayError('not_found', 'There is no such API key.', { param: 'key_id' });
  await tools.admin.sessions.change(session.idHash, { keyId });
  await noteAct({ action: 'session.act_as', target: keyId, detail: `as '${key.name}'` }, request, tools);
  return await reply.send(await toWire({ session: { ...session, keyId }, csrfToken }, tools));
}

function sessionOf(request: FastifyRequest): OpenSession {
  if (request.openSession === undefined) throw new Error('an address of a session was reached without one');
  return request.openSession;
}

async function toWire({ session, csrfToken }: OpenSession, tools: HttpTools): Promise<Session> {
  const key: ApiKey =
    session.role === 'key' ? await usableKeyOf(session, tools) : await actingKeyOf(session, tools);
  return {
    object: 'session',
    role: session.role,
    acting_key: { id: key.id, name: key.name },
    csrf_token: csrfToken,
    expires_at: Math.floor(endOfSession(session) / 1000),
    sandbox: tools.catalog.all().some(({ routes }) => routes[0]?.sandbox === true),
    version: tools.admin.version,
  };
}
