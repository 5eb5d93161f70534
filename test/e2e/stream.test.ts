import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import OpenAI, { APIError } from 'openai';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { allEvents, eventsOf, placesOf, type CreateEvent } from '../kit/create-events.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, testSecret, type TestGateway, type TestGatewayOptions } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat', stream: true };

async function start(
  t: TestContext,
  options: TestGatewayOptions = {},
): Promise<TestGateway & { bought(): number; client: OpenAI }> {
  const easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 }, ...options });
  t.after(() => easel.close());
  const simulators = () => [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  const client = new OpenAI({
    apiKey: testSecret,
    baseURL: `${easel.url}/v1`,
    maxRetries: 0,
  });
  return { ...easel, client, bought: () => simulators().flatMap(({ control }) => control.ledger()).length };
}

function open(easel: TestGateway, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${easel.url}${create}`, {
    method: 'POST',
    ...init,
    headers: {
      authorization: `Bearer ${testSecret}`,
      'content-type': 'application/json',
      ...(init.headers as Record<string, string> | undefined),
    },
    body: JSON.stringify(body),
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

test('each image is one event with its own part of the usage', async (t) => {
  const easel = await start(t);
  const response = await open(easel, { ...boat, n: 3 });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events = await allEvents(response);
  assert.deepEqual(
    events.map(({ name }) => name),
    Array.from({ length: 3 }, () => 'image_generation.completed'),
  );
  assert.deepEqual(placesOf(events), [0, 1, 2]);
  const id = response.headers.get('x-image-id') ?? '';
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.equal(sum(events.map(({ data }) => data.usage.total_tokens)), record.at('usage.total_tokens'));
  assert.equal(sum(events.map(({ data }) => data.usage.generated_images)), 3);
  for (const { name, data } of events) {
    assert.equal(data.type, name);
    assert.equal(data.size, '2048x2048');
    assert.equal(data.created_at, record.at('created_at'));
    assert.equal(data.output_format, 'jpeg');
    const kept = await easel.ask('GET', `/v1/images/${id}/content?format=binary&index=${data.index}`);
    const bytes = Buffer.from(data.b64_json ?? '', 'base64');
    assert.equal(bytes.length, Number(kept.headers.get('content-length')));
  }
});

test('links instead of bytes where they are asked for', async (t) => {
  const easel = await start(t);
  const [event] = await allEvents(await open(easel, { ...boat, response_format: 'url' }));
  assert.equal(event?.data.b64_json, undefined);
  assert.equal((await fetch(event?.data.url ?? '')).status, 200);
});

test('a group shows its first image while later ones are made, and a caller who leaves loses nothing', async (t) => {
  const held = heldDraw();
  const easel = await start(t, { sandbox: { draw: slowSecond(held.draw), delayMs: 1 } });
  held.hold('boat');
  const left = new AbortController();
  const response = await open(
    easel,
    {
      ...boat,
      sequential_image_generation: 'auto',
      sequential_image_generation_options: { max_images: 3 },
    },
    { signal: left.signal },
  );
  const first = await eventsOf(response).next();
  assert.equal(first.value?.name, 'image_generation.completed');
  const place = `/v1/images/${response.headers.get('x-image-id') ?? ''}`;
  const meanwhile = await easel.ask('GET', place);
  assert.equal(meanwhile.at('status'), 'in_progress');
  assert.ok(typeof meanwhile.at('images.0.sha256') === 'string');
  left.abort();
  held.release();
  await until(async () => (await easel.ask('GET', place)).at('status') === 'completed');
  assert.equal((await easel.ask('GET', place)).at('usage.generated_images'), 3);
  assert.equal(easel.bought(), 3);
});

/** The first picture is drawn at once, the others as the given maker does. */
function slowSecond(draw: typeof claimedDraw): typeof claimedDraw {
  let drawn = 0;
  return async (request) => await (drawn++ === 0 ? claimedDraw(request) : draw(request));
}

test('a group gives all its images and sums up', async (t) => {
  const easel = await start(t, { clock: fastClock(20) });
  const response = await open(easel, {
    ...boat,
    prompt: 'boats sim:moderated-output:1',
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 4 },
  });
  const events = await allEvents(response);
  const made = events.filter(({ name }) => name === 'image_generation.completed');
  const failed = events.filter(({ name }) => name === 'image_generation.failed');
  assert.deepEqual(placesOf(made), [0, 2, 3]);
  assert.deepEqual(
    failed.map(({ data }) => [data.index, data.failure?.reason]),
    [[1, 'content_policy']],
  );
  const record = await easel.ask('GET', `/v1/images/${response.headers.get('x-image-id') ?? ''}`);
  assert.equal(sum(made.map(({ data }) => data.usage.output_tokens)), record.at('usage.output_tokens'));
});

test('of a group whose stream ends before all was said, the rest is told as unknown', async (t) => {
  const easel = await start(t);
  const response = await open(easel, {
    ...boat,
    prompt: 'boats sim:fewer:2 sim:without-completed',
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 4 },
  });
  const events = await allEvents(response);
  assert.deepEqual(
    events.map(({ name, data }) => [name, data.index, data.failure?.reason]),
    [
      ['image_generation.completed', 0, undefined],
      ['image_generation.completed', 1, undefined],
      ['image_generation.failed', 2, 'outcome_unknown'],
      ['image_generation.failed', 3, 'outcome_unknown'],
    ],
  );
});

test('several images of one task come when it ends', async (t) => {
  const easel = await start(t, { clock: fastClock(20) });
  const events = await allEvents(await open(easel, { ...boat, model: 'kling-image-o1', n: 3 }));
  assert.deepEqual(placesOf(events), [0, 1, 2]);
});

test('when everything fails there is one error, and before acceptance an ordinary one', async (t) => {
  const easel = await start(t);
  const events = await allEvents(await open(easel, { ...boat, n: 2, prompt: 'a boat sim:moderated' }));
  assert.deepEqual(
    events.map(({ name, data }) => [name, data.type, data.error?.reason, data.error?.code]),
    [['error', 'error', 'content_policy', '400']],
  );
  const refused = await easel.ask('POST', create, { ...boat, n: 99 });
  assert.equal(refused.status, 400);
  assert.equal(refused.at('error.param'), 'n');
  const both = await easel.ask('POST', create, boat, { prefer: 'respond-async' });
  assert.equal(both.at('error.param'), 'stream');
  const previews = { model: 'gpt-image-2', prompt: 'a boat', partial_images: 2 };
  assert.equal((await easel.ask('POST', create, previews)).at('error.param'), 'partial_images');
  assert.equal(
    (await easel.ask('POST', create, { ...boat, stream: 'yes' })).at('error.reason'),
    'invalid_type',
  );
});

test('while nothing happens comments show that the connection lives', async (t) => {
  const held = heldDraw();
  const easel = await start(t, { clock: fastClock(200), sandbox: { draw: held.draw, delayMs: 1 } });
  held.hold('boat');
  const response = await open(easel, boat);
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.split(': still working\n\n').length === 3) held.release();
  }
  assert.match(text, /^: accepted\n\n(: still working\n\n){2,}event: image_generation\.completed\ndata: /);
});

test('a repeat by Idempotency-Key joins the events, and later gets the stored ones', async (t) => {
  const held = heldDraw();
  const easel = await start(t, { sandbox: { draw: held.draw, delayMs: 1 } });
  held.hold('boat');
  const headers = { 'idempotency-key': 'one' };
  const [first, second] = await Promise.all([
    open(easel, { ...boat, n: 2 }, { headers }),
    open(easel, { ...boat, n: 2 }, { headers }),
  ]);
  held.release();
  const [one, two] = await Promise.all([allEvents(first), allEvents(second)]);
  const third = await open(easel, { ...boat, n: 2 }, { headers });
  assert.equal(third.headers.get('idempotency-replayed'), 'true');
  const three = await allEvents(third);
  assert.deepEqual(shown(two), shown(one));
  assert.deepEqual(shown(three), shown(one));
  assert.equal(easel.bought(), 2);
});

test('the official client sees every image, also when another one failed', async (t) => {
  const { client } = await start(t);
  const stream = await client.images.generate({
    model: 'seedream-4.5',
    prompt: 'a boat sim:moderated-output',
    n: 1,
    stream: true,
  });
  await assert.rejects(async () => {
    for await (const _ of stream);
  }, APIError);
  const types: string[] = [];
  for await (const event of await client.images.generate({ ...boat, stream: true, n: 2 })) {
    types.push(event.type);
    assert.equal(event.type, 'image_generation.completed');
    if (event.type === 'image_generation.completed') {
      assert.ok(event.b64_json.length > 0);
      assert.ok(event.usage.total_tokens > 0);
    }
  }
  assert.equal(types.length, 2);
});

test('the official client sees previews of models that show some', async (t) => {
  const { client } = await start(t);
  const types: string[] = [];
  const stream = await client.images.generate({
    model: 'gpt-image-2',
    prompt: 'a paper boat',
    stream: true,
    partial_images: 2,
  });
  for await (const event of stream) {
    types.push(event.type);
    assert.ok(Buffer.from(event.b64_json, 'base64').length > 0);
    if (event.type === 'image_generation.partial_image')
      assert.equal(event.partial_image_index, types.length - 1);
  }
  assert.deepEqual(types, [
    'image_generation.partial_image',
    'image_generation.partial_image',
    'image_generation.completed',
  ]);
});

/** What one sees of them, in the order of the images. */
function shown(events: readonly CreateEvent[]) {
  return events
    .map(({ data: { index, b64_json: bytes, usage } }) => ({ index, bytes, usage }))
    .sort((a, b) => a.index - b.index);
}
