import type { IdMaker } from './ids.ts';
import type { ApiKey, KeyStore } from './key-store.ts';
import { hashSecret, makeApiSecret } from './secrets.ts';

/** The key that follows EASEL_API_KEY. */
export const envKeyName = 'env';

/** What making keys needs. */
export interface KeyTools {
  keys: KeyStore;
  ids: IdMaker;
  now: () => number;
}

/** What an operator decides about a key; undefined: no limit, or as the server's setting says. */
export type KeySettings = Pick<ApiKey, 'expiresAtMs' | 'models' | 'parameterHandling' | 'limits'>;

/** Makes a key with a new secret, or with the one given. The secret is in the answer only, never kept. */
export async function createKey(
  name: string,
  tools: KeyTools,
  secret: string = makeApiSecret(),
  settings: Partial<KeySettings> = {},
): Promise<{ kind: 'created'; key: ApiKey; secret: string } | { kind: 'name_taken' }> {
  const key: ApiKey = {
    id: tools.ids('key'),
    name,
    state: 'active',
    secretHash: hashSecret(secret),
    hint: secret.slice(-4),
    createdAtMs: tools.now(),
    expiresAtMs: undefined,
    models: undefined,
    parameterHandling: undefined,
    limits: {},
    ...settings,
  };
  return (await tools.keys.add(key)) === 'added' ? { kind: 'created', key, secret } : { kind: 'name_taken' };
}

/**
 * Makes the key named `env` follow the environment: each start sets its secret, so that an old one is refused,
 * and its records stay; gone from the environment, it is frozen.
 */
export async function followEnvKey(secret: string | undefined, tools: KeyTools): Promise<void> {
  const existing = await tools.keys.find(envKeyName);
  if (secret === undefined) {
    if (existing?.state === 'active') await tools.keys.change(existing.id, { state: 'frozen' });
    return;
  }
  const secretHash = hashSecret(secret);
  if (existing === undefined) {
    await createKey(envKeyName, tools, secret);
  } else if (existing.secretHash !== secretHash || existing.state !== 'active') {
    await tools.keys.change(existing.id, { secretHash, hint: secret.slice(-4), state: 'active' });
  }
}

/** On an installation without any key: makes the first one, named `default`, and gives its secret to be shown once. */
export async function makeFirstKey(tools: KeyTools): Promise<string | undefined> {
  if ((await tools.keys.list()).length > 0) return undefined;
  const made = await createKey('default', tools);
  return made.kind === 'created' ? made.secret : undefined;
}
