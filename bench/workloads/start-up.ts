import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRun } from '../bench-run.ts';
import { isChosen } from '../choice.ts';
import { easelMain, easelSettings } from '../contestants/easel.ts';
import { startPortkey } from '../contestants/portkey.ts';
import { freePort, rssBytes, startProcess } from '../processes.ts';
import { median, spread } from '../statistics.ts';

/**
 * From the start of the process to the first answer of /readyz, asked every 5 ms. The cache of compiled code, which
 * `npm start` keeps too, is empty for a cold start.
 */
export async function playStartUp(run: BenchRun): Promise<void> {
  run.print('start-up');
  const times = run.choice.rounds ?? (run.choice.isQuick ? 1 : 5);
  const idleMs = run.choice.isQuick ? 700 : 5000;
  const seen = { cold: [] as number[], warm: [] as number[], idle: [] as number[], peer: [] as number[] };
  const place = await run.makePlace('easel');
  const dataDir = path.join(place.folder, 'data');
  const compileCache = path.join(place.folder, 'compile-cache');
  const startOnce = async (isIdleAsked: boolean): Promise<number> => {
    const port = await freePort();
    const env = {
      ...(await easelSettings({ openai: ['b64-1400k'] }, place, { dataDir, port })),
      NODE_COMPILE_CACHE: compileCache,
    };
    const startedAt = performance.now();
    const started = await startProcess({
      command: process.execPath,
      args: [easelMain(place)],
      env,
      logFile: path.join(place.folder, 'easel.log'),
      ready: { url: `http://127.0.0.1:${port}/readyz` },
    });
    const tookMs = performance.now() - startedAt;
    if (isIdleAsked) {
      await sleep(idleMs);
      seen.idle.push((rssBytes(started.pid) ?? Number.NaN) / 1e6);
    }
    await started.stop();
    return tookMs;
  };
  for (let time = 0; time < times; time += 1) {
    await rm(dataDir, { recursive: true, force: true });
    await rm(compileCache, { recursive: true, force: true });
    seen.cold.push(await startOnce(false));
    seen.warm.push(await startOnce(true));
    if (run.peers.portkey === undefined || !isChosen(run.choice, 'portkey')) continue;
    const startedAt = performance.now();
    const portkey = await startPortkey(run.peers.portkey, await run.makePlace('portkey'));
    seen.peer.push(performance.now() - startedAt);
    await portkey.process?.stop();
  }
  const note = (name: string, contestant: string, unit: 'ms' | 'MB', values: readonly number[]): void => {
    if (values.length === 0) return;
    const value = median(values);
    run.results.figures.push({
      workload: 'start-up',
      name,
      contestant,
      unit,
      value,
      spread: spread(values),
    });
    run.print(`  ${contestant.padEnd(18)} ${name} ${value.toFixed(0)} ${unit}`);
  };
  note('start to ready, cold', 'easel', 'ms', seen.cold);
  note('start to ready, warm', 'easel', 'ms', seen.warm);
  note('idle RSS', 'easel', 'MB', seen.idle);
  note('start to ready, warm', 'portkey', 'ms', seen.peer);
}
