import { isChosen, type Choice } from './choice.ts';
import type { Contestant, Place } from './contestants/contestant.ts';
import { startNginx, type Nginx } from './contestants/nginx.ts';
import { startPassThrough } from './contestants/pass-through.ts';
import { startPortkey } from './contestants/portkey.ts';

/** What the peers of a run need to be there; undefined: that one is left out. */
export interface Peers {
  nginx: string | undefined;
  /** Where npm has put it. */
  portkey: string | undefined;
}

/** Those that stand between a caller and the upstream besides Easel. */
export interface PeerProcesses {
  nginx: Nginx | undefined;
  proxies: Contestant[];
}

/** The peers of a run, whose processes serve all its loads. */
export interface PeerKeeper {
  /** Those chosen; what has not been started yet, or has ended, is started. */
  start(): Promise<PeerProcesses>;
  stop(): Promise<void>;
}

/** Who does not start is left out from then on; `leaveOut` is told why. */
export function makePeerKeeper(
  { nginx, portkey }: Peers,
  choice: Choice,
  makePlace: (name: string) => Promise<Place>,
  leaveOut: (reason: string) => void,
): PeerKeeper {
  let nginxProcess: Nginx | undefined;
  const running = new Map<string, Contestant>();
  const failed = new Set<string>();
  async function ensure<T extends Contestant>(
    name: string,
    start: (place: Place) => Promise<T>,
  ): Promise<T | undefined> {
    if (!isChosen(choice, name) || failed.has(name)) return undefined;
    running.delete(name);
    try {
      const started = await start(await makePlace(name));
      running.set(name, started);
      return started;
    } catch (error) {
      failed.add(name);
      leaveOut(`${name}: ${String(error).slice(0, 300)}`);
      return undefined;
    }
  }
  const isUp = (name: string): boolean => running.get(name)?.process?.isRunning() === true;
  return {
    async start() {
      if (nginx !== undefined && !isUp('nginx'))
        nginxProcess = await ensure('nginx', (place) => startNginx(nginx, place));
      if (!isUp('pass-through')) await ensure('pass-through', startPassThrough);
      if (portkey !== undefined && !isUp('portkey'))
        await ensure('portkey', (place) => startPortkey(portkey, place));
      return { nginx: nginxProcess, proxies: [...running.values()] };
    },
    async stop() {
      for (const { process } of running.values()) await process?.stop();
    },
  };
}
