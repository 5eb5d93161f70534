import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { ApiKey } from '../../core/key-store.ts';
import type { HttpTools } from '../tools.ts';
import { prefersAsync } from './prefer.ts';

const param = 'webhook_url';

/**
 * Where the end of the generation is to be told, if anywhere. Whether the host is public shows when it is sent
 * there; what can be seen in the address is refused here. Throws GatewayError `invalid_value`.
 */
export async function readWebhook(
  parameters: Readonly<Record<string, unknown>>,
  key: ApiKey,
  request: FastifyRequest,
  tools: Pick<HttpTools, 'ids' | 'whyNoWebhook' | 'hasWebhookSecret'>,
): Promise<{ id: string; url: string } | undefined> {
  const given = parameters[param];
  if (typeof given !== 'string') return undefined;
  const refuse = (message: string) => new GatewayError('invalid_value', message, { param });
  if (!prefersAsync(request.headers)) {
    throw refuse(
      `'${param}' goes with the header 'Prefer: respond-async'; without it the reply tells the end.`,
    );
  }
  const url = URL.parse(given);
  const why = tools.whyNoWebhook(url);
  if (url === null || why !== undefined) {
    throw refuse(`'${param}' must be the https address of a public host; this is ${why ?? 'not a URL'}.`);
  }
  if (!(await tools.hasWebhookSecret(key.id))) {
    throw refuse(
      `Messages to '${param}' are signed, and this API key has no secret for that yet. Ask the operator: npm run easel -- keys webhook-secret NAME`,
    );
  }
  return { id: tools.ids('msg'), url: url.href };
}
