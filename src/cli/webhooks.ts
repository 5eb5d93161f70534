import { Command } from 'commander';
import { withWebhooks, type Audit } from '../compose-stores.ts';
import type { WebhookDelivery, WebhookStore } from '../core/webhook.ts';
import { readConfig } from './start.ts';

/** `easel webhooks list|redeliver`: works beside a running gateway, which sends what is due within seconds. */
export function webhooksCommand(): Command {
  const webhooks = new Command('webhooks').description('see and repeat the messages about finished images');
  webhooks
    .command('list')
    .description('the last 100 messages, newest first')
    .action(() => use(list));
  webhooks
    .command('redeliver <id>')
    .description('send a message again, by its id or the id of its image')
    .action((id: string) => use((store, audit) => redeliver(id, store, audit)));
  return webhooks;
}

async function use(work: (store: WebhookStore, audit: Audit) => Promise<void>): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  if ((await withWebhooks(config, (store, _keys, audit) => work(store, audit))) === 'no_data') {
    fail(`There is no Easel data in ${config.dataDir} yet. Run npm start once, or set EASEL_DATA_DIR.`);
  }
}

async function list(store: WebhookStore): Promise<void> {
  const rows = (await store.list(100)).map((delivery) => [
    delivery.id,
    delivery.generationId,
    delivery.state.replace('_', ' '),
    String(delivery.attempts),
    delivery.nextAtMs === undefined ? '' : new Date(delivery.nextAtMs).toISOString(),
    lastOf(delivery),
    addressOf(delivery),
  ]);
  const table = [['ID', 'IMAGE', 'STATE', 'ATTEMPTS', 'NEXT', 'LAST', 'TO'], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table) {
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

function lastOf({ lastStatus, lastError }: WebhookDelivery): string {
  return lastStatus === undefined ? (lastError ?? '') : `HTTP ${lastStatus}`;
}

/** Without its query, which may hold a password of the receiver. */
function addressOf({ url }: WebhookDelivery): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

async function redeliver(id: string, store: WebhookStore, audit: Audit): Promise<void> {
  const found = await store.redeliver(id, Date.now());
  if (found === undefined) return fail(`There is no message '${id}'. See: npm run easel -- webhooks list`);
  if (found === 'waiting')
    return fail('Its image is still in progress; the message is sent when it has ended.');
  await audit('webhook.redeliver', id);
  process.stdout.write('It is sent again as soon as a gateway runs.\n');
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
