import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { ConsoleClient } from './console-client.ts';
import type { TestGateway } from './gateway.ts';

/** The console in a browser of its own, signed in. */
export interface ConsolePage {
  page: Page;
  context: BrowserContext;
  /** What a visitor should not see: errors and warnings of the page, and requests to anybody but the gateway. */
  faults: string[];
}

/** Opens an address of the console with the session of a client. */
export async function openConsole(
  browser: Browser,
  easel: Pick<TestGateway, 'url'>,
  client: Pick<ConsoleClient, 'cookie'>,
  path: string,
  options: BrowserContextOptions & { prepare?: (page: Page) => Promise<void> } = {},
): Promise<ConsolePage> {
  const { prepare, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions });
  const [name = '', value = ''] = client.cookie.split('=', 2);
  await context.addCookies([{ name, value, url: easel.url }]);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${easel.url}/`) && !/^(data|blob):/.test(url)) faults.push(`asked for ${url}`);
  });
  await prepare?.(page);
  await page.goto(`${easel.url}${path}`);
  return { page, context, faults };
}
