import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import type { Draw } from '../../src/sandbox/kit.ts';
import { childEnv } from '../kit/easel-command.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';

/** `npm run conformance` against a gateway on the sandbox, as anyone would run it against theirs. */

const program = fileURLToPath(new URL('../../src/conformance/conformance.ts', import.meta.url));
const otherSecret = `sk-${'o'.repeat(40)}`;

/** One picture of each size: hundreds are made, and nobody compares them. */
const drawn = new Map<string, Promise<Uint8Array>>();
const drawOnce: Draw = (request) => {
  const kind = [request.width, request.height, request.format].join();
  const known = drawn.get(kind);
  if (known !== undefined) return known;
  const picture = Promise.resolve(fastDraw({ ...request, inputs: [] }));
  drawn.set(kind, picture);
  return picture;
};

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({
    // Links that live a minute end in 15 seconds, so that their end can be waited for.
    clock: fastClock(4),
    env: { EASEL_URL_TTL_SECONDS: '60', EASEL_DEADLINE_MS: '3600000' },
    sandbox: { draw: drawOnce, delayMs: 1 },
  });
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const limits = { requestsPerMinute: 1_000_000, imagesPerMinute: 1_000_000 };
    await createKey('other', tools, otherSecret, { limits });
  });
});
after(() => easel.close());

function conformance(...words: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const options = { env: childEnv(), timeout: 170_000, maxBuffer: 2 ** 24 };
    execFile(process.execPath, [program, ...words], options, (failure, out, error) =>
      resolve({ code: failure === null ? 0 : Number(failure.code ?? -1), out, error }),
    );
  });
}

test('a gateway on the sandbox passes all of it, and has no more records afterwards', async (t) => {
  const address = ['--base-url', `${easel.url}/v1`, '--key', testSecret, '--other-key', otherSecret];
  const { code, out, error } = await conformance(...address);
  const [, passed, failed] = /(\d+) passed, (\d+) failed\n$/.exec(out) ?? [];
  t.diagnostic(`${passed} passed, ${failed} failed`);
  assert.equal(failed, '0', `${out}${error}`);
  assert.equal(code, 0);
  assert.ok(Number(passed) >= 1100, out);
  assert.doesNotMatch(out, /^not run/m);
  const records = await easel.ask('GET', '/v1/images?status=all');
  assert.deepEqual(records.at('data'), []);
});

test('without a second key it says what it did not try, and a deployment that is none is told from one that fails', async () => {
  const one = await conformance('--base-url', easel.url, '--key', testSecret, '--model', 'no-such-model');
  assert.match(one.out, /^not run what is between two keys: there is only one/m);
  assert.match(one.out, /^not run records, links and repeats: there is no sandbox model/m);
  const wrong = await conformance('--base-url', easel.url, '--key', otherSecret.replaceAll('o', 'x'));
  assert.deepEqual([wrong.code, wrong.out], [2, '']);
  assert.match(wrong.error, /models cannot be read: Error: 401/);
  const none = await conformance();
  assert.equal(none.code, 2);
  assert.match(none.error, /--spend .*THIS COSTS MONEY/s);
});

test('a server that says yes to everything fails, and its model that costs money is asked once', async (t) => {
  const card = {
    id: 'costly',
    available: true,
    sandbox: false,
    parameters: { n: { type: 'integer', minimum: 1, maximum: 4 }, size: { type: 'string', enum: ['1K'] } },
    input_images: { max: 2 },
    max_prompt_length: 100,
  };
  let asked = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (body.includes('"model":"costly"')) asked += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [card] }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, out } = await conformance('--base-url', `http://127.0.0.1:${port}`, '--key', testSecret);
  assert.equal(code, 1);
  assert.equal(asked, 1);
  assert.match(out, /^FAILED {2}no key is the one 401 of all$/m);
  assert.match(out, /^not run costly: \d+ values that it takes: they cost money; see --spend$/m);
  assert.match(
    out,
    /^not run costly: .*: a request that was to be refused was made, and this model costs money$/m,
  );
  assert.match(out, /^\d+ passed, [1-9]\d+ failed\n$/m);
});
