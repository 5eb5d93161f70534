import { Command } from 'commander';
import { withKeys, withWebhooks, type Audit } from '../compose-stores.ts';
import type { Config } from '../config/load.ts';
import { consoleKeyName, createKey, isBuiltIn, type KeySettings, type KeyTools } from '../core/api-keys.ts';
import type { AuditAction } from '../core/audit.ts';
import type { ApiKey } from '../core/key-store.ts';
import { makeWebhookSecret } from '../core/webhook.ts';
import {
  addSettings,
  describeSettings,
  readSettingWords,
  SettingMistake,
  type SettingWords,
} from './key-settings.ts';
import { readConfig } from './start.ts';

/** `easel keys create|set|list|freeze|unfreeze|delete`: works beside a running gateway and holds from its next request on. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('make and manage API keys');
  addSettings(keys.command('create <name>'))
    .description('make a key; its secret is shown this once')
    .action((name: string, words: SettingWords) => useKeys((tools) => create(name, words, tools)));
  addSettings(keys.command('set <name>'))
    .description("change a key's limits; what is not said stays as it is")
    .action((name: string, words: SettingWords) => useKeys((tools) => setLimits(name, words, tools)));
  keys
    .command('handling <name>')
    .description(
      'how the key handles parameters that a model cannot meet; without an option: as the server does',
    )
    .option('--lenient', 'they are met nearly, with a warning')
    .option('--strict', 'they are refused')
    .action((name: string, options: HandlingOptions) => useKeys((tools) => handle(name, options, tools)));
  keys
    .command('list')
    .description('list the keys')
    .action(() => useKeys(list));
  keys
    .command('freeze <name>')
    .description('refuse the key until it is unfrozen (403); its records stay')
    .action((name: string) =>
      useKeys((tools) => change(name, { state: 'frozen' }, 'frozen', 'key.freeze', tools)),
    );
  keys
    .command('unfreeze <name>')
    .description('take a frozen key again')
    .action((name: string) =>
      useKeys((tools) => change(name, { state: 'active' }, 'active again', 'key.unfreeze', tools)),
    );
  keys
    .command('webhook-secret <name>')
    .description(
      "make the secret that the key's webhooks are signed with; it is shown this once. An earlier one stays valid beside it for a day",
    )
    .action(makeSecret);
  keys
    .command('delete <name>')
    .description('refuse the key for good (401); its records stay in the store')
    .action((name: string) => useKeys((tools) => remove(name, tools)));
  return keys;
}

/** What a command on keys works with. */
interface Tools extends KeyTools {
  audit: Audit;
  config: Config;
}

async function useKeys(work: (tools: Tools) => Promise<void>): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  if ((await withKeys(config, (tools, audit) => work({ ...tools, audit, config }))) === 'no_data') {
    fail(`There is no Easel data in ${config.dataDir} yet. Run npm start once, or set EASEL_DATA_DIR.`);
  }
}

/** Messages that are still to be sent are signed with the new one from now on, and for a day with the old one too. */
async function makeSecret(name: string): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  const done = await withWebhooks(config, async (webhooks, keys, audit) => {
    const key = await keys.find(name);
    if (key === undefined) return fail(`There is no key named '${name}'. See: npm run easel -- keys list`);
    const secret = makeWebhookSecret();
    await webhooks.setSecret(key.id, secret, Date.now());
    await audit('key.webhook_secret', key.id, `'${key.name}'`);
    process.stdout.write(`${secret}\n`);
    process.stderr.write(
      `Webhooks of key '${key.name}' are signed with this secret. It is not shown again. One that it replaces is signed with too for 24 hours.\n`,
    );
  });
  if (done === 'no_data') {
    fail(`There is no Easel data in ${config.dataDir} yet. Run npm start once, or set EASEL_DATA_DIR.`);
  }
}

interface HandlingOptions {
  lenient?: boolean;
  strict?: boolean;
}

/** Null: both were said. */
function handlingOf({ lenient, strict }: HandlingOptions): ApiKey['parameterHandling'] | null {
  if (lenient === true && strict === true) return null;
  return lenient === true ? 'lenient' : strict === true ? 'strict' : undefined;
}

const bothSaid = 'Say --lenient or --strict, not both.';

async function handle(name: string, options: HandlingOptions, tools: Tools): Promise<void> {
  const parameterHandling = handlingOf(options);
  if (parameterHandling === null) return fail(bothSaid);
  const said = parameterHandling ?? "handled as the server's setting says";
  await change(name, { parameterHandling }, said, 'key.change', tools);
}

const namePattern = /^[\w.@-]{1,64}$/;

async function create(name: string, words: SettingWords, tools: Tools): Promise<void> {
  if (!namePattern.test(name)) return fail('A key name has 1 to 64 letters, digits or any of . _ @ -');
  if (isBuiltIn({ name }))
    return fail(`'${name}' is a key that the server looks after itself. Choose another name.`);
  const settings = settingsOf(words, noSettings, tools);
  if (settings === undefined) return;
  const made = await createKey(name, tools, undefined, settings);
  if (made.kind === 'name_taken') return fail(`There is a key named '${name}' already.`);
  await tools.audit('key.create', made.key.id, `'${name}'`);
  process.stdout.write(`${made.secret}\n`);
  process.stderr.write(`Key '${name}' was made. Its secret stands above and is not kept: store it now.\n`);
}

/** Undefined: something cannot be read, and that was said. */
function settingsOf(
  words: SettingWords,
  before: KeySettings,
  { now, config: { catalog } }: Tools,
): KeySettings | undefined {
  try {
    return readSettingWords(words, before, { catalog, nowMs: now() });
  } catch (error) {
    if (!(error instanceof SettingMistake)) throw error;
    fail(error.message);
    return undefined;
  }
}

const noSettings: KeySettings = {
  limits: {},
  models: undefined,
  expiresAtMs: undefined,
  parameterHandling: undefined,
};

async function setLimits(name: string, words: SettingWords, tools: Tools): Promise<void> {
  const key = await tools.keys.find(name);
  if (key === undefined) return fail(noKey(name));
  const settings = settingsOf(words, key, tools);
  if (settings === undefined) return;
  await tools.keys.change(key.id, settings);
  await tools.audit('key.change', key.id, `'${key.name}': ${describeSettings(settings) || 'no limits'}`);
  process.stdout.write(`Key '${key.name}' has now: ${describeSettings(settings) || 'no limits'}.\n`);
}

function noKey(name: string): string {
  return `There is no key named '${name}'. See: npm run easel -- keys list`;
}

async function list({ keys, now }: KeyTools): Promise<void> {
  const rows = (await keys.list()).map((key) => [
    key.name,
    stateOf(key, now()),
    key.hint === '' ? '(none)' : `…${key.hint}`,
    new Date(key.createdAtMs).toISOString().slice(0, 10),
    key.id,
    describeSettings(key),
  ]);
  const table = [['NAME', 'STATE', 'SECRET', 'MADE', 'ID', 'LIMITS'], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table)
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function stateOf(key: ApiKey, nowMs: number): string {
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'expired' : key.state;
}

async function change(
  name: string,
  values: Partial<Pick<ApiKey, 'state' | 'parameterHandling'>>,
  said: string,
  action: AuditAction,
  { keys, audit }: Tools,
): Promise<void> {
  const key = await keys.find(name);
  if (key === undefined) return fail(noKey(name));
  await keys.change(key.id, values);
  await audit(action, key.id, `'${key.name}'`);
  process.stdout.write(`Key '${key.name}' is ${said}.\n`);
}

async function remove(name: string, tools: Tools): Promise<void> {
  const key = await tools.keys.find(name);
  if (key?.name === consoleKeyName)
    return fail(
      `'${consoleKeyName}' is a key that the server looks after itself. To refuse it: keys freeze.`,
    );
  await change(name, { state: 'deleted' }, 'deleted', 'key.delete', tools);
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
