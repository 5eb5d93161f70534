import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import type { Draw } from '../../src/sandbox/kit.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { startGatewayProcess } from '../kit/gateway-process.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

/** Far below the time that a stop may take on the clock of these gateways, on which 5 s are 50. */
const limitMs = 15_000;
const slowly = () => ({ clock: fastClock(0.1) });
const picture = `data:image/png;base64,${(
  await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
).toString('base64')}`;

for (const what of ['text', 'an input image'] as const) {
  test(`a stop ends as soon as the last answer, to ${what}, is given, also when its connection could be used again`, async () => {
    const easel = await startTestGateway(slowly());
    // The kit reads the API's description with its first reply, which a closing server does not give any more.
    await easel.ask('GET', '/healthz');
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
    const begun = once(easel.gateway.app.server, 'request');
    sent.write('{"model": "nano-banana-pro",');
    await begun;
    const closed = easel.close().then(() => 'closed');
    await sleep(200);
    sent.end(`${what === 'text' ? '' : `"images": ["${picture}"], `}"prompt": "the last boat of the day"}`);

    assert.equal(await status, 503);
    const ended = await Promise.race([closed, sleep(limitMs, 'still open', { ref: false })]);
    agent.destroy();
    await closed;
    assert.equal(ended, 'closed');
  });
}

test('a connection on which nothing was asked does not hold up a stop', async () => {
  const easel = await startTestGateway(slowly());
  const socket = connect(Number(new URL(easel.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = easel.close().then(() => 'closed');
  const ended = await Promise.race([closed, sleep(limitMs, 'still open', { ref: false })]);
  socket.destroy();
  await closed;
  assert.equal(ended, 'closed');
});

const head = [
  'POST /v1/images/generations HTTP/1.1',
  'host: localhost',
  `authorization: Bearer ${testSecret}`,
  'content-type: application/json',
];
const halves = {
  'half a head': head.join('\r\n'),
  'half a body': [...head, 'content-length: 1000', '', '{"model": "nano-banana-pro",'].join('\r\n'),
  'half a form': [
    'POST /v1/assets HTTP/1.1',
    ...head.slice(1, 3),
    'content-type: multipart/form-data; boundary=b',
    'content-length: 100000',
    '',
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\nabc',
  ].join('\r\n'),
};

/** How a stop went that must not wait for this connection. */
async function closeBeside(easel: TestGateway, socket: Socket): Promise<'closed' | 'still open'> {
  socket.on('error', () => {});
  const closed = easel.close().then(() => 'closed' as const);
  const ended = await Promise.race([closed, sleep(limitMs, 'still open' as const, { ref: false })]);
  socket.destroy();
  await closed;
  return ended;
}

for (const [what, bytes] of Object.entries(halves)) {
  test(`a client that has sent ${what} does not hold up a stop`, async () => {
    const easel = await startTestGateway(slowly());
    const socket = connect(Number(new URL(easel.url).port), '127.0.0.1');
    socket.write(bytes);
    // Answered after the other has arrived.
    await easel.ask('GET', '/v1/models');
    assert.equal(await closeBeside(easel, socket), 'closed');
  });
}

/** Some megabytes, more than two sockets take. */
const largeDraw: Draw = ({ width, height }) =>
  sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 100 })
    .toBuffer();

test('a client that does not read its reply does not hold up a stop for longer than the drain', async () => {
  const easel = await startTestGateway({ env: { EASEL_DRAIN_MS: '1200' }, sandbox: { draw: largeDraw } });
  const body = JSON.stringify({
    model: 'seedream-4.5',
    prompt: 'a boat',
    n: 3,
    size: '2K',
    response_format: 'b64_json',
  });
  const socket = connect(Number(new URL(easel.url).port), '127.0.0.1');
  socket.write([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
  await once(socket, 'readable');
  assert.match(String(socket.read()), /^HTTP\/1\.1 200 /);
  assert.equal(await closeBeside(easel, socket), 'closed');
});

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} twice at once is one stop, and once more ends the process`, async (t) => {
    const held = heldDraw();
    held.hold('boat');
    const simulator = await startArkSimulator({ draw: held.draw });
    t.after(() => {
      held.release();
      return simulator.close();
    });
    const easel = await startGatewayProcess(await temporaryFolder(t), [
      { model: 'seedream-4.5', provider: 'ark', simulator },
    ]);
    t.after(() => easel.kill());
    const asked = easel
      .post('/v1/images/generations', { model: 'seedream-4.5', prompt: 'a boat' })
      .catch(() => undefined);
    await until(() => simulator.control.requests().length > 0);
    easel.signal(signal);
    easel.signal(signal);
    await until(() => easel.hasSaid('Stopping: '));
    assert.equal(await Promise.race([easel.exitCode, sleep(800, 'running')]), 'running');
    easel.signal(signal);
    assert.equal(await Promise.race([easel.exitCode, sleep(limitMs, 'running', { ref: false })]), code);
    await asked;
  });
}
