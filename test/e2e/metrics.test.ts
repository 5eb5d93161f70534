import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import { readSettings } from '../../src/compose.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

const create = '/v1/images/generations';
const seedream = 'seedream-4.0';

/** Line of the page without its value -> value. */
async function scrape(easel: TestGateway): Promise<Map<string, number>> {
  const answer = await easel.ask('GET', '/metrics', undefined, { authorization: '' });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4; charset=utf-8$/);
  const lines = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('/metrics counts requests, generations, images and calls, for anyone who asks', async (t) => {
  const easel = await startTestGateway();
  t.after(() => easel.close());
  assert.equal((await easel.ask('POST', create, { model: seedream, prompt: 'a boat', n: 2 })).status, 200);
  assert.equal((await easel.ask('POST', create, { model: seedream })).status, 400);
  const ark = easel.gateway.sandbox?.simulators.get('ark');
  ark?.control.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  const failed = await easel.ask('POST', create, { model: seedream, prompt: 'a boat' });
  assert.equal(failed.at('error.reason'), 'content_policy', failed.text);
  const seen = await scrape(easel);
  const expected: Record<string, number> = {
    [`easel_http_requests_total{route="${create}",method="POST",status="200"}`]: 1,
    [`easel_http_requests_total{route="${create}",method="POST",status="400"}`]: 2,
    [`easel_http_request_duration_seconds_count{route="${create}"}`]: 3,
    [`easel_generations_total{model="${seedream}",status="completed",reason="none"}`]: 1,
    [`easel_generations_total{model="${seedream}",status="failed",reason="content_policy"}`]: 1,
    [`easel_generation_duration_seconds_count{model="${seedream}",status="completed"}`]: 1,
    [`easel_images_total{model="${seedream}",outcome="made"}`]: 2,
    [`easel_images_total{model="${seedream}",outcome="failed"}`]: 1,
    [`easel_images_total{model="${seedream}",outcome="unknown"}`]: 0,
    [`easel_upstream_calls_total{model="${seedream}",route="sandbox/ark",outcome="ok"}`]: 2,
    [`easel_upstream_calls_total{model="${seedream}",route="sandbox/ark",outcome="content"}`]: 1,
    [`easel_route_out_of_service{model="${seedream}",route="sandbox/ark",fault="none"}`]: 0,
    easel_generations_in_flight: 0,
    easel_late_results_total: 0,
    easel_storage_well: 1,
    easel_storage_held_bytes: 0,
  };
  for (const [line, value] of Object.entries(expected)) assert.equal(seen.get(line), value, line);
  for (const line of [
    'easel_storage_free_bytes',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds{quantile="0.99"}',
  ])
    assert.ok((seen.get(line) ?? -1) >= 0, line);
});

test('what a caller writes makes no new lines in /metrics and stands in none', async (t) => {
  const dataDir = await temporaryFolder(t);
  const easel = await startTestGateway({ dataDir });
  t.after(() => easel.close());
  const secret = `sk-${'u'.repeat(40)}`;
  await withKeys(readSettings({ EASEL_DATA_DIR: dataDir }), async (tools) => {
    await createKey('customer-acme', tools, secret);
  });
  const made = await easel.ask(
    'POST',
    create,
    { model: seedream, prompt: 'a purple walrus', user: 'user-4711' },
    { authorization: `Bearer ${secret}` },
  );
  assert.equal(made.status, 200, made.text);
  const odd = async (tail: string): Promise<void> => {
    await easel.ask('GET', `/nothing/${tail}`);
    await easel.ask('GET', `/v1/models/${tail}`);
    await easel.ask('POST', create, { model: tail, prompt: 'a boat' });
    await easel.ask('MERGE', '/healthz');
  };
  await odd('first');
  await scrape(easel);
  const before = await scrape(easel);
  await Promise.all(Array.from({ length: 10 }, (_, i) => odd(`again-${i}`)));
  await easel.ask('PURGE', '/healthz');
  const after = await scrape(easel);
  assert.deepEqual([...after.keys()].toSorted(), [...before.keys()].toSorted());
  assert.equal(after.get('easel_http_requests_total{route="(none)",method="GET",status="404"}'), 11);
  const page = [...after.keys()].join('\n');
  for (const told of [secret, testSecret, 'acme', 'walrus', '4711', 'first', 'again', 'sig=', '127.0.0.1'])
    assert.ok(!page.includes(told), told);
  assert.ok(!page.includes(String(made.at('id'))));
});

test("an operator's fault upstream is loud in /metrics until a call has worked again", async (t) => {
  const clock = fastClock(200);
  const easel = await startTestGateway({ clock });
  t.after(() => easel.close());
  const ark = easel.gateway.sandbox?.simulators.get('ark');
  ark?.control.inject({ on: 'submit', kind: 'status', error: 'auth' });
  const failed = await easel.ask('POST', create, { model: seedream, prompt: 'a boat' });
  assert.equal(failed.at('error.reason'), 'upstream_auth', failed.text);
  const line = (fault: string) =>
    `easel_route_out_of_service{model="${seedream}",route="sandbox/ark",fault="${fault}"}`;
  const seen = await scrape(easel);
  assert.equal(seen.get(line('auth')), 1);
  assert.equal(seen.get(line('none')), undefined);
  assert.equal(
    seen.get(`easel_upstream_calls_total{model="${seedream}",route="sandbox/ark",outcome="auth"}`),
    1,
  );
  clock.skip(60 * 60_000);
  assert.equal((await scrape(easel)).get(line('auth')), 1, 'it may be asked again, but nobody has');
  assert.equal((await easel.ask('POST', create, { model: seedream, prompt: 'a boat' })).status, 200);
  assert.equal((await scrape(easel)).get(line('none')), 0);
});
