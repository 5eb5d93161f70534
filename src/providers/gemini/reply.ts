import { z } from 'zod';
import type { CallImage, CallResult, TokenUsage } from '../../core/image-result.ts';
import type { ObjectDraft } from '../../core/object-store.ts';
import type { Answer } from '../../core/upstream-client.ts';
import { faultOfWithheld, finishReasons } from './faults.ts';

const partSchema = z.object({
  thought: z.boolean().nullish(),
  // The client has taken the base64 away and left the place of its draft.
  inlineData: z.object({ data: z.object({ held: z.int() }).nullish() }).nullish(),
  text: z.string().nullish().catch(undefined),
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
  const image = withheld ? undefined : resultImage(reply, answer.held);
  if (image === undefined) {
    const finishMessage = candidate?.finishMessage ?? undefined;
    const responseId = reply.responseId ?? undefined;
    throw faultOfWithheld({ finishReason, finishMessage, blockReason, responseId }, promptOnly);
  }
  return {
    images: [image],
    ...toUsage(reply.usageMetadata),
    ...(reply.modelVersion ? { model: reply.modelVersion } : {}),
    ...(reply.responseId ? { upstreamId: reply.responseId } : {}),
  };
}

/**
 * The last picture that is not flagged as a thought: drafts come flagged by the docs and unflagged in
 * measurements, always before the result (section 5). A flagged one only when there is nothing else, not even a
 * picture that a relay has put into a text.
 */
function resultImage(reply: Reply, held: readonly ObjectDraft[]): CallImage | undefined {
  const parts = (reply.candidates ?? []).flatMap((candidate) => candidate.content?.parts ?? []);
  const pictures = parts.filter((part) => part.inlineData?.data);
  const plain = pictures.findLast((part) => part.thought !== true);
  const url = plain === undefined ? dataUriIn(parts) : undefined;
  if (url !== undefined) return { kind: 'link', position: 0, url };
  const place = (plain ?? pictures.at(-1))?.inlineData?.data?.held;
  const draft = place === undefined ? undefined : held[place];
  return draft === undefined ? undefined : { kind: 'held', position: 0, draft };
}

/** Alone or within prose and Markdown. */
function dataUriIn(parts: readonly z.infer<typeof partSchema>[]): string | undefined {
  const uris = parts.flatMap((part) => {
    if (part.thought === true) return [];
    return /data:image\/[\w.+-]{1,40};base64,[A-Za-z0-9+/]{16,}={0,2}/.exec(part.text ?? '')?.[0] ?? [];
  });
  return uris.at(-1);
}

/** Thinking and drafts are billed as output: total less input (public-api.md section 4.4). */
function toUsage(reported: Reply['usageMetadata']): { usage?: TokenUsage } {
  const total = reported?.totalTokenCount;
  if (typeof total !== 'number') return {};
  const input = reported?.promptTokenCount ?? 0;
  return { usage: { inputTokens: input, outputTokens: Math.max(0, total - input), totalTokens: total } };
}
