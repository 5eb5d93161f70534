import assert from 'node:assert/strict';
import { answered, type Answered, type TestGateway } from './gateway.ts';

/** An admin key for a test gateway's EASEL_ADMIN_KEY. */
export const testAdminKey = `admin-${'k'.repeat(30)}`;

/** A browser that has signed in to the console of a gateway. */
export interface ConsoleClient {
  /** The Cookie header. */
  cookie: string;
  csrfToken: string;
  /** What the sign-in was answered with. */
  session: Answered;
  /** A request with the cookie, and with the token where it changes something; `headers` may say otherwise. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
}

/** Tries to sign in with a key or a link. */
export async function trySignIn(
  { url }: Pick<TestGateway, 'url'>,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return await answered(
    await fetch(`${url}/admin/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );
}

/** Signs in; throws AssertionError when that is refused. */
export async function signIn(
  easel: Pick<TestGateway, 'url'>,
  body: unknown = { key: testAdminKey },
): Promise<ConsoleClient> {
  const session = await trySignIn(easel, body);
  assert.equal(session.status, 200, session.text);
  const cookie = cookieOf(session);
  const csrfToken = String(session.at('csrf_token'));
  return {
    cookie,
    csrfToken,
    session,
    async ask(method, path, body, headers = {}) {
      const isChange = method !== 'GET' && method !== 'HEAD';
      const response = await fetch(`${easel.url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          cookie,
          ...(isChange ? { 'x-csrf-token': csrfToken } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await answered(response);
    },
  };
}

/** What a browser sends back of a Set-Cookie. */
export function cookieOf(answer: Answered): string {
  return (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}
