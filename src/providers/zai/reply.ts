import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { CallImage } from '../../core/image-result.ts';
import type { TaskState } from '../../core/provider.ts';
import type { Warning } from '../../core/record.ts';
import type { Answer } from '../../core/upstream-client.ts';
import { hasError, readFault } from './faults.ts';

/** What is kept of a task. */
export const ticketSchema = z.object({
  id: z.string().min(1),
  /** As the caller said it. */
  watermark: z.boolean().optional(),
});
export type ZaiTicket = z.infer<typeof ticketSchema>;

const submitSchema = z.object({ id: z.string().min(1) });

const linkSchema = z.object({ url: z.string().nullish() });

const stateSchema = z.object({
  task_status: z.string().nullish(),
  model: z.string().nullish(),
  /** A bare object is tolerated (upstream-glm-image.md section 8, quirk 11). */
  image_result: z.union([z.array(linkSchema), linkSchema.transform((link) => [link])]).nullish(),
});

export function readTicket(answer: Answer, watermark: boolean | undefined): ZaiTicket {
  if (hasError(answer.body)) throw readFault(answer);
  const { id } = submitSchema.parse(answer.body);
  return watermark === undefined ? { id } : { id, watermark };
}

/** upstream-glm-image.md section 5. */
export function readState(answer: Answer, ticket: ZaiTicket): TaskState {
  if (hasError(answer.body)) throw readFault(answer);
  const reply = stateSchema.parse(answer.body);
  if (reply.task_status === 'FAIL') {
    // No reason is documented. Images are billed, and there is none.
    const details = `task ${ticket.id} ended as FAIL`;
    return { state: 'failed', fault: new UpstreamFault('failed', { details }) };
  }
  // PROCESSING, and words we do not know yet.
  if (reply.task_status !== 'SUCCESS') return { state: 'running' };
  const images = (reply.image_result ?? []).map((link, position) => toCallImage(link.url, position));
  if (images.length === 0) {
    const details = `task ${ticket.id} succeeded without images`;
    return { state: 'failed', fault: new UpstreamFault('bad_reply', { details }) };
  }
  const warnings = images.flatMap((image) => unwantedMark(image, ticket));
  return {
    state: 'done',
    result: {
      images,
      ...(reply.model ? { model: reply.model } : {}),
      upstreamId: ticket.id,
      ...(warnings.length === 0 ? {} : { warnings: warnings.slice(0, 1) }),
    },
  };
}

function toCallImage(url: string | null | undefined, position: number): CallImage {
  if (url) return { kind: 'link', position, url };
  const details = 'an image without a link';
  return { kind: 'failed', position, fault: new UpstreamFault('bad_reply', { details }) };
}

/** A marked picture shows it in the name of its file (section 4), also where no mark was asked for (section 8, quirk 10). */
function unwantedMark(image: CallImage, ticket: ZaiTicket): Warning[] {
  if (ticket.watermark !== false || image.kind !== 'link' || !/_watermark\b/.test(image.url)) return [];
  const message = 'The image service marked the picture although no watermark was asked for.';
  return [{ param: 'watermark', requested: false, used: true, message }];
}
