import { z } from 'zod';
import { UpstreamFault } from '../../core/fault.ts';
import type { FailedAnswer } from '../../core/upstream-client.ts';
import type { FaultMeanings } from '../../upstream/read-fault.ts';
import { faultFrom, meaningOfCode, meaningOfStatus, namedField } from '../../upstream/read-fault.ts';

/**
 * upstream-kling.md section 7: code -> meaning. Only 1302 and 1303 are throttling; the other 429s are about
 * money, the account or the sender's address. 5000-5002 may follow an accepted create: their outcome is
 * unknown until the task was looked up by our id.
 */
export const faults: FaultMeanings = {
  '1000': 'auth',
  '1001': 'auth',
  '1002': 'auth',
  '1003': 'auth',
  '1004': 'auth',
  '1100': 'auth',
  '1101': { kind: 'billing', advice: 'Kling: the account is in arrears. Settle what is due there.' },
  '1102': {
    kind: 'billing',
    advice: 'Kling: resource pack used up or expired. Buy one for this model there.',
  },
  '1103': {
    kind: 'misconfigured',
    advice: 'Kling: this account may not use this model. Have it opened there.',
  },
  '1200': 'parameter',
  '1201': 'parameter',
  '1202': 'misconfigured',
  '1203': 'misconfigured',
  '1300': 'content',
  '1301': 'content',
  '1302': 'throttled',
  '1303': 'throttled',
  '1304': {
    kind: 'auth',
    advice: "Kling: this server's address is not on the account's list. Add it there.",
  },
  '5000': 'unknown',
  '5001': 'unknown',
  '5002': 'unknown',
};

/** Kling's fields -> ours, for texts such as "<field> value '<v>' is invalid". */
const fields = {
  prompt: 'prompt',
  n: 'n',
  resolution: 'size',
  aspect_ratio: 'ratio',
  image_list: 'reference_images',
  image: 'reference_images',
  watermark_info: 'watermark',
};

const refusalSchema = z.object({
  code: z.number().nullish(),
  message: z.string().nullish(),
  request_id: z.string().nullish(),
});

/**
 * No task has this id: its own class, because right after a lost create it is an answer (section 11, quirk 7).
 * To a poll it is a refused question.
 */
export class UnknownTask extends UpstreamFault {}

export function readFault(answer: FailedAnswer): UpstreamFault {
  const body = refusalSchema.safeParse(answer.body).data;
  const code = typeof body?.code === 'number' ? String(body.code) : undefined;
  const text = body?.message ?? undefined;
  const said = { code, text, requestId: body?.request_id ?? undefined, param: namedField(text, fields) };
  if (code === '1201' && /not found by id/i.test(text ?? '')) {
    return new UnknownTask('parameter', faultFrom('parameter', answer, said).facts);
  }
  // A submit of ours arrived before: it is looked up by our id, never repeated (section 11, quirk 6).
  if (code === '1201' && /external_task_id\b.*already exists/i.test(text ?? '')) {
    return faultFrom('unknown', answer, said);
  }
  return faultFrom(meaningOfCode(faults, code) ?? meaningOfStatus(answer.status), answer, said);
}

/** A task that ended as failed says why in words only; failed tasks are not charged (sections 6 and 7). */
export function faultOfFailedTask(taskId: string, words: string | undefined): UpstreamFault {
  const details = `task ${taskId} failed: ${words ?? 'no reason given'}`.slice(0, 500);
  return new UpstreamFault(/risk control/i.test(words ?? '') ? 'content' : 'failed', { details });
}
