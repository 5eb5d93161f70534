import type { AuditStore } from '../core/audit.ts';
import type { Catalog } from '../core/catalog.ts';
import type { Clock } from '../core/clock.ts';
import type { SessionStore } from '../core/console-session.ts';
import type { IdMaker } from '../core/ids.ts';
import type { InputImage } from '../core/image-request.ts';
import type { InputRules } from '../core/card.ts';
import type { KeyStore, ParameterHandling } from '../core/key-store.ts';
import type { LedgerStore } from '../core/ledger.ts';
import type { Log } from '../core/log.ts';
import type { Meter } from '../core/meter.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { Warning } from '../core/record.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import type { WebhookStore } from '../core/webhook.ts';
import type { Assets } from '../generation/assets.ts';
import type { Creations } from '../generation/idempotency.ts';
import type { RouteMark } from '../generation/circuit-breaker.ts';
import type { InputReference } from '../generation/input-references.ts';
import type { RecentCalls } from '../generation/route-calls.ts';
import type { PictureFiles } from '../generation/picture-files.ts';
import type { ConsoleFiles } from './console/console-files.ts';
import type { SignInAttempts } from './admin/sign-in-attempts.ts';
import type { FormLimits } from './form.ts';
import type { RequestRate } from './request-rate.ts';
import type { UrlSigner } from './signed-url.ts';

/** The messages to webhooks as an operator sees them. */
export interface AdminWebhooks extends Pick<WebhookStore, 'list' | 'find'> {
  /** Sends a message again, whatever became of it; `waiting`: its generation runs. */
  redeliver(id: string): Promise<'due' | 'waiting' | undefined>;
}

/** A route as an operator sees it. */
export interface RouteNow {
  /** Why it is out of service; undefined: it is not. */
  mark: RouteMark | undefined;
  /** One call finds out whether it works again. */
  isProbed: boolean;
  /** Slots taken. */
  inUse: number;
  /** Undefined: no limit is known. */
  slots: number | undefined;
  recent: RecentCalls;
}

/** What the admin API and the sessions of the console are handed. */
export interface AdminTools {
  /** SHA-256 of the admin key; undefined: none is set, and only a one-time link signs an admin in. */
  keyHash: string | undefined;
  sessions: SessionStore;
  audit: AuditStore;
  attempts: SignInAttempts;
  webhooks: AdminWebhooks;
  /** Generations that have not ended, oldest first. Throws where the records cannot be read now. */
  inProgress: RecordStore['unfinished'];
  /** How a route is at this moment, and what became of its calls lately. */
  routeNow(route: Route): RouteNow;
  /** Of this program, e.g. `0.1.0`. */
  version: string;
}

/** What the HTTP side is handed: everything behind it as functions and ports. */
export interface HttpTools {
  catalog: Catalog;
  providers: ReadonlyMap<string, Provider>;
  keys: KeyStore;
  records: RecordStore;
  ledger: LedgerStore;
  admin: AdminTools;
  /** Undefined: it has not been built. */
  console: ConsoleFiles | undefined;
  objects: ObjectStore;
  pictures: PictureFiles;
  assets: Assets;
  signer: UrlSigner;
  ids: IdMaker;
  clock: Clock;
  log: Log;
  settings: HttpSettings;
  requestRate: RequestRate;
  /** Opens, runs and keeps a generation, or finds the one that a request repeats. */
  accept: Creations['accept'];
  /** Reads and checks the input images a body names. */
  loadInputs(
    keyId: string,
    references: readonly InputReference[],
    rules: InputRules,
  ): Promise<{ images: readonly InputImage[]; warnings: readonly Warning[] }>;
  /** Reads and checks a mask, which lies on the first input image. */
  loadMask(
    keyId: string,
    mask: InputReference,
    first: InputImage | undefined,
    rules: InputRules,
  ): Promise<InputImage>;
  /** Why nothing may be sent to this address, as far as it shows; undefined: it may. */
  whyNoWebhook(url: URL | null): string | undefined;
  /** Whether messages to webhooks can be signed for a key, by its internal id. */
  hasWebhookSecret(keyId: string): Promise<boolean>;
  /** True when a picture that is paid for now has a safe place. */
  isStorageWell(): Promise<boolean>;
  meter: Pick<Meter, 'requestAnswered'>;
  /** Everything that is counted, in the text format of Prometheus. */
  metricsPage(): Promise<{ type: string; text: string }>;
  /** True when the route can be asked now. */
  isUsable: (route: Route) => boolean;
  /** True once the process is ending. */
  isDraining(): boolean;
}

export interface HttpSettings {
  publicUrl: string | undefined;
  trustProxy: boolean | string[];
  urlTtlSeconds: number;
  /** Where neither a request nor its key says. */
  parameterHandling: ParameterHandling;
  /** Bytes of a JSON body (public-api.md section 4.3). */
  maxJsonBytes: number;
  /** Multipart bodies (public-api.md section 4.3). */
  forms: FormLimits;
}

/** This server as the caller of one request addresses it: scheme, host and path prefix, without a trailing slash. */
export type OwnAddress = string;
