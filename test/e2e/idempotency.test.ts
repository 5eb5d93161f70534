import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test, type TestContext } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateImage } from 'ai';
import OpenAI from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import { withKeys } from '../../src/compose-stores.ts';
import { readSettings } from '../../src/compose.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastClock } from '../kit/fast-clock.ts';
import {
  startTestGateway,
  testSecret,
  type Answered,
  type TestGateway,
  type TestGatewayOptions,
} from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { manualClock } from '../kit/manual-clock.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';
const ark = { model: 'seedream-4.5', prompt: 'a paper boat' };

interface Bench extends TestGateway {
  /** Images charged so far. */
  bought(): number;
  /** Requests for images that reached the upstreams. */
  sent(): number;
  /** A create, or so many at once, that hang up when the upstream has been asked. */
  leave(body: object, headers?: Record<string, string>, times?: number): Promise<void>;
}

async function start(
  t: TestContext,
  options: TestGatewayOptions & { delayMs?: number } = {},
): Promise<Bench> {
  const { delayMs = 1, ...rest } = options;
  const easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs }, ...rest });
  t.after(() => easel.close());
  const simulators = () => [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  const sent = () =>
    simulators().flatMap(({ control }) => control.requests().filter(({ on }) => on === 'submit')).length;
  return {
    ...easel,
    bought: () => simulators().flatMap(({ control }) => control.ledger()).length,
    sent,
    async leave(body, headers = {}, times = 1) {
      const before = sent();
      const caller = new AbortController();
      const asked = Array.from({ length: times }, () =>
        fetch(`${easel.url}${create}`, {
          method: 'POST',
          signal: caller.signal,
          headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      );
      await until(() => sent() === before + times);
      caller.abort();
      for (const one of asked) await assert.rejects(one);
    },
  };
}

function replayed(answer: Answered): string | null {
  return answer.headers.get('idempotency-replayed');
}

function withoutLinks(answer: Answered): string {
  return answer.text.replaceAll(/\?exp=[^"]*/g, '');
}

function keyed(key: string): Record<string, string> {
  return { 'idempotency-key': key };
}

test('a repeat with the same key and an equal body is answered alike, with fresh links, and buys nothing', async (t) => {
  const clock = fastClock(1);
  const easel = await start(t, { clock });
  const first = await easel.ask('POST', create, { ...ark, n: 2, seed: 7 }, keyed('boat 1'));
  assert.equal(first.status, 200, first.text);
  assert.equal(replayed(first), null);
  clock.skip(5_000);
  const spelled = '{ "seed": 7.0, "n": 2e0, "prompt": "a \\u0070aper boat",\n "model": "seedream-4.5" }';
  const again = await easel.ask('POST', create, spelled, keyed('boat 1'));
  assert.equal(again.status, 200, again.text);
  assert.equal(replayed(again), 'true');
  for (const name of ['x-image-id', 'x-served-by'])
    assert.equal(again.headers.get(name), first.headers.get(name));
  assert.equal(withoutLinks(again), withoutLinks(first));
  assert.notEqual(again.at('data.0.url'), first.at('data.0.url'));
  assert.equal((await fetch(String(again.at('data.0.url')))).status, 200);
  assert.equal(easel.bought(), 2);
  const other = await easel.ask('POST', create, { ...ark, n: 2, seed: 7 }, keyed('Boat 1'));
  assert.equal(replayed(other), null);
  assert.equal(easel.bought(), 4);
});

test('a repeat of a base64 request is answered in base64', async (t) => {
  const easel = await start(t);
  const body = { model: 'nano-banana-pro', prompt: 'x', response_format: 'b64_json' };
  const first = await easel.ask('POST', create, body, keyed('k'));
  const again = await easel.ask('POST', create, body, keyed('k'));
  assert.equal(replayed(again), 'true');
  assert.equal(again.text, first.text);
  assert.ok(String(again.at('data.0.b64_json')).length > 20);
});

test('a key that was used with another body, or with other headers that change it, is refused', async (t) => {
  const easel = await start(t);
  await easel.ask('POST', create, ark, { ...keyed('k'), prefer: 'wait=5' });
  const others: [object, Record<string, string>][] = [
    [{ ...ark, prompt: 'a Paper boat' }, { prefer: 'wait=5' }],
    [{ ...ark, n: 1 }, { prefer: 'wait=5' }],
    [{ ...ark, model: 'no such model' }, { prefer: 'wait=5' }],
    [ark, {}],
    [ark, { prefer: 'wait=5', 'native-params': 'yes' }],
    [ark, { prefer: 'wait=5', 'native-provider': 'ark' }],
  ];
  for (const [body, headers] of others) {
    const answer = await easel.ask('POST', create, body, { ...keyed('k'), ...headers });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.at('error.reason'), 'idempotency_key_reused');
    assert.equal(answer.at('error.param'), 'Idempotency-Key');
  }
  const same = await easel.ask('POST', create, ark, {
    ...keyed('k'),
    Prefer: ' WAIT=5',
    'native-params': 'off',
  });
  assert.equal(replayed(same), 'true', same.text);
  assert.equal(easel.sent(), 1);
});

test('a key that is empty, too long or not printable ASCII is refused; 255 characters are taken', async (t) => {
  const easel = await start(t);
  for (const key of ['', 'x'.repeat(256), 'tab\tinside', 'café', '\u00ff']) {
    const { status, body } = await askRaw(easel.url, key);
    assert.equal(status, 400, JSON.stringify(key));
    const { error } = JSON.parse(body);
    assert.deepEqual([error.reason, error.param], ['invalid_value', 'Idempotency-Key']);
  }
  assert.equal(easel.sent(), 0);
  assert.equal((await easel.ask('POST', create, ark, keyed('~ '.repeat(127) + '!'))).status, 200);
  // The body is looked at first.
  const broken = await easel.ask('POST', create, '{', keyed(''));
  assert.equal(broken.at('error.reason'), 'invalid_json');
});

test('two keys in one request are refused, also the same one twice', async (t) => {
  const easel = await start(t);
  for (const keys of [
    ['one', 'two'],
    ['one', 'one'],
  ]) {
    const { status, body } = await askRaw(easel.url, keys);
    assert.equal(status, 400, body);
    assert.match(body, /'Idempotency-Key' must be sent once/);
  }
  assert.equal(easel.sent(), 0);
});

test('a key counts for its own API key alone', async (t) => {
  const easel = await start(t);
  const other = `sk-${'o'.repeat(40)}`;
  const config = readSettings({ EASEL_DATA_DIR: easel.dataDir });
  await withKeys(config, async (tools) => void (await createKey('other', tools, other)));
  const first = await easel.ask('POST', create, ark, keyed('k'));
  const foreign = await easel.ask('POST', create, ark, { ...keyed('k'), authorization: `Bearer ${other}` });
  assert.deepEqual([foreign.status, replayed(foreign)], [200, null]);
  assert.notEqual(foreign.at('id'), first.at('id'));
  assert.equal(easel.bought(), 2);
});

test('of duplicates that come at once one is bought, and all get it', async (t) => {
  const easel = await start(t, { delayMs: 100 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => easel.ask('POST', create, ark, keyed('k'))),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map((answer) => answer.at('id'))).size, 1);
  assert.equal(answers.filter((answer) => replayed(answer) === 'true').length, 11);
  assert.equal(easel.bought(), 1);
});

test('duplicates take no place of their own on a server that is full', async (t) => {
  const easel = await start(t, { delayMs: 200, env: { EASEL_MAX_IN_FLIGHT: '1' } });
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => easel.ask('POST', create, ark, keyed('k'))),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(easel.bought(), 1);
});

test('of different requests that come at once with one key, one is made and the others are refused', async (t) => {
  const easel = await start(t, { delayMs: 100 });
  const prompts = ['one', 'two', 'three', 'four'];
  const answers = await Promise.all(
    prompts.map((prompt) => easel.ask('POST', create, { ...ark, prompt }, keyed('k'))),
  );
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 400, 400, 400],
  );
  assert.equal(easel.sent(), 1);
});

test('duplicates that wait get the failure of the first; afterwards the key is free, for any body', async (t) => {
  const easel = await start(t);
  const arkSimulator = easel.gateway.sandbox?.simulators.get('ark');
  arkSimulator?.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  const answers = await Promise.all([1, 2, 3].map(() => easel.ask('POST', create, ark, keyed('k'))));
  const reasons = answers.map((answer) => (answer.status === 200 ? 'ok' : answer.at('error.reason')));
  // A duplicate that came after the end may have been made anew: nothing had been charged.
  assert.ok(reasons.includes('content_policy'), reasons.join());
  assert.ok(easel.bought() <= 1);
  arkSimulator?.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  assert.equal((await easel.ask('POST', create, { ...ark, n: 1 }, keyed('free'))).status, 400);
  const changed = await easel.ask('POST', create, { ...ark, prompt: 'a kinder prompt' }, keyed('free'));
  assert.deepEqual([changed.status, replayed(changed)], [200, null]);
});

test('a refused request leaves its key free', async (t) => {
  const easel = await start(t);
  const refused = await easel.ask('POST', create, { ...ark, n: 1000 }, keyed('k'));
  assert.equal(refused.status, 400);
  const made = await easel.ask('POST', create, ark, keyed('k'));
  assert.deepEqual([made.status, replayed(made)], [200, null]);
});

test('a failure that may have been charged is remembered and never bought again', async (t) => {
  const easel = await start(t);
  easel.gateway.sandbox?.simulators.get('ark')?.control.inject({ on: 'submit', kind: 'cut-after' });
  const first = await easel.ask('POST', create, ark, keyed('k'));
  assert.equal(first.at('error.reason'), 'outcome_unknown');
  const again = await easel.ask('POST', create, ark, keyed('k'));
  assert.deepEqual([again.status, again.text, replayed(again)], [424, first.text, 'true']);
  assert.equal(again.headers.get('x-should-retry'), 'false');
  assert.equal(again.headers.get('x-image-id'), first.headers.get('x-image-id'));
  assert.equal(easel.bought(), 1);
});

test('a repeat of a request whose image was deleted is 404', async (t) => {
  const easel = await start(t);
  const first = await easel.ask('POST', create, ark, keyed('k'));
  await easel.ask('DELETE', `/v1/images/${String(first.at('id'))}`);
  const again = await easel.ask('POST', create, ark, keyed('k'));
  assert.deepEqual([again.status, again.at('error.type')], [404, 'not_found_error']);
  assert.equal(easel.bought(), 1);
});

test('a key is forgotten after 24 hours', async (t) => {
  const clock = fastClock(1);
  const easel = await start(t, { clock });
  await easel.ask('POST', create, ark, keyed('k'));
  clock.skip(24 * 3_600_000 - 60_000);
  assert.equal(replayed(await easel.ask('POST', create, ark, keyed('k'))), 'true');
  clock.skip(60_000);
  const late = await easel.ask('POST', create, { ...ark, prompt: 'another' }, keyed('k'));
  assert.deepEqual([late.status, replayed(late)], [200, null]);
});

test('keys outlive a restart, and a repeat is answered even when its model is not served any more', async (t) => {
  const dataDir = await temporaryFolder(t);
  const before = await startTestGateway({ dataDir, sandbox: { draw: claimedDraw } });
  const first = await before.ask('POST', create, ark, keyed('k'));
  await before.close();
  const easel = await start(t, { dataDir, env: { EASEL_SANDBOX: 'off' } });
  assert.equal((await easel.ask('POST', create, ark)).status, 503);
  const again = await easel.ask('POST', create, ark, keyed('k'));
  assert.deepEqual([again.status, replayed(again), again.at('id')], [200, 'true', first.at('id')]);
});

/** A gateway whose deadline comes when the test says so, before any picture is made. */
async function startHeld(t: TestContext) {
  const clock = manualClock();
  const pictures = heldDraw();
  pictures.hold('');
  t.after(() => pictures.release());
  const easel = await start(t, {
    clock,
    env: { EASEL_DEADLINE_MS: '1000' },
    sandbox: { draw: pictures.draw, delayMs: 1 },
  });
  return {
    easel,
    pictures,
    clock,
    /** A create that has come to waiting for its images or its deadline. */
    waiting: async (body: object, headers?: Record<string, string>) => {
      const before = clock.sleepers;
      const answer = easel.ask('POST', create, body, headers);
      await until(() => clock.sleepers > before);
      return { answer };
    },
  };
}

test('a timed-out request goes on: its repeat waits for the images, and they are listed as late', async (t) => {
  const { easel, pictures, clock, waiting } = await startHeld(t);
  const asked = await waiting(ark, keyed('k'));
  await until(() => easel.sent() === 1);
  await clock.advance(1_000);
  const first = await asked.answer;
  assert.deepEqual([first.status, first.at('error.reason')], [424, 'generation_timeout']);
  const id = String(first.headers.get('x-image-id'));
  assert.equal((await easel.ask('GET', '/v1/images?late=true')).at('first_id'), null);
  const repeated = await waiting(ark, keyed('k'));
  pictures.release();
  const again = await repeated.answer;
  assert.deepEqual([again.status, replayed(again), again.at('id')], [200, 'true', id], again.text);
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.deepEqual([record.at('status'), record.at('late')], ['completed', true]);
  const inTime = await easel.ask('POST', create, { ...ark, prompt: 'quick' });
  assert.equal(inTime.status, 200, inTime.text);
  const list = await easel.ask('GET', '/v1/images?late=true');
  assert.deepEqual(
    [list.at('first_id'), list.at('data.0.late'), list.at('data.1'), list.at('has_more')],
    [id, true, undefined, false],
  );
  const line = easel.logged.find(({ message }) => message.startsWith('A late result'));
  assert.deepEqual(
    [line?.facts['generation'], line?.facts['images'], line?.facts['lateResults']],
    [id, 1, 1],
  );
  assert.equal(easel.bought(), 2);

  for (const word of ['yes', '1', '']) {
    assert.equal((await easel.ask('GET', `/v1/images?late=${word}`)).at('error.param'), 'late');
  }
});

test('a repeat that waits too is answered at its own deadline', async (t) => {
  const { easel, clock, waiting } = await startHeld(t);
  const first = await waiting(ark, keyed('k'));
  await until(() => easel.sent() === 1);
  await clock.advance(500);
  const again = await waiting(ark, keyed('k'));
  await clock.advance(500);
  assert.equal((await first.answer).status, 424);
  const early = await Promise.race([again.answer, easel.ask('GET', '/v1/images')]);
  assert.notEqual(early.at('data'), undefined, 'the repeat is still waiting');
  await clock.advance(500);
  const late = await again.answer;
  assert.deepEqual(
    [late.status, late.at('error.reason'), replayed(late)],
    [424, 'generation_timeout', 'true'],
  );
});

test('a caller who hung up finds the images by the same key', async (t) => {
  const easel = await start(t, { delayMs: 200 });
  await easel.leave(ark, keyed('k'));
  const again = await easel.ask('POST', create, ark, keyed('k'));
  assert.deepEqual([again.status, replayed(again)], [200, 'true']);
  assert.equal(easel.bought(), 1);
});

test('a caller who hung up and sends the same again, without any key, joins what was begun', async (t) => {
  const easel = await start(t, { delayMs: 300 });
  await easel.leave(ark);
  const again = await easel.ask('POST', create, ark);
  assert.deepEqual([again.status, replayed(again)], [200, 'joined']);
  assert.equal(easel.bought(), 1);
  // It has been delivered now: who asks once more wants one more.
  const next = await easel.ask('POST', create, ark);
  assert.deepEqual([next.status, replayed(next)], [200, null]);
  assert.notEqual(next.at('id'), again.at('id'));
});

test('a caller who hung up before the end is given the images that were made meanwhile', async (t) => {
  const easel = await start(t, { delayMs: 100 });
  await easel.leave(ark);
  await until(async () => (await easel.ask('GET', '/v1/images')).at('data.0.status') === 'completed');
  const again = await easel.ask('POST', create, ark);
  assert.deepEqual([again.status, replayed(again)], [200, 'joined']);
  assert.equal(easel.bought(), 1);
});

test('equality is not intent: identical requests of callers who wait, or have their reply, are separate', async (t) => {
  const easel = await start(t, { delayMs: 100 });
  const both = await Promise.all([easel.ask('POST', create, ark), easel.ask('POST', create, ark)]);
  const retry = { 'x-stainless-retry-count': '1' };
  const third = await easel.ask('POST', create, ark, retry);
  const answers = [...both, third];
  assert.deepEqual(answers.map(replayed), [null, null, null]);
  assert.equal(new Set(answers.map((answer) => answer.at('id'))).size, 3);
  assert.equal(easel.bought(), 3);
});

test('what differs in body, key or age is not joined', async (t) => {
  const clock = fastClock(1);
  const easel = await start(t, { clock, delayMs: 100 });
  await easel.leave(ark);
  const other = await easel.ask('POST', create, { ...ark, prompt: 'a paper boat.' });
  const own = await easel.ask('POST', create, ark, keyed('an own key'));
  clock.skip(60_000);
  const later = await easel.ask('POST', create, ark);
  assert.deepEqual([other, own, later].map(replayed), [null, null, null]);
  // A retry says so itself, and has a quarter of an hour.
  clock.skip(13 * 60_000);
  const retry = await easel.ask('POST', create, ark, { 'x-stainless-retry-count': '2' });
  assert.equal(replayed(retry), 'joined');
  await easel.leave({ ...ark, prompt: 'too old' });
  clock.skip(15 * 60_000);
  const tooOld = await easel.ask(
    'POST',
    create,
    { ...ark, prompt: 'too old' },
    { 'x-stainless-retry-count': '1' },
  );
  assert.equal(replayed(tooOld), null);
  assert.equal(easel.bought(), 6);
});

test('a retry joins a request whose caller is still there, but no retry does so by saying 0', async (t) => {
  const { easel, pictures, waiting } = await startHeld(t);
  const first = await waiting(ark);
  const none = await waiting(ark, { 'x-stainless-retry-count': '0' });
  const retry = await waiting(ark, { 'x-stainless-retry-count': '1' });
  pictures.release();
  const joined = await retry.answer;
  assert.equal(replayed(joined), 'joined');
  assert.equal(replayed(await none.answer), null);
  assert.equal(joined.at('id'), (await first.answer).at('id'));
  assert.equal(easel.bought(), 2);
});

test('three identical requests that were given up are joined by one retry each', async (t) => {
  const easel = await start(t, { delayMs: 400 });
  await easel.leave(ark, {}, 3);
  const answers = await Promise.all(
    [1, 2, 3].map(() => easel.ask('POST', create, ark, { 'x-stainless-retry-count': '1' })),
  );
  assert.deepEqual(answers.map(replayed), ['joined', 'joined', 'joined']);
  assert.equal(new Set(answers.map((answer) => answer.at('id'))).size, 3);
  assert.equal(easel.bought(), 3);
});

test('a retry after a failure that was surely not charged is made anew', async (t) => {
  const easel = await start(t);
  easel.gateway.sandbox?.simulators
    .get('ark')
    ?.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  easel.gateway.sandbox?.simulators
    .get('ark')
    ?.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  await easel.leave(ark);
  await until(async () => (await easel.ask('GET', '/v1/images')).at('data.0.status') === 'failed');
  const retry = await easel.ask('POST', create, ark, { 'x-stainless-retry-count': '1' });
  assert.equal(replayed(retry), null);
});

test('the official client that times out and resends by itself buys each picture once', async (t) => {
  const easel = await start(t, { delayMs: 2_000 });
  const client = new OpenAI({
    apiKey: testSecret,
    baseURL: `${easel.url}/v1`,
    timeout: 1_500,
    maxRetries: 2,
  });
  const models = ['seedream-4.5', 'nano-banana-pro', 'glm-image', 'kling-image-o1'];
  const replies = await Promise.all(
    models.map((model) =>
      client.images.generate({ model, prompt: 'once', n: 2, response_format: 'b64_json' }),
    ),
  );
  for (const reply of replies)
    assert.equal(reply.data?.filter(({ b64_json }) => (b64_json ?? '').length > 20).length, 2);
  assert.equal(easel.bought(), 8);
  const retries = easel.logged.filter(({ facts }) => Number(facts['retryCount']) > 0);
  assert.ok(retries.length >= 4, 'it did not resend');
});

test('the AI SDK whose connection breaks off and that resends by itself buys each picture once', async (t) => {
  const easel = await start(t, { delayMs: 1_500 });
  const dispatcher = new Agent({ headersTimeout: 1_000 });
  t.after(() => dispatcher.close());
  let asked = 0;
  const impatient = (async (input: string, init: object) => {
    if (input.endsWith(create)) asked += 1;
    return await undiciFetch(input, { ...init, dispatcher });
  }) as unknown as typeof fetch;
  const provider = createOpenAICompatible({
    name: 'easel',
    apiKey: testSecret,
    baseURL: `${easel.url}/v1`,
    fetch: impatient,
  });
  const result = await generateImage({
    model: provider.imageModel('seedream-4.5'),
    prompt: 'once',
    n: 2,
    maxRetries: 2,
  });
  assert.equal(result.images.length, 2);
  assert.equal(asked, 2);
  assert.equal(easel.bought(), 2);
});

async function askRaw(
  url: string,
  key: string | string[],
): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>();
  const headers = {
    authorization: `Bearer ${testSecret}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  const sent = httpRequest(`${url}${create}`, { method: 'POST', headers }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    response.on('end', () => resolve({ status: response.statusCode, body }));
  });
  sent.on('error', reject);
  sent.end(JSON.stringify(ark));
  return await promise;
}
