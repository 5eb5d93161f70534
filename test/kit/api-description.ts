import assert, { AssertionError } from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/**
 * A gateway's own /openapi.json, held against what it answers. Stricter than a client may be: in tests a field or a
 * header that is not described is a fault, of the reply or of the description.
 */
export interface ApiDescription {
  /** Throws AssertionError for a reply that is not described. `text` is undefined where the body was not read. */
  check: (request: { method: string; url: string }, reply: SeenReply) => void;
  /** Throws AssertionError for a message to a webhook that is not described under its type. */
  checkMessage: (text: string) => void;
}

export interface SeenReply {
  status: number;
  headers: Headers;
  text: string | undefined;
}

/** As much of an OpenAPI document as is looked at. */
export interface Described {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, object>;
  components: { schemas: Record<string, object>; headers: Record<string, Header> };
}
interface Operation {
  operationId: string;
  responses: Record<string, DescribedReply>;
}
interface DescribedReply {
  headers?: Record<string, { $ref: string }>;
  content?: Record<string, { schema: object; 'x-events'?: Record<string, object> }>;
  'x-reasons'?: string[];
}
interface Header {
  required?: boolean;
  schema: { type: string };
}

/** Every HTTP reply may have these; they are not ours to describe. */
const transportHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
]);

/** What is served besides the API: the files of the page at /docs, the admin API, and the console. */
const notDescribed = ['/docs/', '/admin/', '/assets/', '/gallery/'];
const screens = new Set(['/', '/gallery', '/models', '/keys', '/usage', '/activity']);

/** Replies under /v1 tell a key that has a limit of it, wherever they come from. */
const limitNames = [
  'Retry-After',
  'retry-after-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
];

/** Most gateways of a test file describe themselves in the same words, which take 50 ms to be understood. */
const understood = new Map<string, ApiDescription>();

/** By the text of an OpenAPI document. */
export function describeApi(text: string): ApiDescription {
  const description = understood.get(text) ?? understand(text);
  understood.set(text, description);
  return description;
}

function understand(text: string): ApiDescription {
  const document = JSON.parse(text) as Described;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(closed(document) as Described, 'api');
  const compiled = new Map<string, ValidateFunction>();
  const validator = (...place: string[]): ValidateFunction => {
    const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `api#/${encodeURI(pointer)}` });
    compiled.set(pointer, validate);
    return validate;
  };

  const assertFits = (value: unknown, what: string, ...place: string[]): void => {
    const validate = validator(...place);
    assert.ok(
      validate(value),
      `${what} is not as described: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)?.slice(0, 2000)}`,
    );
  };

  const checkHeaders = (headers: Headers, described: readonly string[], what: string): void => {
    const known = new Map(described.map((name) => [name.toLowerCase(), name]));
    for (const [name, value] of headers) {
      if (transportHeaders.has(name)) continue;
      const header = known.get(name);
      assert.ok(header !== undefined, `${what}: the header '${name}' is not described`);
      const { schema } = document.components.headers[header] ?? { schema: { type: 'string' } };
      const typed = schema.type === 'integer' && /^\d+$/.test(value) ? Number(value) : value;
      assertFits(typed, `${what}: the header '${name}'`, 'components', 'headers', header, 'schema');
    }
    for (const name of described) {
      if (document.components.headers[name]?.required === true)
        assert.ok(headers.has(name), `${what}: the header '${name}' is missing`);
    }
  };

  const checkError = (reply: SeenReply, reasons: readonly string[] | undefined, what: string): void => {
    if (reply.text === undefined || reply.text === '') return;
    const body = parse(reply.text, what);
    assertFits(body, what, 'components', 'schemas', 'Error');
    const { code, reason } = (body as { error: { code: string; reason: string } }).error;
    assert.equal(code, String(reply.status), `${what}: its code is not its status`);
    if (reasons !== undefined)
      assert.ok(reasons.includes(reason), `${what}: the reason '${reason}' is not described`);
  };

  const checkEvents = (text: string, shapes: readonly string[], what: string, ...place: string[]): void => {
    for (const block of text.split('\n\n')) {
      const field = (name: string): string =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).trimStart())
          .join('\n');
      const [event, data] = [field('event'), field('data')];
      // A comment, or the end.
      if (data === '' || data === '[DONE]') continue;
      assert.ok(shapes.includes(event), `${what}: the event '${event}' is not described`);
      assertFits(parse(data, what), `${what}: the event '${event}'`, ...place, event);
    }
  };

  return {
    checkMessage(text) {
      const message = parse(text, 'a message');
      const { type } = message as { type: string };
      assert.ok(Object.hasOwn(document.webhooks, type), `the message '${type}' is not described`);
      const place = ['webhooks', type, 'post', 'requestBody', 'content', 'application/json', 'schema'];
      assertFits(message, `the message '${type}'`, ...place);
    },
    check({ method, url }, reply) {
      const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase();
      const address = decode(new URL(url).pathname);
      if (screens.has(address) && reply.status !== 405) return;
      // Records that cannot be written are told to an operator.
      if (address.startsWith('/admin/') && reply.status === 503) return;
      if (notDescribed.some((prefix) => address.startsWith(prefix)) && reply.status < 400) return;
      const path = findPath(Object.keys(document.paths), address);
      const what = `${method} ${path ?? '(another address)'} ${reply.status}`;
      const operation = document.paths[path ?? '']?.[verb];
      if (path === undefined || operation === undefined) {
        // Nothing is described at this address, so it can only be refused.
        assert.ok(
          [400, 401, 403, 404, 405, 413, 415, 429].includes(reply.status),
          `${what} is not described`,
        );
        const allowed = [
          'X-Request-Id',
          'WWW-Authenticate',
          'Allow',
          'Cache-Control',
          'x-should-retry',
          ...limitNames,
        ];
        checkHeaders(reply.headers, allowed, what);
        checkError(reply, undefined, what);
        return;
      }
      const described = operation.responses[String(reply.status)];
      assert.ok(described !== undefined, `${what} is not described: ${reply.text?.slice(0, 300)}`);
      checkHeaders(reply.headers, Object.keys(described.headers ?? {}), what);
      if (method === 'HEAD' || reply.text === undefined) return;
      if (described.content === undefined) {
        assert.equal(reply.text, '', `${what}: no body is described`);
        return;
      }
      const type = reply.headers.get('content-type')?.split(';', 1)[0] ?? '';
      const media = Object.keys(described.content).find((range) => isOfType(type, range));
      assert.ok(media !== undefined, `${what}: the type '${type}' is not described`);
      const place = ['paths', path, verb, 'responses', String(reply.status), 'content', media];
      const events = described.content[media]?.['x-events'];
      if (described['x-reasons'] !== undefined) checkError(reply, described['x-reasons'], what);
      else if (events !== undefined) checkEvents(reply.text, Object.keys(events), what, ...place, 'x-events');
      else if (media === 'application/json') assertFits(parse(reply.text, what), what, ...place, 'schema');
    },
  };
}

/** The described path of an address: as it stands, else by its parameters. A model's id may hold slashes. */
function findPath(paths: readonly string[], address: string): string | undefined {
  const fits = (path: string, last: string): boolean => {
    const pattern = path
      .replaceAll('.', '\\.')
      .replace(/\{\w+\}$/, last)
      .replace(/\{\w+\}/g, '[^/]+');
    return new RegExp(`^${pattern}$`).test(address);
  };
  return (
    paths.find((path) => path === address) ??
    paths.find((path) => fits(path, '[^/]+')) ??
    paths.find((path) => path === '/v1/models/{model_id}' && fits(path, '..*'))
  );
}

/** An address can be written in several ways. Empty: in none, so it is the address of nothing. */
function decode(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return '';
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AssertionError({ message: `${what}: its body is not JSON: ${text.slice(0, 100)}` });
  }
}

function isOfType(type: string, range: string): boolean {
  return range.endsWith('/*') ? type.startsWith(range.slice(0, -1)) : type === range;
}

/** The same document with every object closed that says which properties it has. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, closed(value)]),
  );
  if (copy['type'] === 'object' && typeof copy['properties'] === 'object')
    copy['additionalProperties'] ??= false;
  return copy;
}
