import { z } from 'zod';

/**
 * Every setting, once: its environment name, its default, one sentence, and its form. The type, the check,
 * docs/configuration.md and `--help` come from here. A value is never part of a message.
 */

/** One setting as it is declared. */
export interface Setting<T> {
  env: string;
  /** One sentence for people. */
  summary: string;
  /** The form a value has, as in "a port number, 0 to 65535". */
  form: string;
  /** As it would be written in the environment; undefined: no default. */
  fallback: string | undefined;
  /** Never shown, not even its default. */
  isSecret: boolean;
  /** Undefined: the text does not have the form. */
  read(text: string): T | undefined;
}

function setting<T>(
  env: string,
  form: string,
  fallback: string | undefined,
  summary: string,
  read: (text: string) => T | undefined,
  isSecret = false,
): Setting<T> {
  return { env, form, fallback, summary, read, isSecret };
}

const secretText = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : undefined);

function wholeNumber(min: number, max: number): (text: string) => number | undefined {
  return (text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined;
}

function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T | undefined {
  return (text) => words.find((word) => word === text.toLowerCase());
}

function httpUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return /^https?:$/.test(url.protocol) && isPlain ? url.href.replace(/\/+$/, '') : undefined;
}

/** `true`/`false`, or the proxies' own addresses. */
function trustProxy(text: string): boolean | string[] | undefined {
  if (/^(true|on|1|yes)$/i.test(text)) return true;
  if (/^(false|off|0|no)$/i.test(text)) return false;
  const addresses = text.split(',').map((part) => part.trim());
  return addresses.every((address) =>
    /^([0-9.]+|[0-9a-f:.]+|loopback|linklocal|uniquelocal)(\/\d{1,3})?$/i.test(address),
  )
    ? addresses
    : undefined;
}

function origins(text: string): string[] | undefined {
  const all = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  return all.every((origin) => /^https?:/.test(origin) && isOrigin(origin)) ? all : undefined;
}

const printable = /^[\x21-\x7e]{1,4096}$/;

export const settings = {
  host: setting(
    'EASEL_HOST',
    'a host name or address',
    '127.0.0.1',
    'The address to listen on.',
    secretText(/^[\w.:-]{1,255}$/),
  ),
  port: setting(
    'EASEL_PORT',
    'a port number, 0 to 65535',
    '8080',
    'The port to listen on; 0 takes any free one.',
    wholeNumber(0, 65_535),
  ),
  dataDir: setting(
    'EASEL_DATA_DIR',
    'a folder',
    './data',
    'Where records and pictures are kept; made when it is missing.',
    (text) => text,
  ),
  publicUrl: setting(
    'EASEL_PUBLIC_URL',
    'an http or https URL without query',
    undefined,
    "The address clients reach this server by; without it picture URLs are built from the request's own Host.",
    httpUrl,
  ),
  trustProxy: setting(
    'EASEL_TRUST_PROXY',
    'true, false, or addresses and CIDR ranges separated by commas',
    'false',
    'Proxies whose X-Forwarded-* headers are believed.',
    trustProxy,
  ),
  logLevel: setting(
    'EASEL_LOG_LEVEL',
    'fatal, error, warn, info, debug, trace or silent',
    'info',
    'How much is logged.',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  ),
  apiKey: setting(
    'EASEL_API_KEY',
    "'sk-' and at least 32 letters and digits",
    undefined,
    "The secret of the API key named `env`; each start sets it, and the key's records stay. Gone from the environment, the key is frozen.",
    secretText(/^sk-[A-Za-z0-9]{32,512}$/),
    true,
  ),
  adminKey: setting(
    'EASEL_ADMIN_KEY',
    'at least 24 printable ASCII characters without spaces',
    undefined,
    'Opens the console and the admin API, with all they can do; replacing it ends the sessions that it opened. Without it only a one-time link signs an admin in.',
    secretText(/^[\x21-\x7e]{24,512}$/),
    true,
  ),
  sandbox: setting(
    'EASEL_SANDBOX',
    'auto, on or off',
    'auto',
    'Built-in upstream simulators that draw sketches. auto: only while no provider credential is set; on: for every model without a usable credential; off: never.',
    oneOf('auto', 'on', 'off'),
  ),
  configFile: setting(
    'EASEL_CONFIG',
    'the path of a JSON file',
    undefined,
    'Routes and model cards; see below.',
    (text) => text,
  ),
  maxInFlight: setting(
    'EASEL_MAX_IN_FLIGHT',
    'a number, 1 to 10000',
    '256',
    'Generations worked on at once; more are answered 503 before any money is spent.',
    wholeNumber(1, 10_000),
  ),
  minFreeBytes: setting(
    'EASEL_MIN_FREE_BYTES',
    'bytes, 0 to 999999999999999',
    '536870912',
    'With less free space than this in the data directory, generations are answered 503 before any money is spent; 0: never.',
    wholeNumber(0, 999_999_999_999_999),
  ),
  maxHeldBytes: setting(
    'EASEL_MAX_HELD_BYTES',
    'bytes, 0 to 999999999999999',
    '536870912',
    'Memory for pictures that were paid for and that the disk does not take; they are stored when it does.',
    wholeNumber(0, 999_999_999_999_999),
  ),
  maxCopyBytes: setting(
    'EASEL_MAX_COPY_BYTES',
    'bytes, 0 to 999999999999999',
    '1073741824',
    'Disk space for thumbnails and for resized and converted copies of pictures; those not used for longest go first and are made again when somebody asks; 0: none are kept.',
    wholeNumber(0, 999_999_999_999_999),
  ),
  deadlineMs: setting(
    'EASEL_DEADLINE_MS',
    'milliseconds, 1000 to 3600000',
    '570000',
    'A caller is answered after this long at the latest; what was begun is still collected and kept.',
    wholeNumber(1000, 3_600_000),
  ),
  drainMs: setting(
    'EASEL_DRAIN_MS',
    'milliseconds, 0 to 3600000',
    '30000',
    'How long a stopping server waits for running generations; those with a ticket are finished by the next start.',
    wholeNumber(0, 3_600_000),
  ),
  urlTtlSeconds: setting(
    'EASEL_URL_TTL_SECONDS',
    'seconds, 60 to 604800',
    '3600',
    'How long a signed picture URL is good for.',
    wholeNumber(60, 604_800),
  ),
  parameterHandling: setting(
    'EASEL_PARAMETER_HANDLING',
    'strict or lenient',
    'strict',
    'What becomes of a parameter that a model cannot meet: strict refuses the request, lenient meets it nearly and says so in `warnings`. A key and a request may say otherwise.',
    oneOf('strict', 'lenient'),
  ),
  assetRetentionDays: setting(
    'EASEL_ASSET_RETENTION_DAYS',
    'days, 1 to 36500',
    undefined,
    'Uploaded assets that no request has used for so long are removed; without it they are kept until deleted.',
    wholeNumber(1, 36_500),
  ),
  maxInputBytes: setting(
    'EASEL_MAX_INPUT_BYTES',
    'bytes, 1024 to 104857600',
    '20971520',
    'The largest input image taken.',
    wholeNumber(1024, 104_857_600),
  ),
  allowHttpInputs: setting(
    'EASEL_ALLOW_HTTP_INPUTS',
    'true or false',
    'false',
    'Input images may be fetched over plain http, from public hosts.',
    (text) => ({ true: true, false: false })[text.toLowerCase()],
  ),
  webhookOrigins: setting(
    'EASEL_WEBHOOK_ORIGINS',
    'origins such as http://10.0.0.5:3000, separated by commas',
    '',
    'Places in your own network that webhooks may be sent to, over http too; all others must be public and https.',
    origins,
  ),
} as const;

/** What a provider contributes to the settings. */
export interface ProviderSettings {
  name: string;
  envPrefix: string;
  defaultBaseUrl: string;
  credentials: readonly ('key' | 'pair')[];
}

const credentialText = secretText(printable);

/** The settings of one provider: its credential and its address. */
export function providerSettings(provider: ProviderSettings) {
  const { envPrefix: prefix, name } = provider;
  const hasPair = provider.credentials.includes('pair');
  return {
    apiKey: setting(
      `${prefix}_API_KEY`,
      'a key without spaces',
      undefined,
      `The API key for provider \`${name}\`.`,
      credentialText,
      true,
    ),
    accessKey: hasPair
      ? setting(
          `${prefix}_ACCESS_KEY`,
          'a key without spaces',
          undefined,
          `The access key for provider \`${name}\`, where no API key is set; needs ${prefix}_SECRET_KEY.`,
          credentialText,
          true,
        )
      : undefined,
    secretKey: hasPair
      ? setting(
          `${prefix}_SECRET_KEY`,
          'a key without spaces',
          undefined,
          `The secret key that belongs to ${prefix}_ACCESS_KEY.`,
          credentialText,
          true,
        )
      : undefined,
    baseUrl: setting(
      `${prefix}_BASE_URL`,
      'an http or https URL without query',
      provider.defaultBaseUrl,
      `The address of provider \`${name}\`.`,
      httpUrl,
    ),
  };
}

/** One route in EASEL_CONFIG's file; its provider and price are checked besides, in load.ts. */
export const routeSchema = z.strictObject({
  provider: z.string(),
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, _ and -'),
  baseUrl: z
    .string()
    .refine((text) => httpUrl(text) !== undefined, 'an http or https URL without query')
    .transform((text) => httpUrl(text) ?? text)
    .optional(),
  apiKeyEnv: envName().optional(),
  accessKeyEnv: envName().optional(),
  secretKeyEnv: envName().optional(),
  keyless: z.boolean().default(false),
  model: z.string().min(1).optional(),
  upstreamFields: z.record(z.string(), z.unknown()).optional(),
  price: z.unknown().optional(),
  downloadOrigins: z
    .array(z.string().refine(isOrigin, 'an origin such as https://cdn.example.com'))
    .default([]),
  concurrency: z.int().min(1).optional(),
  imagesPerMinute: z.int().min(1).optional(),
  weight: z.int().min(1).max(1000).optional(),
  watermarkFree: z.boolean().default(false),
});
export type RouteEntry = z.infer<typeof routeSchema>;

/** Whether the value of a variable that a route names can be a key. */
export const isCredential = (text: string): boolean => credentialText(text) !== undefined;
export const credentialForm = 'a key without spaces';

function envName() {
  return z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable');
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
