import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The gateway as its callers know it: an address behind which processes come and go. */
export interface GatewayProcess {
  url: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** Resolves when it takes requests; rejects when it does not within a minute. */
  up(): Promise<void>;
  /** kill -9, whatever it is doing, starting up too. It is started again. */
  kill(restartAfterMs: number): Promise<void>;
  /** SIGTERM. It is started again once it has ended. */
  terminate(restartAfterMs: number): Promise<void>;
  /** Steps its wall clock; later processes keep it. */
  setClock(aheadMs: number): void;
  /** Ends that nobody asked for, and stops that took too long. */
  readonly complaints: readonly Complaint[];
  readonly starts: number;
  close(): Promise<void>;
}

export interface Complaint {
  /** By this process's clock. */
  at: number;
  /** It had not been ready yet. */
  whileStarting: boolean;
  text: string;
}

const clockFile = fileURLToPath(new URL('shifted-clock.ts', import.meta.url));
const startLimitMs = 20_000;
const stoppingMs = 100;
const stopLimitMs = 15_000;
const upLimitMs = 60_000;

/** Runs `src/main.ts` of the checkout, or of a patched copy, and starts it again whenever it ends. */
export function superviseGateway(options: {
  main: string;
  port: number;
  env: Record<string, string>;
  logFile: string;
}): GatewayProcess {
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const complaints: Complaint[] = [];
  const complain = (text: string): void =>
    void complaints.push({ at: performance.now(), whileStarting: !isReady, text });
  let aheadMs = 0;
  let starts = 0;
  let child: ChildProcess | undefined;
  let ready = Promise.withResolvers<void>();
  let isReady = false;
  let isClosing = false;
  let asked: { restartAfterMs: number } | undefined;

  async function runOnce(): Promise<void> {
    starts += 1;
    const started = spawn(process.execPath, ['--import', clockFile, options.main], {
      env: { ...process.env, ...options.env, CHAOS_CLOCK_AHEAD_MS: String(aheadMs) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    log.write(`--- process ${started.pid}, start ${starts}\n`);
    let tail = '';
    let wasReady = false;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log.write(text);
        const seen = tail + text;
        tail = seen.slice(-4000);
        if (wasReady || !seen.includes('Easel is ready')) return;
        wasReady = true;
        isReady = true;
        ready.resolve();
      });
    }
    // The channel breaks with the process.
    started.on('error', () => {});
    const late = setTimeout(() => {
      if (wasReady) return;
      complain(`start ${starts} was not ready after ${startLimitMs} ms`);
      started.kill('SIGKILL');
    }, startLimitMs);
    const [code, signal] = (await once(started, 'exit')) as [number | null, string | null];
    clearTimeout(late);
    log.write(`--- process ${started.pid} ended: ${signal ?? code}\n`);
    if (asked === undefined && !isClosing) {
      complain(`the gateway ended by itself (${signal ?? `exit code ${code}`}): ${tail.slice(-1500)}`);
    }
    child = undefined;
    notReady();
  }

  function notReady(): void {
    if (isReady) ready = Promise.withResolvers<void>();
    isReady = false;
  }

  async function supervise(): Promise<void> {
    for (;;) {
      await runOnce();
      if (isClosing) return;
      await sleep(asked?.restartAfterMs ?? 200);
      asked = undefined;
    }
  }
  const supervised = supervise();

  async function end(signal: 'SIGKILL' | 'SIGTERM', restartAfterMs: number): Promise<void> {
    const ending = child;
    if (ending === undefined) return;
    asked = { restartAfterMs };
    const exited = once(ending, 'exit');
    ending.kill(signal);
    // Some callers still come in while it stops; the others have been told by its /readyz.
    void sleep(stoppingMs, undefined, { ref: false }).then(() => (child === ending ? notReady() : undefined));
    if (await within(exited, stopLimitMs)) return;
    complain(`the gateway did not end within ${stopLimitMs} ms of ${signal}`);
    ending.kill('SIGKILL');
    await exited;
  }

  return {
    url: `http://127.0.0.1:${options.port}`,
    get pid() {
      return child?.pid;
    },
    get starts() {
      return starts;
    },
    complaints,
    async up() {
      if (!(await within(ready.promise, upLimitMs))) throw new Error('the gateway does not come up');
    },
    kill: (restartAfterMs) => end('SIGKILL', restartAfterMs),
    terminate: (restartAfterMs) => end('SIGTERM', restartAfterMs),
    setClock(ms) {
      aheadMs = ms;
      if (child?.connected === true) child.send({ aheadMs }, () => {});
    },
    async close() {
      if (isClosing) return;
      isClosing = true;
      await end('SIGTERM', 0);
      await supervised;
      log.end();
    },
  };
}

/** True when it was resolved in time. */
async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const result = await Promise.race([
    promise.then(() => true),
    sleep(limitMs, false, { signal: timer.signal, ref: false }),
  ]);
  timer.abort();
  return result;
}
