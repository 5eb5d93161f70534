import { SignJWT } from 'jose/jwt/sign';
import type { TaskProvider } from '../../core/provider.ts';
import type { Credential } from '../../core/route.ts';
import { apiKeyOf } from '../../upstream/api-key.ts';
import { sendJson } from '../../upstream/send-json.ts';
import { readFault, UnknownTask } from './faults.ts';
import { cards } from './models.ts';
import { isMarked, native } from './native.ts';
import { readState, readTask, ticketSchema } from './reply.ts';
import { toBody } from './request.ts';

const path = '/v1/images/omni-image';

/** Kling Image O1 over the legacy generation of its API, the one O1 lives in (upstream-kling.md). */
export const kling: TaskProvider = {
  kind: 'task',
  name: 'kling',
  title: 'Kling',
  defaultBaseUrl: 'https://api-singapore.klingai.com',
  envPrefix: 'KLING',
  credentials: ['key', 'pair'],
  cards,
  // One capture took 41 s (section 6).
  usualMs: 41_000,
  // Until the task's end; questions are free (section 9).
  slotPer: 'image',
  poll: { firstMs: 250, everyMs: 2000 },
  authorize: async (credential, { nowMs }) => ({
    authorization: `Bearer ${await bearerOf(credential, nowMs)}`,
  }),
  readFault,
  native,

  submit: (call, context) =>
    sendJson(context, kling, {
      path,
      body: toBody(call, context.route.upstreamModel),
      // It answers at once (section 3); a lost answer is then looked up by our id.
      answerWithinMs: 60_000,
      read: (answer) => ({
        taskId: readTask(answer).task_id,
        watermark: call.request.watermark ?? isMarked(call.request.native),
      }),
    }),

  check(ticket, context) {
    const held = ticketSchema.parse(ticket);
    return sendJson(context, kling, {
      path: `${path}/${encodeURIComponent(held.taskId)}`,
      harmless: true,
      read: (answer) => readState(readTask(answer), held),
    });
  },

  /** The query takes our `external_task_id` as well as Kling's own id (section 3). */
  async find(ourId, context) {
    try {
      return await sendJson(context, kling, {
        path: `${path}/${encodeURIComponent(ourId)}`,
        harmless: true,
        read: (answer) => ({ taskId: readTask(answer).task_id }),
      });
    } catch (thrown) {
      if (thrown instanceof UnknownTask) return undefined;
      throw thrown;
    }
  },
};

/**
 * The API key as it is, or a token signed with the secret key: claims and their order as in the published
 * vector of section 2. Signed anew for each exchange: that costs microseconds, and no clock can make it stale.
 */
export async function bearerOf(credential: Credential, nowMs: number): Promise<string> {
  if (credential.kind !== 'pair') return apiKeyOf(credential);
  const now = Math.floor(nowMs / 1000);
  return await new SignJWT({ iss: credential.accessKey, exp: now + 1800, nbf: now - 5 })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(credential.secretKey));
}
