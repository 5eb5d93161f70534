import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { WebhookDelivery } from '../../core/webhook.ts';
import { seconds } from '../v1/wire.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { noteAct } from './authorize.ts';
import { makeKeyNamer, type NamedKey } from './key-names.ts';
import type { Delivery, List } from './wire.ts';

const maxListed = 100;

/** /admin/webhooks: the messages about ended generations, and sending one again. */
export function adminWebhookRoutes(tools: HttpTools): RouteTable {
  const { webhooks } = tools.admin;
  return {
    '/admin/webhooks': {
      GET: async (_request, reply) => {
        const nameKey = await makeKeyNamer(tools.keys);
        const deliveries = await webhooks.list(maxListed);
        const list: List<Delivery> = {
          object: 'list',
          data: deliveries.map((delivery) => toWire(delivery, nameKey(delivery.keyId))),
        };
        return await reply.send(list);
      },
    },
    '/admin/webhooks/:message_id/redeliver': {
      POST: async (request, reply) => {
        const id = messageIdOf(request);
        const found = (await webhooks.find(id)) === undefined ? undefined : await webhooks.redeliver(id);
        if (found === 'waiting')
          throw new GatewayError(
            'not_ready',
            'Its image is still in progress; the message is sent when it has ended.',
          );
        const delivery = found === undefined ? undefined : await webhooks.find(id);
        if (delivery === undefined) throw new GatewayError('not_found', 'There is no such message.');
        await noteAct({ action: 'webhook.redeliver', target: id }, request, tools);
        const nameKey = await makeKeyNamer(tools.keys);
        return await reply.send(toWire(delivery, nameKey(delivery.keyId)));
      },
    },
  };
}

function messageIdOf({ params }: FastifyRequest): string {
  const id =
    typeof params === 'object' && params !== null && 'message_id' in params ? params.message_id : undefined;
  return typeof id === 'string' ? id : '';
}

function toWire(delivery: WebhookDelivery, key: NamedKey): Delivery {
  const { origin, pathname } = new URL(delivery.url);
  return {
    id: delivery.id,
    image_id: delivery.generationId,
    key,
    url: `${origin}${pathname}`,
    state: delivery.state,
    attempts: delivery.attempts,
    next_at: delivery.nextAtMs === undefined ? null : seconds(delivery.nextAtMs),
    created_at: seconds(delivery.createdAtMs),
    last_status: delivery.lastStatus ?? null,
    last_error: delivery.lastError ?? null,
  };
}
