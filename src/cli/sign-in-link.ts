import { Command } from 'commander';
import { withSignInLinks } from '../compose-stores.ts';
import { readConfig } from './start.ts';

/** `easel sign-in-link`: a one-time link to the console of a gateway that runs on the same data. */
export function signInLinkCommand(): Command {
  return new Command('sign-in-link')
    .description('print a link that signs in to the console as an admin, once, within fifteen minutes')
    .action(printLink);
}

async function printLink(): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  const base = config.publicUrl ?? `http://${nameOf(config.host)}:${config.port}`;
  const done = await withSignInLinks(config, async (makeLink, audit) => {
    const link = await makeLink(base);
    await audit('session.make_link');
    process.stdout.write(`${link}\n`);
  });
  if (done === 'done') return;
  process.stderr.write(
    `There is no Easel data in ${config.dataDir} yet. Run npm start once, or set EASEL_DATA_DIR.\n`,
  );
  process.exitCode = 1;
}

/** A server that listens on all addresses is reached at one of them. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
