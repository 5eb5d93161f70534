import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { InjectedFault, Simulator } from '../../src/sandbox/kit.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, type Answered, type TestGateway } from '../kit/gateway.ts';

const create = '/v1/images/generations';

async function start(
  t: TestContext,
  provider: string,
): Promise<{ easel: TestGateway; control: Simulator['control'] }> {
  const easel = await startTestGateway({ clock: fastClock(100) });
  t.after(() => easel.close());
  const simulator = easel.gateway.sandbox?.simulators.get(provider);
  assert.ok(simulator !== undefined);
  return { easel, control: simulator.control };
}

function indexes(list: unknown): number[] {
  assert.ok(Array.isArray(list));
  return list.map((item: { index: number }) => item.index);
}

/** The reply and the record agree on what was made and what was not, and every picture made can be had. */
async function assertPartly(
  easel: TestGateway,
  answer: Answered,
  expected: { made: number[]; failed: Record<number, string> },
): Promise<void> {
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(indexes(answer.at('data')), expected.made);
  // Where nothing failed the reply says nothing of it.
  const failed = (answer.at('failed_images') ?? []) as { index: number; error: { reason: string } }[];
  assert.deepEqual(
    Object.fromEntries(failed.map(({ index, error }) => [index, error.reason])),
    expected.failed,
  );
  assert.equal(answer.at('usage.generated_images'), expected.made.length);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.equal(record.at('status'), 'completed');
  assert.deepEqual(indexes(record.at('images')), expected.made);
  assert.deepEqual(record.at('failed_images'), failed);
  for (const place of expected.made.keys()) {
    const response = await fetch(String(answer.at(`data.${place}.url`)));
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), record.at(`images.${place}.sha256`));
  }
}

/** Of three calls of a fan-out one goes wrong. */
const oneOfThree: { fault: InjectedFault; reason: string }[] = [
  { fault: { on: 'submit', kind: 'status', error: 'moderated', skip: 1 }, reason: 'content_policy' },
  { fault: { on: 'submit', kind: 'cut-after', skip: 1 }, reason: 'outcome_unknown' },
  { fault: { on: 'submit', kind: 'garbage', skip: 1 }, reason: 'upstream_bad_reply' },
  { fault: { on: 'download', kind: 'expired', skip: 1 }, reason: 'upstream_bad_reply' },
  { fault: { on: 'download', kind: 'status', status: 404, skip: 2, times: 1000 }, reason: 'outcome_unknown' },
];

for (const { fault, reason } of oneOfThree) {
  test(`fan-out: the two others are delivered when one fails (${fault.kind} on ${fault.on})`, async (t) => {
    const { easel, control } = await start(t, 'ark');
    control.inject(fault);
    const answer = await easel.ask('POST', create, { model: 'seedream-4.5', prompt: 'three boats', n: 3 });
    assert.equal(answer.status, 200, answer.text);
    const [lost] = indexes(answer.at('failed_images'));
    assert.ok(lost !== undefined);
    const made = [0, 1, 2].filter((index) => index !== lost);
    await assertPartly(easel, answer, { made, failed: { [lost]: reason } });
  });
}

test('fan-out: pictures inside answers are delivered when a sibling is withheld', async (t) => {
  const { easel, control } = await start(t, 'gemini');
  control.inject({ on: 'submit', kind: 'moderation', stage: 'output', skip: 2 });
  const answer = await easel.ask('POST', create, { model: 'nano-banana-pro', prompt: 'three boats', n: 3 });
  const [lost = -1] = indexes(answer.at('failed_images'));
  await assertPartly(easel, answer, {
    made: [0, 1, 2].filter((index) => index !== lost),
    failed: { [lost]: 'content_policy' },
  });
});

test('fan-out: all failed is one error, and it is the one that may have cost money', async (t) => {
  const { easel, control } = await start(t, 'ark');
  control.inject({ on: 'submit', kind: 'status', error: 'moderated', times: 2 });
  control.inject({ on: 'submit', kind: 'cut-after' });
  const answer = await easel.ask('POST', create, { model: 'seedream-4.5', prompt: 'three boats', n: 3 });
  assert.equal(answer.status, 424, answer.text);
  assert.equal(answer.at('error.reason'), 'outcome_unknown');
  const record = await easel.ask('GET', `/v1/images/${answer.headers.get('x-image-id')}`);
  assert.equal(record.at('status'), 'failed');
  assert.deepEqual(record.at('images'), []);
});

const group = { model: 'seedream-4.5', sequential_image_generation: 'auto' };

test('a group: images refused one by one keep their places empty', async (t) => {
  const { easel } = await start(t, 'ark');
  const answer = await easel.ask('POST', create, {
    ...group,
    prompt: 'a day in four pictures sim:moderated-output:1',
    sequential_image_generation_options: { max_images: 4 },
  });
  await assertPartly(easel, answer, { made: [0, 2, 3], failed: { 1: 'content_policy' } });
});

test('a group: a 500 stops the rest, and what was made before is delivered', async (t) => {
  const { easel, control } = await start(t, 'ark');
  const answer = await easel.ask('POST', create, {
    ...group,
    prompt: 'a day in four pictures sim:internal:2',
    sequential_image_generation_options: { max_images: 4 },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(indexes(answer.at('data')), [0, 1]);
  assert.equal(indexes(answer.at('failed_images'))[0], 2);
  assert.equal(control.ledger().length, 2);
});

test('a group: fewer images than allowed are all there is, and none of them is missing', async (t) => {
  const { easel } = await start(t, 'ark');
  const answer = await easel.ask('POST', create, {
    ...group,
    prompt: 'a day in pictures sim:fewer:2',
    sequential_image_generation_options: { max_images: 5 },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(indexes(answer.at('data')), [0, 1]);
  assert.equal(answer.at('failed_images'), undefined);
});

test('a group: a link that has expired costs one image', async (t) => {
  const { easel, control } = await start(t, 'ark');
  control.inject({ on: 'download', kind: 'expired', skip: 1 });
  const answer = await easel.ask('POST', create, {
    ...group,
    prompt: 'a day in three pictures',
    sequential_image_generation_options: { max_images: 3 },
  });
  const [lost = -1] = indexes(answer.at('failed_images'));
  const made = [0, 1, 2].filter((index) => index !== lost);
  await assertPartly(easel, answer, { made, failed: { [lost]: 'upstream_bad_reply' } });
});

test('one task of several images: a link that has expired costs one image, as base64 too', async (t) => {
  const { easel, control } = await start(t, 'kling');
  control.inject({ on: 'submit', kind: 'partial', indexes: [1] });
  const body = { model: 'kling-image-o1', prompt: 'three boats', n: 3, response_format: 'b64_json' };
  const answer = await easel.ask('POST', create, body);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(indexes(answer.at('data')), [0, 2]);
  assert.deepEqual(indexes(answer.at('failed_images')), [1]);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  for (const place of [0, 1]) {
    const bytes = Buffer.from(String(answer.at(`data.${place}.b64_json`)), 'base64');
    assert.equal(createHash('sha256').update(bytes).digest('hex'), record.at(`images.${place}.sha256`));
  }
});

test('a picture whose first link answers with nothing but errors comes after its siblings, and comes', async (t) => {
  const { easel, control } = await start(t, 'kling');
  control.inject({ on: 'download', kind: 'status', status: 503, times: 9 });
  const answer = await easel.ask('POST', create, { model: 'kling-image-o1', prompt: 'three boats', n: 3 });
  await assertPartly(easel, answer, { made: [0, 1, 2], failed: {} });
  assert.equal(control.ledger().length, 3);
});
