import type { Key, KeyChange, KeyWithSecret, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { createStore } from '../store.ts';

/** Grows with each change made here: who shows keys elsewhere asks again. */
export const keyChanges = createStore(0);

/** /admin/keys; each throws ApiError. */

export async function listKeys(signal: AbortSignal): Promise<readonly Key[]> {
  return (await ask<List<Key>>('GET', '/admin/keys', { signal })).data;
}

export async function createKey(change: KeyChange): Promise<KeyWithSecret> {
  return await noted(ask<KeyWithSecret>('POST', '/admin/keys', { body: change }));
}

export async function changeKey(id: string, change: KeyChange): Promise<Key> {
  return await noted(ask<Key>('PATCH', pathOf(id), { body: change }));
}

/** The old secret is refused from now on. */
export async function rotateKey(id: string): Promise<KeyWithSecret> {
  return await noted(ask<KeyWithSecret>('POST', `${pathOf(id)}/rotate`));
}

export async function deleteKey(id: string): Promise<void> {
  await noted(ask<undefined>('DELETE', pathOf(id)));
}

async function noted<T>(change: Promise<T>): Promise<T> {
  const reply = await change;
  keyChanges.set(keyChanges.get() + 1);
  return reply;
}

function pathOf(id: string): string {
  return `/admin/keys/${encodeURIComponent(id)}`;
}
