import path from 'node:path';
import { freePort, loopWatchArgs, startProcess } from '../processes.ts';
import type { Contestant, Place } from './contestant.ts';

/**
 * The common TypeScript gateway, with nothing of its own switched on. It listens on every interface, so it is only
 * started inside a network of its own (own-network.ts). `folder` is where npm has put it.
 */
export async function startPortkey(installed: string, { upstream, folder }: Place): Promise<Contestant> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = path.join(installed, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  const started = await startProcess({
    command: process.execPath,
    args: [...loopWatchArgs, server, '--headless', `--port=${port}`],
    env: { NODE_ENV: 'production' },
    logFile: path.join(folder, 'portkey.log'),
    ready: { url },
  });
  return {
    name: 'portkey',
    baseUrl: `${url}/v1`,
    headers: {
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream.origin}/v1`,
      authorization: 'Bearer none',
    },
    process: started,
  };
}
