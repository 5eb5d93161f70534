import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestGateway, testSecret } from '../kit/gateway.ts';

const limitMs = 3000;

test('a stop ends as soon as the last answer is given, also when its connection could be used again', async () => {
  const easel = await startTestGateway();
  const agent = new Agent({ keepAlive: true });
  const sent = request(`${easel.url}/v1/images/generations`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
  });
  const status = new Promise<number | undefined>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)));
  });
  // The request is under way when the stop begins, and answered after that.
  sent.write('{"model": "nano-banana-pro",');
  await sleep(50);
  const closed = easel.close().then(() => 'closed');
  await sleep(200);
  sent.end('"prompt": "the last boat of the day"}');

  assert.equal(await status, 503);
  const ended = await Promise.race([closed, sleep(limitMs, 'still open', { ref: false })]);
  agent.destroy();
  await closed;
  assert.equal(ended, 'closed');
});

test('a connection on which nothing was asked does not hold up a stop', async () => {
  const easel = await startTestGateway();
  const socket = connect(Number(new URL(easel.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = easel.close().then(() => 'closed');
  const ended = await Promise.race([closed, sleep(limitMs, 'still open', { ref: false })]);
  socket.destroy();
  await closed;
  assert.equal(ended, 'closed');
});
