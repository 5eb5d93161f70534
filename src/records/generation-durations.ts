import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Duration, DurationQuery } from '../core/record-store.ts';
import type { Database } from './database.ts';
import { idAt } from './generation-list.ts';

/** Rows between two turns of the event loop: about 1 ms. */
const batchRows = 500;
/** How long one question may take. */
const limitMs = 1_000;

/** How long the newest completed generations of a time took. Bounded in number and in time. */
export async function readDurations({ reader }: Database, query: DurationQuery): Promise<Duration[]> {
  const until = performance.now() + limitMs;
  const found: Duration[] = [];
  const firstId = idAt(query.fromMs);
  for (let beforeId = idAt(query.toMs); found.length < query.most && performance.now() < until;) {
    let rows = reader
      .selectFrom('generations')
      .select(['id', 'key_id', 'model', 'created_at_ms', 'finished_at_ms'])
      .where('status', '=', 'completed')
      .where('id', '>=', firstId)
      .where('id', '<', beforeId);
    if (query.keyId !== undefined) rows = rows.where('key_id', '=', query.keyId);
    const limit = Math.min(batchRows, query.most - found.length);
    const batch = await rows.orderBy('id', 'desc').limit(limit).execute();
    for (const row of batch) {
      if (row.finished_at_ms === null) continue;
      const { key_id: keyId, model, created_at_ms: createdAtMs } = row;
      found.push({ keyId, model, createdAtMs, durationMs: Math.max(0, row.finished_at_ms - createdAtMs) });
    }
    const last = batch.at(-1);
    if (last === undefined || batch.length < limit) break;
    beforeId = last.id;
    await nextTurn();
  }
  return found;
}
