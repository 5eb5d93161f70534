import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test, type TestContext } from 'node:test';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { withWebhooks } from '../../src/compose-stores.ts';
import { makeWebhookSecret } from '../../src/core/webhook.ts';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { startKlingSimulator } from '../../src/providers/kling/simulator.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { complaintsOf } from '../kit/accessibility.ts';
import { openBrowser } from '../kit/browser.ts';
import { signIn, testAdminKey, type ConsoleClient } from '../kit/console-client.ts';
import { testSecret, type Answered, type TestGateway } from '../kit/gateway.ts';
import { heldDraw } from '../kit/held-draw.ts';
import { startLiveGateway } from '../kit/live-gateway.ts';
import { until } from '../kit/until.ts';

/** Models, Keys, Usage and Activity of the console, as a browser shows them. */

const create = '/v1/images/generations';
const markup = `<img src=x onerror="document.title='run'">`;
const drawing = heldDraw();
const received: string[] = [];

let easel: TestGateway;
let kling: Simulator;
let browser: Browser;
let admin: BrowserContext;
/** The admin API without a browser, to prepare and to compare. */
let api: ConsoleClient;
let hookUrl: string;

before(async (context) => {
  const t = context as TestContext;
  const receiver = createServer((request, response) => {
    received.push(request.url ?? '');
    request.resume().on('end', () => response.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  hookUrl = `${origin}/hook`;
  t.after(() => receiver.close());
  const ark = await startArkSimulator({ draw: drawing.draw, delayMs: 1 });
  kling = await startKlingSimulator({ draw: drawing.draw, delayMs: 1 });
  t.after(() => Promise.all([ark.close(), kling.close()]));
  const price = { unit: 'image', amount: '0.04', currency: 'USD' };
  easel = await startLiveGateway(
    t,
    {
      'seedream-4.5': [{ name: 'live', simulator: ark, facts: { price } }],
      'kling-image-o1': [{ name: 'live', simulator: kling, facts: { concurrency: 4 } }],
    },
    {
      env: { EASEL_ADMIN_KEY: testAdminKey, EASEL_SANDBOX: 'on', EASEL_WEBHOOK_ORIGINS: origin },
      sandbox: { draw: drawing.draw, delayMs: 1 },
    },
  );
  await withWebhooks({ dataDir: easel.dataDir }, async (webhooks, keys) => {
    const key = await keys.find('env');
    assert.ok(key !== undefined);
    await webhooks.setSecret(key.id, makeWebhookSecret(), Date.now());
  });
  browser = await openBrowser();
  t.after(() => browser.close());
  [admin, api] = await Promise.all([signedIn(testAdminKey), signIn(easel)]);
});
afterEach(() => drawing.release());
after(() => drawing.release());

/** A browser of its own in which somebody has signed in. */
async function signedIn(key: string): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: easel.url, viewport: { width: 1280, height: 900 } });
  // A busy machine takes its time.
  context.setDefaultTimeout(20_000);
  const answer = await context.request.post('/admin/session', { data: { key } });
  assert.equal(answer.status(), 200);
  return context;
}

/** A screen, closed with the test; whatever breaks the page's rules fails it. */
async function open(t: TestContext, path: string, context = admin): Promise<Page> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  page.on('console', (message) => {
    // A refusal that a test provokes is told there too.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${easel.url}/`) && !url.startsWith('data:')) faults.push(`asked for ${url}`);
  });
  t.after(async () => {
    await page.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(path);
  return page;
}

/** Waits until an element says so. */
async function says(place: Locator, words: string | RegExp): Promise<void> {
  await place.filter({ hasText: words }).first().waitFor();
}

function make(secret: string, body: Record<string, unknown> = {}): Promise<Answered> {
  const authorization = `Bearer ${secret}`;
  return easel.ask(
    'POST',
    create,
    { model: 'seedream-4.5', prompt: 'a paper boat', ...body },
    { authorization },
  );
}

async function makeKey(name: string, change: object = {}): Promise<{ id: string; secret: string }> {
  const made = await api.ask('POST', '/admin/keys', { name, ...change });
  assert.equal(made.status, 201, made.text);
  return { id: String(made.at('id')), secret: String(made.at('secret')) };
}

const row = (page: Page, name: string): Locator => page.getByRole('listitem', { name, exact: true });

/** The secret that the open dialog shows, whatever is done by mistake, copied and put away. */
async function takeSecret(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog');
  const field = dialog.getByLabel('Secret', { exact: true });
  const secret = await field.inputValue();
  for (let i = 0; i < 3; i++) await page.keyboard.press('Escape');
  await page.mouse.click(5, 5);
  await page.evaluate('history.back()');
  assert.equal(await field.inputValue(), secret, 'it was closed by accident');
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Keys' }).click();
  return secret;
}

test('a key is made, works, is frozen, unfrozen, rotated and deleted', async (t) => {
  const page = await open(t, '/models');
  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill(markup);
  await page.getByLabel('Requests a minute').fill('600');
  await page.getByLabel('All, those added later too').uncheck();
  await page.getByLabel('Seedream 4.5').check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Secret', { exact: true }).waitFor();
  const secret = await takeSecret(page);
  const key = row(page, markup);
  await says(key, '600 requests/min');
  await says(key, 'only seedream-4.5');
  await says(page.getByLabel('Acting as key'), markup);
  assert.equal((await make(secret)).status, 200);
  assert.equal((await make(secret, { model: 'glm-image' })).at('error.type'), 'model_access_denied');

  await key.getByRole('button', { name: 'Freeze' }).click();
  await says(key, 'frozen');
  assert.equal((await make(secret)).status, 403);
  await key.getByRole('button', { name: 'Unfreeze' }).click();
  await says(key, 'active');
  assert.equal((await make(secret)).status, 200);

  await key.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await page.getByLabel('Secret', { exact: true }).waitFor();
  const rotated = await takeSecret(page);
  assert.equal((await make(secret)).status, 401);
  assert.equal((await make(rotated)).status, 200);

  await key.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete key' });
  await dialog.getByLabel('Its name, to be sure').fill('something else');
  assert.equal(await confirm.isDisabled(), true);
  await dialog.getByLabel('Its name, to be sure').fill(markup);
  await confirm.click();
  await key.waitFor({ state: 'detached' });
  assert.equal((await make(rotated)).status, 401);
  assert.equal(await page.title(), 'Easel');
  assert.equal(await page.locator('main img').count(), 0);
});

test('what the server refuses is shown at its field, and an edit changes only what was touched', async (t) => {
  const { id } = await makeKey('edited', { limits: { concurrency: 3 } });
  const page = await open(t, '/keys');
  await row(page, 'edited').getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('env');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const name = dialog.getByRole('textbox', { name: 'Name' });
  await says(dialog.locator('.field-error'), 'There is a key of this name already');
  assert.equal(await name.getAttribute('aria-invalid'), 'true');
  assert.equal(await page.locator(':focus').getAttribute('id'), await name.getAttribute('id'));
  await name.fill('edited');
  await dialog.getByLabel('Money').fill('12,50');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await says(row(page, 'edited'), '$0.00 of $12.50 this month');
  const key = await api.ask('GET', `/admin/keys/${id}`);
  assert.deepEqual(key.at('limits.budget'), { amount: '12.50', currency: 'USD' }, key.text);
  assert.equal(key.at('limits.concurrency'), 3);
});

test('what stands in a form is still there after signing in again', async (t) => {
  const context = await signedIn(testAdminKey);
  t.after(() => context.close());
  const page = await open(t, '/keys', context);
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('half made');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Admin key or API key').click();
  await page.keyboard.type(testAdminKey);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'half made');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Secret', { exact: true }).waitFor();
});

test('a budget is drawn as far as it is used', async (t) => {
  const { secret } = await makeKey('spender', {
    limits: { budget: { amount: '0.10', currency: 'USD' }, budget_images: 2, budget_period: 'total' },
  });
  assert.equal((await make(secret)).status, 200);
  const page = await open(t, '/keys');
  const spender = row(page, 'spender');
  await says(spender, '$0.04 of $0.10 in all');
  const meters = spender.getByRole('meter');
  assert.deepEqual(await meters.evaluateAll((bars) => bars.map((bar) => bar.getAttribute('aria-valuenow'))), [
    '40',
    '50',
  ]);
  assert.equal((await make(secret)).status, 200);
  await page.reload();
  await says(spender, '2 of 2 images in all');
  await says(spender, 'used up');
  assert.equal((await make(secret)).status, 402);
});

test('keys that the server looks after can be limited and frozen, not renamed, rotated or deleted', async (t) => {
  const page = await open(t, '/keys');
  const env = row(page, 'env');
  await says(env, 'built in');
  assert.deepEqual(await env.getByRole('button').allInnerTexts(), ['Edit', 'Freeze']);
  await env.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await page.getByRole('dialog').getByLabel('Name').isDisabled(), true);
});

test('a route that goes out of service is seen without a reload, with what can be done about it', async (t) => {
  const page = await open(t, '/models');
  const route = page.getByRole('region', { name: 'Kling Image O1' }).getByRole('listitem').first();
  await says(route, 'Ready');
  await says(route, '0 of 4');
  kling.control.inject({ on: 'submit', kind: 'status', error: 'billing' });
  assert.equal((await make(testSecret, { model: 'kling-image-o1' })).at('error.reason'), 'upstream_billing');
  await says(route, 'Out of service');
  await says(route.locator('.route-mark'), /billing reason.*Tried again.*Kling/s);
  await route.getByText('Last errors').click();
  await says(route.locator('.route-errors li'), 'billing');
  await says(page.getByRole('region', { name: 'GLM-Image' }), 'sandbox');
  await says(page.locator('.page-head'), '1 out of service');
});

test('usage is what was made, in the plots, the tables and the CSV', async (t) => {
  const { id, secret } = await makeKey('counted');
  assert.equal((await make(secret, { n: 3 })).status, 200);
  assert.equal((await make(secret, { prompt: 'a boat sim:moderated' })).status, 400);
  assert.equal((await make(secret, { model: 'glm-image' })).status, 200);
  const keys = await open(t, '/keys');
  await row(keys, 'counted').getByRole('link', { name: 'Usage' }).click();
  await keys.waitForURL(`**/usage?*key=${id}*`);
  const images = keys.getByRole('region', { name: 'Images', exact: true });
  await says(images.locator('.plot-total'), /^4$/);
  // What the sandbox made has no cost that is known: it is not counted as nothing.
  await says(keys.getByRole('region', { name: 'Cost' }), /\$0\.12 \+ \?.*without 1 image of unknown cost/s);
  await says(keys.getByRole('region', { name: 'Images that failed' }).locator('.plot-total'), /^1$/);
  const line = keys
    .getByRole('region', { name: 'Usage by model' })
    .getByRole('row', { name: /seedream-4.5/ });
  assert.deepEqual((await line.getByRole('cell').allInnerTexts()).slice(0, 4), ['2', '3', '1', '0']);

  const slider = keys.getByRole('slider', { name: 'Images by day' });
  await slider.focus();
  assert.match(
    (await slider.getAttribute('aria-valuetext')) ?? '',
    /: 4 images, seedream-4.5 3, glm-image 1$/,
  );
  await keys.keyboard.press('ArrowLeft');
  assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /: 0 images$/);
  assert.equal(await slider.getAttribute('aria-valuenow'), '28');

  const [download] = await Promise.all([
    keys.waitForEvent('download'),
    keys.getByRole('link', { name: 'Download CSV' }).click(),
  ]);
  const [head = '', ...rows] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  const columns = head.split(',');
  const figures = rows.map((text) => {
    const cells = text.split(',');
    return ['key', 'model', 'images', 'failed', 'cost'].map((name) => cells[columns.indexOf(name)]);
  });
  assert.deepEqual(figures, [
    ['counted', 'glm-image', '1', '0', ''],
    ['counted', 'seedream-4.5', '3', '1', '0.120000'],
  ]);
});

test('days in which nothing was made say so, and a range that cannot be is told at its field', async (t) => {
  const page = await open(t, '/usage?from=2020-01-01&to=2020-01-02');
  await says(page.locator('main'), 'Nothing was made in these days');
  await page.getByLabel('From').fill('2020-02-01');
  await says(page.locator('.field-error'), 'The first day is after the last.');
});

test('a generation is seen with its step while it runs, and among the finished afterwards', async (t) => {
  const page = await open(t, '/activity');
  await says(page.locator('main'), 'Nothing is being made now.');
  drawing.hold('onerror');
  const made = make(testSecret, { prompt: markup, n: 2 });
  const running = page.getByRole('listitem').filter({ hasText: markup });
  await running.first().waitFor();
  await says(running.first(), 'seedream-4.5');
  await says(running.first().locator('[aria-current=step]'), /Sent|Waiting/);
  await says(running.first().locator('.generation-elapsed'), /^\d+ s$/);
  drawing.release();
  assert.equal((await made).status, 200);
  const finished = page.getByRole('row').filter({ hasText: markup });
  await says(finished, 'completed');
  await says(page.locator('main'), 'Nothing is being made now.');
  assert.equal(await page.title(), 'Easel');
});

test('nothing is asked while the page is hidden, less often while it fails, and at once when it is back', async (t) => {
  const page = await open(t, '/keys');
  await page.clock.install();
  let asked = 0;
  let isBroken = false;
  await page.route('**/admin/activity', async (route) => {
    asked += 1;
    if (isBroken) await route.abort();
    else await route.continue();
  });
  const show = (state: string) =>
    page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
  await page.getByRole('link', { name: 'Activity' }).click();
  await says(page.locator('main'), 'Lately finished');
  await show('hidden');
  await page.clock.runFor(60_000);
  const before = asked;
  await page.clock.runFor(60_000);
  assert.equal(asked, before);
  isBroken = true;
  await show('visible');
  await says(page.locator('main'), 'What you see may be out of date.');
  assert.equal(asked, before + 1);
  isBroken = false;
  await page.clock.runFor(3_000);
  await page.locator('.stale').waitFor({ state: 'detached' });
});

test('a webhook can be sent again', async (t) => {
  const accepted = await easel.ask(
    'POST',
    create,
    { model: 'seedream-4.5', prompt: 'a told boat', webhook_url: `${hookUrl}?secret=hidden` },
    { prefer: 'respond-async' },
  );
  assert.equal(accepted.status, 202, accepted.text);
  await until(() => received.length === 1);
  const page = await open(t, '/activity?view=webhooks');
  const delivery = page.getByRole('listitem').filter({ hasText: hookUrl });
  await says(delivery, 'delivered');
  assert.equal((await delivery.innerText()).includes('hidden'), false);
  await delivery.getByRole('button', { name: 'Redeliver' }).click();
  await until(() => received.length === 2);
  await says(page.getByRole('status'), 'It is sent again.');
  await says(delivery, 'delivered');
});

test('the audit log tells what was done here, page by page', async (t) => {
  const { id } = await makeKey('watched');
  for (let i = 0; i < 31; i++)
    await api.ask('PATCH', `/admin/keys/${id}`, { limits: { concurrency: i + 1 } });
  await api.ask('PATCH', `/admin/keys/${id}`, { state: 'frozen' });
  const page = await open(t, '/activity?view=audit');
  const entries = page.locator('.entry');
  await says(entries.first(), /Key frozen.*'watched'/s);
  await says(entries.first(), id);
  await page.getByRole('button', { name: 'Older' }).click();
  await says(page.locator('.pages'), 'Page 2');
  await says(entries, /Key made.*'watched'/s);
  await page.getByRole('button', { name: 'Newer' }).click();
  await says(entries.first(), 'Key frozen');
});

test("an API key's session sees its own models and usage, and is told that the rest needs the admin key", async (t) => {
  const { secret } = await makeKey('guest', { models: ['glm-image'] });
  assert.equal((await make(secret, { model: 'glm-image' })).status, 200);
  const guest = await signedIn(secret);
  t.after(() => guest.close());
  const page = await open(t, '/keys', guest);
  for (const path of ['/keys', '/activity']) {
    await page.goto(path);
    await says(page.locator('main'), 'This needs the admin key');
  }
  await page.goto('/models');
  const cards = page.locator('main').getByRole('region');
  await says(cards, 'GLM-Image');
  assert.equal(await cards.count(), 1);
  await page.goto('/usage');
  await says(page.getByRole('region', { name: 'Images', exact: true }).locator('.plot-total'), /^1$/);
  assert.equal(await page.getByRole('link', { name: 'Download CSV' }).count(), 0);
});

test('axe finds nothing on any of these screens, light or dark, wide or narrow', async (t) => {
  const page = await open(t, '/models');
  const found: string[] = [];
  const check = async (name: string): Promise<void> => {
    const problems = await complaintsOf(page);
    found.push(...problems.map((problem) => `${name}: ${problem}`));
  };
  const screens: [path: string, ready: string][] = [
    ['/models', '.route'],
    ['/keys', '.key'],
    ['/usage', '.plot'],
    ['/activity', '.activity-part'],
    ['/activity?view=webhooks', '.delivery'],
    ['/activity?view=audit', '.entry'],
  ];
  for (const look of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: look });
    await page.setViewportSize(look === 'light' ? { width: 1280, height: 900 } : { width: 390, height: 844 });
    for (const [path, ready] of screens) {
      await page.goto(path);
      await page.locator(ready).first().waitFor();
      await check(`${path} ${look}`);
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      if (Number(tooWide) > 0) found.push(`${path} ${look}: wider than the window by ${Number(tooWide)}`);
    }
    await page.goto('/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('button', { name: 'Create key' }).click();
    await check(`the form of a key, ${look}`);
  }
  assert.deepEqual(found, []);
});
