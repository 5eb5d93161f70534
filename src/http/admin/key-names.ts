import type { KeyStore } from '../../core/key-store.ts';

/** A key as lists of the operator name it. */
export type NamedKey = { id: string; name: string | null };

/** Names living keys by their ids; a key that is gone has none. */
export async function makeKeyNamer(keys: Pick<KeyStore, 'list'>): Promise<(id: string) => NamedKey> {
  const names = new Map((await keys.list()).map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? null });
}
