import assert from 'node:assert/strict';
import { isMade, isRefusal, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import type { Case } from './run-cases.ts';

/** The upstream's own JSON (public-api.md section 6). */

const create = '/v1/images/generations';
const on = ['true', '1', 'yes', 'on', 'TRUE', ' On '];
const switches = ['native-params', 'token360-native-params'];

/** How the switch is written, and what is no body: nothing here is made. */
export function nativeSwitchCases(easel: Deployment): Case[] {
  const required = { status: 400, reason: 'native_body_required' };
  const post = (body: string, headers: Record<string, string>) => easel.ask('POST', create, body, headers);
  const noBody: [string, string, string][] = [
    ['a list', '[]', 'application/json'],
    ['an empty object', '{}', 'application/json'],
    ['null', 'null', 'application/json'],
    ['nothing', '', 'application/json'],
    ['another type', '{"model":"x"}', 'text/plain'],
  ];
  return [
    ...switches.flatMap((name) =>
      on.map((value) => ({
        name: `${name}: '${value}' is on`,
        run: async () => isRefusal(await post('{}', { [name]: value }), required),
      })),
    ),
    ...noBody.map(([what, body, type]) => ({
      name: `${what} is no native body`,
      async run() {
        const answer = await post(body, { 'native-params': 'true', 'content-type': type });
        isRefusal(answer, required);
        assert.equal(
          answer.at('error.message'),
          'JSON object body is required when Native-Params is enabled',
        );
      },
    })),
    {
      name: 'a native body without a model is refused by name',
      run: async () =>
        isRefusal(await post('{"prompt":"x"}', { 'native-params': 'on' }), {
          status: 400,
          reason: 'missing_parameter',
          param: 'model',
        }),
    },
  ];
}

type Post = (body: object, headers?: Record<string, string>) => Promise<Answer>;

/** What belongs to the server in a native body, whatever the model. */
export function nativeRefusals(
  { id, native_params: isTaken, input_images: inputs }: ModelCard,
  post: Post,
): Case[] {
  const native = { 'native-params': 'true' };
  if (!isTaken) {
    return [
      {
        name: `${id}: native parameters are refused, since it takes none`,
        run: async () => isRefusal(await post({}, native), { status: 400, reason: 'native_not_supported' }),
      },
    ];
  }
  const own: [string, unknown][] = [
    ['stream', true],
    ['stream', false],
    ['callback_url', 'https://example.com/told'],
    ['external_task_id', 'mine'],
    ['request_id', 'mine'],
  ];
  return [
    ...own.map(([param, value]) => ({
      name: `${id}: ${param} ${String(value)} is refused in a native body`,
      run: async () =>
        isRefusal(await post({ [param]: value }, native), { status: 400, reason: 'invalid_value', param }),
    })),
    {
      name: `${id}: a provider that does not serve it is refused by name`,
      run: async () =>
        isRefusal(await post({}, { ...native, 'native-provider': 'no-such-provider' }), {
          status: 400,
          reason: 'invalid_value',
          param: 'Native-Provider',
        }),
    },
    {
      name: `${id}: two switches that disagree are refused`,
      run: async () =>
        isRefusal(await post({}, { 'native-params': 'true', 'token360-native-params': 'off' }), {
          status: 400,
          reason: 'invalid_value',
          param: 'Native-Params',
        }),
    },
    {
      name: `${id}: an asset that never was is found at any depth of a native body`,
      async run() {
        const body = { deep: { er: [{ picture: `asset://ua_${'0'.repeat(26)}` }] } };
        isRefusal(await post(body, native), {
          status: 400,
          reason: inputs.max === 0 ? 'unsupported_parameter' : 'asset_not_found',
          param: 'deep.er[0].picture',
        });
      },
    },
  ];
}

/** The least that makes one image, in the words of the upstream that makes it in the sandbox. */
const nativeBodies: Readonly<Record<string, (prompt: string) => object>> = {
  kling: (prompt) => ({ prompt }),
  bytedance: (prompt) => ({ prompt }),
  'z.ai': (prompt) => ({ prompt }),
  google: (prompt) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] }),
};

/** Native bodies of a model that may make images. */
export function nativeMadeCases(easel: Deployment, card: ModelCard): Case[] {
  const body = nativeBodies[card.owned_by]?.('conformance: a native boat');
  if (!card.native_params || body === undefined) return [];
  return [
    {
      name: `${card.id}: a native body is answered in the normal shape, and kept`,
      async run() {
        const answer = await easel.ask(
          'POST',
          create,
          { model: card.id, ...body },
          { 'native-params': 'true' },
        );
        isMade(answer);
        const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
        assert.deepEqual([record.at('model'), record.at('status')], [card.id, 'completed']);
        assert.equal(record.at('prompt'), 'conformance: a native boat');
      },
    },
  ];
}
