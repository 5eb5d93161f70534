import type { Card } from '../core/card.ts';
import { cardSchema } from '../core/card.ts';
import { makeCatalog, type Catalog, type Model } from '../core/catalog.ts';
import { priceSchema, type Price } from '../core/price.ts';
import type { Provider } from '../core/provider.ts';
import type { Credential, Route } from '../core/route.ts';
import { pushIssues, readConfigFile, type ConfigFile, type RouteRead } from './config-file.ts';
import {
  credentialForm,
  isCredential,
  providerSettings,
  settings,
  type RouteEntry,
  type Setting,
} from './schema.ts';

type Values = { [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };
type Optional = 'assetRetentionDays' | 'publicUrl' | 'apiKey' | 'adminKey' | 'configFile';

/** The settings of a run, checked. */
export type Config = Omit<Values, Optional> & { [K in Optional]: Values[K] | undefined } & {
  /** The models with their live routes; the sandbox's are added where it runs. */
  catalog: Catalog;
  /** Providers whose models the sandbox is to serve: see `EASEL_SANDBOX`. */
  sandboxFor: 'none' | 'all' | 'models-without-route';
  /** The variables through which models have live routes; any of them ends the sandbox that runs by itself. */
  liveThrough: readonly string[];
  /** Worth a line in the log at start. */
  remarks: readonly string[];
};

export type Env = Readonly<Record<string, string | undefined>>;

/** Settings that cannot be used. `mistakes` names every one of them, by variable and expected form, never by value. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The settings have ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/** The environment of this process: the only place that reads it. */
export function processEnv(): Env {
  return process.env;
}

/** Reads and checks everything. Throws ConfigError with all mistakes together. */
export function loadConfig(env: Env, providers: readonly Provider[]): Config {
  const mistakes: string[] = [];
  const remarks: string[] = [];
  const values = readAll(env, mistakes);
  const access = readProviders(env, providers, mistakes, remarks);
  const file: ConfigFile =
    values.configFile === undefined ? new Map() : readConfigFile(values.configFile, providers, mistakes);
  noteUnknown(env, remarks);

  const sandbox = values.sandbox;
  const models = buildModels({ env, providers, access, file, mayFill: sandbox === 'on', mistakes, remarks });
  if (mistakes.length > 0) throw new ConfigError(mistakes);

  const hasCredential = access.size > 0 || models.some((model) => model.routes.length > 0);
  const sandboxFor =
    sandbox === 'on' ? 'models-without-route' : sandbox === 'auto' && !hasCredential ? 'all' : 'none';
  const liveThrough = [...access.values()].map(({ from }) => from);
  if (models.some(({ card, routes }) => routes.length > 0 && file.get(card.id)?.routes !== undefined))
    liveThrough.push('EASEL_CONFIG');
  return { ...values, catalog: makeCatalog(models), sandboxFor, liveThrough, remarks };
}

function readAll(
  env: Env,
  mistakes: string[],
): Omit<Values, Optional> & { [K in Optional]: Values[K] | undefined } {
  const read = Object.entries(settings).map(([name, setting]) => [
    name,
    readSetting<unknown>(setting, env, mistakes),
  ]);
  // Each value came out of its own setting's `read`; a mistake ends the start before any is used.
  return Object.fromEntries(read) as ReturnType<typeof readAll>;
}

function readSetting<T>(setting: Setting<T>, env: Env, mistakes: string[]): T | undefined {
  const text = valueOf(env, setting.env) ?? setting.fallback;
  if (text === undefined) return undefined;
  const value = setting.read(text);
  if (value === undefined) mistakes.push(`${setting.env} must be ${setting.form}.`);
  return value;
}

/** An empty variable counts as not set: that is how compose files and CI leave one out. */
function valueOf(env: Env, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === undefined || text === '' ? undefined : text;
}

interface Access {
  credential: Credential;
  /** The variable that holds it. */
  from: string;
}

function baseUrlOf(provider: Provider, env: Env, mistakes: string[]): string {
  return readSetting(providerSettings(provider).baseUrl, env, mistakes) ?? provider.defaultBaseUrl;
}

function readProviders(
  env: Env,
  providers: readonly Provider[],
  mistakes: string[],
  remarks: string[],
): Map<string, Access> {
  const access = new Map<string, Access>();
  for (const provider of providers) {
    const declared = providerSettings(provider);
    baseUrlOf(provider, env, mistakes);
    const apiKey = readSetting(declared.apiKey, env, mistakes);
    const accessKey = declared.accessKey && readSetting(declared.accessKey, env, mistakes);
    const secretKey = declared.secretKey && readSetting(declared.secretKey, env, mistakes);
    if ((accessKey === undefined) !== (secretKey === undefined) && declared.accessKey && declared.secretKey) {
      const [there, missing] =
        accessKey === undefined
          ? [declared.secretKey.env, declared.accessKey.env]
          : [declared.accessKey.env, declared.secretKey.env];
      mistakes.push(`${missing} is missing: ${there} is set, and each needs the other.`);
    }
    if (apiKey !== undefined) {
      access.set(provider.name, { credential: { kind: 'key', apiKey }, from: declared.apiKey.env });
      if (accessKey !== undefined)
        remarks.push(
          `${declared.apiKey.env} is used; ${declared.accessKey?.env} is not, because both are set.`,
        );
    } else if (accessKey !== undefined && secretKey !== undefined) {
      access.set(provider.name, {
        credential: { kind: 'pair', accessKey, secretKey },
        from: declared.accessKey?.env ?? declared.apiKey.env,
      });
    }
  }
  return access;
}

function noteUnknown(env: Env, remarks: string[]): void {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.env));
  for (const name of Object.keys(env)) {
    if (name.startsWith('EASEL_') && !known.has(name))
      remarks.push(`${name} is no setting of this version and has no effect.`);
  }
}

interface ModelSources {
  env: Env;
  providers: readonly Provider[];
  access: ReadonlyMap<string, Access>;
  file: ConfigFile;
  /** A route whose credential is not set is left to the sandbox instead of being a mistake. */
  mayFill: boolean;
  mistakes: string[];
  remarks: string[];
}

function buildModels(sources: ModelSources): Model[] {
  const { providers, file } = sources;
  const builtIn = providers.flatMap((provider) => provider.cards.map((card) => ({ provider, card })));
  const models: Model[] = [];
  for (const { provider, card } of builtIn) {
    const entry = file.get(card.id);
    const merged = readCard(card.id, { ...card, ...entry?.card }, sources);
    if (merged === undefined) {
      configuredRoutes({ ...card, upstreamFields: {} }, entry?.routes ?? [], sources);
      continue;
    }
    const routes =
      entry?.routes === undefined
        ? defaultRoutes(provider, merged, sources)
        : configuredRoutes(merged, entry.routes, sources);
    models.push({ card: merged, routes });
  }
  const known = new Set(builtIn.map(({ card }) => card.id));
  for (const [id, entry] of file) {
    if (known.has(id)) continue;
    const first = providers.find((provider) => provider.name === entry.routes?.[0]?.provider);
    const bare = { id, upstreamModel: id, upstreamFields: {} };
    const open =
      entry.card === undefined ? first?.openCard?.(id) : { ...first?.openCard?.(id), id, ...entry.card };
    if (entry.routes === undefined || entry.routes.length === 0) {
      if (entry.hasBadRoutes) continue;
      sources.mistakes.push(`EASEL_CONFIG models.${id}: a model that is not built in needs routes.`);
    } else if (open === undefined) {
      configuredRoutes(bare, entry.routes, sources);
      // A route without a known provider is a mistake already.
      if (first === undefined) continue;
      sources.mistakes.push(
        `EASEL_CONFIG models.${id}: needs a card, because provider '${entry.routes[0]?.provider}' has no open one.`,
      );
    } else {
      const card = readCard(id, open, sources);
      const routes = configuredRoutes(card ?? bare, entry.routes, sources);
      if (card !== undefined) models.push({ card, routes });
    }
  }
  return models;
}

function readCard(id: string, data: object, { mistakes }: ModelSources): Card | undefined {
  const parsed = cardSchema.safeParse(data);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  if (parsed.success)
    mistakes.push(`EASEL_CONFIG models.${id}.card.id: must be '${id}', as the model is named.`);
  else pushIssues('EASEL_CONFIG', ['models', id, 'card'], parsed.error, mistakes);
  return undefined;
}

/** A provider with a credential in the environment serves its own cards. The list price holds at the vendor's own address only. */
function defaultRoutes(provider: Provider, card: Card, { access, env }: ModelSources): Route[] {
  const credential = access.get(provider.name)?.credential;
  if (credential === undefined) return [];
  const baseUrl = baseUrlOf(provider, env, []);
  return [
    {
      model: card.id,
      provider: provider.name,
      name: 'default',
      baseUrl,
      credential,
      upstreamModel: card.upstreamModel,
      upstreamFields: upstreamFieldsOf(card),
      price: baseUrl === provider.defaultBaseUrl ? listPriceOf(card) : undefined,
      downloadOrigins: [],
      concurrency: undefined,
      imagesPerMinute: undefined,
      weight: undefined,
      watermarkFree: false,
      sandbox: false,
    },
  ];
}

function listPriceOf(card: Card): Price | undefined {
  return card.listPrice.length === 0 ? undefined : priceSchema.parse(card.listPrice);
}

/** A route's own fields change the card's; null takes one away. */
function upstreamFieldsOf(
  card: Pick<Card, 'upstreamFields'>,
  own: RouteEntry['upstreamFields'] = {},
): Readonly<Record<string, unknown>> {
  const all = Object.entries({ ...card.upstreamFields, ...own });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

/** Also for a card that has a mistake, so that those of its routes are told with it. */
function configuredRoutes(
  card: Pick<Card, 'id' | 'upstreamModel' | 'upstreamFields'>,
  entries: readonly RouteRead[],
  sources: ModelSources,
): Route[] {
  const names = new Set<string>();
  return entries.flatMap(({ entry, price }, i) => {
    const place = `EASEL_CONFIG models.${card.id}.routes[${i}]`;
    const provider = sources.providers.find((provider) => provider.name === entry?.provider);
    if (entry === undefined || provider === undefined) return [];
    const label = `${entry.provider}/${entry.name}`;
    if (names.has(label))
      sources.mistakes.push(`${place}.name: another route of this model is named ${label} already.`);
    names.add(label);
    const credential = credentialOf(place, entry, provider, sources);
    if (credential === undefined) return [];
    return [
      {
        model: card.id,
        provider: provider.name,
        name: entry.name,
        baseUrl: entry.baseUrl ?? baseUrlOf(provider, sources.env, []),
        credential,
        upstreamModel: entry.model ?? card.upstreamModel,
        upstreamFields: upstreamFieldsOf(card, entry.upstreamFields),
        price,
        downloadOrigins: entry.downloadOrigins,
        concurrency: entry.concurrency,
        imagesPerMinute: entry.imagesPerMinute,
        weight: entry.weight,
        watermarkFree: entry.watermarkFree,
        sandbox: false,
      },
    ];
  });
}

/**
 * The credential a route names, or its provider's from the environment. One that is not set is a mistake: a
 * typing error must not turn a production server into a sandbox. Only EASEL_SANDBOX=on takes it as "not here".
 */
function credentialOf(
  place: string,
  entry: RouteEntry,
  provider: Provider,
  sources: ModelSources,
): Credential | undefined {
  const { env, mayFill, mistakes, remarks } = sources;
  const missing = (text: string): undefined => {
    (mayFill ? remarks : mistakes).push(`${place}${text}`);
    return undefined;
  };
  /** The value of the variable that stands in a field of the route. */
  const named = (field: string, name: string): string | undefined => {
    const value = valueOf(env, name);
    if (value === undefined) return missing(`.${field}: ${name} is not set.`);
    if (isCredential(value)) return value;
    mistakes.push(`${place}.${field}: ${name} must be ${credentialForm}.`);
    return undefined;
  };
  if (entry.keyless) return keyless(place, entry, provider, mistakes);
  if (entry.apiKeyEnv !== undefined) {
    const apiKey = named('apiKeyEnv', entry.apiKeyEnv);
    return apiKey === undefined ? undefined : { kind: 'key', apiKey };
  }
  if (entry.accessKeyEnv !== undefined || entry.secretKeyEnv !== undefined) {
    if (
      !provider.credentials.includes('pair') ||
      entry.accessKeyEnv === undefined ||
      entry.secretKeyEnv === undefined
    ) {
      mistakes.push(
        `${place}: accessKeyEnv and secretKeyEnv go together, for providers that take a pair of keys.`,
      );
      return undefined;
    }
    const accessKey = named('accessKeyEnv', entry.accessKeyEnv);
    const secretKey = named('secretKeyEnv', entry.secretKeyEnv);
    if (accessKey === undefined || secretKey === undefined) return undefined;
    return { kind: 'pair', accessKey, secretKey };
  }
  if (provider.keyOptional === true && isElsewhere(entry, provider, env)) {
    mistakes.push(
      `${place}: names its own baseUrl, so say which key is meant for it with apiKeyEnv, or "keyless": true.`,
    );
    return undefined;
  }
  return (
    sources.access.get(provider.name)?.credential ??
    missing(`: names no credential, and ${provider.envPrefix}_API_KEY is not set.`)
  );
}

function keyless(
  place: string,
  entry: RouteEntry,
  provider: Provider,
  mistakes: string[],
): Credential | undefined {
  const named = [entry.apiKeyEnv, entry.accessKeyEnv, entry.secretKeyEnv].some((name) => name !== undefined);
  if (provider.keyOptional === true && !named) return { kind: 'none' };
  mistakes.push(
    named
      ? `${place}.keyless: does not go together with the name of a key.`
      : `${place}.keyless: provider '${provider.name}' always wants a credential.`,
  );
  return undefined;
}

/** Where servers of many makers are spoken to, the vendor's key in the environment is not for all of them. */
function isElsewhere(entry: RouteEntry, provider: Provider, env: Env): boolean {
  return entry.baseUrl !== undefined && entry.baseUrl !== baseUrlOf(provider, env, []);
}
