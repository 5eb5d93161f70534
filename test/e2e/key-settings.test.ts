import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { easelCommand } from '../kit/easel-command.ts';
import { startTestGateway } from '../kit/gateway.ts';

/** `easel keys create` and `keys set`: what an operator says of a key holds from the gateway's next request on. */

const create = '/v1/images/generations';
const boat = { model: 'seedream-4.5', prompt: 'a paper boat' };

test('limits that are said when a key is made hold at once, and what is set later changes them alone', async (t) => {
  const easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 0 } });
  t.after(() => easel.close());
  const keys = (...words: string[]) => easelCommand(easel.dataDir, 'keys', ...words);
  const limits = '--requests-per-minute 100 --images-per-minute 2 --models seedream-4-5-251128,GLM-image';
  const budgets = '--budget 5.00 --budget-images 2 --budget-period month --expires 2127-01-01';
  const made = await keys('create', 'app', ...`${limits} ${budgets}`.split(' '));
  assert.equal(made.code, 0, made.error);
  const as = { authorization: `Bearer ${made.out.trim()}` };
  const ask = (body: object) => easel.ask('POST', create, body, as);
  assertRefused(await ask({ ...boat, model: 'kling-image-o1' }), {
    status: 403,
    reason: 'model_access_denied',
    type: 'model_access_denied',
    param: 'model',
  });
  assertRefused(await ask({ ...boat, n: 3 }), { status: 400, reason: 'invalid_value', param: 'n' });
  const two = await ask({ ...boat, n: 2 });
  assert.equal(two.status, 200, two.text);
  assert.equal(two.headers.get('x-ratelimit-limit-requests'), '100');
  assertRefused(await ask(boat), { status: 429, reason: 'rate_limited' });

  const set = await keys('set', 'app', '--images-per-minute', 'none', '--models', 'all', '--currency', 'EUR');
  assert.equal(set.code, 0, set.error);
  const said = '100 requests/min, 5.00 EUR a month, 2 images a month, until 2127-01-01T00:00Z';
  assert.equal(set.out, `Key 'app' has now: ${said}.\n`);
  const usedUp = { status: 402, reason: 'insufficient_balance', type: 'insufficient_balance' };
  assertRefused(await ask({ ...boat, model: 'kling-image-o1' }), usedUp);
  assert.equal((await keys('set', 'app', '--budget-images', '3')).code, 0);
  assert.equal((await ask({ ...boat, model: 'kling-image-o1' })).status, 200);
  assert.match((await keys('list')).out, /^app .*100 requests\/min, 5\.00 EUR a month, 3 images a month/m);
});

test('a setting that cannot be meant is refused by name, and no key is made', async (t) => {
  const easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 0 } });
  t.after(() => easel.close());
  const refused = await easelCommand(easel.dataDir, 'keys', 'create', 'app', '--models', 'glm-image,dall-e');
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(refused.error, /no model 'dall-e'/);
  const unknown = await easelCommand(easel.dataDir, 'keys', 'set', 'app', '--concurrency', '1');
  assert.match(unknown.error, /no key named 'app'/);
});
