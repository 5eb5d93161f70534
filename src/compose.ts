import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import manifest from '../package.json' with { type: 'json' };
import { loadConfig, type Config, type Env } from './config/load.ts';
import { followEnvKey, makeFirstKey } from './core/api-keys.ts';
import { makeCatalog, type Catalog } from './core/catalog.ts';
import { systemClock, type Clock } from './core/clock.ts';
import { makeSignInLink } from './core/console-session.ts';
import { makeIdMaker } from './core/ids.ts';
import { makeFolders } from './core/make-folders.ts';
import { imageFolders, readImageObjectName } from './core/image-object.ts';
import type { Log } from './core/log.ts';
import type { Provider } from './core/provider.ts';
import type { RecordStore } from './core/record-store.ts';
import { hashSecret } from './core/secrets.ts';
import type { Route } from './core/route.ts';
import type { GenerationTools } from './generation/generate.ts';
import { makeAssets, type Assets } from './generation/assets.ts';
import { joinWindowMs, makeCreations } from './generation/idempotency.ts';
import { makeInFlight, refusedWhileDraining } from './generation/in-flight.ts';
import {
  defaultInputLimits,
  loadInputImages,
  type InputDependencies,
  type InputSources,
} from './generation/input-images.ts';
import { loadMask } from './generation/input-mask.ts';
import { makeLateResults } from './generation/late-results.ts';
import { makePatientRecords } from './generation/patient-records.ts';
import { makePictureFiles } from './generation/picture-files.ts';
import { resumeGenerations } from './generation/resume.ts';
import { makeRetryBudget } from './generation/retry-budget.ts';
import { makeRouteCalls } from './generation/route-calls.ts';
import { makeRouteGates } from './generation/route-gates.ts';
import { makeRouteHealth } from './generation/route-health.ts';
import { makeStorageWatch } from './generation/storage-watch.ts';
import { startWebhookSender, type WebhookSender } from './generation/webhook-sender.ts';
import { makeSignInAttempts } from './http/admin/sign-in-attempts.ts';
import { readConsoleFiles } from './http/console/console-files.ts';
import { makeRequestRate } from './http/request-rate.ts';
import { makeServer } from './http/server.ts';
import { makeUrlSigner } from './http/signed-url.ts';
import type { HttpTools } from './http/tools.ts';
import { readSignedFile } from './http/v1/files.ts';
import { makeLinksOn } from './http/v1/links.ts';
import { webhookToWire } from './http/v1/wire.ts';
import { makeMetrics } from './metrics/metrics.ts';
import { openFilesystemStore } from './objects/filesystem.ts';
import { freeBytes } from './objects/free-space.ts';
import { providers as knownProviders, registrations, type Registration } from './providers/registry.ts';
import { lockDataDirectory } from './records/data-directory.ts';
import { openSqlite } from './records/sqlite.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox/start.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createDownloader } from './upstream/download.ts';
import { fetchPublic } from './upstream/fetch-public.ts';
import { createPublicPoster } from './upstream/post-public.ts';
import { whyNotPublic } from './upstream/public-web.ts';

/** A gateway, put together and recovered, not yet listening. */
export interface Gateway {
  app: FastifyInstance;
  catalog: Catalog;
  /** The first key's secret, on the first start without any key; shown once. */
  firstSecret: string | undefined;
  /** Undefined when no sandbox runs. */
  sandbox: Sandbox | undefined;
  /**
   * A new address at which somebody signs in to the console once, as an admin, within fifteen minutes; `base` is where
   * they reach this server.
   */
  makeSignInLink(base: string): Promise<string>;
  /** Begins to listen and to finish what an earlier process began; gives the address, e.g. http://127.0.0.1:8080. */
  listen(): Promise<string>;
  /** Takes no new generations, waits for the running ones, then ends everything. Again: the same end. */
  close(): Promise<void>;
}

/** What tests may put in the place of the real thing. */
export interface Overrides {
  clock?: Clock;
  random?: () => number;
  registrations?: readonly Registration[];
  sandbox?: SandboxOptions;
  /** Where the built console is. */
  consoleFolder?: string;
  /** Folders of objects that are made before they are needed: those of all pictures unless told. */
  objectFolders?: readonly string[];
}

/** How long what can still be collected is collected: upstream links and tasks live for a day at least. */
const collectMs = 23 * 60 * 60 * 1000;

/** For one attempt to deliver a webhook (public-api.md section 4.6). */
const webhookTimeoutMs = 10_000;

/** Replies on their way when everything else has ended: what is left of the drain, within these bounds. */
const replyMs = { min: 1000, max: 5000 };

/** Where `npm run console:build` puts the console. */
const consoleFolder = fileURLToPath(new URL('../console/dist', import.meta.url));

const maxJsonBytes = 64 * 1024 * 1024;
const maxFormBytes = 330 * 1024 * 1024;

/** Reads the settings for the providers of this program. Throws ConfigError with all mistakes together. */
export function readSettings(env: Env): Config {
  return loadConfig(env, knownProviders);
}

/** Config -> running gateway; the only place that picks implementations. */
export async function composeGateway(config: Config, log: Log, overrides: Overrides = {}): Promise<Gateway> {
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? Math.random;
  const known = overrides.registrations ?? registrations;
  const providers = new Map(known.map(({ provider }) => [provider.name, provider]));
  const ids = makeIdMaker(() => clock.now());

  makeFolders(config.dataDir, 0o777);
  const lock = lockDataDirectory(config.dataDir);
  const stop = new AbortController();
  const uploads = join(config.dataDir, 'uploads');
  // What a killed process had been sent.
  await rm(uploads, { recursive: true, force: true });
  const objects = await openFilesystemStore({
    folders: overrides.objectFolders ?? imageFolders(),
    folder: objectFolder(config),
    held: { maxBytes: config.maxHeldBytes, clock, signal: stop.signal },
  });
  const store = await openSqlite({ file: databaseFile(config), now: () => clock.now() });
  const storage = makeStorageWatch({
    freeBytes: () => freeBytes([config.dataDir, objectFolder(config)]),
    minFreeBytes: config.minFreeBytes,
    heldBytes: () => objects.heldBytes,
    probe: async () => {
      await objects.check();
      await store.records.check();
    },
    clock,
    log,
  });
  let webhookSender: WebhookSender | undefined;
  /** Generations under way whose end nobody is to be told: no reason to look for webhooks that are due. */
  const withoutWebhook = new Set<string>();
  const patientRecords = makePatientRecords(store.records, stop.signal, { clock, log, storage });
  const records: RecordStore = {
    ...patientRecords,
    async open(record, calls, origin, ...rest) {
      const opened = await patientRecords.open(record, calls, origin, ...rest);
      if (opened === 'opened' && origin?.webhook === undefined) withoutWebhook.add(record.id);
      return opened;
    },
    async close(generationId, ...rest) {
      const closed = await patientRecords.close(generationId, ...rest);
      if (!withoutWebhook.delete(generationId)) webhookSender?.wake();
      return closed;
    },
  };
  const pictures = makePictureFiles({
    objects,
    maxBytes: config.maxCopyBytes,
    hasRoom: () => storage.isWell(),
    log,
  });
  const { keys } = store;
  const signer = makeUrlSigner(await store.settings.getOrMake('url-signing-key', makeSigningKey), () =>
    clock.now(),
  );
  const keyTools = { keys, ids, now: () => clock.now() };
  await followEnvKey(config.apiKey, keyTools);
  const firstSecret = await makeFirstKey(keyTools);
  await forgetDoomed();
  // This process alone serves the data directory: who waited for its predecessor's replies has lost the connection.
  await store.idempotency.noteAllHungUp(clock.now() - joinWindowMs, clock.now());

  const sandbox =
    config.sandboxFor === 'none' ? undefined : await startSandbox(startersOf(known), overrides.sandbox);
  const catalog = withSandboxRoutes(config.catalog, known, sandbox);
  // Pictures inside an answer come once; what is behind a link can be fetched again.
  const client = createUpstreamClient({
    objects: { create: (options) => objects.create({ ...options, isOnlyCopy: true }) },
    log,
  });
  const downloader = createDownloader({ objects, log, clock });
  const health = makeRouteHealth({ now: () => clock.now(), log });
  const gates = makeRouteGates(
    catalog.all().flatMap((model) => model.routes),
    { providers, clock, random },
  );
  const routeCalls = makeRouteCalls({ providers, now: () => clock.now() });
  const draining = new AbortController();
  const inFlight = makeInFlight(config.maxInFlight);
  const late = makeLateResults(log);
  const metrics = makeMetrics({
    catalog,
    faultOf: (route) => health.faultOf(route),
    generationsInFlight: () => inFlight.count,
    lateResults: () => late.count,
    storage: () => storage.seen(),
  });
  const tools: GenerationTools = {
    providers,
    client,
    health,
    gates,
    retries: makeRetryBudget(() => clock.now()),
    draining: draining.signal,
    clock,
    random,
    log,
    records,
    keys,
    ledger: store.ledger,
    objects,
    storage,
    ids,
    inFlight,
    late,
    meter: metrics.meter,
    routeCalls,
    deadlineMs: config.deadlineMs,
    collectMs,
    stop: stop.signal,
    download: (url, route, signal) => downloader.fetch(url, route, signal),
  };
  const inputSources: Omit<InputSources, 'readAsset'> = {
    fetch: (url, { maxBytes }, signal) =>
      fetchPublic(url, { maxBytes, signal, allowHttp: config.allowHttpInputs }),
    readOwnFile: (url) => readSignedFile(url, { signer, records, pictures }),
  };
  const inputDependencies = (keyId: string): InputDependencies => ({
    ...inputSources,
    readAsset: (assetId) => assets.read(assetId, keyId),
    limits: { ...defaultInputLimits, maxBytes: config.maxInputBytes, allowHttp: config.allowHttpInputs },
    signal: stop.signal,
  });
  const assets: Assets = makeAssets({
    store: store.assets,
    objects,
    records,
    ids,
    clock,
    log,
    retentionDays: config.assetRetentionDays,
    inputs: inputDependencies,
  });
  const poster = createPublicPoster({
    timeoutMs: webhookTimeoutMs,
    allowedOrigins: config.webhookOrigins,
  });
  const creations = makeCreations({ ...tools, idempotency: store.idempotency });
  let isDraining = false;
  const http: HttpTools = {
    catalog,
    providers,
    keys,
    records,
    ledger: store.ledger,
    admin: {
      keyHash: config.adminKey === undefined ? undefined : hashSecret(config.adminKey),
      sessions: store.sessions,
      audit: store.audit,
      attempts: makeSignInAttempts(() => clock.now()),
      webhooks: {
        list: (limit) => store.webhooks.list(limit),
        find: (id) => store.webhooks.find(id),
        async redeliver(id) {
          const found = await store.webhooks.redeliver(id, clock.now());
          webhookSender?.wake();
          return found;
        },
      },
      // Not the patient one: who looks on wants an answer now.
      inProgress: () => store.records.unfinished(),
      routeNow: (route) => ({
        mark: health.markOf(route),
        isProbed: health.isProbed(route),
        ...gates.load(route),
        recent: routeCalls.of(route),
      }),
      version: manifest.version,
    },
    console: await readConsoleFiles(overrides.consoleFolder ?? consoleFolder),
    objects,
    pictures,
    assets,
    signer,
    ids,
    clock,
    log,
    settings: {
      publicUrl: config.publicUrl,
      trustProxy: config.trustProxy,
      urlTtlSeconds: config.urlTtlSeconds,
      parameterHandling: config.parameterHandling,
      maxJsonBytes,
      forms: { folder: uploads, maxBytes: maxFormBytes, maxFileBytes: config.maxInputBytes },
    },
    requestRate: makeRequestRate(),
    accept: (request, prepare) => creations.accept(request, prepare),
    loadInputs: (keyId, references, rules) => loadInputImages(references, rules, inputDependencies(keyId)),
    loadMask: (keyId, mask, first, rules) => loadMask(mask, first, rules, inputDependencies(keyId)),
    whyNoWebhook: (url) => whyNotPublic(url, { allowedOrigins: config.webhookOrigins, allowHttp: false }),
    hasWebhookSecret: async (keyId) => (await store.webhooks.secretsOf(keyId, clock.now())).length > 0,
    isStorageWell: () => storage.isWell(),
    meter: metrics.meter,
    metricsPage: () => metrics.page(),
    isUsable: (route) => health.markOf(route) === undefined,
    isDraining: () => isDraining,
  };
  const app = makeServer(http);
  let ending: Promise<void> | undefined;
  let resuming: Promise<void> = Promise.resolve();
  let sweeping: Promise<void> = Promise.resolve();
  return {
    app,
    catalog,
    firstSecret,
    sandbox,
    makeSignInLink: (base) => makeSignInLink(base, store.sessions, clock.now()),
    async listen() {
      // First, so that what runs already has its slots before anybody asks for new ones.
      resuming = resumeGenerations(catalog, tools);
      void pictures.sweep();
      sweeping = assets.sweep(stop.signal);
      const address = await app.listen({ host: config.host, port: config.port });
      webhookSender = startWebhookSender(
        {
          webhooks: store.webhooks,
          records,
          poster,
          messageOf: (record) => webhookToWire(record, makeLinksOn(config.publicUrl ?? address, http)),
          clock,
          random,
          log,
          meter: metrics.meter,
        },
        stop.signal,
      );
      return address;
    },
    close() {
      ending ??= end();
      return ending;
    },
  };

  async function end(): Promise<void> {
    isDraining = true;
    const endsAtMs = clock.now() + config.drainMs;
    inFlight.drain();
    // What waits for its turn ends unsent, so that only paid work is waited for.
    draining.abort(refusedWhileDraining());
    const waited = new AbortController();
    await Promise.race([inFlight.empty(), clock.sleep(config.drainMs, waited.signal).catch(() => undefined)]);
    waited.abort();
    // Who asked just now is told so; what was begun is left to the next start.
    stop.abort(refusedWhileDraining());
    await Promise.all([inFlight.empty(), sweeping, resuming, webhookSender?.stopped]);
    await closeServer(Math.min(replyMs.max, Math.max(replyMs.min, endsAtMs - clock.now())));
    await Promise.all([client.close(), downloader.close(), poster.close()]);
    await sandbox?.close();
    await pictures.close();
    await objects.close();
    await store.close();
    metrics.close();
    lock.release();
  }

  /** A caller who does not read does not hold up the end: the picture is kept, and can be asked for again. */
  async function closeServer(withinMs: number): Promise<void> {
    const closed = app.close();
    const over = new AbortController();
    const late = clock.sleep(withinMs, over.signal).then(
      () => app.server.closeAllConnections(),
      () => undefined,
    );
    await closed.finally(() => over.abort());
    await late;
  }

  /** Objects whose record was deleted, when the process died before their bytes were gone. */
  async function forgetDoomed(): Promise<void> {
    const gone: string[] = [];
    for (const object of await records.doomedObjects()) {
      try {
        await objects.remove(object);
        const owner = readImageObjectName(object);
        if (owner !== undefined) await pictures.forget(owner.generationId);
        gone.push(object);
      } catch (error) {
        log.warn({ object, error }, 'A deleted picture could not be removed; the next start tries again.');
      }
    }
    await records.forgetObjects(gone);
  }
}

/** Where the pictures of an installation are. */
export function objectFolder(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'objects');
}

/** Where the records and keys of an installation are. */
export function databaseFile(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'easel.db');
}

/** The simulators alone, for anyone's client to be pointed at. */
export async function startSimulators(options: SandboxOptions): Promise<Sandbox> {
  return await startSandbox(startersOf(registrations), options);
}

function makeSigningKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}

function startersOf(known: readonly Registration[]) {
  return known.map(({ provider, startSimulator }) => ({ provider: provider.name, start: startSimulator }));
}

/** Models without a usable route are served by their provider's simulator, where one runs (public-api.md section 14). */
function withSandboxRoutes(
  catalog: Catalog,
  known: readonly Registration[],
  sandbox: Sandbox | undefined,
): Catalog {
  if (sandbox === undefined) return catalog;
  return makeCatalog(
    catalog.all().map((model) => {
      const owner = known.find(({ provider }) =>
        provider.cards.some((card) => card.id === model.card.id),
      )?.provider;
      const route =
        model.routes.length > 0 || owner === undefined
          ? undefined
          : sandboxRoute(model.card.id, model.card.sandboxModel ?? model.card.upstreamModel, owner, sandbox);
      return route === undefined ? model : { ...model, routes: [route] };
    }),
  );
}

function sandboxRoute(
  model: string,
  upstreamModel: string,
  provider: Provider,
  sandbox: Sandbox,
): Route | undefined {
  const simulator = sandbox.simulators.get(provider.name);
  if (simulator === undefined) return undefined;
  return {
    model,
    provider: provider.name,
    name: 'sandbox',
    baseUrl: simulator.baseUrl,
    credential: { kind: 'key', apiKey: simulator.credential.apiKey },
    upstreamModel,
    price: undefined,
    downloadOrigins: [simulator.fileOrigin],
    concurrency: undefined,
    imagesPerMinute: undefined,
    weight: undefined,
    watermarkFree: false,
    sandbox: true,
  };
}
