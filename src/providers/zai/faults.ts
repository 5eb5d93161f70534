import { z } from 'zod';
import type { UpstreamFault } from '../../core/fault.ts';
import type { FailedAnswer } from '../../core/upstream-client.ts';
import type { FaultMeaning, FaultMeanings } from '../../upstream/read-fault.ts';
import { faultFrom, meaningOfCode, meaningOfStatus, namedField } from '../../upstream/read-fault.ts';

/**
 * upstream-glm-image.md section 6: business code -> meaning. The code decides, not the status: 429 alone is
 * throttling, an empty purse, a locked account, a used-up quota or a blocked prompt.
 */
export const faults: FaultMeanings = {
  '500': 'unknown',
  '1000': 'auth',
  '1001': 'auth',
  '1002': 'auth',
  '1003': 'auth',
  '1004': 'auth',
  '1100': 'auth',
  '1110': 'auth',
  '1111': 'auth',
  '1112': 'auth',
  '1113': { kind: 'billing', advice: 'Z.ai: balance or resource pack used up. Top up there.' },
  '1120': 'unknown',
  '1121': 'auth',
  '1200': 'parameter',
  '1210': 'parameter',
  '1211': 'misconfigured',
  '1212': 'misconfigured',
  '1213': 'parameter',
  '1214': 'parameter',
  '1215': 'parameter',
  '1220': 'auth',
  '1221': 'misconfigured',
  '1222': 'misconfigured',
  '1230': 'unknown',
  // Our request id is in use: an earlier submit was accepted, and without its task id it cannot be asked for.
  '1231': 'unknown',
  // No such task: a refused question.
  '1233': 'parameter',
  '1234': 'unknown',
  '1261': { kind: 'parameter', param: 'prompt' },
  '1300': 'content',
  '1301': 'content',
  '1302': 'throttled',
  '1303': 'throttled',
  '1304': 'quota',
  '1305': 'throttled',
  '1308': 'quota',
  '1309': { kind: 'billing', advice: 'Z.ai: the plan of this key has expired. Renew it there.' },
  '1310': 'quota',
  '1313': {
    kind: 'auth',
    advice: 'Z.ai: a key of the coding plan may not be used here. Make one of the open platform.',
  },
};

const fields = {
  prompt: 'prompt',
  size: 'size',
  quality: 'quality',
  watermark_enabled: 'watermark',
  user_id: 'user',
};

/** The code is a string of digits by the documents and a number in some replies. */
const errorSchema = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  message: z.string().nullish(),
});

const filterSchema = z
  .array(z.object({ role: z.string().nullish() }))
  .nullish()
  .catch(undefined);

const refusalSchema = z.object({
  error: errorSchema.nullish(),
  request_id: z.string().nullish().catch(undefined),
  contentFilter: filterSchema,
  content_filter: filterSchema,
});

/** An `error` may stand in any body, whatever the status (section 8, quirk 3). */
export function hasError(body: unknown): boolean {
  return Boolean(refusalSchema.safeParse(body).data?.error);
}

export function readFault(answer: FailedAnswer): UpstreamFault {
  const body = refusalSchema.safeParse(answer.body).data;
  const code = String(body?.error?.code ?? '') || undefined;
  const text = body?.error?.message ?? undefined;
  const declared = meaningOfCode(faults, code) ?? meaningOfStatus(answer.status);
  const roles = (body?.contentFilter ?? body?.content_filter ?? []).map(({ role }) => role);
  return faultFrom(declared === 'content' ? blamed(roles) : declared, answer, {
    code,
    text,
    requestId: body?.request_id ?? undefined,
    param: namedField(text, fields),
  });
}

/** The filter says whose words it met: the user's are the prompt, the assistant's the picture. */
function blamed(roles: readonly (string | null | undefined)[]): FaultMeaning {
  return roles.includes('user') && !roles.includes('assistant')
    ? { kind: 'content', param: 'prompt' }
    : { kind: 'content' };
}
