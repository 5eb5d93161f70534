import type { IdMaker } from './ids.ts';
import type { ApiKey, KeyStore } from './key-store.ts';
import { hashSecret, makeApiSecret } from './secrets.ts';

/** The key that follows EASEL_API_KEY. */
const envKeyName = 'env';

/** The key that an admin's session of the console stands for at first. It has no secret: only a session can use it. */
export const consoleKeyName = 'console';

/** True for keys that the server looks after itself. */
export function isBuiltIn({ name }: Pick<ApiKey, 'name'>): boolean {
  return name === envKeyName || name === consoleKeyName;
}

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
    ...ofSecret(secret),
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
    await tools.keys.change(existing.id, { ...ofSecret(secret), state: 'active' });
  }
}

/** On an installation without any key: makes the first one, named `default`, and gives its secret to be shown once. */
export async function makeFirstKey(tools: KeyTools): Promise<string | undefined> {
  if ((await tools.keys.list()).length > 0) return undefined;
  const made = await createKey('default', tools);
  return made.kind === 'created' ? made.secret : undefined;
}

/** The key named `console`, made when there is none. */
export async function findConsoleKey(tools: KeyTools): Promise<ApiKey> {
  const existing = await tools.keys.find(consoleKeyName);
  if (existing !== undefined) return existing;
  const id = tools.ids('key');
  const made: ApiKey = {
    id,
    name: consoleKeyName,
    state: 'active',
    // In the place of a hash, and no secret has it.
    secretHash: `none-${id}`,
    hint: '',
    createdAtMs: tools.now(),
    expiresAtMs: undefined,
    models: undefined,
    parameterHandling: undefined,
    limits: {},
  };
  if ((await tools.keys.add(made)) === 'added') return made;
  // Somebody else was first.
  return await findConsoleKey(tools);
}

/** Gives a key a new secret; the one it had is refused from now on. Undefined: there is no such key. */
export async function rotateKey(id: string, { keys }: Pick<KeyTools, 'keys'>): Promise<string | undefined> {
  const secret = makeApiSecret();
  return (await keys.change(id, ofSecret(secret))) ? secret : undefined;
}

/** What is kept of a secret. */
function ofSecret(secret: string): Pick<ApiKey, 'secretHash' | 'hint'> {
  return { secretHash: hashSecret(secret), hint: secret.slice(-4) };
}
