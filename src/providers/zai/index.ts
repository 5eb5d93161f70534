import { UpstreamFault } from '../../core/fault.ts';
import type { TaskProvider } from '../../core/provider.ts';
import { apiKeyOf } from '../../upstream/api-key.ts';
import { sendJson } from '../../upstream/send-json.ts';
import { readFault } from './faults.ts';
import { cards } from './models.ts';
import { native } from './native.ts';
import { readState, readTicket, ticketSchema } from './reply.ts';
import { toBody } from './request.ts';

/** Without it the messages are Chinese (upstream-glm-image.md section 1). */
const headers = { 'accept-language': 'en-US,en' };

/** GLM-Image in its asynchronous variant, so that there is a ticket to come back to (upstream-glm-image.md section 5). */
export const zai: TaskProvider = {
  kind: 'task',
  name: 'zai',
  title: 'Z.ai',
  defaultBaseUrl: 'https://api.z.ai/api/paas/v4',
  envPrefix: 'ZAI',
  credentials: ['key'],
  cards,
  // About 20 s by the documents, 71 s in one capture (section 7).
  usualMs: 30_000,
  poll: { firstMs: 250, everyMs: 3000 },
  // `<id>.<secret>` is taken as it stands.
  authorize: (credential) => ({ authorization: `Bearer ${apiKeyOf(credential)}` }),
  readFault,
  native,

  submit: (call, context) =>
    sendJson(context, zai, {
      path: '/async/images/generations',
      headers,
      body: toBody(call, context.route.upstreamModel),
      read: (answer) => readTicket(answer, call.request.watermark),
    }),

  async check(ticket, context) {
    const held = ticketSchema.parse(ticket);
    try {
      return await sendJson(context, zai, {
        path: `/async-result/${encodeURIComponent(held.id)}`,
        headers,
        harmless: true,
        read: (answer) => readState(answer, held),
      });
    } catch (thrown) {
      // A question holds no content: a refusal of content is the end of the task it asked for.
      if (thrown instanceof UpstreamFault && thrown.kind === 'content')
        return { state: 'failed', fault: thrown };
      throw thrown;
    }
  },
};
