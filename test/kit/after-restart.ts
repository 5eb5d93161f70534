import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { startTestGateway } from './gateway.ts';
import { until } from './until.ts';

/**
 * Starts a gateway on what a killed one left, with the same live routes (gateway-process.ts), and gives the newest
 * records once that of the killed one is completed.
 */
export async function recordsAfterRestart(t: TestContext, dataDir: string, simulator: Simulator) {
  const next = await startTestGateway({
    dataDir,
    env: { EASEL_CONFIG: path.join(dataDir, 'routes.json'), TEST_ARK_KEY: simulator.credential.apiKey },
  });
  t.after(() => next.close());
  await until(async () => (await next.ask('GET', '/v1/images')).at('data.0.status') === 'completed');
  return await next.ask('GET', '/v1/images');
}
