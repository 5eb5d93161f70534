import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeGateway, readSettings, type Gateway, type Overrides } from '../../src/compose.ts';
import type { Env } from '../../src/config/load.ts';
import type { Log } from '../../src/core/log.ts';
import { fastDraw } from './fast-draw.ts';
import { watchReplies } from './reply-watch.ts';

/** The secret every test gateway takes, unless its settings say otherwise. */
export const testSecret = `sk-${'t'.repeat(40)}`;

/** A gateway on loopback with its own data folder. */
export interface TestGateway {
  gateway: Gateway;
  /** Without a trailing slash. */
  url: string;
  dataDir: string;
  /** Everything that was logged. */
  logged: readonly LoggedLine[];
  /**
   * A request with the test key; `body` is sent as JSON, text and bytes as they are. Throws AssertionError for a
   * reply that the gateway's own /openapi.json does not describe.
   */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** Ends it and forgets its data. Throws AssertionError when a reply to another client was not as described. */
  close(): Promise<void>;
}

export interface LoggedLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  facts: Record<string, unknown>;
  message: string;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** What stands at a place of the JSON body, e.g. `data.0.url`. */
  at(path: string): unknown;
}

export interface TestGatewayOptions extends Overrides {
  env?: Env;
  /** Kept by whoever gives it. */
  dataDir?: string;
}

/** Starts a gateway on the sandbox with a cheap picture maker; `env` and overrides change that. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { env = {}, dataDir: givenDir, ...overrides } = options;
  const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'easel-test-')));
  const logged: LoggedLine[] = [];
  const config = readSettings({
    EASEL_PORT: '0',
    EASEL_DATA_DIR: dataDir,
    EASEL_API_KEY: testSecret,
    EASEL_DRAIN_MS: '5000',
    // An hour: on a clock that runs 200 times as fast the usual deadline is three seconds away.
    EASEL_DEADLINE_MS: '3600000',
    ...env,
  });
  const gateway = await composeGateway(config, logInto(logged), {
    sandbox: { draw: fastDraw },
    // A thousand folders that a test has no use for take a quarter of a second, and as long again to be removed.
    objectFolders: [],
    ...overrides,
  });
  const watch = watchReplies(gateway.app);
  const url = await gateway.listen();
  return {
    gateway,
    url,
    dataDir,
    logged,
    async ask(method, path, body, headers) {
      const answer = await ask(url, method, path, body, headers);
      await watch.check(answer.headers.get('x-request-id'));
      return answer;
    },
    async close() {
      await gateway.close();
      if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true });
      await watch.checkAll();
    },
  };
}

async function ask(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${testSecret}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: bodyOf(body) }),
  });
  return await answered(response);
}

function bodyOf(body: unknown): string | Buffer<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body);
}

/** Reads a response whole. */
export async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, at: (path) => at(text, path) };
}

function at(text: string, path: string): unknown {
  let value: unknown = JSON.parse(text);
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === part)?.[1];
  }
  return value;
}

/** Without the kit's own reading of the API's description. */
function logInto(lines: LoggedLine[]): Log {
  const at = (level: LoggedLine['level']) => (facts: Record<string, unknown>, message: string) => {
    if (facts['route'] !== '/openapi.json') lines.push({ level, facts, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
