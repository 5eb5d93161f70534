import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { allEvents, eventsOf, placesOf } from '../kit/create-events.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { answered, startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

/** Edits that are followed as they come (public-api.md sections 4.7 and 13). */

const edits = '/v1/images/edits';
const picture = await sharp({ create: { width: 320, height: 320, channels: 3, background: 'navy' } })
  .png()
  .toBuffer();

async function start(t: TestContext, draw = claimedDraw, speed = 1): Promise<TestGateway> {
  const easel = await startTestGateway({ clock: fastClock(speed), sandbox: { draw, delayMs: 1 } });
  t.after(() => easel.close());
  return easel;
}

/** A streamed edit as OpenAI's clients send it: every field as text, the file behind them. */
function open(
  easel: TestGateway,
  fields: Record<string, string>,
  init: Pick<RequestInit, 'headers' | 'signal'> = {},
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ prompt: 'a boat', stream: 'true', ...fields }))
    form.append(name, value);
  form.append('image[]', new Blob([new Uint8Array(picture)]), 'blob');
  return post(easel, form, init);
}

function post(
  easel: TestGateway,
  body: FormData,
  { headers, signal }: Pick<RequestInit, 'headers' | 'signal'> = {},
): Promise<Response> {
  const authorization = `Bearer ${testSecret}`;
  return fetch(`${easel.url}${edits}`, {
    method: 'POST',
    headers: { authorization, ...(headers as Record<string, string> | undefined) },
    signal: signal ?? null,
    body,
  });
}

/** The first picture is drawn at once, the others as the given maker does. */
function slowSecond(draw: typeof claimedDraw): typeof claimedDraw {
  let drawn = 0;
  return async (request) => await (drawn++ === 0 ? claimedDraw(request) : draw(request));
}

for (const model of ['seedream-4.5', 'kling-image-o1', 'nano-banana-pro', 'gpt-image-2']) {
  test(`each image edited with ${model} is one event, with the bytes that are kept`, async (t) => {
    const easel = await start(t, claimedDraw, 20);
    const response = await open(easel, { model, n: '2' });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const events = await allEvents(response);
    assert.deepEqual(
      events.map(({ name, data }) => [name, data.type]),
      Array.from({ length: 2 }, () => ['image_edit.completed', 'image_edit.completed']),
    );
    assert.deepEqual(placesOf(events), [0, 1]);
    const place = `/v1/images/${response.headers.get('x-image-id') ?? ''}`;
    const record = await easel.ask('GET', place);
    for (const { data } of events) {
      const kept = record.at(`images.${data.index}.bytes`);
      assert.equal(Buffer.from(data.b64_json ?? '', 'base64').length, kept);
    }
    const tokens = events.reduce((sum, { data }) => sum + data.usage.total_tokens, 0);
    assert.equal(tokens, record.at('usage.total_tokens'));
  });
}

test('JSON edits are followed in the same way, as links where these are asked for', async (t) => {
  const easel = await start(t);
  const response = await fetch(`${easel.url}${edits}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'seedream-4.5',
      prompt: 'a boat',
      images: [{ image_url: `data:image/png;base64,${picture.toString('base64')}` }],
      stream: true,
      response_format: 'url',
    }),
  });
  const [event, ...others] = await allEvents(response);
  assert.deepEqual([event?.name, others], ['image_edit.completed', []]);
  assert.equal(event?.data.b64_json, undefined);
  assert.equal((await fetch(event?.data.url ?? '')).status, 200);
});

test('the official client sees previews and the finished edit, with a mask', async (t) => {
  const easel = await start(t);
  const client = new OpenAI({ apiKey: testSecret, baseURL: `${easel.url}/v1`, maxRetries: 0 });
  const hole = await sharp({ create: { width: 320, height: 320, channels: 4, background: '#0000' } })
    .png()
    .toBuffer();
  const stream = await client.images.edit({
    model: 'gpt-image-2',
    prompt: 'a boat',
    image: await toFile(picture, 'boat.png', { type: 'image/png' }),
    mask: await toFile(hole, 'mask.png', { type: 'image/png' }),
    stream: true,
    partial_images: 2,
  });
  const seen: string[] = [];
  for await (const event of stream) {
    assert.ok(event.b64_json.length > 0);
    seen.push(
      event.type === 'image_edit.partial_image' ? `preview ${event.partial_image_index}` : event.type,
    );
  }
  assert.deepEqual(seen, ['preview 0', 'preview 1', 'image_edit.completed']);
});

for (const path of ['/v1/images/generations', edits]) {
  test(`the first of two images that one call of an OpenAI-shaped upstream makes comes before the second: ${path}`, async (t) => {
    const held = heldDraw();
    held.hold('boat');
    const easel = await start(t, slowSecond(held.draw));
    t.after(() => held.release());
    const wishes = { model: 'gpt-image-2', prompt: 'a boat', n: 2, stream: true };
    const image = { images: [{ image_url: `data:image/png;base64,${picture.toString('base64')}` }] };
    const response = await fetch(`${easel.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
      body: JSON.stringify(path === edits ? { ...wishes, ...image } : wishes),
    });
    const events = eventsOf(response);
    const first = await events.next();
    assert.match(first.value?.name ?? '', /\.completed$/);
    assert.equal(first.value?.data.index, 0);
    const place = `/v1/images/${response.headers.get('x-image-id') ?? ''}`;
    assert.equal((await easel.ask('GET', place)).at('status'), 'in_progress');
    held.release();
    const second = await events.next();
    assert.equal(second.value?.data.index, 1);
    assert.equal((await events.next()).done, true);
    assert.equal((await easel.ask('GET', place)).at('usage.generated_images'), 2);
    const sent = easel.gateway.sandbox?.simulators.get('openai')?.control.requests() ?? [];
    assert.equal(sent.filter(({ on }) => on === 'submit').length, 1);
  });
}

test('what failed among others is told as image_edit.failed, and what failed whole as one error', async (t) => {
  const easel = await start(t, claimedDraw, 20);
  easel.gateway.sandbox?.simulators.get('ark')?.control.inject({
    on: 'submit',
    kind: 'moderation',
    match: { promptIncludes: 'one of two' },
  });
  const events = await allEvents(await open(easel, { model: 'seedream-4.5', prompt: 'one of two', n: '2' }));
  assert.deepEqual(events.map(({ name }) => name).toSorted(), ['image_edit.completed', 'image_edit.failed']);
  const failed = events.find(({ name }) => name === 'image_edit.failed');
  assert.equal(failed?.data.failure?.reason, 'content_policy');
  const whole = await allEvents(await open(easel, { model: 'seedream-4.5', prompt: 'a boat sim:moderated' }));
  assert.deepEqual(
    whole.map(({ name, data }) => [name, data.type, data.error?.reason]),
    [['error', 'error', 'content_policy']],
  );
});

test('a streamed edit that is refused gets an ordinary error, and no upstream hears of it', async (t) => {
  const easel = await start(t);
  for (const [fields, param, reason] of [
    [{ model: 'seedream-4.5', n: '99' }, 'n', 'invalid_value'],
    [{ model: 'glm-image' }, 'image', 'unsupported_parameter'],
    [{ model: 'seedream-4.5', stream: 'perhaps' }, 'stream', 'invalid_type'],
    [{ model: 'seedream-4.5', partial_images: '2' }, 'partial_images', 'unsupported_parameter'],
    [{ model: 'gpt-image-2', partial_images: '2', stream: 'false' }, 'partial_images', 'invalid_value'],
  ] as const) {
    const answer = await answered(await open(easel, fields));
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual([answer.at('error.param'), answer.at('error.reason')], [param, reason]);
  }
  const form = new FormData();
  for (const [name, value] of [
    ['model', 'seedream-4.5'],
    ['prompt', 'a boat'],
    ['stream', 'true'],
  ] as const)
    form.append(name, value);
  const without = await answered(await post(easel, form));
  assert.deepEqual([without.status, without.at('error.param')], [400, 'image']);
  const asynchronous = await answered(
    await open(easel, { model: 'seedream-4.5' }, { headers: { prefer: 'respond-async' } }),
  );
  assert.deepEqual([asynchronous.status, asynchronous.at('error.param')], [400, 'stream']);
  const simulators = [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  assert.deepEqual(
    simulators.flatMap(({ control }) => control.requests()),
    [],
  );
});

test('a streamed edit shows that it lives while nothing happens', async (t) => {
  const held = heldDraw();
  held.hold('boat');
  const easel = await start(t, held.draw, 200);
  t.after(() => held.release());
  const response = await open(easel, { model: 'seedream-4.5' });
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.split(': still working\n\n').length === 3) held.release();
  }
  assert.match(text, /^: accepted\n\n(: still working\n\n){2,}event: image_edit\.completed\ndata: /);
});

test('a caller who leaves a streamed edit loses nothing, and nothing waits for them any more', async (t) => {
  const held = heldDraw();
  held.hold('boat');
  let heartbeatsDue = 0;
  const clock: Clock = {
    now: () => systemClock.now(),
    async sleep(ms, signal) {
      const isHeartbeat = ms === 10_000;
      if (isHeartbeat) heartbeatsDue += 1;
      await systemClock.sleep(ms, signal).finally(() => {
        if (isHeartbeat) heartbeatsDue -= 1;
      });
    },
  };
  const easel = await startTestGateway({ clock, sandbox: { draw: held.draw, delayMs: 1 } });
  t.after(() => easel.close());
  t.after(() => held.release());
  const left = new AbortController();
  const response = await open(easel, { model: 'seedream-4.5', n: '2' }, { signal: left.signal });
  const place = `/v1/images/${response.headers.get('x-image-id') ?? ''}`;
  await until(() => heartbeatsDue === 1);
  left.abort();
  await until(() => heartbeatsDue === 0);
  assert.equal((await easel.ask('GET', place)).at('status'), 'in_progress');
  held.release();
  await until(async () => (await easel.ask('GET', place)).at('status') === 'completed');
  assert.equal((await easel.ask('GET', place)).at('usage.generated_images'), 2);
  await until(async () => (await readdir(join(easel.dataDir, 'uploads'))).length === 0);
  const requestId = response.headers.get('x-request-id');
  const line = easel.logged.find(({ facts }) => facts['requestId'] === requestId);
  assert.deepEqual([line?.facts['route'], line?.facts['status'], line?.facts['left']], [edits, 200, true]);
});
