import { chromium, type Browser } from 'playwright-core';
import { requireTool } from './apt.ts';

/** Debian's Chromium without a window, and without anything of its own to ask the network for. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: requireTool('chromium', 'chromium'),
    args: [
      // Root is refused the sandbox, and the pages are our own.
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}
