import assert from 'node:assert/strict';
import { isRefusal, send, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import type { Case } from './run-cases.ts';

/** Addresses, keys, headers and bodies: nothing here makes an image. */
export function requestCases(easel: Deployment, models: readonly ModelCard[]): Case[] {
  return [...keyCases(easel), ...addressCases(easel), ...headerCases(easel), ...bodyCases(easel, models)];
}

const create = '/v1/images/generations';

function keyCases({ origin, key }: Deployment): Case[] {
  const refused = (headers: Record<string, string>): Promise<Answer> =>
    send(`${origin}/v1/images`, { headers, redirect: 'manual' });
  const wrong: [string, Record<string, string>][] = [
    ['no key', {}],
    ['an empty key', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${btoa(`x:${key}`)}` }],
    ['a key that is too short', { authorization: 'Bearer sk-short' }],
    ['a key that nobody has', { authorization: `Bearer sk-${'0'.repeat(40)}` }],
    ['a key with something behind it', { authorization: `Bearer ${key} x` }],
  ];
  return [
    ...wrong.map(([what, headers]) => ({
      name: `${what} is the one 401 of all`,
      async run() {
        const answer = await refused(headers);
        isRefusal(answer, { status: 401, reason: 'invalid_api_key', param: null });
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
        assert.equal(answer.at('error.type'), 'invalid_api_key');
        assert.equal(answer.at('error.message'), 'Invalid API key or token provided');
      },
    })),
    ...['bearer', 'BEARER', 'bEaReR'].map((scheme) => ({
      name: `the scheme may be written ${scheme}`,
      async run() {
        assert.equal((await refused({ authorization: `${scheme} ${key}` })).status, 200);
      },
    })),
  ];
}

function addressCases(easel: Deployment): Case[] {
  const notFound = ['/v1', '/v1/nothing', '/v1/images/generations/x', '/v1/image'];
  const wrongMethods: [string, string][] = [
    ['GET', create],
    ['PUT', create],
    ['DELETE', '/v1/images'],
    ['POST', '/v1/models'],
    ['POST', '/v1/images'],
  ];
  const open: [string, RegExp][] = [
    ['/healthz', /./],
    ['/readyz', /./],
    ['/openapi.json', /"openapi":\s*"3\.1/],
    ['/docs', /<html/i],
  ];
  return [
    ...notFound.map((path) => ({
      name: `${path} is no address`,
      run: async () => isRefusal(await easel.ask('GET', path), { status: 404, reason: 'not_found' }),
    })),
    ...wrongMethods.map(([method, path]) => ({
      name: `${method} ${path} is told which methods there are`,
      async run() {
        const answer = await easel.ask(method, path);
        assert.equal(answer.status, 405, answer.text.slice(0, 200));
        assert.notEqual(answer.headers.get('allow') ?? '', '');
        assert.equal(answer.at('error.code'), '405');
      },
    })),
    ...open.map(([path, shows]) => ({
      name: `${path} needs no key`,
      async run() {
        const answer = await send(`${easel.origin}${path}`);
        assert.equal(answer.status, 200);
        assert.match(answer.text, shows);
      },
    })),
    {
      name: '/metrics shows counts without a key, unless a proxy keeps them from outside',
      async run() {
        const answer = await send(`${easel.origin}/metrics`);
        if ([401, 403, 404].includes(answer.status)) return;
        assert.equal(answer.status, 200);
        assert.match(answer.text, /^# TYPE /m);
      },
    },
    {
      name: 'a HEAD says what a GET would, without a body',
      async run() {
        const answer = await easel.ask('HEAD', '/v1/models');
        assert.equal(answer.status, 200);
        assert.equal(answer.bytes.length, 0);
      },
    },
  ];
}

function headerCases(easel: Deployment): Case[] {
  const list = (headers: Record<string, string>) =>
    easel.ask('GET', '/v1/images?limit=1', undefined, headers);
  const incomplete = (headers: Record<string, string>) => easel.ask('POST', create, '{}', headers);
  const missing = { status: 400, reason: 'missing_parameter', param: 'model' };
  return [
    {
      name: 'every reply has a request id of its own, whatever the caller proposes',
      async run() {
        const proposed = `req_${'0'.repeat(26)}`;
        const ids = await Promise.all(
          [1, 2].map(async () => (await list({ 'x-request-id': proposed })).headers.get('x-request-id')),
        );
        assert.equal(new Set([...ids, proposed]).size, 3);
        for (const id of ids) assert.match(id ?? '', /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
      },
    },
    ...['a', 'x'.repeat(500), 'ünï'].map((id) => ({
      name: `X-Client-Request-Id ${id.slice(0, 9)} does no harm`,
      run: async () => assert.equal((await list({ 'x-client-request-id': id })).status, 200),
    })),
    ...['text/event-stream', 'text/html', '*/*', 'image/png;q=0.1', ''].map((accept) => ({
      name: `Accept '${accept}' is answered in JSON`,
      async run() {
        const answer = await list({ accept });
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/);
      },
    })),
    ...['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8'].map(
      (type) => ({
        name: `Content-Type '${type}' is JSON`,
        run: async () => isRefusal(await incomplete({ 'content-type': type }), missing),
      }),
    ),
    ...['text/plain', 'application/x-www-form-urlencoded', 'application/xml'].map((type) => ({
      name: `Content-Type '${type}' is refused`,
      run: async () =>
        isRefusal(await incomplete({ 'content-type': type }), {
          status: 415,
          reason: 'invalid_content_type',
        }),
    })),
    {
      name: 'a packed body is refused',
      run: async () =>
        isRefusal(await incomplete({ 'content-encoding': 'gzip' }), {
          status: 415,
          reason: 'invalid_content_type',
        }),
    },
    ...['maybe', '2', 'true false'].map((value) => ({
      name: `Native-Params '${value}' is neither on nor off`,
      async run() {
        const answer = await incomplete({ 'native-params': value });
        assert.equal(answer.status, 400, answer.text.slice(0, 200));
      },
    })),
    ...['false', 'off', '0', 'no', ''].map((value) => ({
      name: `Native-Params '${value}' is off`,
      run: async () => isRefusal(await incomplete({ 'native-params': value }), missing),
    })),
    ...['handling=strict', 'wait=10', 'nonsense', 'return=minimal; x=y', ''].map((value) => ({
      name: `Prefer '${value}' changes no refusal`,
      run: async () => isRefusal(await incomplete({ prefer: value }), missing),
    })),
    ...['x'.repeat(256), 'a\tb', 'ü'].map((value) => ({
      name: `an Idempotency-Key of ${value.length} characters that is none is refused`,
      run: async () =>
        isRefusal(await incomplete({ 'idempotency-key': value }), {
          status: 400,
          reason: ['invalid_value', 'invalid_type'],
        }),
    })),
    {
      name: 'a refused request leaves its Idempotency-Key free',
      async run() {
        const headers = { 'idempotency-key': `conformance ${crypto.randomUUID()}` };
        isRefusal(await incomplete(headers), missing);
        const other = await easel.ask('POST', create, { model: 'no-such-model', prompt: 'x' }, headers);
        isRefusal(other, { status: 404, reason: 'model_not_found', param: 'model' });
      },
    },
  ];
}

function bodyCases(easel: Deployment, models: readonly ModelCard[]): Case[] {
  const noJson: [string, string][] = [
    ['an empty body', ''],
    ['a word', 'boat'],
    ['a list', '[]'],
    ['null', 'null'],
    ['JSON that ends early', '{"model":'],
    ['a comma too many', '{"model":"x",}'],
    ['100,000 nested lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ];
  const listQueries: [string, string][] = [
    ...['0', '101', '-1', 'x', '1.5', ''].map((value): [string, string] => ['limit', `limit=${value}`]),
    ...['up', 'DESC ', '1'].map((value): [string, string] => ['order', `order=${value}`]),
    ['after', 'after=nonsense'],
    ['before', 'before=img_1'],
    ['before', `after=img_${'0'.repeat(26)}&before=img_${'0'.repeat(26)}`],
    ['status', 'status=unheard-of'],
  ];
  return [
    ...noJson.map(([what, body]) => ({
      name: `${what} is no JSON object`,
      run: async () =>
        isRefusal(await easel.ask('POST', create, body, { 'content-type': 'application/json' }), {
          status: 400,
          reason: 'invalid_json',
        }),
    })),
    ...['no-such-model', '__proto__', ''].map((model) => ({
      name: `a model called '${model}' is unknown`,
      run: async () =>
        isRefusal(await easel.ask('POST', create, { model, prompt: 'x' }), {
          status: 404,
          reason: 'model_not_found',
          param: 'model',
        }),
    })),
    {
      name: 'GET /v1/models/no-such-model is unknown in the same way',
      run: async () =>
        isRefusal(await easel.ask('GET', '/v1/models/no-such-model'), {
          status: 404,
          reason: 'model_not_found',
          param: 'model',
        }),
    },
    ...models.map(({ id }) => ({
      name: `GET /v1/models/${id} shows what the list shows`,
      async run() {
        const one = await easel.ask('GET', `/v1/models/${encodeURIComponent(id)}`);
        assert.deepEqual([one.status, one.at('id'), one.at('object')], [200, id, 'model']);
      },
    })),
    ...listQueries.map(([param, query]) => ({
      name: `GET /v1/images?${query} is refused`,
      async run() {
        const answer = await easel.ask('GET', `/v1/images?${query}`);
        isRefusal(answer, { status: 400, reason: ['invalid_value', 'invalid_type'] });
        const named = answer.at('error.param');
        assert.ok(named === param || named === 'after', `names ${String(named)} and not ${param}`);
      },
    })),
    {
      name: 'GET /v1/usage lists days',
      async run() {
        const answer = await easel.ask('GET', '/v1/usage');
        assert.deepEqual([answer.status, answer.at('object')], [200, 'list']);
        assert.ok(Array.isArray(answer.at('data')));
      },
    },
    ...['from=yesterday', 'to=2026-13-01', 'from=2026-02-02&to=2026-02-01'].map((query) => ({
      name: `GET /v1/usage?${query} is refused`,
      run: async () =>
        isRefusal(await easel.ask('GET', `/v1/usage?${query}`), {
          status: 400,
          reason: ['invalid_value', 'invalid_type'],
        }),
    })),
    ...['', '/content'].map((rest) => ({
      name: `a record that never was is 404${rest === '' ? '' : ' for its content too'}`,
      run: async () =>
        isRefusal(await easel.ask('GET', `/v1/images/img_${'0'.repeat(26)}${rest}`), {
          status: 404,
          reason: 'not_found',
        }),
    })),
    {
      name: 'deleting a record that never was is 404',
      run: async () =>
        isRefusal(await easel.ask('DELETE', `/v1/images/img_${'0'.repeat(26)}`), {
          status: 404,
          reason: 'not_found',
        }),
    },
  ];
}
