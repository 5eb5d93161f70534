import type { ProviderContext, ProviderFacts } from '../core/provider.ts';
import type { Answer, EventReader } from '../core/upstream-client.ts';
import type { FormPart } from './form-body.ts';
import { makeFormBody } from './form-body.ts';
import { withoutSecrets } from './without-secrets.ts';

/** One question to an upstream that is answered in JSON, as an adapter puts it. */
export interface JsonRequest<T> {
  /** POST where there is a body, GET otherwise. */
  method?: 'GET' | 'POST';
  /** From the route's base URL on: a leading slash, encoded, a query allowed. */
  path: string;
  /** Serialised once; the same text is signed and sent. */
  body?: unknown;
  /** A form in the place of a JSON body; it is not signed. */
  form?: readonly FormPart[];
  /** Besides content-type, accept and what carries the credential. Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  /** JSON names whose string values are base64 pictures: they arrive as drafts (core/upstream-client.ts). */
  heldKeys?: readonly string[];
  /** A question that costs nothing, e.g. a poll. */
  harmless?: boolean;
  /** The longest wait for the answer's first line, ms (core/upstream-client.ts). */
  answerWithinMs?: number;
  /** Reads a 2xx answer. Throws UpstreamFault; anything else thrown means the answer was not as documented. */
  read(answer: Answer): T;
  /** Reads an answer that comes as events. */
  events?: EventReader<T>;
}

/**
 * Asks the route's upstream once, with the route's credential, and reads the answer.
 * Throws UpstreamFault (see UpstreamClient.exchange); the context's signal ends it.
 */
export async function sendJson<T>(
  context: ProviderContext,
  provider: Pick<ProviderFacts, 'authorize' | 'readFault'>,
  request: JsonRequest<T>,
): Promise<T> {
  const { route, client, signal } = context;
  const text = request.body === undefined ? undefined : JSON.stringify(request.body);
  const form = request.form === undefined ? undefined : makeFormBody(request.form);
  const body = text ?? form;
  const method = request.method ?? (body === undefined ? 'GET' : 'POST');
  const url = `${route.baseUrl}${request.path}`;
  const authorization = await provider.authorize(route.credential, {
    method,
    url,
    body: text ?? '',
    nowMs: context.now(),
  });
  const exchange = client.exchange<T>(
    {
      method,
      url,
      headers: {
        accept: request.events === undefined ? 'application/json' : 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': form?.contentType ?? 'application/json' }),
        ...request.headers,
        ...authorization,
      },
      ...(body === undefined ? {} : { body }),
      ...(request.heldKeys === undefined ? {} : { heldKeys: request.heldKeys }),
      ...(request.events === undefined ? {} : { events: request.events }),
      ...(request.harmless === undefined ? {} : { harmless: request.harmless }),
      ...(request.answerWithinMs === undefined ? {} : { answerWithinMs: request.answerWithinMs }),
      readFault: (answer) => provider.readFault(answer),
      read: (answer) => request.read(answer),
    },
    signal,
  );
  return await exchange.catch((thrown: unknown) => {
    throw withoutSecrets(thrown, [...Object.values(route.credential), ...Object.values(authorization)]);
  });
}
