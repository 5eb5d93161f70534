import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hashJson } from '../../core/canonical-hash.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Caller, CreateRequest } from '../../generation/idempotency.ts';
import { readNativeSwitch } from './native-switch.ts';

/**
 * What tells this create request from others (public-api.md section 10). Throws GatewayError `invalid_value` for an
 * Idempotency-Key that is no key.
 */
export async function readCreateRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { keyId, endpoint, body }: { keyId: string; endpoint: string; body: unknown },
): Promise<CreateRequest> {
  const { headers } = request;
  const caller = callerOf(reply.raw);
  const idempotencyKey = readIdempotencyKey(request.raw);
  const bodyHash = await hashJson({ body, ...meaningOf(headers) });
  return { keyId, endpoint, bodyHash, idempotencyKey, isRetry: saysRetry(headers), caller };
}

function readIdempotencyKey(message: IncomingMessage): string | undefined {
  if (message.headers['idempotency-key'] === undefined) return undefined;
  // Node joins several into one, which nobody meant.
  const [key, ...others] = message.headersDistinct['idempotency-key'] ?? [];
  if (others.length > 0) {
    throw new GatewayError('invalid_value', "The header 'Idempotency-Key' must be sent once.", {
      param: 'Idempotency-Key',
    });
  }
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new GatewayError(
    'invalid_value',
    "The header 'Idempotency-Key' must be 1 to 255 printable ASCII characters.",
    { param: 'Idempotency-Key' },
  );
}

/** The headers that change what a body asks for, however they are spelled. */
function meaningOf(headers: IncomingHttpHeaders) {
  const words = (name: string): string[] => {
    const said = headers[name];
    if (said === undefined) return [];
    return String(said)
      .toLowerCase()
      .replace(/\s/g, '')
      .split(',')
      .filter((word) => word !== '')
      .sort();
  };
  return { native: nativeOf(headers), provider: words('native-provider'), prefer: words('prefer') };
}

/** A switch that cannot be read is refused later, in its place among the checks. */
function nativeOf(headers: IncomingHttpHeaders): boolean | 'unreadable' {
  try {
    return readNativeSwitch(headers);
  } catch {
    return 'unreadable';
  }
}

/** OpenAI's clients count the attempts of one call (openai-images.md section 9). */
function saysRetry(headers: IncomingHttpHeaders): boolean {
  return /^0*[1-9]\d{0,5}$/.test(String(headers['x-stainless-retry-count'] ?? ''));
}

function callerOf(response: ServerResponse): Caller {
  const { promise, resolve } = Promise.withResolvers<'delivered' | 'hung_up'>();
  let hasHungUp = response.destroyed;
  const close = (): void => {
    hasHungUp = !response.writableFinished;
    resolve(hasHungUp ? 'hung_up' : 'delivered');
  };
  if (hasHungUp) close();
  response.once('finish', () => resolve('delivered'));
  response.once('close', close);
  return { ended: promise, hasHungUp: () => hasHungUp };
}
