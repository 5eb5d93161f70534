import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireTool } from '../test/kit/apt.ts';
import type { Peers } from './peers.ts';

const portkeyVersion = '1.15.2';
const installLimitMs = 120_000;

/** Finds or installs whom Easel is compared with. Who cannot be had is left out, with the reason. */
export async function preparePeers(folder: string): Promise<{ peers: Peers; leftOut: string[] }> {
  const leftOut: string[] = [];
  const orLeftOut = async (
    name: string,
    find: () => Promise<string> | string,
  ): Promise<string | undefined> => {
    try {
      return await find();
    } catch (error) {
      leftOut.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      return undefined;
    }
  };
  const nginx = await orLeftOut('nginx', () => requireTool('nginx', 'nginx-light'));
  const isLoopbackUp = await orLeftOut('portkey, for a network of its own', () =>
    requireTool('ip', 'iproute2'),
  );
  const portkey =
    isLoopbackUp === undefined ? undefined : await orLeftOut('portkey', () => installPortkey(folder));
  return { peers: { nginx, portkey }, leftOut };
}

/** Beside the project, never into it: it is what we measure and nothing we run on. */
async function installPortkey(folder: string): Promise<string> {
  const installed = path.join(folder, `portkey-${portkeyVersion}`);
  if (existsSync(path.join(installed, 'node_modules', '@portkey-ai', 'gateway', 'package.json')))
    return installed;
  await mkdir(installed, { recursive: true });
  await writeFile(path.join(installed, 'package.json'), '{"private":true}');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  execFileSync('npm', [...install, `@portkey-ai/gateway@${portkeyVersion}`], {
    cwd: installed,
    stdio: 'ignore',
    timeout: installLimitMs,
  });
  return installed;
}
