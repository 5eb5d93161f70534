/** Reply bodies: what was made or refused, with section 5's usage arithmetic, whole or in stream chunks (upstream-gemini.md sections 5 and 6). */

import { createHash } from 'node:crypto';

import type { SimulatedModel } from './simulator-models.ts';
import type { PromptTokens } from './simulator-request.ts';

/** One part of a reply's content. */
export interface ReplyPart {
  text?: string;
  inlineData?: { mimeType: string; data: string };
  thought?: true;
  thoughtSignature?: string;
}

/** How a generateContent call ends; an error status is not an outcome. */
export type Outcome =
  | { kind: 'made'; parts: readonly ReplyPart[]; imageCount: number; isGrounded: boolean }
  | { kind: 'refused'; finishReason: string; finishMessage?: string; content: unknown }
  | { kind: 'blocked'; blockReason: string };

/** The output side of the bill, fixed before the work so that `maxOutputTokens` can cut it short. */
interface OutputTokens {
  perImage: number;
  /** Output tokens that no modality detail accounts for; 90 to 650 were measured. */
  unlabelled: number;
  /** 50 to 400 are typical. */
  thoughts: number;
}

/** A GenerateContentResponse. */
interface GenerateContentResponse {
  candidates?: readonly [Candidate];
  promptFeedback?: { blockReason: string };
  usageMetadata: Record<string, unknown>;
  modelVersion: string;
  responseId?: string;
}

/** What every reply of one call says, whatever its outcome. */
export interface GenerateResponseFacts {
  model: SimulatedModel;
  prompt: PromptTokens;
  output: OutputTokens;
  responseId: string;
}

interface Candidate {
  content: unknown;
  finishReason?: string;
  finishMessage?: string;
  index: 0;
  groundingMetadata?: unknown;
}

/** The same numbers for the same prompt, inside the measured ranges. */
export function outputTokens(
  model: SimulatedModel,
  tier: '512' | '1K' | '2K' | '4K',
  prompt: string,
): OutputTokens {
  const digest = createHash('sha256').update(prompt).digest();
  return {
    perImage: model.tokens[tier] ?? 1120,
    unlabelled: 90 + (digest.readUInt16BE(0) % 561),
    thoughts: 50 + (digest.readUInt16BE(2) % 351),
  };
}

/** An image part; a draft flagged as thought has no signature (section 5, "Parts"). */
export const imagePart = (bytes: Uint8Array, mimeType: string, isFlaggedDraft = false): ReplyPart => ({
  inlineData: { mimeType, data: Buffer.from(bytes).toString('base64') },
  ...(isFlaggedDraft ? { thought: true } : { thoughtSignature: signatureOf(bytes) }),
});

/** Opaque to the caller, like the real one; derived from the bytes so that replies repeat with the seed. */
const signatureOf = (bytes: Uint8Array): string =>
  Buffer.concat(
    [0, 1, 2, 3, 4, 5].map((block) => createHash('sha256').update(bytes).update(String(block)).digest()),
  ).toString('base64');

const promptDetails = (prompt: PromptTokens): { modality: string; tokenCount: number }[] => [
  { modality: 'TEXT', tokenCount: prompt.text },
  ...(prompt.image > 0 ? [{ modality: 'IMAGE', tokenCount: prompt.image }] : []),
];

/** Section 5, usageMetadata arithmetic. */
function usageOf(outcome: Outcome, prompt: PromptTokens, output: OutputTokens): Record<string, unknown> {
  const promptTokenCount = prompt.text + prompt.image;
  if (outcome.kind === 'blocked') return { promptTokenCount, totalTokenCount: promptTokenCount };
  const thoughtsTokenCount = output.thoughts;
  const imageTokens = outcome.kind === 'made' ? outcome.imageCount * output.perImage : 0;
  if (outcome.kind === 'refused' || imageTokens === 0) {
    // Without an image the candidates' count mirrors the thoughts and is not added to them.
    return {
      promptTokenCount,
      candidatesTokenCount: thoughtsTokenCount,
      thoughtsTokenCount,
      totalTokenCount: promptTokenCount + thoughtsTokenCount,
    };
  }
  const candidatesTokenCount = imageTokens + output.unlabelled;
  return {
    promptTokenCount,
    candidatesTokenCount,
    thoughtsTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
    promptTokensDetails: promptDetails(prompt),
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: imageTokens }],
  };
}

/** The reply of an unary call. */
export function toResponse(outcome: Outcome, facts: GenerateResponseFacts): GenerateContentResponse {
  const usageMetadata = usageOf(outcome, facts.prompt, facts.output);
  const modelVersion = facts.model.id;
  if (outcome.kind === 'blocked') {
    return { promptFeedback: { blockReason: outcome.blockReason }, usageMetadata, modelVersion };
  }
  const candidate: Candidate =
    outcome.kind === 'refused'
      ? {
          content: outcome.content,
          finishReason: outcome.finishReason,
          index: 0,
          ...(outcome.finishMessage === undefined ? {} : { finishMessage: outcome.finishMessage }),
        }
      : {
          content: { role: 'model', parts: outcome.parts },
          finishReason: 'STOP',
          index: 0,
          ...(outcome.isGrounded ? { groundingMetadata } : {}),
        };
  return { candidates: [candidate], usageMetadata, modelVersion, responseId: facts.responseId };
}

const groundingMetadata = {
  webSearchQueries: ['simulated search'],
  searchEntryPoint: { renderedContent: '<div>simulated search</div>' },
};

/** The same reply as stream chunks: a part each, the image whole in one of them, finishReason and final usage in the last. */
export function toChunks(response: GenerateContentResponse): GenerateContentResponse[] {
  const candidate = response.candidates?.[0];
  const parts = (candidate?.content as { parts?: readonly ReplyPart[] } | undefined)?.parts;
  if (candidate === undefined || !parts || parts.length === 0) return [response];
  const prompt = response.usageMetadata['promptTokenCount'];
  return [
    ...parts.map((part) => ({
      ...response,
      candidates: [{ content: { role: 'model', parts: [part] }, index: 0 }] as const,
      usageMetadata: { promptTokenCount: prompt, totalTokenCount: prompt },
    })),
    { ...response, candidates: [{ ...candidate, content: { role: 'model', parts: [{ text: '' }] } }] },
  ];
}

/**
 * The JPEG with a JFIF header of 300 dpi and an APP11 segment of JUMBF behind it, where a captured Pro picture carries its C2PA
 * manifest of about 6 kB (section 9). The label says that this is none; it is there so that a re-encoded picture is noticed.
 */
export function withManifestSegment(jpeg: Uint8Array): Uint8Array {
  const description = box(
    'jumd',
    Buffer.concat([Buffer.alloc(16, 0x5a), Buffer.from('\u0003easel.sandbox\0')]),
  );
  const jumbf = box('jumb', Buffer.concat([description, box('free', Buffer.alloc(6000))]));
  const app11 = Buffer.concat([Buffer.from([0xff, 0xeb, 0, 0, 0x4a, 0x50, 0, 1, 0, 0, 0, 1]), jumbf]);
  app11.writeUInt16BE(app11.length - 2, 2);
  const bytes = Buffer.from(jpeg);
  const hasJfif = bytes[2] === 0xff && bytes[3] === 0xe0;
  return Buffer.concat([
    bytes.subarray(0, 2),
    jfifHeader,
    app11,
    bytes.subarray(hasJfif ? 4 + bytes.readUInt16BE(4) : 2),
  ]);
}

/** Version 1.01, 300 x 300 dots per inch, no thumbnail. */
const jfifHeader = Buffer.from('ffe000104a46494600010101012c012c0000', 'hex');

/** An ISO base media box: length, type, content. */
function box(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}
