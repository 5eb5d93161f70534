import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Contestant, Place } from './contestants/contestant.ts';
import { makeDirect } from './contestants/direct.ts';
import { startNginx, type Nginx } from './contestants/nginx.ts';
import { startPassThrough } from './contestants/pass-through.ts';
import { startPortkey } from './contestants/portkey.ts';
import { makeLoadGenerator, type LoadGenerator } from './load-job.ts';
import { makePictureReader } from './pictures.ts';
import { startOwnProcess } from './processes.ts';
import type { Results } from './results.ts';

/** What the peers of a run need to be there; undefined: that one is left out. */
export interface Peers {
  nginx: string | undefined;
  /** Where npm has put it. */
  portkey: string | undefined;
}

/** A run that goes on: the upstream and the load generator, which everybody shares, and what was found so far. */
export interface BenchRun {
  isQuick: boolean;
  place: Omit<Place, 'folder'>;
  load: LoadGenerator;
  readPicture: ReturnType<typeof makePictureReader>;
  direct: Contestant;
  peers: Peers;
  /** Started when they are asked for first, and then the same for all loads. */
  startPeers(): Promise<PeerProcesses>;
  /** A new folder for one contestant. */
  makePlace(name: string): Promise<Place>;
  results: Pick<Results, 'cells' | 'figures' | 'checks' | 'leftOut'>;
  print(text: string): void;
  close(): Promise<void>;
}

/** Starts the upstream and the load generator. */
export async function startRun(
  folder: string,
  options: { isQuick: boolean; peers: Peers; print: (text: string) => void },
): Promise<BenchRun> {
  const pictures = path.join(folder, 'pictures');
  await mkdir(pictures, { recursive: true });
  const logFile = (name: string): string => path.join(folder, `${name}.log`);
  const mock = await startOwnProcess('mock-upstream.ts', { folder: pictures }, { logFile: logFile('mock') });
  const generator = await startOwnProcess('load.ts', { folder: pictures }, { logFile: logFile('load') });
  const upstream = { origin: `http://127.0.0.1:${mock.port}`, port: mock.port };
  let places = 0;
  const makePlace = async (name: string): Promise<Place> => {
    places += 1;
    const own = path.join(folder, `${places}-${name}`);
    await mkdir(own, { recursive: true });
    return { upstream, pictures, folder: own };
  };
  let started: Promise<PeerProcesses> | undefined;
  return {
    ...options,
    place: { upstream, pictures },
    load: makeLoadGenerator(generator),
    readPicture: makePictureReader(pictures),
    direct: makeDirect({ upstream }),
    makePlace,
    startPeers: () => (started ??= startPeers(options.peers, makePlace)),
    results: { cells: [], figures: [], checks: [], leftOut: [] },
    async close() {
      const { proxies } = started === undefined ? { proxies: [] } : await started;
      await Promise.all(
        [generator, mock, ...proxies.flatMap(({ process }) => process ?? [])].map((one) => one.stop()),
      );
    },
  };
}

/** Those that stand between a caller and the upstream besides Easel. */
export interface PeerProcesses {
  nginx: Nginx | undefined;
  proxies: Contestant[];
}

async function startPeers(peers: Peers, makePlace: BenchRun['makePlace']): Promise<PeerProcesses> {
  const nginx =
    peers.nginx === undefined ? undefined : await startNginx(peers.nginx, await makePlace('nginx'));
  const passThrough = await startPassThrough(await makePlace('pass-through'));
  const portkey =
    peers.portkey === undefined ? undefined : await startPortkey(peers.portkey, await makePlace('portkey'));
  return { nginx, proxies: [nginx, passThrough, portkey].filter((each) => each !== undefined) };
}
