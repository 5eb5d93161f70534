import type { Logger } from 'pino';
import { composeGateway, readSettings, type Gateway } from '../compose.ts';
import { dataProblem } from './data-problem.ts';
import { openLog } from './log-output.ts';
import { ConfigError, processEnv, type Config } from '../config/load.ts';

/** `npm start`: reads the settings, listens, and ends in order on a signal. Exit code 1 when it cannot start. */
export async function runGateway(): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  const log = openLog(config.logLevel);
  for (const remark of config.remarks) log.warn({}, remark);
  const gateway = await compose(config, log);
  if (gateway === undefined) return;
  for (const line of sandboxIsOff(gateway, config)) log.info({}, line.trim());
  endOnSignals(gateway, log);
  try {
    const address = await gateway.listen();
    const base = config.publicUrl ?? address.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
    const link = await gateway.makeSignInLink(base).catch((error: unknown) => {
      log.warn({ error }, 'The one-time link to the console could not be made.');
      return undefined;
    });
    process.stdout.write(welcome(gateway, config, base, link));
  } catch (error) {
    process.stderr.write(`${listenProblem(error, config)}\n`);
    process.exitCode = 1;
    await gateway.close();
  }
}

/** Prints what is in the way and sets exit code 1 when the data directory cannot be used. */
async function compose(config: Config, log: Logger): Promise<Gateway | undefined> {
  try {
    return await composeGateway(config, log);
  } catch (error) {
    const problem = dataProblem(error, config.dataDir);
    if (problem === undefined) throw error;
    process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

/** Prints every mistake and sets exit code 1 when the settings cannot be used. */
export function readConfig(): Config | undefined {
  try {
    return readSettings(processEnv());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\nAll settings: docs/configuration.md\n`);
    process.exitCode = 1;
    return undefined;
  }
}

/** A signal that comes again so soon is the same one, sent to the whole process group. */
const sameSignalMs = 500;

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * A signal to the whole process group reaches us twice, once through the bootstrap: all are one and the same
 * stop. Whoever asks again later does not want to wait. When the bootstrap itself dies its channel closes, and
 * that is a stop too.
 */
function endOnSignals(gateway: Gateway, log: Logger): void {
  let firstAtMs: number | undefined;
  const end = (why: string): void => {
    firstAtMs = performance.now();
    log.info(
      { why },
      'Stopping: no new generations; the running ones are finished or left to the next start.',
    );
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'The stop was not in order.');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstAtMs === undefined) end(signal);
      else if (signal !== 'SIGHUP' && performance.now() - firstAtMs > sameSignalMs) {
        log.warn({ why: signal }, 'Stopped at once, as asked again: the next start collects what it can.');
        process.exit(exitCodes[signal]);
      }
    });
  }
  if (process.connected)
    process.on('disconnect', () => {
      if (firstAtMs === undefined) end('the parent process is gone');
    });
}

function listenProblem(error: unknown, config: Config): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `${config.host}:${config.port}`;
  if (code === 'EADDRINUSE') return `Something else listens on ${place} already. Stop it, or set EASEL_PORT.`;
  if (code === 'EACCES') return `This user may not listen on ${place}. Set EASEL_PORT to 1024 or more.`;
  return `Cannot listen on ${place}: ${String(error)}`;
}

/** What a person reads after the start. The first key's secret stands here once and never again. */
function welcome(gateway: Gateway, config: Config, base: string, link: string | undefined): string {
  const available = gateway.catalog.all().filter((model) => model.routes.length > 0);
  const sandboxed = available.filter((model) => model.routes[0]?.sandbox === true);
  const first = available.find((model) => model.card.id === 'dola-seedream-5.0-lite') ?? available[0];
  const key = gateway.firstSecret ?? '$EASEL_API_KEY';
  const lines = [
    '',
    `  Easel is ready at ${base}`,
    ...(link === undefined
      ? []
      : ['', '  The console, signed in (this link works once, within 15 minutes):', `  ${link}`]),
    ...(gateway.firstSecret === undefined ? [] : ['', `  API key (shown this once): ${gateway.firstSecret}`]),
    '',
    `  Models: ${available.length} of ${gateway.catalog.all().length} available${sandboxed.length === 0 ? '' : `, ${sandboxed.length} of them sandboxed: built-in simulators draw sketches, nothing is charged`}`,
    ...sandboxIsOff(gateway, config),
    ...(available.length === 0
      ? [
          '  None has a credential. Set one, e.g. ARK_API_KEY or GEMINI_API_KEY, or EASEL_SANDBOX=on. See docs/configuration.md',
        ]
      : []),
    ...(first === undefined ? [] : ['', '  Make a picture:', '', ...curlExample(base, key, first.card.id)]),
    ...(gateway.firstSecret === undefined ? ['', '  More keys: npm run easel -- keys create NAME'] : []),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** A key that lies in the environment for other programs ends the sandbox as well; whoever wonders is told. */
function sandboxIsOff({ catalog }: Gateway, config: Config): string[] {
  const rest = catalog.all().filter((model) => model.routes.length === 0).length;
  if (config.sandbox !== 'auto' || config.sandboxFor !== 'none' || rest === 0) return [];
  const [first, ...others] = config.liveThrough;
  const why = others.length === 0 ? `${first} is set` : `${config.liveThrough.join(', ')} are set`;
  return [
    `  The sandbox is off because ${why}. EASEL_SANDBOX=on serves the other ${rest === 1 ? 'model' : `${rest} models`} from it.`,
  ];
}

function curlExample(base: string, key: string, model: string): string[] {
  const body = {
    model,
    prompt: 'A minimalist sunrise over calm water, digital illustration',
    ...(model.startsWith('dola') ? { size: '2048x2048' } : {}),
  };
  return [
    `curl ${base}/v1/images/generations \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '${JSON.stringify(body)}'`,
  ];
}
