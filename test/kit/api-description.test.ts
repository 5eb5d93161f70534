import assert, { AssertionError } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeApi, type ApiDescription, type SeenReply } from './api-description.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';

let easel: TestGateway;
let description: ApiDescription;
let good: { list: SeenReply; refused: SeenReply };
before(async () => {
  easel = await startTestGateway();
  description = describeApi((await easel.ask('GET', '/openapi.json')).text);
  await easel.ask('POST', '/v1/images/generations', { model: 'glm-image', prompt: 'a boat' });
  good = {
    list: await easel.ask('GET', '/v1/images'),
    refused: await easel.ask('GET', '/v1/images?limit=0'),
  };
});
after(() => easel.close());

const seen = (
  { status, headers, text = '' }: SeenReply,
  change: { status?: number; header?: [string, string]; text?: (text: string) => string } = {},
): SeenReply => {
  const changed = new Headers(headers);
  if (change.header !== undefined) changed.set(...change.header);
  return { status: change.status ?? status, headers: changed, text: change.text?.(text) ?? text };
};
const check = (reply: SeenReply, method = 'GET', path = '/v1/images') =>
  description.check({ method, url: `${easel.url}${path}` }, reply);

test('replies as they are fit their description', () => {
  check(seen(good.list));
  check(seen(good.refused));
});

const wrong: Record<string, () => void> = {
  'a status that is not described': () => check(seen(good.list, { status: 202 })),
  'a reply to a method that is not described': () => check(seen(good.list), 'PATCH'),
  'a reply at an address that is not described': () => check(seen(good.list), 'GET', '/v1/pictures'),
  'a header that is not described': () => check(seen(good.list, { header: ['x-new', '1'] })),
  'a header of another form': () => check(seen(good.list, { header: ['x-request-id', '7'] })),
  'a type that is not described': () => check(seen(good.list, { header: ['content-type', 'text/plain'] })),
  'a field that is not described': () =>
    check(seen(good.list, { text: (text) => text.replace('{', '{"new":1,') })),
  'a field deep inside that is not described': () =>
    check(seen(good.list, { text: (text) => text.replace('"sha256":', '"new":1,"sha256":') })),
  'a missing field': () =>
    check(seen(good.list, { text: (text) => text.replace(/"has_more":(true|false),/, '') })),
  'a field of another type': () =>
    check(seen(good.list, { text: (text) => text.replace(/"bytes":\d+/, '"bytes":"7"') })),
  'an error with four keys': () =>
    check(seen(good.refused, { text: (text) => text.replace('"param":"limit",', '') })),
  'an error whose code is not its status': () =>
    check(seen(good.refused, { text: (text) => text.replace('"400"', '"404"') })),
  'an error for a reason that this address does not have': () =>
    check(seen(good.refused, { text: (text) => text.replace('"invalid_value"', '"invalid_image"') })),
};
for (const [what, attempt] of Object.entries(wrong)) {
  test(`${what} is found`, () => assert.throws(attempt, AssertionError));
}

test('a missing X-Request-Id is found', () => {
  const headers = new Headers(good.list.headers);
  headers.delete('x-request-id');
  assert.throws(() => check({ ...good.list, headers }), AssertionError);
});

const streamed = describeApi(
  JSON.stringify({
    paths: {
      '/v1/images/generations': {
        post: {
          responses: {
            200: {
              content: {
                'text/event-stream': {
                  schema: { type: 'string' },
                  'x-events': {
                    'image_generation.completed': {
                      type: 'object',
                      properties: { index: { type: 'integer' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    components: { schemas: {}, headers: {} },
  }),
);
const stream = (text: string) =>
  streamed.check(
    { method: 'POST', url: 'http://127.0.0.1/v1/images/generations' },
    { status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }), text },
  );
const completed = 'event: image_generation.completed\ndata: {"index":0}\n\n';

test('each event of a stream is looked at', () => {
  stream(`: heartbeat\n\n${completed}${completed}data: [DONE]\n\n`);
  assert.throws(() => stream(completed.replace('0', '"0"')), AssertionError);
  assert.throws(() => stream(completed.replace('}', ',"new":1}')), AssertionError);
  assert.throws(() => stream(completed.replace('.completed', '.done')), AssertionError);
});
