import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../kit/browser.ts';
import { testAdminKey, trySignIn } from '../kit/console-client.ts';
import { openConsole } from '../kit/console-page.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

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

test('too many failures are told on the sign-in page with the wait', async () => {
  for (let i = 0; i < 10; i += 1) await trySignIn(easel, { key: `sk-${'w'.repeat(40)}` });
  const { page, context } = await openConsole(browser, easel, nobody, '/');
  await page.getByLabel('Admin key or API key').fill(testAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Too many attempts to sign in have failed.').waitFor();
  await context.close();
});
