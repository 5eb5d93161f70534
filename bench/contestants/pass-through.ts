import path from 'node:path';
import { startOwnProcess } from '../processes.ts';
import type { Contestant, Place } from './contestant.ts';

/** One Node process that hands on requests and answers and keeps nothing: the ceiling of what Node can do. */
export async function startPassThrough({ upstream, folder }: Place): Promise<Contestant> {
  const started = await startOwnProcess(
    'contestants/pass-through-process.ts',
    { upstream: upstream.origin },
    { logFile: path.join(folder, 'pass-through.log'), watchLoop: true },
  );
  return {
    name: 'pass-through',
    baseUrl: `http://127.0.0.1:${started.port}/v1`,
    headers: {},
    process: started,
  };
}
