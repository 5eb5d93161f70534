import type { SettingStore } from '../core/key-store.ts';
import type { Database } from './database.ts';

export function makeSettingStore({ reader, write, now }: Database): SettingStore {
  return {
    async getOrMake(name, make) {
      const present = await reader
        .selectFrom('settings')
        .select('value')
        .where('name', '=', name)
        .executeTakeFirst();
      if (present !== undefined) return present.value;
      const made = make();
      return write(async (writer) => {
        await writer
          .insertInto('settings')
          .values({ name, value: made, made_at_ms: now() })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute();
        // Another process may have been first.
        const kept = await writer
          .selectFrom('settings')
          .select('value')
          .where('name', '=', name)
          .executeTakeFirstOrThrow();
        return kept.value;
      });
    },
  };
}
