import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { claimedDraw } from '../../../test/kit/claimed-draw.ts';
import { fastClock } from '../../../test/kit/fast-clock.ts';
import { startTestGateway, type TestGateway } from '../../../test/kit/gateway.ts';
import type { Card } from '../../core/card.ts';
import { errorTable } from '../../core/errors.ts';
import { fields } from '../v1/fields.ts';

/** The document as the running gateway gives it. */

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; examples: Record<string, { value: unknown }> };
}
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media>; 'x-reasons'?: string[] }>;
}
interface Media {
  schema: Schema;
  examples?: Record<string, { value: unknown } | { $ref: string }>;
}
interface Schema {
  [keyword: string]: unknown;
  properties?: Record<string, object>;
}

const create = '/v1/images/generations';

let easel: TestGateway;
let document: Document;
let ajv: Ajv2020;
before(async () => {
  easel = await startTestGateway({ clock: fastClock(20), sandbox: { draw: claimedDraw, delayMs: 1 } });
  const answer = await easel.ask('GET', '/openapi.json');
  document = JSON.parse(answer.text) as Document;
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
});
after(() => easel.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(
    JSON.parse(JSON.stringify(document)) as Record<string, unknown>,
  );
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  assert.match(document.openapi, /^3\.1\./);
});

test('it can be read without a key, is not sent again while it is the same, and is under 300 KB', async () => {
  const response = await fetch(`${easel.url}/openapi.json`);
  assert.equal(response.status, 200);
  assert.ok((await response.text()).length < 300_000);
  const headers = { 'if-none-match': response.headers.get('etag') ?? '' };
  assert.equal((await fetch(`${easel.url}/openapi.json`, { headers })).status, 304);
});

test('a server with an address of its own names it, another one the place it was asked at', async () => {
  const own = await startTestGateway({ env: { EASEL_PUBLIC_URL: 'https://img.example.org/easel' } });
  const servers = (await own.ask('GET', '/openapi.json')).at('servers');
  await own.close();
  assert.deepEqual(servers, [{ url: 'https://img.example.org/easel' }]);
  assert.deepEqual((await easel.ask('GET', '/openapi.json')).at('servers'), [{ url: '/' }]);
});

test('every operation has a name of its own, and every parameter in a path is described', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length);
  for (const { path, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = (operation.parameters ?? []).filter((one) => one.in === 'path');
    assert.deepEqual(
      described.map(({ name }) => name),
      inPath,
      path,
    );
  }
});

test('every example is what it is an example of', () => {
  let examples = 0;
  const check = (media: Media, what: string) => {
    const validate = ajv.compile({ ...absolute(media.schema) });
    for (const [name, example] of Object.entries(media.examples ?? {})) {
      examples += 1;
      const { value } =
        '$ref' in example
          ? (document.components.examples[example.$ref.split('/').at(-1) ?? ''] ?? { value: undefined })
          : example;
      assert.ok(validate(value), `${what}, ${name}: ${ajv.errorsText(validate.errors)}`);
    }
  };
  for (const { path, method, operation } of operations()) {
    for (const media of Object.values(operation.requestBody?.content ?? {}))
      check(media, `${method} ${path}`);
    for (const [status, reply] of Object.entries(operation.responses))
      for (const media of Object.values(reply.content ?? {})) check(media, `${method} ${path} ${status}`);
  }
  assert.ok(examples > 50);
});

test('each reason stands under its own status', () => {
  for (const { path, operation } of operations()) {
    for (const [status, { 'x-reasons': reasons = [] }] of Object.entries(operation.responses))
      for (const reason of reasons)
        assert.equal(
          String(errorTable[reason as keyof typeof errorTable].status),
          status,
          `${path} ${reason}`,
        );
  }
});

test('every field of the table that needs no card is described', () => {
  const schema = document.components.schemas['ImageRequest-nano-banana-pro'];
  const always = fields.filter((field) => field.exposed === 'always').map((field) => field.name);
  for (const name of always) assert.ok(schema?.properties?.[name] !== undefined, name);
});

test('what a model takes is described by the very data of its card', () => {
  const models = easel.gateway.catalog.all();
  assert.ok(models.length >= 6);
  for (const { card } of models) {
    const { properties = {} } = schemaOf(card);
    for (const [name, schema] of Object.entries(card.parameters)) {
      const { description: _, ...rest } = { ...schema };
      const { description: __, ...described } = { ...properties[name] } as Record<string, unknown>;
      assert.deepEqual(described, rest, `${card.id} ${name}`);
    }
  }
});

describe('the document and the server judge a create request alike', () => {
  let judge: ValidateFunction;
  before(() => {
    judge = ajv.compile({
      $ref: `api#/paths/~1v1~1images~1generations/post/requestBody/content/application~1json/schema`,
    });
  });

  for (const id of [
    'kling-image-o1',
    'seedream-4.5',
    'seedream-4.0',
    'dola-seedream-5.0-lite',
    'nano-banana-pro',
    'glm-image',
  ]) {
    test(id, async () => {
      const card = easel.gateway.catalog.find(id)?.card;
      assert.ok(card !== undefined);
      let refused = 0;
      for (const body of bodiesFor(card)) {
        const answer = await easel.ask('POST', create, body);
        const isLegal = judge(body);
        assert.equal(
          isLegal,
          answer.status === 200,
          `${JSON.stringify(body).slice(0, 300)}: ${answer.text.slice(0, 300)} ${ajv.errorsText(judge.errors)}`,
        );
        if (!isLegal) refused += 1;
      }
      assert.ok(refused > 10);
    });
  }
});

/** One legal request, and others that differ from it in one field: at its bounds, beyond them, of another type. */
function bodiesFor(card: Card): Record<string, unknown>[] {
  const legal = { model: card.id, prompt: 'a boat' };
  const others = Object.entries(card.parameters).flatMap(([name, schema]) =>
    valuesFor(schema).map((value) => ({ ...legal, [name]: value })),
  );
  const long = 'x'.repeat(card.maxPromptLength);
  return [
    legal,
    ...card.aliases.map((alias) => ({ ...legal, model: alias })),
    { model: card.id },
    { prompt: 'a boat' },
    { ...legal, prompt: ' ' },
    { ...legal, prompt: 7 },
    { ...legal, prompt: long },
    { ...legal, prompt: `${long}x` },
    { ...legal, prompt: '🛶'.repeat(card.maxPromptLength) },
    { ...legal, model: 'no-such-model' },
    { ...legal, user: 'x'.repeat(256) },
    { ...legal, user: 'x'.repeat(257) },
    ...(Object.keys(card.providerOptions).length === 0
      ? []
      : [
          { ...legal, provider_options: [] },
          { ...legal, provider_options: { nobody: {} } },
        ]),
    ...(card.inputImages.max === 0
      ? []
      : [
          {
            ...legal,
            images: Array.from({ length: card.inputImages.max + 1 }, () => 'https://example.com/a'),
          },
          { ...legal, images: 7 },
          { ...legal, images: [{ uri: 'https://example.com/a' }] },
        ].map(({ images, ...rest }) => ({ ...rest, reference_images: images }))),
    ...others,
  ];
}

function valuesFor(schema: Readonly<Record<string, unknown>>): unknown[] {
  const { type, minimum, maximum } = schema;
  const words = Array.isArray(schema['enum']) ? schema['enum'] : [];
  return [
    ...(typeof minimum === 'number' && typeof maximum === 'number'
      ? [minimum, minimum - 1, maximum, maximum + 1, 1.5]
      : []),
    ...(words.length === 0 ? [] : [words[0], words.at(-1), `${words[0]}x`]),
    ...(type === 'boolean' ? [true] : []),
    ...[[], {}, 'x', 0, false].filter((value) => typeof value !== type),
  ];
}

function schemaOf(card: Card): Schema {
  const schema = Object.values(document.components.schemas).find(({ properties }) => {
    const { enum: names } = { ...properties?.['model'] } as { enum?: unknown };
    return Array.isArray(names) && names[0] === card.id;
  });
  assert.ok(schema !== undefined, card.id);
  return schema;
}

/** A schema of the document as one that can stand elsewhere. */
function absolute(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as Schema;
}
