// `npm run console:screenshots [-- gallery dark]`: every screen, light, dark and on a phone, into docs/screenshots, from a
// gateway of its own whose sandbox has drawn a few pictures. To be looked at, each of them; words pick by file name.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser } from '../test/kit/browser.ts';
import { signIn, testAdminKey } from '../test/kit/console-client.ts';
import { openConsole } from '../test/kit/console-page.ts';
import { startTestGateway } from '../test/kit/gateway.ts';

const folder = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const looks: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

/** What is made beforehand; the last ones are the first in the gallery. */
const pictures: readonly {
  key: string;
  body: { model: string; prompt: string } & Record<string, unknown>;
}[] = [
  { key: 'shop', body: { model: 'seedream-4.0', prompt: 'Three penguins in the snow', size: '1K' } },
  {
    key: 'shop',
    body: { model: 'kling-image-o1', prompt: 'A castle on a mountain, pixel art', size: '1360x768' },
  },
  { key: 'console', body: { model: 'nano-banana-pro', prompt: 'A fox in a misty forest at dawn' } },
  { key: 'console', body: { model: 'glm-image', prompt: 'An astronaut riding a horse on the moon' } },
  {
    key: 'shop',
    body: {
      model: 'seedream-4.0',
      prompt: 'A hot air balloon over the hills, cut paper',
      size: '1K',
      ratio: '3:4',
    },
  },
  { key: 'shop', body: { model: 'kling-image-o1', prompt: 'The portrait of a president sim:moderated' } },
  {
    key: 'console',
    body: { model: 'kling-image-o1', prompt: 'A red bicycle in front of a cafe at night', size: '1248x832' },
  },
  {
    key: 'console',
    body: { model: 'nano-banana-pro', prompt: 'A robot reading a book under a tree, pencil', ratio: '4:5' },
  },
  {
    key: 'shop',
    body: { model: 'glm-image', prompt: 'A blue sailboat on the sea at sunset, oil painting', n: 2 },
  },
  {
    key: 'console',
    body: { model: 'kling-image-o1', prompt: 'An orange cat on a sofa beside a window, watercolour' },
  },
];

/** Screen -> what is done before it is taken. Those that make pictures are the last, so that the others show the chosen ones. */
const screens: Record<string, (page: Page) => Promise<void>> = {
  'sign-in': async (page) => await page.getByLabel('Admin key or API key').waitFor(),
  gallery: async (page) => await page.getByRole('gridcell').nth(8).waitFor(),
  models: settled,
  keys: settled,
  usage: settled,
  activity: settled,
  'choose-model': async (page) => await page.getByRole('button', { name: /^Model/ }).click(),
  create: async (page) => {
    await page
      .getByRole('textbox', { name: 'Prompt' })
      .fill('A fox reading a newspaper on a park bench, watercolour');
    await page.getByRole('radio', { name: '4:3' }).check();
    await generate(page);
  },
  compare: async (page) => {
    await page.getByRole('textbox', { name: 'Prompt' }).fill('A lighthouse in a storm, woodcut');
    await chooseModels(page, ['Nano Banana Pro', 'GLM-Image']);
    await generate(page);
  },
};

const words = process.argv.slice(2);
const easel = await startTestGateway({
  env: { EASEL_ADMIN_KEY: testAdminKey },
  // The sandbox as everyone has it, not the quick one of the tests.
  sandbox: {},
});
const browser = await openBrowser();
try {
  const admin = await signIn(easel);
  const shop = await admin.ask('POST', '/admin/keys', {
    name: 'shop',
    limits: { images_per_minute: 30, budget_images: 40, budget_period: 'month' },
  });
  await admin.ask('POST', '/admin/keys', { name: 'intern', models: ['glm-image', 'seedream-4.0'] });
  const authorization = `Bearer ${String(shop.at('secret'))}`;
  for (const { key, body } of pictures) {
    const create = '/v1/images/generations';
    if (key === 'shop') await easel.ask('POST', create, body, { authorization });
    else await admin.ask('POST', create, body);
  }
  await mkdir(folder, { recursive: true });
  for (const [name, prepare] of Object.entries(screens)) {
    for (const [look, options] of Object.entries(looks)) {
      const file = `${name}-${look}.webp`;
      if (!words.every((word) => file.includes(word))) continue;
      const client = name === 'sign-in' ? { cookie: 'nobody=1' } : admin;
      const at = /^(gallery|models|keys|usage|activity)$/.test(name) ? `/${name}` : '/';
      const { page, context } = await openConsole(browser, easel, client, at, options);
      await prepare(page);
      await page.waitForLoadState('networkidle');
      await page.waitForTimeout(600);
      const shot = await page.screenshot();
      await writeFile(path.join(folder, file), await sharp(shot).webp({ quality: 82 }).toBuffer());
      console.log(`docs/screenshots/${file}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await easel.close();
}

async function settled(page: Page): Promise<void> {
  await page.getByRole('navigation').waitFor();
}

async function chooseModels(page: Page, names: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: /^Model/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('switch').check();
  for (const name of names) await dialog.getByRole('button', { name }).click();
  await dialog.getByRole('button', { name: /^Compare/ }).click();
}

async function generate(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.getByText('The pictures are ready.').waitFor({ state: 'attached' });
}
