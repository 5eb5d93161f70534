import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** One route of a model to a simulator that the test has started. */
export interface LiveRoute {
  name: string;
  simulator: Simulator;
  /** What else stands in the config file, e.g. `concurrency`. */
  facts?: Readonly<Record<string, unknown>>;
}

/**
 * A gateway whose models have these routes, as an operator would configure it: model -> routes in order. It ends
 * with the test.
 */
export async function startLiveGateway(
  t: TestContext,
  models: Readonly<Record<string, readonly LiveRoute[]>>,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const env: Record<string, string> = {};
  const entries = Object.entries(models).map(([model, routes]) => [
    model,
    {
      routes: routes.map(({ name, simulator, facts }) => {
        const apiKeyEnv = `KEY_OF_${simulator.name}`.toUpperCase();
        env[apiKeyEnv] = simulator.credential.apiKey;
        return {
          provider: simulator.name,
          name,
          baseUrl: simulator.baseUrl,
          apiKeyEnv,
          downloadOrigins: [simulator.fileOrigin],
          ...facts,
        };
      }),
    },
  ]);
  const file = join(await temporaryFolder(t), 'easel.json');
  await writeFile(file, JSON.stringify({ models: Object.fromEntries(entries) }));
  const easel = await startTestGateway({ ...options, env: { ...env, EASEL_CONFIG: file, ...options.env } });
  t.after(() => easel.close());
  return easel;
}

/** How often a simulator was asked for pictures, refused or not. */
export function submitsOf(simulator: Simulator): number {
  return simulator.control.requests().filter(({ on }) => on === 'submit').length;
}
