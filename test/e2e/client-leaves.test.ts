import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { until } from '../kit/until.ts';

test('a client that leaves before its base64 answer is no failure, and nothing stays open for it', async (t) => {
  const pictures = heldDraw(fastDraw);
  pictures.hold('ferry');
  const easel = await startTestGateway({ sandbox: { draw: pictures.draw } });
  t.after(() => easel.close());
  t.after(() => pictures.release());
  const leaving = new AbortController();
  const asked = fetch(`${easel.url}/v1/images/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'nano-banana-pro', prompt: 'a ferry', response_format: 'b64_json' }),
    signal: leaving.signal,
  });
  const gemini = easel.gateway.sandbox?.simulators.get('gemini');
  await until(() => (gemini?.control.requests().length ?? 0) > 0);
  leaving.abort();
  await assert.rejects(asked);
  pictures.release();

  await until(async () => (await easel.ask('GET', '/v1/images')).at('data.0.status') === 'completed');
  if (process.platform === 'linux') await until(async () => (await openObjects(easel.dataDir)) === 0);
  assert.deepEqual(
    easel.logged.filter(({ level }) => level === 'error'),
    [],
  );
});

/** Stored pictures this process has open. */
async function openObjects(dataDir: string): Promise<number> {
  const folder = path.join(dataDir, 'objects', 'images');
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(folder)).length;
}
