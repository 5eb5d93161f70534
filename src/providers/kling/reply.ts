import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { CallImage, CallResult } from '../../core/image-result.ts';
import type { TaskState } from '../../core/provider.ts';
import type { Answer } from '../../core/upstream-client.ts';
import { faultOfFailedTask, readFault } from './faults.ts';

/** What is kept of a task. Ids have more digits than a double holds: they stay strings. */
export const ticketSchema = z.object({
  taskId: z.string().min(1),
  /** Whether the watermarked pictures are wanted; absent on a ticket found by our id. */
  watermark: z.boolean().optional(),
});
export type KlingTicket = z.infer<typeof ticketSchema>;

const envelopeSchema = z.object({ code: z.number() });

const imageSchema = z.object({
  // One unreadable index must not cost the picture.
  index: z.int().min(0).nullish().catch(undefined),
  url: z.string().nullish(),
  watermark_url: z.string().nullish(),
});
type TaskImage = z.infer<typeof imageSchema>;

const taskSchema = z.object({
  data: z.object({
    task_id: z.string().min(1),
    task_status: z.string().nullish(),
    task_status_msg: z.string().nullish(),
    task_result: z.object({ images: z.array(imageSchema).nullish() }).nullish(),
    watermark_info: z.object({ enabled: z.boolean().nullish() }).nullish(),
  }),
});
type Task = z.infer<typeof taskSchema>['data'];

/** The task in an answer. HTTP 200 with another code than 0 is a refusal too (section 11, quirk 1). */
export function readTask(answer: Answer): Task {
  if (envelopeSchema.parse(answer.body).code !== 0) throw readFault(answer);
  return taskSchema.parse(answer.body).data;
}

export function readState(task: Task, ticket: KlingTicket): TaskState {
  const status = task.task_status;
  // `succeed` is Kling's spelling (section 6); the other is its newer API's.
  if (status === 'succeed' || status === 'succeeded') return doneState(task, ticket);
  if (status === 'failed') {
    return { state: 'failed', fault: faultOfFailedTask(task.task_id, task.task_status_msg ?? undefined) };
  }
  // submitted, processing, and words we do not know yet (section 11, quirk 3).
  return { state: 'running' };
}

function doneState(task: Task, ticket: KlingTicket): TaskState {
  const images = task.task_result?.images ?? [];
  if (images.length === 0) {
    const details = `task ${task.task_id} succeeded without images`;
    return { state: 'failed', fault: new UpstreamFault('bad_reply', { details }) };
  }
  const marked = wantsMark(task, ticket);
  const result: CallResult = {
    images: inOrder(images).map(({ image, position }) => toCallImage(image, position, marked)),
    upstreamId: task.task_id,
  };
  if (!marked || images.every((image) => image.watermark_url)) return { state: 'done', result };
  const message = 'The image service made no watermarked copy; the picture is delivered without a watermark.';
  return {
    state: 'done',
    result: { ...result, warnings: [{ param: 'watermark', requested: true, used: false, message }] },
  };
}

/** A watermarked copy comes only when asked for, so its presence tells where the ticket does not (section 6). */
function wantsMark(task: Task, ticket: KlingTicket): boolean {
  return (
    ticket.watermark ??
    task.watermark_info?.enabled ??
    (task.task_result?.images ?? []).some((image) => image.watermark_url)
  );
}

/** By `index` where every image has its own, else as they stand (section 11, quirk 14). */
function inOrder(images: readonly TaskImage[]): { image: TaskImage; position: number }[] {
  const indexes = new Set(images.map((image) => image.index));
  const indexed = indexes.size === images.length && !indexes.has(null) && !indexes.has(undefined);
  return images
    .map((image, place) => ({ image, position: indexed ? (image.index ?? place) : place }))
    .toSorted((a, b) => a.position - b.position);
}

function toCallImage(image: TaskImage, position: number, marked: boolean): CallImage {
  const url = (marked ? image.watermark_url : undefined) || image.url;
  if (url) return { kind: 'link', position, url };
  const details = 'an image without a link';
  return { kind: 'failed', position, fault: new UpstreamFault('bad_reply', { details }) };
}
