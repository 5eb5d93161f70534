import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { UpstreamFault } from '../core/fault.ts';
import type { ProviderContext } from '../core/provider.ts';
import { createUpstreamClient } from './client.ts';
import { faultFrom } from './read-fault.ts';
import { sendJson } from './send-json.ts';

const apiKey = 'key-of-the-operator-0123456789';

function quiet(): void {}

/** Asks a server that refuses with this text and gives the fault back. */
async function refusedWith(t: TestContext, text: string): Promise<UpstreamFault> {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ text }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = createUpstreamClient({
    objects: { create: () => Promise.reject(new Error('no pictures here')) },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  t.after(async () => {
    await client.close();
    server.close();
  });
  const context: ProviderContext = {
    route: {
      model: 'm',
      provider: 'p',
      name: 'r',
      baseUrl: `http://127.0.0.1:${address.port}`,
      credential: { kind: 'key', apiKey },
      upstreamModel: 'm',
      price: undefined,
      downloadOrigins: [],
      concurrency: undefined,
      imagesPerMinute: undefined,
      watermarkFree: false,
      sandbox: false,
    },
    client,
    signal: t.signal,
    now: () => 0,
  };
  const provider = {
    authorize: () => ({ authorization: `Bearer ${apiKey}` }),
    readFault: (answer: Parameters<typeof faultFrom>[1]) => faultFrom('auth', answer, { text }),
  };
  try {
    await sendJson(context, provider, { path: '/', read: () => undefined });
  } catch (thrown) {
    assert.ok(thrown instanceof UpstreamFault);
    return thrown;
  }
  throw new assert.AssertionError({ message: 'was not refused' });
}

test('a key that the upstream repeats does not reach the fault', async (t) => {
  const fault = await refusedWith(t, `Incorrect key ${apiKey}. You sent Bearer ${apiKey}.`);
  assert.equal(fault.kind, 'auth');
  assert.equal(fault.facts.details, 'HTTP 401, said: Incorrect key [secret]. You sent Bearer [secret].');
  assert.ok(!`${fault.stack} ${JSON.stringify(fault)}`.includes(apiKey));
});

test('a key that the shortening of the text cuts in two does not reach the fault either', async (t) => {
  const fault = await refusedWith(t, `${'x'.repeat(470)}${apiKey}`);
  assert.ok(!fault.facts.details?.includes('key-of-the'), fault.facts.details);
});

test('a text without the key stays as it is', async (t) => {
  const fault = await refusedWith(t, 'Incorrect key');
  assert.equal(fault.facts.details, 'HTTP 401, said: Incorrect key');
});
