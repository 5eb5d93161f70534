import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { assertRefused } from '../kit/assert-refused.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

const create = '/v1/images/generations';
const lenient = { prefer: 'handling=lenient' };

async function start(t: TestContext, env: Record<string, string> = {}): Promise<TestGateway> {
  const easel = await startTestGateway({ env, sandbox: { draw: fastDraw, delayMs: 1 } });
  t.after(() => easel.close());
  return easel;
}

test('1024x1024 on Seedream 4.5 is made as 1920x1920 for a caller who prefers that, and said so', async (t) => {
  const easel = await start(t);
  const body = { model: 'seedream-4.5', prompt: 'a paper boat', size: '1024x1024', cfg_scale: 7 };
  assertRefused(await easel.ask('POST', create, body), {
    status: 400,
    reason: 'invalid_value',
    param: 'size',
  });

  const answer = await easel.ask('POST', create, body, lenient);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('preference-applied'), 'handling=lenient');
  assert.equal(answer.at('data.0.size'), '1920x1920');
  const [size, unknown] = answer.at('warnings') as Record<string, unknown>[];
  assert.deepEqual(
    { ...size, message: typeof size?.['message'] },
    { param: 'size', requested: '1024x1024', used: '1920x1920', message: 'string' },
  );
  assert.equal(unknown?.['param'], 'cfg_scale');

  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.deepEqual(record.at('warnings'), answer.at('warnings'));
  assert.deepEqual(record.at('parameters'), { size: '1920x1920' });
});

test('a lenient request with nothing to bend has no warnings, and a strict one says nothing of a preference', async (t) => {
  const easel = await start(t);
  const body = { model: 'kling-image-o1', prompt: 'a paper boat', size: '1K' };
  const bent = await easel.ask('POST', create, body, lenient);
  assert.equal(bent.headers.get('preference-applied'), 'handling=lenient');
  assert.equal(bent.at('warnings'), undefined);
  assert.equal((await easel.ask('POST', create, body)).headers.get('preference-applied'), null);
});

test('a server can be lenient by its setting, and a request strict all the same', async (t) => {
  const easel = await start(t, { EASEL_PARAMETER_HANDLING: 'lenient' });
  const body = { model: 'glm-image', prompt: 'a paper boat', seed: 7 };
  const answer = await easel.ask('POST', create, body);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('preference-applied'), 'handling=lenient');
  assert.equal(answer.at('warnings.0.param'), 'seed');
  const strict = await easel.ask('POST', create, body, { prefer: 'handling=strict' });
  assertRefused(strict, { status: 400, reason: 'unsupported_parameter', param: 'seed' });
});

test('a key can be lenient on a strict server', async (t) => {
  const easel = await start(t);
  const cli = async (...words: string[]): Promise<string> => {
    const env = { ...process.env, EASEL_DATA_DIR: easel.dataDir };
    const { stdout } = await promisify(execFile)(process.execPath, ['src/cli/easel.ts', 'keys', ...words], {
      env,
    });
    return stdout.trim();
  };
  const secret = await cli('create', 'old-client', '--lenient');
  const headers = { authorization: `Bearer ${secret}` };
  const body = { model: 'kling-image-o1', prompt: 'a paper boat', n: 1, style: 'vivid' };
  const answer = await easel.ask('POST', create, body, headers);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.at('warnings.0.param'), 'style');
  await cli('handling', 'old-client');
  assertRefused(await easel.ask('POST', create, body, headers), {
    status: 400,
    reason: 'unsupported_parameter',
    param: 'style',
  });
});
