/** Streamed replies (upstream-gemini.md section 6). */

import { namedErrors } from './simulator-errors.ts';
import {
  type GenerateResponseFacts,
  type Outcome,
  type ReplyPart,
  toChunks,
  toResponse,
} from './simulator-reply.ts';

/** One accepted generateContent call. */
export interface Call {
  facts: GenerateResponseFacts;
  /** Whether its stream ends in an error object instead of the work. */
  breaksOff: boolean;
  /** Parts that a stream sends ahead of the work. */
  early: readonly ReplyPart[];
  /** Does the work and charges for it; called at most once. */
  work(): Promise<Outcome>;
}

/** The chunks of a streamed call: its thoughts at once, the rest when the work is done. */
export async function* streamChunks(call: Call): AsyncGenerator {
  if (call.early.length > 0) {
    const early = toResponse(
      { kind: 'made', parts: call.early, imageCount: 0, isGrounded: false },
      call.facts,
    );
    yield* toChunks(early).slice(0, -1);
  }
  if (call.breaksOff) {
    yield { error: namedErrors.internal() };
    return;
  }
  yield* toChunks(toResponse(await call.work(), call.facts));
}

/** No event names and no `[DONE]`: the stream simply ends (section 6). Lines end in CRLF, as Google's do. */
export async function* asEvents(chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const chunk of chunks) yield `data: ${JSON.stringify(chunk)}\r\n\r\n`;
}

/** Without `alt=sse`: one JSON array, written piece by piece. */
export async function* asArray(chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = '[';
  for await (const chunk of chunks) {
    yield before + JSON.stringify(chunk);
    before = ',\r\n';
  }
  yield ']';
}
