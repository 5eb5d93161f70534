import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { modelNames, providerOf } from './schedule.ts';
import type { Upstreams } from './upstreams.ts';

/** The key every gateway of a run has from its settings. */
export const firstSecret = `sk-${'c'.repeat(40)}`;

/** Callers are answered after this long; short, so that generations that outlive their callers happen. */
const deadlineMs = 6000;
const drainMs = 1500;
const klingSlots = 4;
const checkLimitMs = 120_000;

/**
 * Two routes per model: through the door that can be shut, and past it.
 * Gives the environment of the gateway's processes.
 */
export async function writeSettings(
  folder: string,
  dataDir: string,
  { addresses }: Upstreams,
  compileCache: string,
): Promise<Record<string, string>> {
  const models = modelNames.map((model) => {
    const provider = providerOf(model);
    const address = addresses.find((each) => each.provider === provider);
    if (address === undefined) throw new Error(`no simulator for ${provider}`);
    const shared = {
      provider,
      apiKeyEnv: `CHAOS_KEY_${provider.toUpperCase()}`,
      downloadOrigins: [address.fileOrigin],
      // A larger n becomes several tasks, and tasks queue.
      ...(provider === 'kling' ? { concurrency: klingSlots } : {}),
    };
    const routes = [
      { ...shared, name: 'door', baseUrl: address.doorUrl },
      { ...shared, name: 'spare', baseUrl: address.baseUrl },
    ];
    return [model, { routes }] as const;
  });
  const file = path.join(folder, 'easel.json');
  await writeFile(file, JSON.stringify({ models: Object.fromEntries(models) }, null, 2));
  return {
    EASEL_DATA_DIR: dataDir,
    EASEL_CONFIG: file,
    EASEL_PORT: String(await freePort()),
    EASEL_SANDBOX: 'off',
    EASEL_API_KEY: firstSecret,
    EASEL_DEADLINE_MS: String(deadlineMs),
    EASEL_DRAIN_MS: String(drainMs),
    EASEL_LOG_LEVEL: 'info',
    NODE_COMPILE_CACHE: compileCache,
    ...Object.fromEntries(
      addresses.map(({ provider, apiKey }) => [`CHAOS_KEY_${provider.toUpperCase()}`, apiKey]),
    ),
  };
}

/** Makes further keys with the command a person would use. */
export async function makeKeys(
  count: number,
  program: string,
  env: Record<string, string>,
): Promise<string[]> {
  const run = promisify(execFile);
  const secrets: string[] = [];
  for (let i = 1; i <= count; i += 1) {
    const command = [path.join(program, 'src/cli/easel.ts'), 'keys', 'create', `caller-${i}`];
    const { stdout } = await run(process.execPath, command, { env: { ...process.env, ...env } });
    secrets.push(stdout.trim());
  }
  return secrets;
}

/** What `easel check` says of the data, and whether it found anything. */
export async function checkData(
  program: string,
  env: Record<string, string>,
): Promise<{ isClean: boolean; says: string }> {
  const command = [path.join(program, 'src/cli/easel.ts'), 'check'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, {
      env: { ...process.env, ...env },
      timeout: checkLimitMs,
    });
    return { isClean: true, says: stdout.trim() };
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : '';
    return { isClean: false, says: said === '' ? String(error) : said };
  }
}

/** The same port for every process of a run; it is below the range the system gives to outgoing connections. */
async function freePort(): Promise<number> {
  for (let port = 21_000 + (process.pid % 5000); port < 30_000; port += 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no free port');
}
