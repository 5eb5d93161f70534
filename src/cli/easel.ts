import { Command } from 'commander';
import { backupCommand } from './backup.ts';
import { checkCommand } from './check.ts';
import { keysCommand } from './keys.ts';
import { signInLinkCommand } from './sign-in-link.ts';
import { simulatorsCommand } from './simulators.ts';
import { runGateway } from './start.ts';
import { webhooksCommand } from './webhooks.ts';

/** `npm run easel -- <command>`. */
const program = new Command('easel')
  .description('A self-hosted, OpenAI-compatible gateway for image models.')
  .showHelpAfterError();
program.command('start').description('run the gateway (the same as npm start)').action(runGateway);
program.addCommand(keysCommand());
program.addCommand(signInLinkCommand());
program.addCommand(webhooksCommand());
program.addCommand(checkCommand());
program.addCommand(backupCommand());
program.addCommand(simulatorsCommand());
await program.parseAsync();
