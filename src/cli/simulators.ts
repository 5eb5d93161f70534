import { Command } from 'commander';
import { startSimulators } from '../compose.ts';

/** `easel simulators`: the upstream simulators alone, for anyone's client to be pointed at. */
export function simulatorsCommand(): Command {
  return new Command('simulators')
    .description('run the upstream simulators alone and print their addresses and keys')
    .option(
      '--port <number>',
      'first port; each simulator takes the next (default: any free ports)',
      readPort,
    )
    .option('--delay-ms <number>', 'how long one image takes, in ms', readCount)
    .action((options: { port?: number; delayMs?: number }) => runSimulators(options));
}

async function runSimulators({ port, delayMs }: { port?: number; delayMs?: number }): Promise<void> {
  const sandbox = await startSimulators({
    ...(port === undefined ? {} : { firstPort: port }),
    ...(delayMs === undefined ? {} : { delayMs }),
  });
  process.stdout.write('Upstream simulators, on this machine only. Ctrl-C ends them.\n\n');
  for (const [name, simulator] of sandbox.simulators) {
    const { apiKey, accessKey, secretKey } = simulator.credential;
    const prefix = name.toUpperCase();
    process.stdout.write(`${prefix}_BASE_URL=${simulator.baseUrl}\n${prefix}_API_KEY=${apiKey}\n`);
    if (accessKey !== undefined) {
      process.stdout.write(`${prefix}_ACCESS_KEY=${accessKey}\n${prefix}_SECRET_KEY=${secretKey}\n`);
    }
    const ledger = new URL('/_sim/ledger', simulator.baseUrl).href;
    process.stdout.write(`# its pictures: ${simulator.fileOrigin}   what it charged: ${ledger}\n\n`);
  }
  const end = (): void => void sandbox.close().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end);
  if (process.connected) process.once('disconnect', end);
  await new Promise(() => undefined);
}

function readPort(text: string): number {
  const port = readCount(text);
  if (port < 1 || port > 65_000) throw new Error('--port must be 1 to 65000');
  return port;
}

function readCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error('a whole number is needed');
  return Number(text);
}
