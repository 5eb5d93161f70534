import type { BenchRun } from '../bench-run.ts';
import { playAnswers } from './answers.ts';
import { playDownloads } from './downloads.ts';
import { playListPages } from './list-pages.ts';
import { playMemory } from './memory.ts';
import { playShape } from './shapes.ts';
import { playStartUp } from './start-up.ts';

export interface Workload {
  /** As `--only` names it. */
  name: string;
  /** For `--list`. */
  about: string;
  /** Also played by `--quick`, with fewer rounds and loads. */
  isInQuick: boolean;
  play(run: BenchRun): Promise<void>;
}

const one = { connections: 1, latencyMs: 0 };
const sixteen = { connections: 16, latencyMs: 0 };

/** In the order of a run. */
export const workloads: readonly Workload[] = [
  {
    name: 'url-128k',
    about: 'the upstream answers with a link; Easel fetches and keeps the picture (128 kB) too',
    isInQuick: true,
    play: (run) => playAnswers(run, 'url-128k', [sixteen]),
  },
  {
    name: 'b64-1400k',
    about: 'answers of 1.4 MB, the picture in them as base64',
    isInQuick: true,
    play: (run) => playAnswers(run, 'b64-1400k', [one]),
  },
  {
    name: 'b64-6000k',
    about: 'answers of 6 MB',
    isInQuick: true,
    play: (run) => playAnswers(run, 'b64-6000k', [one, sixteen]),
  },
  {
    name: 'b64-20000k',
    about: 'answers of 20 MB',
    isInQuick: false,
    play: (run) => playAnswers(run, 'b64-20000k', [one]),
  },
  {
    name: 'b64-chunked',
    about: 'answers of 6 MB without a Content-Length',
    isInQuick: false,
    play: (run) => playAnswers(run, 'b64-6000k-chunked', [one], [one, sixteen]),
  },
  {
    name: 'gemini',
    about: 'Gemini-shaped answers of 6 MB; no peer speaks it',
    isInQuick: false,
    play: (run) => playShape(run, 'gemini', 'b64-6000k'),
  },
  {
    name: 'ark',
    about: 'Ark-shaped answers, a link to a picture of 1 MB; no peer speaks it',
    isInQuick: false,
    play: (run) => playShape(run, 'ark', 'url-1000k'),
  },
  {
    name: 'downloads',
    about: 'a stored picture of 6 MB by its signed link, against nginx and the same file',
    isInQuick: true,
    play: playDownloads,
  },
  {
    name: 'list-pages',
    about: 'pages of 20 records out of 1k, 100k and 1M',
    isInQuick: true,
    play: playListPages,
  },
  {
    name: 'start-up',
    about: 'start to /readyz, cold and warm, and memory at rest',
    isInQuick: true,
    play: playStartUp,
  },
  {
    name: 'memory',
    about: 'peak memory and the worst stall with 64 answers of 8 MB at once, and of 1 MB',
    isInQuick: true,
    play: playMemory,
  },
];
