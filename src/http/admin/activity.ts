import type { CallRecord, GenerationRecord } from '../../core/record.ts';
import { seconds } from '../v1/wire.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { makeKeyNamer, type NamedKey } from './key-names.ts';
import type { Activity, FinishedGeneration, InFlightGeneration } from './wire.ts';

/** Of those that ended; among twice as many of the newest, since some take longer than others. */
const maxFinished = 20;
/** A prompt is shown to be recognised; GET /admin/images/{id} has it whole. */
const maxPromptLetters = 500;

/** GET /admin/activity: what is under way, and what ended lately. Made to be asked every second. */
export function activityRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/activity': {
      GET: async (_request, reply) => {
        const [open, ended, nameKey] = await Promise.all([
          tools.admin.inProgress(),
          tools.records.list({ keyId: undefined, order: 'desc', limit: maxFinished * 2 }),
          makeKeyNamer(tools.keys),
        ]);
        const activity: Activity = {
          object: 'activity',
          in_flight: open
            .toReversed()
            .map(({ record, calls }) => inFlightToWire(record, calls, nameKey(record.keyId))),
          finished: ended.records
            .toSorted((a, b) => endOf(b) - endOf(a))
            .slice(0, maxFinished)
            .map((record) => finishedToWire(record, nameKey(record.keyId))),
        };
        return await reply.send(activity);
      },
    },
  };
}

function endOf({ finishedAtMs, createdAtMs }: GenerationRecord): number {
  return finishedAtMs ?? createdAtMs;
}

function inFlightToWire(
  record: GenerationRecord,
  calls: readonly CallRecord[],
  key: NamedKey,
): InFlightGeneration {
  return {
    ...headToWire(record, key),
    calls: calls.map(({ number, state, route, images, attempts }) => ({
      number,
      step: state,
      route: route ?? null,
      images,
      attempts,
    })),
  };
}

function finishedToWire(record: GenerationRecord, key: NamedKey): FinishedGeneration {
  return {
    ...headToWire(record, key),
    status: record.status === 'failed' ? 'failed' : 'completed',
    error: record.error?.message ?? null,
    images: record.images.length,
    duration_ms: record.finishedAtMs === undefined ? null : record.finishedAtMs - record.createdAtMs,
  };
}

function headToWire({ id, model, prompt, createdAtMs }: GenerationRecord, key: NamedKey) {
  const letters = Array.from(prompt.slice(0, maxPromptLetters * 2));
  const isWhole = letters.length <= maxPromptLetters && prompt.length <= maxPromptLetters * 2;
  return {
    id,
    key,
    model,
    prompt: isWhole ? prompt : `${letters.slice(0, maxPromptLetters).join('')}…`,
    created_at: seconds(createdAtMs),
  };
}
