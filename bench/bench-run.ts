import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Choice } from './choice.ts';
import type { Contestant, Place } from './contestants/contestant.ts';
import { makeDirect } from './contestants/direct.ts';
import { makeLoadGenerator, type LoadGenerator } from './load-job.ts';
import { makePeerKeeper, type PeerProcesses, type Peers } from './peers.ts';
import { makePictureReader } from './pictures.ts';
import { startOwnProcess } from './processes.ts';
import type { Results } from './results.ts';

const ownProgram = fileURLToPath(new URL('..', import.meta.url));

/** A run that goes on: the upstream and the load generator, which everybody shares, and what was found so far. */
export interface BenchRun {
  choice: Choice;
  place: Pick<Place, 'upstream' | 'pictures'>;
  load: LoadGenerator;
  upstreamPid: number;
  readPicture: ReturnType<typeof makePictureReader>;
  direct: Contestant;
  peers: Peers;
  /** By `performance.now()`. */
  startedAtMs: number;
  /** Those chosen, started when they are asked for first, and again where one has ended. */
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
  options: { choice: Choice; peers: Peers; print: (text: string) => void },
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
    return {
      upstream,
      pictures,
      folder: own,
      easel: { program: options.choice.program ?? ownProgram, nodeArgs: profilingArgs(options.choice) },
    };
  };
  const results: BenchRun['results'] = { cells: [], figures: [], checks: [], leftOut: [] };
  const peers = makePeerKeeper(options.peers, options.choice, makePlace, (reason) => {
    results.leftOut.push(reason);
    options.print(`LEFT OUT ${reason}`);
  });
  return {
    ...options,
    startedAtMs: performance.now(),
    place: { upstream, pictures },
    load: makeLoadGenerator(generator),
    upstreamPid: mock.pid,
    readPicture: makePictureReader(pictures),
    direct: makeDirect({ upstream }),
    makePlace,
    startPeers: () => peers.start(),
    results,
    async close() {
      await peers.stop();
      await Promise.all([generator.stop(), mock.stop()]);
    },
  };
}

function profilingArgs({ profileFolder }: Choice): string[] {
  return profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
}
