import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { describeApi } from './api-description.ts';
import { childEnv } from './easel-command.ts';
import { answered, testSecret, type Answered } from './gateway.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A gateway in a process of its own, which can be killed. */
export interface GatewayProcess {
  /** A request with the test key; `body` is sent as JSON. Throws AssertionError for a reply that is not described. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answered>;
  signal(name: NodeJS.Signals): void;
  /** True when a line of its output held these words. */
  hasSaid(words: string): boolean;
  /** Null: it was killed by a signal. */
  exitCode: Promise<number | null>;
  /** SIGKILL: resolves when the process is gone. Again: nothing. */
  kill(): Promise<void>;
}

/** A model served live by a simulator that the test holds, so that it outlives the gateway. */
export interface LiveModel {
  model: string;
  provider: string;
  simulator: Simulator;
}

/** Starts one on this data folder and waits until it listens. */
export async function startGatewayProcess(
  dataDir: string,
  live: readonly LiveModel[],
  env: Record<string, string> = {},
): Promise<GatewayProcess> {
  const config = path.join(dataDir, 'routes.json');
  await writeFile(config, JSON.stringify({ models: Object.fromEntries(live.map(routesOf)) }));
  const child = spawn(process.execPath, [main], {
    env: {
      ...childEnv(),
      EASEL_PORT: '0',
      EASEL_DATA_DIR: dataDir,
      EASEL_API_KEY: testSecret,
      EASEL_CONFIG: config,
      ...Object.fromEntries(
        live.map(({ provider, simulator }) => [envOf(provider), simulator.credential.apiKey]),
      ),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const lines: string[] = [];
  const url = await listeningAddress(child.stdout, lines);
  const description = describeApi(await (await fetch(`${url}/openapi.json`)).text());
  return {
    async post(path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const answer = await answered(response);
      description.check({ method: 'POST', url: `${url}${path}` }, answer);
      return answer;
    },
    signal: (name) => void child.kill(name),
    hasSaid: (words) => lines.some((line) => line.includes(words)),
    exitCode: gone.then(() => child.exitCode),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function envOf(provider: string): string {
  return `TEST_${provider.toUpperCase()}_KEY`;
}

function routesOf({ model, provider, simulator }: LiveModel): [string, object] {
  const { baseUrl, fileOrigin } = simulator;
  return [
    model,
    {
      routes: [
        { provider, name: 'live', baseUrl, apiKeyEnv: envOf(provider), downloadOrigins: [fileOrigin] },
      ],
    },
  ];
}

/** The address out of the welcome text; all that the process says, also afterwards, is added to `said`. */
async function listeningAddress(stdout: NodeJS.ReadableStream, said: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    said.push(line);
    const address = /is ready at (\S+)/.exec(line)?.[1];
    if (address !== undefined) resolve(address);
  });
  lines.on('close', () => reject(new Error('the gateway ended before it listened')));
  return await promise;
}
