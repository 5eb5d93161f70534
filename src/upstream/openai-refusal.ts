import { z } from 'zod';
import type { FailedAnswer } from '../core/upstream-client.ts';

/** What an OpenAI-shaped server says about a refusal, in whichever of the known forms. */
export interface Refusal {
  /** As text, also where it is a number on the wire. */
  code?: string | undefined;
  type?: string | undefined;
  /** Another Easel's stable detail. */
  reason?: string | undefined;
  /** The upstream's own name of the field at fault. */
  param?: string | undefined;
  text?: string | undefined;
  requestId?: string | undefined;
  /** The wait it asks for where that is finer than Retry-After. */
  waitMs?: number | undefined;
}

const word = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value ?? undefined)
  .catch(undefined);

/** OpenAI's own (openai-images.md section 7), with LocalAI's and OpenRouter's numbers as codes. */
const objectSchema = z
  .object({ error: z.object({ code: word, type: word, reason: word, param: word, message: word }) })
  .transform(({ error: { message, ...rest } }): Refusal => ({ ...rest, text: message }));

/** `{"error": "prompt required"}`; a word in it may be explained beside it (upstream-local.md section 3). */
const textSchema = z
  .object({ error: z.string(), message: word, code: word })
  .transform(({ error, message, code }): Refusal => ({
    code,
    text: message ? `${error}: ${message}` : error,
  }));

/** FastAPI's (upstream-local.md section 5): a sentence, or a list of fields with what is wrong. */
const detailSchema = z.union([
  z.object({ detail: z.string() }).transform(({ detail }): Refusal => ({ text: detail })),
  z
    .object({ detail: z.array(z.object({ loc: z.array(z.unknown()).catch([]), msg: word })) })
    .transform(({ detail }): Refusal => {
      const param = detail[0]?.loc.findLast((part) => typeof part === 'string' && part !== 'body');
      return {
        param: typeof param === 'string' ? param : undefined,
        text: detail.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '),
      };
    }),
]);

const refusalSchema = z.union([objectSchema, textSchema, detailSchema]);

/** Reads a refusal's body and headers. Nothing found: nothing in it. */
export function readRefusal({ body, headers }: FailedAnswer): Refusal {
  const said: Refusal = refusalSchema.safeParse(body).data ?? {};
  return { ...said, requestId: headers['x-request-id'], waitMs: waitOf(headers, said.text) };
}

/** `retry-after-ms`, else the wait in the text: "Please try again in 534ms", "in 58.891s", "in 6m0s". */
function waitOf(headers: FailedAnswer['headers'], text: string | undefined): number | undefined {
  const exact = headers['retry-after-ms'];
  if (exact !== undefined && /^\d+(\.\d+)?$/.test(exact)) return Math.ceil(Number(exact));
  if (headers['retry-after'] !== undefined) return undefined;
  const said = /try again in (?:(\d+)m(?=\d))?(?:(\d+(?:\.\d+)?)s|(\d+(?:\.\d+)?)ms)/.exec(text ?? '');
  if (said === null) return undefined;
  const [minutes, seconds, ms] = said.slice(1).map((part) => Number(part ?? 0));
  return Math.ceil((minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000 + (ms ?? 0));
}
