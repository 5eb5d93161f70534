import { z } from 'zod';
import type { CallResult, TokenUsage } from '../../core/image-result.ts';
import type { ObjectDraft } from '../../core/object-store.ts';
import type { Answer } from '../../core/upstream-client.ts';
import { faultOfWithheld, finishReasons } from './faults.ts';

const partSchema = z.object({
  thought: z.boolean().nullish(),
  // The client has taken the base64 away and left the place of its draft.
  inlineData: z.object({ data: z.object({ held: z.int() }).nullish() }).nullish(),
});

const replySchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z.object({ parts: z.array(partSchema).nullish() }).nullish(),
        finishReason: z.string().nullish(),
        finishMessage: z.string().nullish(),
      }),
    )
    .nullish(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: z
    .object({ promptTokenCount: z.number().nullish(), totalTokenCount: z.number().nullish() })
    .nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});
type Reply = z.infer<typeof replySchema>;

/** JSON names whose values are pictures. */
export const heldKeys = ['data'];

/**
 * The picture of a 200, which is no success yet (upstream-gemini.md section 12, quirk 1): the prompt may have
 * been blocked, the picture withheld, or the model may have answered in prose.
 */
export function readResult(answer: Answer, promptOnly: boolean): CallResult {
  const reply = replySchema.parse(answer.body);
  const candidate = reply.candidates?.[0];
  const finishReason = candidate?.finishReason ?? undefined;
  const blockReason = reply.promptFeedback?.blockReason ?? undefined;
  const withheld =
    blockReason !== undefined || (finishReason !== undefined && finishReasons[finishReason] === 'content');
  const draft = withheld ? undefined : resultDraft(reply, answer.held);
  if (draft === undefined) {
    const finishMessage = candidate?.finishMessage ?? undefined;
    const responseId = reply.responseId ?? undefined;
    throw faultOfWithheld({ finishReason, finishMessage, blockReason, responseId }, promptOnly);
  }
  return {
    images: [{ kind: 'held', position: 0, draft }],
    ...toUsage(reply.usageMetadata),
    ...(reply.modelVersion ? { model: reply.modelVersion } : {}),
    ...(reply.responseId ? { upstreamId: reply.responseId } : {}),
  };
}

/**
 * The last picture that is not flagged as a thought: drafts come flagged by the docs and unflagged in
 * measurements, always before the result (section 5). A flagged one only when there is nothing else.
 */
function resultDraft(reply: Reply, held: readonly ObjectDraft[]): ObjectDraft | undefined {
  const parts = (reply.candidates ?? []).flatMap((candidate) => candidate.content?.parts ?? []);
  const pictures = parts.filter((part) => part.inlineData?.data);
  const chosen = pictures.findLast((part) => part.thought !== true) ?? pictures.at(-1);
  const place = chosen?.inlineData?.data?.held;
  return place === undefined ? undefined : held[place];
}

/** Thinking and drafts are billed as output: total less input (public-api.md section 4.4). */
function toUsage(reported: Reply['usageMetadata']): { usage?: TokenUsage } {
  const total = reported?.totalTokenCount;
  if (typeof total !== 'number') return {};
  const input = reported?.promptTokenCount ?? 0;
  return { usage: { inputTokens: input, outputTokens: Math.max(0, total - input), totalTokens: total } };
}
