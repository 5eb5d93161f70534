import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../kit/browser.ts';
import { signIn } from '../kit/console-client.ts';
import { openConsole } from '../kit/console-page.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { multiplyRecord } from '../kit/many-records.ts';

/** The console's gallery with more pictures than a page can hold. */

let easel: TestGateway;
let browser: Browser;
before(async () => {
  [easel, browser] = await Promise.all([startTestGateway(), openBrowser()]);
});
after(async () => {
  await browser.close();
  await easel.close();
});

/** In the page: scrolls down until the list has ended; gives the most elements that were there at once. */
const scrollToEnd = `(async () => {
  let most = 0;
  while (document.querySelector('.gallery-end') === null) {
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    most = Math.max(most, document.querySelectorAll('*').length);
  }
  scrollTo(0, document.documentElement.scrollHeight);
  return most;
})()`;

test('of ten thousand pictures only those in sight exist, from the first to the last', async () => {
  const made = await easel.ask('POST', '/v1/images/generations', {
    model: 'seedream-4.0',
    size: '1024x1024',
    prompt: 'many boats',
  });
  const first = String(made.at('id'));
  const ids = [first, ...multiplyRecord(easel.dataDir, first, 9_999)];
  const client = await signIn(easel, { key: testSecret });
  const { page, faults } = await openConsole(browser, easel, client, '/gallery');
  await page.locator(`[data-id=${first}] img`).waitFor();
  // Under the load of a whole test run the hundred pages take their time.
  page.setDefaultTimeout(120_000);

  const most = await page.evaluate(scrollToEnd);
  assert.ok(Number(most) < 1500, `${String(most)} elements`);
  await page.getByText('10,000 pictures', { exact: true }).last().waitFor();
  const last = page.locator(`[data-id=${ids.at(-1) ?? ''}]`);
  await last.locator('img').waitFor();
  assert.equal(
    await last.locator('..').getAttribute('aria-rowindex'),
    await page.getByRole('grid').getAttribute('aria-rowcount'),
  );

  // Its record was forgotten on the way, and comes back.
  await page.evaluate('scrollTo(0, 0)');
  await page.locator(`[data-id=${first}] img`).waitFor();

  // A picture that is opened far down and closed leaves the page where it was.
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
  const inSight = page.locator('[role=gridcell]:has(img)').nth(22);
  await inSight.waitFor();
  await inSight.click();
  await page.getByRole('dialog').getByText('many boats').waitFor();
  const place = await page.evaluate('scrollY');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate('scrollY'), place);

  // Neither does going to another screen and coming back.
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  assert.equal(await page.evaluate('scrollY'), 0);
  await page.goBack();
  await inSight.waitFor();
  assert.equal(await page.evaluate('scrollY'), place);
  assert.deepEqual(faults, []);
});
