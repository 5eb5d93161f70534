import type { Key, KeyChange, KeyWithSecret, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';

/** /admin/keys; each throws ApiError. */

export async function listKeys(signal: AbortSignal): Promise<readonly Key[]> {
  return (await ask<List<Key>>('GET', '/admin/keys', { signal })).data;
}

export async function createKey(change: KeyChange): Promise<KeyWithSecret> {
  return await ask<KeyWithSecret>('POST', '/admin/keys', { body: change });
}

export async function changeKey(id: string, change: KeyChange): Promise<Key> {
  return await ask<Key>('PATCH', pathOf(id), { body: change });
}

/** The old secret is refused from now on. */
export async function rotateKey(id: string): Promise<KeyWithSecret> {
  return await ask<KeyWithSecret>('POST', `${pathOf(id)}/rotate`);
}

export async function deleteKey(id: string): Promise<void> {
  await ask<undefined>('DELETE', pathOf(id));
}

function pathOf(id: string): string {
  return `/admin/keys/${encodeURIComponent(id)}`;
}
