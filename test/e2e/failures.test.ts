import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import sharp from 'sharp';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import { startZaiSimulator } from '../../src/providers/zai/simulator.ts';
import type { InjectedFault, Simulator } from '../../src/sandbox/kit.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { startTestGateway, testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { startLiveGateway, submitsOf } from '../kit/live-gateway.ts';
import { closedOrigin } from '../kit/provider-bench.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';
import { watchUntouched } from '../kit/untouched.ts';

/** The table of public-api.md section 4.5, row by row, for every upstream that can fail so. */

const clock = fastClock(200);
/** A busy machine takes its time. */
const patienceMs = 30_000;
const pictures = heldDraw();
const sandbox = { draw: pictures.draw, delayMs: 1 };
const modelOf = {
  kling: 'kling-image-o1',
  ark: 'seedream-4.5',
  gemini: 'nano-banana-pro',
  zai: 'glm-image',
} as const;
type Upstream = keyof typeof modelOf;
const upstreams = Object.keys(modelOf) as Upstream[];

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ clock, env: unhurried, sandbox });
});
after(() => easel.close());
afterEach(() => {
  pictures.release();
  for (const upstream of upstreams) simulatorOf(upstream).control.reset();
  // Long enough for every route to be asked again, whatever kept it away.
  clock.skip(60 * 60_000);
});

function simulatorOf(upstream: Upstream): Simulator {
  const simulator = easel.gateway.sandbox?.simulators.get(upstream);
  assert.ok(simulator !== undefined);
  return simulator;
}

function create(upstream: Upstream, more: object = {}): Promise<Answered> {
  return easel.ask('POST', '/v1/images/generations', { model: modelOf[upstream], prompt: 'a boat', ...more });
}

function chargesOf(upstream: Upstream): number {
  return simulatorOf(upstream).control.ledger().length;
}

interface Row {
  fault: InjectedFault;
  status: number;
  reason: string;
  param?: string;
  shouldRetry: boolean;
  /** How often the upstream may have been asked for the picture. */
  submits: number | 'several';
  more?: object;
}

const submit = { on: 'submit' } as const;
const named = (error: string, times = 1): InjectedFault => ({ ...submit, kind: 'status', error, times });
const auth = { status: 502, reason: 'upstream_auth', shouldRetry: false, submits: 1 };
const billing = { status: 502, reason: 'upstream_billing', shouldRetry: false, submits: 1 };
const policy = { status: 400, reason: 'content_policy', shouldRetry: false, submits: 1 };
const failed = { status: 502, reason: 'generation_failed', shouldRetry: false, submits: 1 };
const unknown = { status: 424, reason: 'outcome_unknown', shouldRetry: false, submits: 1 };
const badReply = { status: 424, reason: 'upstream_bad_reply', shouldRetry: false, submits: 1 };
const throttled = {
  status: 429,
  reason: 'upstream_throttled',
  shouldRetry: true,
  submits: 'several',
} as const;
const unavailable = {
  status: 502,
  reason: 'upstream_unavailable',
  shouldRetry: true,
  submits: 'several',
} as const;

const rows: Readonly<Record<Upstream, readonly Row[]>> = {
  kling: [
    { fault: named('throttled', 1000), ...throttled },
    { fault: named('auth'), ...auth },
    { fault: named('forbidden'), ...auth },
    { fault: named('billing'), ...billing },
    { fault: named('quota'), ...billing },
    { fault: named('moderated'), ...policy },
    { fault: { ...submit, kind: 'moderation', stage: 'output' }, ...policy },
    { fault: { ...submit, kind: 'variant', name: 'task-failed' }, ...failed },
  ],
  ark: [
    { fault: named('throttled', 1000), ...throttled },
    { fault: named('auth'), ...auth },
    { fault: named('moderated'), ...policy, param: 'prompt' },
    { fault: { ...submit, kind: 'moderation', stage: 'output' }, ...policy },
    { fault: named('moderation-service'), ...failed },
    { fault: named('internal'), ...unknown },
    { fault: { ...submit, kind: 'cut-after' }, ...unknown },
    { fault: { ...submit, kind: 'garbage' }, ...badReply },
  ],
  gemini: [
    { fault: named('overloaded', 1000), ...unavailable },
    { fault: named('auth'), ...auth },
    { fault: named('billing'), ...billing },
    { fault: { ...submit, kind: 'moderation' }, ...policy, param: 'prompt' },
    { fault: { ...submit, kind: 'moderation', stage: 'output' }, ...policy },
    { fault: { ...submit, kind: 'variant', name: 'image-other' }, ...failed },
    { fault: { ...submit, kind: 'variant', name: 'no-image' }, ...badReply },
    { fault: { ...submit, kind: 'cut-after' }, ...unknown },
    { fault: { ...submit, kind: 'cut-body' }, ...unknown },
  ],
  zai: [
    { fault: named('throttled', 1000), ...throttled },
    { fault: named('auth'), ...auth },
    { fault: named('locked'), ...auth },
    { fault: named('billing'), ...billing },
    { fault: named('moderated'), ...policy, param: 'prompt' },
    { fault: { ...submit, kind: 'variant', name: 'task-fail' }, ...failed },
    { fault: { ...submit, kind: 'cut-after' }, ...unknown },
  ],
};

for (const upstream of upstreams) {
  for (const { fault, submits, shouldRetry, ...refusal } of rows[upstream]) {
    const what =
      'error' in fault
        ? fault.error
        : 'name' in fault
          ? fault.name
          : 'stage' in fault
            ? `moderated ${fault.stage}`
            : fault.kind;
    test(`${upstream}: ${what} is ${refusal.status} ${refusal.reason}, and the record says the same`, async () => {
      simulatorOf(upstream).control.inject(fault);
      const answer = await create(upstream);
      assertRefused(answer, {
        ...refusal,
        type:
          answer.status === 429
            ? 'rate_limit_error'
            : answer.status === 400
              ? 'invalid_request_error'
              : 'api_error',
      });
      assert.equal(answer.headers.get('x-should-retry'), String(shouldRetry));
      const waitMs = Number(answer.headers.get('retry-after-ms') ?? 0);
      assert.equal(answer.headers.get('retry-after'), waitMs === 0 ? null : String(Math.ceil(waitMs / 1000)));
      assert.ok(waitMs <= 60_000);
      if (refusal.status === 429) assert.ok(waitMs > 0);
      const sent = submitsOf(simulatorOf(upstream));
      assert.ok(submits === 'several' ? sent > 1 : sent === submits, `${sent} submits`);

      const record = await easel.ask('GET', `/v1/images/${answer.headers.get('x-image-id')}`);
      assert.deepEqual([record.at('status'), record.at('url'), record.at('images')], ['failed', null, []]);
      assert.deepEqual(record.at('error'), answer.at('error'));
      assert.equal(record.at('attempts'), sent);
      assertTellsNothing(answer, upstream);
    });
  }

  test(`${upstream}: throttled once is asked once more, and charged once`, async () => {
    simulatorOf(upstream).control.inject(named('throttled'));
    const answer = await create(upstream);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([submitsOf(simulatorOf(upstream)), chargesOf(upstream)], [2, 1]);
    assert.equal((await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`)).at('attempts'), 2);
  });
}

/** The upstream's address, its words and our credential are the operator's, not the caller's. */
function assertTellsNothing(answer: Answered, upstream: Upstream): void {
  const { baseUrl, credential } = simulatorOf(upstream);
  for (const hidden of [
    new URL(baseUrl).host,
    credential.apiKey,
    '127.0.0.1',
    'a boat',
    'Bearer',
    'request id',
  ])
    assert.ok(!answer.text.includes(hidden), `${hidden}: ${answer.text}`);
}

test('a route whose key is refused is out of service until its time is up', async (t) => {
  // Slower than the others: the time that a route is out must not pass by itself meanwhile.
  const steady = fastClock(4);
  const marked = await startTestGateway({ clock: steady, sandbox });
  t.after(() => marked.close());
  for (const upstream of upstreams) {
    const ask = () =>
      marked.ask('POST', '/v1/images/generations', { model: modelOf[upstream], prompt: 'a boat' });
    const isAvailable = async () =>
      (await marked.ask('GET', `/v1/models/${modelOf[upstream]}`)).at('available');
    marked.gateway.sandbox?.simulators.get(upstream)?.control.inject(named('auth'));
    const firstLine = marked.logged.length;
    assertRefused(await ask(), { status: 502, reason: 'upstream_auth' });
    const assertUntouched = await watchUntouched(marked);
    const refused = await ask();
    assertRefused(refused, { status: 503, reason: 'model_unavailable' });
    assert.equal(refused.headers.get('x-should-retry'), 'true');
    assert.equal(refused.headers.get('x-image-id'), null);
    const waitSeconds = Number(refused.headers.get('retry-after'));
    assert.ok(waitSeconds >= 1 && waitSeconds <= 60, String(waitSeconds));
    assert.equal(await isAvailable(), false);
    await assertUntouched();
    const loud = marked.logged.slice(firstLine).filter(({ level }) => level === 'error');
    assert.equal(loud.length, 1);
    assert.ok(JSON.stringify(loud).includes(`sandbox/${upstream}`));
    steady.skip(10 * 60_000);
    assert.equal((await ask()).status, 200);
    assert.equal(await isAvailable(), true);
  }
});

test('an unreachable upstream surely charged nothing', async (t) => {
  const simulator = await startKlingSimulator(sandbox);
  t.after(() => simulator.close());
  const origin = await closedOrigin();
  const live = await startLiveGateway(
    t,
    { 'kling-image-o1': [{ name: 'down', simulator, facts: { baseUrl: origin } }] },
    { clock: fastClock(200), env: unhurried },
  );
  const answer = await live.ask('POST', '/v1/images/generations', {
    model: 'kling-image-o1',
    prompt: 'a boat',
  });
  assertRefused(answer, { status: 502, reason: 'upstream_unavailable' });
  assert.equal(answer.headers.get('x-should-retry'), 'true');
  assert.ok(!answer.text.includes(new URL(origin).host));
});

/** Ark's refusal of one of its own parameters. */
const refusing = (parameter: string): InjectedFault => ({
  ...submit,
  kind: 'status',
  status: 400,
  body: {
    error: {
      code: 'InvalidParameter',
      message: `The parameter \`${parameter}\` specified in the request is not valid: no. Request id: 1`,
      param: '',
      type: 'BadRequest',
    },
  },
});

test('a parameter that the upstream refuses after all is told in the spelling of the caller', async () => {
  const image = `data:image/png;base64,${(
    await sharp({ create: { width: 320, height: 320, channels: 3, background: '#37a' } })
      .png()
      .toBuffer()
  ).toString('base64')}`;
  for (const [parameter, more, param] of [
    ['size', { size: '2K' }, 'size'],
    ['seed', { seed: 7 }, 'seed'],
    ['image', { images: [image, image] }, 'images'],
    ['image', { image_url: image }, 'image_url'],
    ['watermark', {}, 'watermark'],
  ] as const) {
    simulatorOf('ark').control.inject(refusing(parameter));
    const answer = await create('ark', more);
    assertRefused(answer, { status: 400, reason: 'invalid_value', param });
    assert.equal(answer.headers.get('x-should-retry'), 'false');
  }
});

test('Gemini names the input image that it refuses, and the caller hears its own name for it', async () => {
  const image = `data:image/png;base64,${(
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#37a' } })
      .png()
      .toBuffer()
  ).toString('base64')}`;
  const body = {
    error: {
      code: 400,
      message: 'Unable to process input image: contents[0].parts[2].inline_data',
      status: 'INVALID_ARGUMENT',
    },
  };
  simulatorOf('gemini').control.inject({ ...submit, kind: 'status', status: 400, body });
  const answer = await create('gemini', { image_urls: [image, image] });
  assertRefused(answer, { status: 400, reason: 'invalid_value', param: 'image_urls[1]' });
});

test('Kling: a submit whose answer was lost is found by our id, and charged once', async () => {
  simulatorOf('kling').control.inject({ ...submit, kind: 'cut-after' });
  const answer = await create('kling', { n: 2 });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([submitsOf(simulatorOf('kling')), chargesOf('kling')], [1, 2]);
});

test('questions that fail while a task runs are asked again', async () => {
  for (const upstream of ['kling', 'zai'] as const) {
    const { control } = simulatorOf(upstream);
    for (const kind of ['cut-after', 'garbage', 'refuse'] as const) control.inject({ on: 'poll', kind });
    control.inject({ on: 'poll', kind: 'status', status: 500, times: 2 });
    const answer = await create(upstream);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([submitsOf(simulatorOf(upstream)), chargesOf(upstream)], [1, 1]);
  }
});

test('a caller who leaves changes nothing: the picture is made, stored and listed', async () => {
  for (const upstream of upstreams) {
    pictures.hold('nobody waits');
    const prompt = `a boat that nobody waits for, by ${upstream}`;
    const leaving = new AbortController();
    const asked = fetch(`${easel.url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: modelOf[upstream], prompt }),
      signal: leaving.signal,
    });
    await until(() => submitsOf(simulatorOf(upstream)) === 1, patienceMs);
    leaving.abort();
    await assert.rejects(asked);
    pictures.release();
    const found = async () => await easel.ask('GET', `/v1/images?q=${encodeURIComponent(prompt)}`);
    await until(async () => (await found()).at('data.0.status') === 'completed', patienceMs);
    assert.equal(chargesOf(upstream), 1);
    const link = String((await found()).at('data.0.url'));
    assert.equal((await fetch(link)).status, 200);
  }
});

test('at the deadline the caller is told, and what was paid for is collected all the same', async (t) => {
  const slow = await startTestGateway({ env: { EASEL_DEADLINE_MS: '1000' }, sandbox });
  t.after(() => slow.close());
  for (const [upstream, model] of [
    ['ark', 'seedream-4.5'],
    ['kling', 'kling-image-o1'],
  ] as const) {
    const control = slow.gateway.sandbox?.simulators.get(upstream)?.control;
    pictures.hold('slow');
    const answer = await slow.ask('POST', '/v1/images/generations', { model, prompt: 'a slow boat' });
    assertRefused(answer, { status: 424, reason: 'generation_timeout' });
    assert.equal(answer.headers.get('x-should-retry'), 'false');
    const record = `/v1/images/${answer.headers.get('x-image-id')}`;
    assert.equal((await slow.ask('GET', record)).at('status'), 'in_progress');
    pictures.release();
    await until(async () => (await slow.ask('GET', record)).at('status') !== 'in_progress', patienceMs);
    assert.equal((await slow.ask('GET', record)).at('status'), 'completed');
    assert.equal(control?.ledger().length, 1);
  }
});

test('a server that is full says so before any money is spent', async (t) => {
  const small = await startTestGateway({ env: { EASEL_MAX_IN_FLIGHT: '1' }, sandbox });
  t.after(() => small.close());
  const control = small.gateway.sandbox?.simulators.get('ark')?.control;
  pictures.hold('first');
  const body = { model: 'seedream-4.5', prompt: 'the first boat' };
  const first = small.ask('POST', '/v1/images/generations', body);
  await until(() => control?.requests().length === 1, patienceMs);
  const refused = await small.ask('POST', '/v1/images/generations', body);
  assertRefused(refused, { status: 503, reason: 'queue_full' });
  assert.equal(refused.headers.get('x-should-retry'), 'true');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal(refused.headers.get('x-image-id'), null);
  pictures.release();
  assert.equal((await first).status, 200);
  assert.equal((await small.ask('GET', '/v1/images?status=all')).at('data.1'), undefined);
  assert.equal((await small.ask('POST', '/v1/images/generations', body)).status, 200);
});

for (const [name, model, start] of [
  ['kling', 'kling-image-o1', startKlingSimulator],
  ['zai', 'glm-image', startZaiSimulator],
] as const) {
  test(`${name}: a task that waits when the gateway stops is finished by the next start, and charged once`, async (t) => {
    const simulator = await start(sandbox);
    pictures.hold('waiting');
    t.after(() => simulator.close());
    const dataDir = await temporaryFolder(t);
    const options = { dataDir, env: { EASEL_DRAIN_MS: '0' } };
    const routes = { [model]: [{ name: 'main', simulator }] };
    const first = await startLiveGateway(t, routes, options);
    await first.ask('GET', '/v1/models');
    const asked = first.ask('POST', '/v1/images/generations', {
      model,
      prompt: 'a waiting boat',
      n: name === 'kling' ? 2 : 1,
    });
    await until(async () => simulator.control.requests().some(({ on }) => on === 'poll'), patienceMs);
    await first.gateway.close();
    const answer = await asked;
    assert.equal(answer.status, 424, answer.text);
    assert.equal(answer.at('error.reason'), 'generation_timeout');
    const id = answer.headers.get('x-image-id') ?? '';
    assert.match(String(answer.at('error.message')), new RegExp(`server is stopping.* /v1/images/${id}\\.$`));
    pictures.release();

    const second = await startLiveGateway(t, routes, options);
    await until(
      async () => (await second.ask('GET', `/v1/images/${id}`)).at('status') !== 'in_progress',
      patienceMs,
    );
    const record = await second.ask('GET', `/v1/images/${id}`);
    assert.equal(record.at('status'), 'completed', record.text);
    const images = record.at('images');
    assert.ok(Array.isArray(images));
    for (const { url } of images as { url: string }[]) assert.equal((await fetch(url)).status, 200);
    assert.deepEqual([submitsOf(simulator), simulator.control.ledger().length], [1, images.length]);
    assert.equal(images.length, name === 'kling' ? 2 : 1);
  });
}
