import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../kit/browser.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';

/** The page at /docs, as a browser shows it. */

let easel: TestGateway;
let browser: Browser;
before(async () => {
  [easel, browser] = await Promise.all([startTestGateway(), openBrowser()]);
});
after(async () => {
  await browser.close();
  await easel.close();
});

/** The page once the viewer has read the description, and what a visitor should not see. */
async function open(path = '/docs'): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${easel.url}/`) && !url.startsWith('data:')) faults.push(`asked for ${url}`);
  });
  await page.goto(`${easel.url}${path}`);
  await page.locator('.opblock').first().waitFor();
  return { page, faults };
}

test('the page shows every operation, asks nobody else for anything and breaks none of its own rules', async () => {
  const { page, faults } = await open();
  const { paths, webhooks } = JSON.parse((await easel.ask('GET', '/openapi.json')).text) as Record<
    'paths' | 'webhooks',
    Record<string, object>
  >;
  const names = [paths, webhooks].flatMap((group) =>
    Object.values(group).flatMap((methods) => Object.keys(methods)),
  );
  assert.equal(await page.locator('.opblock').count(), names.length);
  assert.equal(await page.locator('#menu a').count(), names.length);
  assert.equal(await page.title(), 'Easel API');
  assert.deepEqual(faults, []);
  await page.close();
});

test('the menu opens an operation, with an example for every model and its failures by their reasons', async () => {
  const { page, faults } = await open();
  await page.locator('#menu a[href="#/Create/createImages"]').click();
  const operation = page.locator('#operations-Create-createImages');
  const models = easel.gateway.catalog.all().map(({ card }) => card.displayName);
  const examples = operation.locator('.opblock-section-request-body .examples-select option');
  await examples.first().waitFor({ state: 'attached' });
  assert.deepEqual(await examples.allTextContents(), models);
  const fold = operation.locator('.folded[data-code="424"]');
  assert.match(await fold.innerText(), /generation_timeout\s+outcome_unknown/);
  await fold.locator('button').click();
  await operation.locator('.response[data-code="424"] .examples-select').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('the menu opens a message to a webhook', async () => {
  const { page } = await open();
  await page.locator('#menu a[href="#/webhooks/imageFailed"]').click();
  await page.locator('#operations-webhooks-imageFailed .opblock-section-request-body').waitFor();
  await page.close();
});

test('a link to one operation opens it', async () => {
  const { page } = await open('/docs#/Models/listModels');
  await page.locator('#operations-Models-listModels .responses-table').waitFor();
  await page.close();
});

test('an operation can be tried with a key', async () => {
  const { page, faults } = await open('/docs#/Models/listModels');
  await page.locator('.btn.authorize').click();
  await page.locator('.modal-ux input').fill(testSecret);
  await page.locator('.modal-ux .authorize').click();
  await page.locator('.modal-ux .btn-done').click();
  const operation = page.locator('#operations-Models-listModels');
  await operation.locator('.try-out__btn').click();
  await operation.locator('.execute').click();
  assert.match(await operation.locator('.live-responses-table .response').first().innerText(), /200/);
  assert.deepEqual(faults, []);
  await page.close();
});

test('its files may be kept for ever and no other file can be asked for', async () => {
  const page = await fetch(`${easel.url}/docs`);
  const html = await page.text();
  assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self'; style-src 'self';/);
  const names = [...html.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map(([, name]) => name);
  assert.equal(names.length, 4);
  for (const name of names) {
    const file = await fetch(`${easel.url}/${name}`);
    assert.equal(file.status, 200);
    assert.match(file.headers.get('cache-control') ?? '', /immutable/);
    assert.match(file.headers.get('content-type') ?? '', /^text\/(javascript|css); charset=utf-8$/);
    const plain = await fetch(`${easel.url}/${name}`, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(await plain.text(), await file.text());
  }
  for (const name of [
    'swagger-ui-bundle.js',
    'page.js',
    'routes.ts',
    '..%2f..%2fpackage.json',
    '%2e%2e/server.ts',
    '',
  ])
    assert.equal((await fetch(`${easel.url}/docs/${name}`)).status, 404, name);
});
