import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { providers } from '../providers/registry.ts';
import { documentSettings } from './document.ts';
import { ConfigError, loadConfig, type Env } from './load.ts';

function configFile(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'easel-config-')), 'easel.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function mistakesOf(env: Env): readonly string[] {
  try {
    loadConfig(env, providers);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.mistakes;
  }
  return [];
}

test('without any setting there are defaults, seven models and the sandbox', () => {
  const config = loadConfig({}, providers);
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8080);
  assert.equal(config.sandboxFor, 'all');
  assert.deepEqual(
    config.catalog.all().map((model) => model.card.id),
    [
      'kling-image-o1',
      'seedream-4.5',
      'seedream-4.0',
      'dola-seedream-5.0-lite',
      'nano-banana-pro',
      'glm-image',
      'gpt-image-2',
    ],
  );
});

test('all mistakes are reported together, by name and form, never by value', () => {
  const mistakes = mistakesOf({
    EASEL_PORT: 'eighty-secret',
    EASEL_API_KEY: 'too-short-secret',
    EASEL_ADMIN_KEY: 'short-secret',
    EASEL_SANDBOX: 'maybe-secret',
    EASEL_PUBLIC_URL: 'ftp://secret',
    KLING_ACCESS_KEY: 'half-secret',
    ARK_BASE_URL: 'not a secret url',
  });
  for (const name of [
    'EASEL_PORT',
    'EASEL_API_KEY',
    'EASEL_ADMIN_KEY',
    'EASEL_SANDBOX',
    'EASEL_PUBLIC_URL',
    'KLING_SECRET_KEY',
    'ARK_BASE_URL',
  ]) {
    assert.ok(
      mistakes.some((line) => line.startsWith(name)),
      name,
    );
  }
  assert.equal(mistakes.length, 7);
  assert.ok(
    !mistakes.join('\n').includes('secret'.concat('-')) &&
      !/[a-z]-secret|secret url/.test(mistakes.join('\n')),
  );
});

test('a credential in the environment gives its models a route and ends the sandbox', () => {
  const config = loadConfig({ GEMINI_API_KEY: 'g-key' }, providers);
  assert.equal(config.sandboxFor, 'none');
  assert.equal(config.catalog.find('nano-banana-pro')?.routes[0]?.upstreamModel, 'gemini-3-pro-image');
  assert.equal(config.catalog.find('glm-image')?.routes.length, 0);
});

test('EASEL_SANDBOX=on fills only models without a usable credential', () => {
  const config = loadConfig({ GEMINI_API_KEY: 'g-key', EASEL_SANDBOX: 'on' }, providers);
  assert.equal(config.sandboxFor, 'models-without-route');
});

test('Kling takes an API key, or an access key with its secret key', () => {
  const pair = loadConfig({ KLING_ACCESS_KEY: 'ak', KLING_SECRET_KEY: 'sk' }, providers);
  assert.equal(pair.catalog.find('kling-image-o1')?.routes[0]?.credential.kind, 'pair');
  const key = loadConfig({ KLING_API_KEY: 'k' }, providers);
  assert.equal(key.catalog.find('kling-image-o1')?.routes[0]?.credential.kind, 'key');
});

test("the list price holds at the vendor's own address only", () => {
  assert.ok(loadConfig({ ARK_API_KEY: 'a' }, providers).catalog.find('seedream-4.5')?.routes[0]?.price);
  const elsewhere = loadConfig(
    { ARK_API_KEY: 'a', ARK_BASE_URL: 'https://reseller.example/api/v3' },
    providers,
  );
  assert.equal(elsewhere.catalog.find('seedream-4.5')?.routes[0]?.price, undefined);
});

test('the config file names routes in order, with their own keys and prices', () => {
  const file = configFile({
    models: {
      'seedream-4.5': {
        routes: [
          {
            provider: 'ark',
            name: 'primary',
            baseUrl: 'https://one.example/api/v3/',
            apiKeyEnv: 'ONE',
            model: 'seedream-4-5-251128',
            price: { unit: 'image', amount: '0.040', currency: 'USD' },
          },
          { provider: 'ark', name: 'second', apiKeyEnv: 'TWO' },
        ],
      },
    },
  });
  const routes = loadConfig({ EASEL_CONFIG: file, ONE: 'k1', TWO: 'k2' }, providers).catalog.find(
    'seedream-4.5',
  )?.routes;
  assert.deepEqual(
    routes?.map((route) => route.name),
    ['primary', 'second'],
  );
  assert.equal(routes?.[0]?.baseUrl, 'https://one.example/api/v3');
  assert.equal(routes?.[1]?.price, undefined);
});

test('the config file changes one field of a card and keeps the rest', () => {
  const file = configFile({ models: { 'glm-image': { card: { maxPromptLength: 99 } } } });
  const card = loadConfig({ EASEL_CONFIG: file }, providers).catalog.find('glm-image')?.card;
  assert.equal(card?.maxPromptLength, 99);
  assert.equal(card?.inputImages.max, 0);
});

test('mistakes in the config file are named by their place', () => {
  const file = configFile({
    models: {
      'seedream-4.5': {
        routes: [
          { provider: 'nobody', name: 'x' },
          { provider: 'ark', name: 'y', apiKeyEnv: 'NOT_THERE' },
        ],
        colour: 1,
      },
    },
  });
  assert.match(mistakesOf({ EASEL_CONFIG: file }).join('\n'), /models\.seedream-4\.5/);
  const routes = configFile({
    models: {
      'seedream-4.5': {
        routes: [
          { provider: 'nobody', name: 'x' },
          { provider: 'ark', name: 'y', apiKeyEnv: 'NOT_THERE' },
        ],
      },
    },
  });
  const mistakes = mistakesOf({ EASEL_CONFIG: routes });
  assert.match(mistakes[0] ?? '', /routes\[0\]\.provider/);
  assert.match(mistakes[1] ?? '', /routes\[1\]\.apiKeyEnv: NOT_THERE is not set/);
  assert.match(mistakesOf({ EASEL_CONFIG: configFile('{"models": ') })[0] ?? '', /not valid JSON/);
  assert.match(mistakesOf({ EASEL_CONFIG: '/nowhere/easel.json' })[0] ?? '', /cannot be read/);
});

test('one mistake in the config file hides no other', () => {
  const file = configFile(`{"models": {
    "seedream-4.5": {"routes": [
      {"provider": "ark", "name": "Bad Name", "price": {"unit": "image"}},
      {"provider": "nobody", "name": "x", "weight": "heavy"},
      7
    ]},
    "glm-image": {"card": {"maxPromptLength": "long"}, "routes": [{"provider": "zai", "name": "y", "apiKeyEnv": "NOT_THERE"}]},
    "my-model": {"routes": [{"provider": "ark", "name": "y", "apiKeyEnv": "SPACED"}]},
    "other": {"routes": {}, "colour": 1},
    "__proto__": {"routes": []}
  }, "modles": {}}`);
  const mistakes = mistakesOf({ EASEL_CONFIG: file, SPACED: 'two words' });
  const places = [
    /^EASEL_CONFIG modles: is no field; there is models\.$/,
    /seedream-4\.5\.routes\[0\]\.name: must be lower-case letters/,
    /routes\[0\]\.price: must be \{"unit": "image"/,
    /routes\[1\]\.provider: must be one of/,
    /routes\[1\]\.weight: must be a whole number\.$|routes\[1\]\.weight: must be a number\.$/,
    /routes\[2\]: must be an object\.$/,
    /glm-image\.card\.maxPromptLength: must be a (whole )?number\.$/,
    /glm-image\.routes\[0\]\.apiKeyEnv: NOT_THERE is not set/,
    /my-model: needs a card/,
    /my-model\.routes\[0\]\.apiKeyEnv: SPACED must be a key without spaces\.$/,
    /other\.routes: must be a list/,
    /other\.colour: is no field/,
    /models\.__proto__: cannot be the name of a model/,
  ];
  for (const place of places)
    assert.ok(
      mistakes.some((line) => place.test(line)),
      `${String(place)} in\n${mistakes.join('\n')}`,
    );
  assert.equal(mistakes.length, places.length, mistakes.join('\n'));
  assert.doesNotMatch(mistakes.join(), /two words|Invalid|expected/);
});

test('a config file of another shape is told the shape', () => {
  for (const content of [[], 7, {}, { models: [] }, { models: { x: [] } }])
    assert.match(
      mistakesOf({ EASEL_CONFIG: configFile(content) }).join(),
      /must be an object: \{"models": \{"MODEL": \{"routes": \[\.\.\.\]\}\}\}/,
    );
});

test('a route without its credential never turns the sandbox on by accident', () => {
  const file = configFile({
    models: { 'seedream-4.5': { routes: [{ provider: 'ark', name: 'y', apiKeyEnv: 'NOT_THERE' }] } },
  });
  assert.equal(mistakesOf({ EASEL_CONFIG: file }).length, 1);
  const filled = loadConfig({ EASEL_CONFIG: file, EASEL_SANDBOX: 'on' }, providers);
  assert.equal(filled.catalog.find('seedream-4.5')?.routes.length, 0);
  assert.match(filled.remarks.join('\n'), /NOT_THERE/);
});

test('a model without a card and without an open card is a mistake', () => {
  const file = configFile({
    models: { 'my-model': { routes: [{ provider: 'ark', name: 'y', apiKeyEnv: 'KEY' }] } },
  });
  assert.match(mistakesOf({ EASEL_CONFIG: file, KEY: 'k' })[0] ?? '', /needs a card/);
});

const localAi = { provider: 'openai', name: 'local', baseUrl: 'http://127.0.0.1:8081/v1' };

function routeOf(route: Record<string, unknown>, env: Env = {}) {
  const EASEL_CONFIG = configFile({ models: { 'flux.1-schnell': { routes: [route] } } });
  const config = loadConfig({ ...env, EASEL_CONFIG }, providers);
  return { config, model: config.catalog.find('flux.1-schnell') };
}

test('a compatible server needs no key and no card', () => {
  const { config, model } = routeOf({ ...localAi, keyless: true });
  assert.deepEqual(model?.routes[0]?.credential, { kind: 'none' });
  assert.equal(model?.routes[0]?.upstreamModel, 'flux.1-schnell');
  assert.equal(model?.routes[0]?.price, undefined);
  assert.equal(model?.card.displayName, 'flux.1-schnell');
  assert.ok(model?.card.parameters['negative_prompt']);
  assert.equal(config.sandboxFor, 'none');
  assert.deepEqual(config.liveThrough, ['EASEL_CONFIG']);
});

test('the key meant for OpenAI is not shown to another server unless the route says so', () => {
  const env = { OPENAI_API_KEY: 'sk-openai' };
  assert.throws(() => routeOf(localAi, env), /routes\[0\]: names its own baseUrl.*apiKeyEnv.*keyless/);
  assert.deepEqual(routeOf({ ...localAi, keyless: true }, env).model?.routes[0]?.credential, {
    kind: 'none',
  });
  const named = routeOf({ ...localAi, apiKeyEnv: 'LOCAL_KEY' }, { ...env, LOCAL_KEY: 'sk-local' });
  assert.deepEqual(named.model?.routes[0]?.credential, { kind: 'key', apiKey: 'sk-local' });
  const same = routeOf({ provider: 'openai', name: 'same', baseUrl: 'https://api.openai.com/v1/' }, env);
  assert.deepEqual(same.model?.routes[0]?.credential, { kind: 'key', apiKey: 'sk-openai' });
});

test('keyless contradicts the name of a key, and is not for providers that always want one', () => {
  assert.throws(
    () => routeOf({ ...localAi, keyless: true, apiKeyEnv: 'X' }, { X: 'k' }),
    /keyless: does not go/,
  );
  const file = configFile({
    models: { 'seedream-4.5': { routes: [{ provider: 'ark', name: 'x', keyless: true }] } },
  });
  assert.match(mistakesOf({ EASEL_CONFIG: file })[0] ?? '', /keyless: provider 'ark' always/);
});

test('what every request to a server says is the card, changed by the route', () => {
  assert.deepEqual(routeOf({ ...localAi, keyless: true }).model?.routes[0]?.upstreamFields, {
    response_format: 'b64_json',
  });
  const changed = { ...localAi, keyless: true, upstreamFields: { response_format: null, step: 20 } };
  assert.deepEqual(routeOf(changed).model?.routes[0]?.upstreamFields, { step: 20 });
  const file = configFile({
    models: { 'gpt-image-1-mini': { routes: [{ provider: 'openai', name: 'primary' }] } },
  });
  const family = loadConfig({ EASEL_CONFIG: file, OPENAI_API_KEY: 'k' }, providers).catalog.find(
    'gpt-image-1-mini',
  );
  assert.deepEqual(family?.routes[0]?.upstreamFields, {});
  assert.equal(family?.card.parameters['response_format']?.['default'], 'b64_json');
});

test('which variables ended the sandbox is known by name', () => {
  const env = { OPENAI_API_KEY: 'a', KLING_ACCESS_KEY: 'b', KLING_SECRET_KEY: 'c' };
  const config = loadConfig(env, providers);
  assert.equal(config.sandboxFor, 'none');
  assert.deepEqual(config.liveThrough, ['KLING_ACCESS_KEY', 'OPENAI_API_KEY']);
  assert.equal(config.catalog.find('gpt-image-2')?.routes[0]?.baseUrl, 'https://api.openai.com/v1');
  assert.deepEqual(config.remarks, []);
  assert.deepEqual(loadConfig({}, providers).liveThrough, []);
});

test('a misspelt EASEL_ variable is remarked on', () => {
  assert.match(loadConfig({ EASEL_PROT: '1' }, providers).remarks.join('\n'), /EASEL_PROT/);
});

test('docs/configuration.md says what the settings are today', () => {
  const file = new URL('../../docs/configuration.md', import.meta.url);
  const text = documentSettings(providers);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, text);
  assert.equal(readFileSync(file, 'utf8'), text, 'run UPDATE_DOCS=1 npm test -- src/config');
});
