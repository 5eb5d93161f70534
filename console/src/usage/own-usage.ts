import type { AdminUsageRow } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import type { UsageList } from '../api/wire.ts';
import { currentSession } from '../session/session.ts';
import type { DayRange } from './days.ts';

/** GET /v1/usage in the shape of the admin's: an API key sees its own rows, which carry no latency. */
export async function ownUsage(range: DayRange, signal: AbortSignal): Promise<AdminUsageRow[]> {
  const key = currentSession()?.acting_key ?? { id: '', name: '' };
  const page = await ask<UsageList>('GET', '/v1/usage', { query: { ...range }, signal });
  return page.data.map((row) => ({ ...row, key, latency_p50_ms: null, latency_p95_ms: null }));
}
