import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoopAnswer } from './loop-watch.ts';

/** A process that a run has started. All of them end with the run, whatever ends it. */
export interface RunningProcess {
  readonly pid: number;
  /** Where it said that it listens; 0 when it did not. */
  readonly port: number;
  isRunning(): boolean;
  /** Sends a message over its channel and gives what it answers; one at a time. */
  ask<T>(message: unknown): Promise<T>;
  /** SIGTERM, then SIGKILL. Again: nothing. */
  stop(): Promise<void>;
}

export interface StartOptions {
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  logFile: string;
  /** `message`: it says `ready` over its channel, with a port. Else an address that answers with 2xx. */
  ready: 'message' | { url: string };
}

const startLimitMs = 60_000;
const stopLimitMs = 10_000;
const askLimitMs = 300_000;
const pollMs = 5;

const loopWatchFile = fileURLToPath(new URL('loop-watch.ts', import.meta.url));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program and waits until it is ready. Throws with the end of its log when it is not in time. */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    // Nothing of the environment this was started in shall change what is measured.
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...options.env },
    // Straight into the file: what a program logs is its own work and nobody else's.
    stdio: ['ignore', log, log, 'ipc'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => void running.delete(child));
  closeSync(log);
  const tail = (): string => readFileSync(options.logFile, 'utf8').slice(-2000);
  // It could not be started, or its channel broke with it: `exited` and the log say the rest.
  child.on('error', () => {});
  const answers: ((message: unknown) => void)[] = [];
  const ready = Promise.withResolvers<number>();
  child.on('message', (message: { kind: string; port?: number }) => {
    if (message.kind === 'ready') ready.resolve(message.port ?? 0);
    else answers.shift()?.(message);
  });
  const watching = new AbortController();
  if (options.ready !== 'message')
    whenAnswered(options.ready.url, watching.signal).then(ready.resolve, () => {});
  const port = await Promise.race([
    ready.promise,
    exited.then(() => undefined),
    sleep(startLimitMs, undefined, { signal: watching.signal }).catch(() => undefined),
  ]);
  watching.abort();
  if (port === undefined || child.pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${options.command} ${options.args.join(' ')} did not start: ${tail()}`);
  }
  return {
    pid: child.pid,
    port,
    isRunning: () => running.has(child),
    async ask<T>(message: unknown) {
      const { promise, resolve } = Promise.withResolvers<{ result?: T; error?: string }>();
      answers.push((answer) => resolve(answer as { result?: T; error?: string }));
      child.send(message as object);
      const over = new AbortController();
      const answer = await Promise.race([
        promise,
        exited.then(() => ({ error: `the process ended: ${tail()}` })),
        sleep(askLimitMs, { error: 'no answer in time' }, { signal: over.signal, ref: false }),
      ]);
      over.abort();
      if (answer.error !== undefined) throw new Error(answer.error);
      return (answer as { result: T }).result;
    },
    async stop() {
      if (!running.has(child)) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      await exited;
      clearTimeout(late);
    },
  };
}

async function whenAnswered(url: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const isUp = await fetch(url, { signal }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
    if (isUp) return Number(new URL(url).port);
    await sleep(pollMs);
  }
}

/** Our own programs of a run: plain arguments in, `ready` out. */
export async function startOwnProcess(
  file: string,
  settings: object,
  options: { logFile: string; watchLoop?: boolean },
): Promise<RunningProcess> {
  return await startProcess({
    command: process.execPath,
    args: [
      ...(options.watchLoop === true ? ['--import', loopWatchFile] : []),
      fileURLToPath(new URL(file, import.meta.url)),
      JSON.stringify(settings),
    ],
    logFile: options.logFile,
    ready: 'message',
  });
}

/** What a Node program is started with so that the stalls of its event loop can be asked for. */
export const loopWatchArgs = ['--import', loopWatchFile];

/** The longest the event loop stood still since it was asked last. */
export async function readLoopStall(process: RunningProcess): Promise<LoopAnswer> {
  return await process.ask<LoopAnswer>({ kind: 'loop' });
}

/** The most memory the process ever held (Linux). Undefined where /proc does not say. */
export function peakRssBytes(pid: number): number | undefined {
  return memoryLine(pid, 'VmHWM');
}

export function rssBytes(pid: number): number | undefined {
  return memoryLine(pid, 'VmRSS');
}

/**
 * What the process has computed since its start, in all its threads or in the one that runs its JavaScript (Linux);
 * undefined where /proc does not say.
 */
export function cpuMs(pid: number, threads: 'all' | 'main' = 'all'): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/${threads === 'main' ? `task/${pid}/` : ''}stat`, 'utf8');
    // Behind the name, which may hold anything: the 12th and 13th are user and system time, in ticks of 10 ms.
    const fields = stat.replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

function memoryLine(pid: number, name: string): number | undefined {
  try {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return match === null ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
