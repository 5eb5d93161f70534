import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../kit/browser.ts';
import { signIn, testAdminKey, trySignIn } from '../kit/console-client.ts';
import { openConsole } from '../kit/console-page.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { until } from '../kit/until.ts';

/** The one-time link as a browser follows it. */

let easel: TestGateway;
let browser: Browser;
before(async () => {
  [easel, browser] = await Promise.all([
    startTestGateway({ env: { EASEL_ADMIN_KEY: testAdminKey }, sandbox: { draw: fastDraw, delayMs: 1 } }),
    openBrowser(),
  ]);
});
after(async () => {
  await browser.close();
  await easel.close();
});

const nobody = { cookie: 'nobody=1' };

const acting = (page: Page) => page.getByRole('combobox', { name: 'Acting as key' });

test('a one-time link opens the console, leaves the address, and is told to be used up the second time', async () => {
  const link = (await easel.gateway.makeSignInLink(easel.url)).slice(easel.url.length);
  const first = await openConsole(browser, easel, nobody, link);
  await first.page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  assert.equal(first.page.url(), `${easel.url}/`);
  // The cookie is the browser's own business.
  assert.equal(await first.page.evaluate('document.cookie'), 'nobody=1');
  await first.page.reload();
  await first.page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  assert.deepEqual(first.faults, []);

  const second = await openConsole(browser, easel, nobody, link);
  await second.page.getByText('This link was used already, or is too old.').waitFor();
  await second.page.getByText('easel -- sign-in-link').first().waitFor();
  await second.context.close();
  // Who is signed in already does not mind.
  await first.page.goto(`${easel.url}/gallery${link.slice(1)}`);
  await first.page.getByRole('link', { name: 'Gallery', exact: true }).waitFor();
  await first.context.close();
});

test('a link pasted into a page that is open signs in, and one that is no link at all is told', async () => {
  const { page, context, faults } = await openConsole(browser, easel, nobody, '/');
  await page.getByLabel('Admin key or API key').waitFor();
  faults.length = 0; // 401: nobody is signed in yet
  // What a browser does with an address of which only the part behind # differs.
  const paste = async (link: string): Promise<void> =>
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(link).hash)}`);
  await paste(`${easel.url}/#sign-in=%E0%A4%A`);
  await page.getByText('This link was used already, or is too old.').waitFor();
  assert.equal(page.url(), `${easel.url}/`);
  await paste(await easel.gateway.makeSignInLink(easel.url));
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  assert.equal(page.url(), `${easel.url}/`);
  await page.goto(`${easel.url}/gallery#sign-in=%E0%A4%A`);
  await page.getByRole('link', { name: 'Gallery', exact: true }).waitFor();
  await context.close();
});

test('a page goes on after the same person has signed in in another tab, and asks where it was somebody else', async () => {
  const { page, context } = await openConsole(browser, easel, await signIn(easel), '/');
  const prompt = page.getByRole('textbox', { name: 'Prompt', exact: true });
  await prompt.fill('A paper boat');
  const other = await context.newPage();
  await other.goto(await easel.gateway.makeSignInLink(easel.url));
  await other.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.getByRole('img', { name: /^Picture 1 by/ }).waitFor();

  // A sign-in anywhere that shares the cookies.
  await context.request.post(`${easel.url}/admin/session`, { data: { key: testSecret } });
  await prompt.fill('A red bicycle');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
  await page.getByLabel('Admin key or API key').fill(testAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await prompt.waitFor();
  assert.equal(await prompt.inputValue(), 'A red bicycle');
  await context.close();
});

test('a screen that is there says no more that it is loading: after signing in, and as another key', async () => {
  const { page, context } = await openConsole(browser, easel, nobody, '/');
  const loading = page.getByText('Loading this page');
  await page.getByLabel('Admin key or API key').fill(testAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  await loading.waitFor({ state: 'detached' });
  await acting(page).selectOption({ label: 'env' });
  await until(async () => (await acting(page).locator('option:checked').textContent()) === 'env');
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).waitFor();
  await loading.waitFor({ state: 'detached' });
  await context.close();
});

test('another key to act as, and signing out, are seen by the pages that are open beside', async () => {
  const { page, context } = await openConsole(browser, easel, await signIn(easel), '/');
  await acting(page).waitFor();
  const other = await context.newPage();
  await other.goto(`${easel.url}/keys`);
  await acting(other).selectOption({ label: 'env' });
  await until(async () => (await acting(page).locator('option:checked').textContent()) === 'env');

  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('A paper boat');
  await other.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
  await context.close();
});

test('too many failures are told on the sign-in page with the wait', async () => {
  for (let i = 0; i < 10; i += 1) await trySignIn(easel, { key: `sk-${'w'.repeat(40)}` });
  const { page, context } = await openConsole(browser, easel, nobody, '/');
  await page.getByLabel('Admin key or API key').fill(testAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Too many attempts to sign in have failed.').waitFor();
  await context.close();
});
