import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { CallImage, CallResult, TokenUsage } from '../../core/image-result.ts';
import type { Answer } from '../../core/upstream-client.ts';
import { errorSchema, faultOfEntry, readFault } from './faults.ts';

export const entrySchema = z.object({ url: z.string().nullish(), error: errorSchema.nullish() });

export const usageSchema = z
  .object({ output_tokens: z.number().nullish(), total_tokens: z.number().nullish() })
  .nullish();

const replySchema = z.object({
  model: z.string().nullish(),
  data: z.array(entrySchema).nullish(),
  usage: usageSchema,
  error: errorSchema.nullish(),
});

/**
 * The images of a 200 (upstream-seedream.md section 6). Failed ones stand among the others and keep their
 * place; a 200 may still be an error as a whole. True sizes are measured from the bytes, not read from here.
 */
export function readResult(answer: Answer): CallResult {
  const reply = replySchema.parse(answer.body);
  if (reply.error) throw readFault(answer);
  const entries = reply.data ?? [];
  const upstreamId = answer.headers['x-request-id'];
  if (entries.length === 0) {
    throw new UpstreamFault('bad_reply', {
      details: `HTTP ${answer.status} without images, request ${upstreamId}`,
    });
  }
  return {
    images: entries.map((entry, position) => toCallImage(entry, position, answer)),
    ...toUsage(reply.usage),
    ...(reply.model ? { model: reply.model } : {}),
    ...(upstreamId === undefined ? {} : { upstreamId }),
  };
}

export function toCallImage(entry: z.infer<typeof entrySchema>, position: number, answer: Answer): CallImage {
  if (entry.url) return { kind: 'link', position, url: entry.url };
  const fault = entry.error
    ? faultOfEntry(entry.error, answer)
    : new UpstreamFault('bad_reply', { details: `entry ${position} has neither a link nor an error` });
  return { kind: 'failed', position, fault };
}

/** Inputs are not counted upstream, so none are reported; absent members stay absent. */
export function toUsage(reported: z.infer<typeof usageSchema>): { usage?: TokenUsage } {
  const output = reported?.output_tokens ?? reported?.total_tokens;
  if (typeof output !== 'number') return {};
  return { usage: { outputTokens: output, totalTokens: reported?.total_tokens ?? output } };
}
