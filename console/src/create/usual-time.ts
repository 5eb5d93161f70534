import type { UsualTime } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';

/** How long a model usually takes, in milliseconds; undefined while nobody knows. */
export function useUsualMs(model: string): number | undefined {
  const { data } = useLoad(
    async (signal) => await ask<UsualTime>('GET', '/admin/seconds', { query: { model }, signal }),
    [model],
  );
  return data?.usual_ms ?? undefined;
}
