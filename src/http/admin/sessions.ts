import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findConsoleKey } from '../../core/api-keys.ts';
import { endOfSession, sessionLifeMs, type ConsoleSession } from '../../core/console-session.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ApiKey } from '../../core/key-store.ts';
import { hashSecret, makeToken } from '../../core/secrets.ts';
import { authenticate, checkUsable, refused } from '../auth.ts';
import type { HttpTools } from '../tools.ts';

/** The session that a request belongs to. */
export interface OpenSession {
  session: ConsoleSession;
  csrfToken: string;
}

type Tools = Pick<HttpTools, 'admin' | 'keys' | 'ids' | 'clock' | 'log' | 'settings'>;

const cookieName = 'easel_session';
const cookieForm = /^[\w-]{43}$/;

/** How exactly it is kept when a session was last used: not every request is worth a write to the disk. */
const noteEveryMs = 5 * 60 * 1000;

/** Signs a browser in: the cookie is new each time, and one it brought along is good no more. */
export async function openSession(
  who: Pick<ConsoleSession, 'role' | 'keyId' | 'credentialHash'>,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: Tools,
): Promise<OpenSession> {
  const { sessions } = tools.admin;
  const before = cookieOf(request);
  if (before !== undefined) await sessions.remove(hashSecret(before));
  const id = makeToken();
  const nowMs = tools.clock.now();
  const session = { idHash: hashSecret(id), ...who, createdAtMs: nowMs, lastUsedAtMs: nowMs };
  await sessions.add(session);
  reply.header('set-cookie', cookie(id, sessionLifeMs.whole / 1000, request, tools));
  return { session, csrfToken: csrfTokenOf(id) };
}

/** Signs a browser out. */
export async function closeSession(
  { session }: OpenSession,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: Tools,
): Promise<void> {
  await tools.admin.sessions.remove(session.idHash);
  reply.header('set-cookie', cookie('', 0, request, tools));
}

/**
 * The living session whose cookie a request brings. A request with an Authorization header says itself who it is:
 * its cookie is not looked at. Throws GatewayError `bad_csrf_token`: it would change something and does not carry the
 * session's token, which no other site can know.
 */
export async function findSession(request: FastifyRequest, tools: Tools): Promise<OpenSession | undefined> {
  const id = request.headers.authorization === undefined ? cookieOf(request) : undefined;
  const session = id === undefined ? undefined : await tools.admin.sessions.find(hashSecret(id));
  if (id === undefined || session === undefined || !(await isLiving(session, tools))) return undefined;
  const csrfToken = csrfTokenOf(id);
  checkCsrf(request, csrfToken);
  return { session: await noteUse(session, tools), csrfToken };
}

/** The key a request under /v1 comes with: its Bearer token's, else its session's. Throws GatewayError. */
export async function keyOfCaller(request: FastifyRequest, tools: Tools): Promise<ApiKey> {
  const { authorization } = request.headers;
  const open = authorization === undefined ? await findSession(request, tools) : undefined;
  return open === undefined
    ? await authenticate(authorization, tools.keys, tools.clock.now())
    : await usableKeyOf(open.session, tools);
}

/**
 * The key a session stands for under /v1. An admin's that was deleted or has expired meanwhile gives way to the
 * built-in one: an admin stays signed in whatever becomes of keys. Throws GatewayError `api_key_frozen`, and
 * `invalid_api_key` where the session is a key's own and the key is gone.
 */
export async function usableKeyOf(session: ConsoleSession, tools: Tools): Promise<ApiKey> {
  const key = await actingKeyOf(session, tools);
  if (session.role === 'admin' && hasExpired(key, tools.clock.now()))
    throw new GatewayError(
      'api_key_frozen',
      `The API key '${key.name}' has expired. Change when it ends, or act as another key.`,
    );
  checkUsable(key, tools.clock.now());
  return key;
}

/** The same key, frozen or not. */
export async function actingKeyOf(
  { role, keyId }: ConsoleSession,
  { keys, ids, clock }: Tools,
): Promise<ApiKey> {
  const key = keyId === undefined ? undefined : await keys.find(keyId);
  if (key !== undefined && key.id === keyId && (role === 'key' || !hasExpired(key, clock.now()))) return key;
  if (role === 'key') throw refused();
  return await findConsoleKey({ keys, ids, now: () => clock.now() });
}

/** A session ends by its times, and with the secret it was opened with. */
async function isLiving(session: ConsoleSession, { admin, keys, clock }: Tools): Promise<boolean> {
  if (endOfSession(session) <= clock.now()) return false;
  const { role, keyId, credentialHash } = session;
  if (role === 'admin') return credentialHash === undefined || credentialHash === admin.keyHash;
  const key = keyId === undefined ? undefined : await keys.find(keyId);
  return key !== undefined && key.secretHash === credentialHash && !hasExpired(key, clock.now());
}

async function noteUse(session: ConsoleSession, { admin, clock, log }: Tools): Promise<ConsoleSession> {
  const nowMs = clock.now();
  if (nowMs - session.lastUsedAtMs < noteEveryMs) return session;
  try {
    await admin.sessions.change(session.idHash, { lastUsedAtMs: nowMs });
  } catch (error) {
    // What is asked may well be to see what is wrong with the disk.
    log.warn({ error }, 'When a session was last used could not be written down.');
  }
  return { ...session, lastUsedAtMs: nowMs };
}

function hasExpired({ expiresAtMs }: ApiKey, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** Made from the cookie, so that it need not be kept; the cookie cannot be made from it. */
function csrfTokenOf(id: string): string {
  return createHmac('sha256', id).update('easel csrf token').digest('base64url');
}

function checkCsrf(request: FastifyRequest, token: string): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const given = Buffer.from(String(request.headers['x-csrf-token'] ?? ''));
  const wanted = Buffer.from(token);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new GatewayError(
    'bad_csrf_token',
    "This request changes something and has no good 'x-csrf-token'. GET /admin/session gives the session's.",
  );
}

function cookieOf(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2);
    if (name === cookieName && cookieForm.test(value)) return value;
  }
  return undefined;
}

/** Out of reach of scripts and of other sites. Secure wherever the browser came by https. */
function cookie(value: string, maxAgeSeconds: number, request: FastifyRequest, { settings }: Tools): string {
  const isSecure = request.protocol === 'https' || isPublicHttps(request, settings.publicUrl);
  return `${cookieName}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/** A proxy that ends https need not say so when the address it was asked by does. */
function isPublicHttps({ host }: FastifyRequest, publicUrl: string | undefined): boolean {
  if (publicUrl === undefined) return false;
  const url = new URL(publicUrl);
  return url.protocol === 'https:' && url.host === host;
}
