import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, loopWatchArgs, startProcess } from '../processes.ts';
import type { Contestant, Place } from './contestant.ts';

/** The gateway itself, doing all its work: auth, checks, a durable record, the picture kept, a signed link. */
export interface Easel extends Contestant {
  origin: string;
  dataDir: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const easelSecret = `sk-${'b'.repeat(40)}`;

/** Other shapes of upstream, by the model that callers name: what the upstream calls the same model is free. */
export const shapedModels = { gemini: 'nano-banana-pro', ark: 'seedream-4.5' } as const;

/** Callers' models are the mock upstream's own (answers.ts), but for the shaped ones. */
export interface EaselModels {
  openai: readonly string[];
  gemini?: string;
  ark?: string;
}

const keyVariable = 'BENCH_UPSTREAM_KEY';

/** What is started of a build. */
export function easelMain({ easel }: Pick<Place, 'easel'>): string {
  return path.join(easel.program, 'src', 'main.ts');
}

/** The settings of a gateway on this data folder; `port` is where it will listen. */
export async function easelSettings(
  models: EaselModels,
  { upstream, folder }: Pick<Place, 'upstream' | 'folder'>,
  { dataDir, port }: { dataDir: string; port: number },
): Promise<Record<string, string>> {
  const { origin } = upstream;
  const routeOf = (provider: string, baseUrl: string, model: string) => ({
    routes: [{ provider, name: 'bench', baseUrl, apiKeyEnv: keyVariable, model }],
  });
  const entries: Record<string, object> = Object.fromEntries(
    models.openai.map((model) => [model, routeOf('openai', `${origin}/v1`, model)]),
  );
  if (models.gemini !== undefined) entries[shapedModels.gemini] = routeOf('gemini', origin, models.gemini);
  if (models.ark !== undefined) entries[shapedModels.ark] = routeOf('ark', `${origin}/api/v3`, models.ark);
  await mkdir(dataDir, { recursive: true });
  const file = path.join(folder, 'easel.json');
  await writeFile(file, JSON.stringify({ models: entries }, null, 2));
  return {
    EASEL_DATA_DIR: dataDir,
    EASEL_CONFIG: file,
    EASEL_PORT: String(port),
    EASEL_SANDBOX: 'off',
    EASEL_API_KEY: easelSecret,
    [keyVariable]: 'none',
  };
}

/** Starts `src/main.ts` on this data folder and waits for its /readyz. */
export async function startEasel(
  models: EaselModels,
  place: Place,
  dataDir: string,
  name = 'easel',
): Promise<Easel> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    command: process.execPath,
    args: [...place.easel.nodeArgs, ...loopWatchArgs, easelMain(place)],
    env: {
      ...(await easelSettings(models, place, { dataDir, port })),
      // One for all starts of a run: they are not what is measured.
      NODE_COMPILE_CACHE: path.join(path.dirname(place.folder), 'compile-cache'),
    },
    logFile: path.join(place.folder, `${name}.log`),
    ready: { url: `${origin}/readyz` },
  });
  return {
    name,
    baseUrl: `${origin}/v1`,
    headers: { authorization: `Bearer ${easelSecret}` },
    process: started,
    origin,
    dataDir,
    pid: started.pid,
    stop: () => started.stop(),
  };
}
