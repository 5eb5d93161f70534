import type { Session } from '../../../src/http/admin/wire.ts';
import { csrfToken, renewSession, sessionEnded } from '../session/session.ts';
import { ApiError, errorOf, isAbort, isObject, offlineError } from './errors.ts';

/** What a request says besides its method and path. */
export interface RequestOptions {
  /** Sent as JSON; a FormData as it is. */
  body?: unknown;
  /** Empty, null and undefined values are left out. */
  query?: Readonly<Record<string, string | number | null | undefined>>;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Is sent to its end also when the page goes away meanwhile. */
  keepalive?: boolean;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * One request to the gateway with the session's cookie. Throws ApiError for every refusal and when no answer comes; a
 * 401 also opens the sign-in screen over the page, which keeps its state. An abort is thrown as it is.
 */
export async function send(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
  try {
    return await sendOnce(method, path, options);
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.reason !== 'bad_csrf_token') throw thrown;
    // Another tab has signed in since, and the cookie is of that session. Nothing was done yet.
    const answer = await sendOnce('GET', '/admin/session', { signal: options.signal });
    if (!renewSession((await answer.json()) as Session)) {
      sessionEnded();
      throw thrown;
    }
    return await sendOnce(method, path, options);
  }
}

async function sendOnce(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const { body, query = {}, headers = {}, signal, keepalive = false } = options;
  const isForm = body instanceof FormData;
  const csrf = method === 'GET' ? undefined : csrfToken();
  let response: Response;
  try {
    response = await fetch(withQuery(path, query), {
      method,
      credentials: 'same-origin',
      keepalive,
      headers: {
        ...(csrf === undefined ? {} : { 'x-csrf-token': csrf }),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw offlineError(error);
  }
  if (response.ok) return response;
  const error = await refusal(response);
  if (response.status === 401) sessionEnded();
  throw error;
}

/** A request whose reply is JSON of the shape the caller names (a wire type of src/http). 204 gives undefined. */
export async function ask<Reply>(method: Method, path: string, options?: RequestOptions): Promise<Reply> {
  const response = await send(method, path, options);
  try {
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as Reply;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw offlineError(error);
  }
}

/** A path with its query, for links that are no request, e.g. a download. */
export function withQuery(path: string, query: NonNullable<RequestOptions['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

async function refusal(response: Response) {
  const ms = Number(response.headers.get('retry-after-ms') ?? Number.NaN);
  const body: unknown = await response.json().catch(() => null);
  return errorOf(isObject(body) ? body['error'] : null, response.status, Number.isFinite(ms) ? ms : null);
}
