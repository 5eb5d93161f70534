import assert from 'node:assert/strict';

/** The gateway under test, known by nothing but its address and keys. */
export interface Deployment {
  /** Without `/v1` and without a trailing slash. */
  origin: string;
  key: string;
  /** A request with the key unless `headers` says otherwise; objects are sent as JSON. Redirects are not followed. */
  ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** Ids of the records that were made, so that they can be removed at the end. */
  made: Set<string>;
}

/** A whole reply. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  bytes: Uint8Array;
  /** What stands at a place of the JSON body, e.g. `data.0.url`. */
  at: (path: string) => unknown;
}

/** A model as GET /v1/models shows it; of its fields those that the cases are made from. */
export interface ModelCard {
  id: string;
  owned_by: string;
  available: boolean;
  sandbox: boolean;
  native_params: boolean;
  parameters: Readonly<Record<string, Schema>>;
  'x-size'?: SizeRule;
  input_images: { max: number };
  max_prompt_length: number;
}

export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  properties?: Readonly<Record<string, Schema>>;
}

export interface SizeRule {
  presets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  multipleOf?: number;
  minSide?: number;
  maxSide?: number;
  minPixels?: number;
  maxPixels?: number;
}

/** A reply may take as long as an upstream does. */
const answerLimitMs = 600_000;

/** @param baseUrl with or without `/v1` */
export function deploymentAt(baseUrl: string, key: string): Deployment {
  const origin = baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
  const made = new Set<string>();
  return {
    origin,
    key,
    made,
    async ask(method, path, body, headers = {}) {
      const answer = await send(path.startsWith('http') ? path : `${origin}${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(answerLimitMs),
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: asBody(body) }),
      });
      const id = answer.headers.get('x-image-id');
      if (id !== null) made.add(id);
      return answer;
    },
  };
}

/** A bare request, without a key. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  return { status: response.status, headers: response.headers, text, bytes, at: (path) => at(text, path) };
}

function asBody(body: unknown): string | FormData {
  return typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body);
}

function at(text: string, path: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === part)?.[1];
  }
  return value;
}

/** What a refusal must be; `reason` may be one of several where the contract leaves it open. */
export interface Refusal {
  status: number;
  reason: string | readonly string[];
  /** null when the error is about no field. */
  param?: string | null;
}

/** An error in the form of public-api.md section 3: all five keys, as JSON, with a request id. */
export function isRefusal(answer: Answer, { status, reason, param }: Refusal): void {
  const seen = `got ${answer.status} ${answer.text.slice(0, 300)}`;
  assert.equal(answer.status, status, seen);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/, seen);
  assert.match(answer.headers.get('x-request-id') ?? '', /^req_[0-9A-HJKMNP-TV-Z]{26}$/, seen);
  const error = answer.at('error');
  assert.deepEqual(
    Object.keys(Object(error)).toSorted(),
    ['code', 'message', 'param', 'reason', 'type'],
    `an error has these five keys; ${seen}`,
  );
  assert.ok(
    [reason].flat().includes(String(answer.at('error.reason'))),
    `expected ${String(reason)}; ${seen}`,
  );
  if (param !== undefined) assert.equal(answer.at('error.param'), param, seen);
  assert.equal(answer.at('error.code'), String(status), seen);
  assert.ok(String(answer.at('error.message')).length > 8, seen);
}

/** A create that was made: images in `data`, each with a url or with base64. */
export function isMade(answer: Answer): void {
  const seen = `got ${answer.status} ${answer.text.slice(0, 300)}`;
  assert.equal(answer.status, 200, seen);
  const data = answer.at('data');
  assert.ok(Array.isArray(data) && data.length > 0, `no image came; ${seen}`);
  for (const image of data as { url?: string; b64_json?: string }[])
    assert.ok((image.url === undefined) !== (image.b64_json === undefined), `url or b64_json; ${seen}`);
  assert.ok(Number.isInteger(answer.at('created')), seen);
  assert.ok(Number(answer.at('usage.generated_images')) > 0, seen);
}
