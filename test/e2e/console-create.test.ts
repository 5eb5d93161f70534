import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import sharp from 'sharp';
import { complaintsOf } from '../kit/accessibility.ts';
import { openBrowser } from '../kit/browser.ts';
import { signIn, testAdminKey, type ConsoleClient } from '../kit/console-client.ts';
import { openConsole, type ConsolePage } from '../kit/console-page.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { until } from '../kit/until.ts';

/** The console's shell and its Create screen as a browser shows them, in front of a real gateway and its sandbox. */

const create = '/v1/images/generations';
let painters = 0;
let held: Promise<void> | undefined;
let easel: TestGateway;
let browser: Browser;
let admin: ConsoleClient;

before(async () => {
  easel = await startTestGateway({
    env: { EASEL_ADMIN_KEY: testAdminKey },
    sandbox: {
      delayMs: 1,
      async draw(request) {
        if (request.prompt.includes('held')) await held;
        return await fastDraw(request);
      },
    },
  });
  // Last: a browser that nobody closes would keep a failed run from ending.
  browser = await openBrowser();
  admin = await signIn(easel);
});
after(async () => {
  await browser.close();
  await easel.close();
});

/** The console of a key of its own, so that no test sees what another made. */
async function open(
  path = '/',
  options: BrowserContextOptions = {},
): Promise<ConsolePage & { secret: string }> {
  const made = await admin.ask('POST', '/admin/keys', { name: `painter ${++painters}` });
  const secret = String(made.at('secret'));
  const client = await signIn(easel, { key: secret });
  return { ...(await openConsole(browser, easel, client, path, options)), secret };
}

const promptOf = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true });
const generateOf = (page: Page) => page.getByRole('button', { name: 'Generate', exact: true });
const picturesOf = (page: Page) => page.getByRole('img', { name: /^Picture \d+ by/ });

async function generate(page: Page, prompt: string): Promise<void> {
  await promptOf(page).fill(prompt);
  await generateOf(page).click();
}

/** Waits until so many pictures are there and can be seen. */
async function sees(page: Page, count: number): Promise<void> {
  await picturesOf(page)
    .nth(count - 1)
    .waitFor();
  await page.getByText('The pictures are ready.').first().waitFor({ state: 'attached' });
  assert.equal(await picturesOf(page).count(), count);
  for (const picture of await picturesOf(page).all())
    await picture.evaluate((image: { decode?(): Promise<void> }) => image.decode?.());
}

async function chooseModels(page: Page, names: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: /^Model/ }).click();
  const dialog = page.getByRole('dialog');
  if (names.length > 1) {
    await dialog.getByRole('switch').check();
    for (const pressed of await dialog.getByRole('button', { pressed: true }).all()) await pressed.click();
  }
  for (const name of names) await dialog.getByRole('button', { name }).click();
  if (names.length > 1) await dialog.getByRole('button', { name: /^Compare/ }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** The bodies of the create requests a page sends from now on. */
function bodiesOf(page: Page): Record<string, unknown>[] {
  const bodies: Record<string, unknown>[] = [];
  page.on('request', (request: Request) => {
    if (new URL(request.url()).pathname === create && request.method() === 'POST')
      bodies.push(request.postDataJSON() as Record<string, unknown>);
  });
  return bodies;
}

async function recordsOf(secret: string): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${secret}` };
  const list = await easel.ask('GET', '/v1/images?status=all', undefined, headers);
  return list.at('data') as unknown[];
}

test('a stranger signs in with the admin key and makes a picture', async () => {
  const { page, context, faults } = await openConsole(browser, easel, { cookie: 'nobody=1' }, '/');
  await page.getByLabel('Admin key or API key').fill('not-a-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is not known here').waitFor();
  await page.getByLabel('Admin key or API key').fill(testAdminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await promptOf(page).waitFor();
  const links = await page.getByRole('navigation').getByRole('link').allInnerTexts();
  assert.deepEqual(links, ['Create', 'Gallery', 'Models', 'Keys', 'Usage', 'Activity']);
  assert.equal(await page.getByRole('link', { name: 'Create' }).getAttribute('aria-current'), 'page');
  await generate(page, 'a paper boat');
  await sees(page, 1);
  await page.getByText('sandbox/kling').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin key or API key').waitFor();
  assert.deepEqual(
    faults.filter((fault) => !fault.includes('401')),
    [],
  );
  await context.close();
});

test('a one-time link signs in, and is gone from the address', async () => {
  const link = await easel.gateway.makeSignInLink(easel.url);
  const { page, context } = await openConsole(browser, easel, { cookie: 'nobody=1' }, new URL(link).hash);
  await promptOf(page).waitFor();
  assert.equal(page.url(), `${easel.url}/`);
  // It has ended elsewhere meanwhile: there is nothing to sign out of, and nothing to sign in for.
  await context.clearCookies();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  // The link is used up.
  await page.goto(link);
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  await context.close();
});

test('each of the six models makes a picture', async () => {
  const { page, context, faults } = await open();
  await promptOf(page).waitFor();
  const models: [name: string, size: string][] = [
    ['Kling Image O1', '1024 × 1024'],
    ['Seedream 4.5', '2048 × 2048'],
    ['Seedream 4.0', '2048 × 2048'],
    ['Dola Seedream 5.0 Lite', '2048 × 2048'],
    ['Nano Banana Pro', '1024 × 1024'],
    ['GLM-Image', '1280 × 1280'],
  ];
  for (const [i, [name, size]] of models.entries()) {
    await chooseModels(page, [name]);
    await generate(page, `a paper boat, number ${i}`);
    const group = page.getByRole('article').filter({ hasText: `number ${i}` });
    await group.getByText(`${size} ·`).waitFor();
    assert.equal(await group.getByRole('heading', { level: 3 }).innerText(), name);
  }
  await sees(page, 6);
  assert.deepEqual(faults, []);
  await context.close();
});

test('what is chosen in the form is what is asked for', async () => {
  const { page, context } = await open();
  const bodies = bodiesOf(page);
  await promptOf(page).waitFor();
  await chooseModels(page, ['Seedream 4.0']);
  await page.getByRole('radio', { name: '16:9' }).check();
  await page.getByRole('radio', { name: '1K' }).check();
  await page.getByText('1312 × 736 pixels').waitFor();
  await page.getByRole('button', { name: 'More: Images' }).click();
  await page.getByLabel('Seed', { exact: true }).fill('12');
  await page.getByText('More settings').click();
  await page.getByRole('switch', { name: 'Watermark' }).check();
  await page.getByLabel('Output format').selectOption('webp');
  await generate(page, 'a kite');
  await sees(page, 2);
  const { prompt, model, size, ratio, n, seed, watermark, output_format } = bodies[0] ?? {};
  assert.deepEqual(
    { prompt, model, size, ratio, n, seed, watermark, output_format },
    {
      prompt: 'a kite',
      model: 'seedream-4.0',
      size: '1K',
      ratio: '16:9',
      n: 2,
      seed: 12,
      watermark: true,
      output_format: 'webp',
    },
  );
  await context.close();
});

test('a dropped picture goes into the request, in the order on the page', async () => {
  const { page, context, faults } = await open();
  const bodies = bodiesOf(page);
  await promptOf(page).waitFor();
  const files = await Promise.all(
    ['red', 'blue'].map(async (background) => {
      const image = sharp({ create: { width: 400, height: 320, channels: 3, background } });
      return { name: `${background}.png`, base64: (await image.png().toBuffer()).toString('base64') };
    }),
  );
  await page.evaluate(`{
    const data = new DataTransfer();
    for (const { name, base64 } of ${JSON.stringify(files)}) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      data.items.add(new File([bytes], name, { type: 'image/png' }));
    }
    for (const type of ['dragover', 'drop'])
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }`);
  const inputs = page.getByRole('list', { name: 'Input images' });
  await inputs.getByRole('img', { name: 'blue.png' }).waitFor();
  await page.getByRole('button', { name: 'Move blue.png forward' }).click();
  assert.equal(await inputs.getByRole('img').first().getAttribute('alt'), 'blue.png');
  await until(() => generateOf(page).isDisabled());
  await promptOf(page).fill('both of them');
  await until(() => generateOf(page).isEnabled());
  await generateOf(page).click();
  await sees(page, 1);
  const images = bodies[0]?.['images'] as string[];
  assert.equal(images.length, 2);
  for (const image of images) assert.match(image, /^asset:\/\/ua_/);

  // A model that takes none says so before anything is sent.
  await chooseModels(page, ['GLM-Image']);
  await page.getByText('GLM-Image makes pictures from text only.').waitFor();
  assert.ok(await generateOf(page).isDisabled());
  for (const name of ['blue.png', 'red.png'])
    await page.getByRole('button', { name: `Remove ${name}` }).click();
  assert.ok(await generateOf(page).isEnabled());
  assert.deepEqual(faults, []);
  await context.close();
});

test('a file that is no image is refused, and never shown', async () => {
  const { page, context } = await open();
  await promptOf(page).waitFor();
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=`run`"><script>document.title="run"</script></svg>';
  await page.getByLabel('Input image files').setInputFiles({
    name: 'evil.png',
    mimeType: 'image/png',
    buffer: Buffer.from(svg),
  });
  await page.getByRole('list', { name: 'Input images' }).getByRole('alert').waitFor();
  assert.equal(await page.getByRole('list', { name: 'Input images' }).locator('img').count(), 0);
  assert.match(await page.title(), /Easel/);
  await context.close();
});

test('a picture is the beginning of the next one', async () => {
  const { page, context } = await open();
  const bodies = bodiesOf(page);
  await generate(page, 'a lighthouse');
  await sees(page, 1);
  await page.getByRole('button', { name: 'Edit from this' }).click();
  await page.getByRole('list', { name: 'Input images' }).getByRole('img').waitFor();
  await generate(page, 'now at night');
  await sees(page, 2);
  const [image] = (bodies[1]?.['images'] ?? []) as string[];
  assert.match(String(image), /\/v1\/files\/img_/);

  // From the gallery's picker, and by the gallery's link.
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('button', { name: 'Add an image from the gallery' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'a lighthouse' }).click();
  await page.getByRole('img', { name: 'a lighthouse', exact: true }).waitFor();
  await page.getByRole('button', { name: /^Remove/ }).click();
  const href = await page.getByRole('link', { name: 'Download picture 1' }).first().getAttribute('href');
  const id = /img_[0-9A-Z]+/.exec(href ?? '')?.[0];
  await page.goto(`${easel.url}/?from=${id}&index=0`);
  await page.getByRole('list', { name: 'Input images' }).getByRole('img').waitFor();
  assert.equal(new URL(page.url()).search, '');
  await context.close();
});

test('several models answer one prompt side by side, each with what it takes', async () => {
  const { page, context } = await open();
  const bodies = bodiesOf(page);
  await promptOf(page).waitFor();
  await chooseModels(page, ['Seedream 4.5', 'GLM-Image', 'Kling Image O1']);
  await page.getByLabel('Seed', { exact: true }).fill('5');
  await page.getByText('Not for GLM-Image, Kling Image O1.').waitFor();
  await generate(page, 'a red bicycle');
  await sees(page, 3);
  const titles = await page.getByRole('article').getByRole('heading', { level: 3 }).allInnerTexts();
  assert.deepEqual(
    titles.map((title) => title.split('\n')[0]),
    ['Seedream 4.5', 'GLM-Image', 'Kling Image O1'],
  );
  assert.deepEqual(
    bodies.map(({ model, seed }) => [model, seed]),
    [
      ['seedream-4.5', 5],
      ['glm-image', undefined],
      ['kling-image-o1', undefined],
    ],
  );
  await page.getByText('Made without what GLM-Image does not take: seed 5.').waitFor();
  await context.close();
});

test('a picture is made again with the same seed, or with another', async () => {
  const { page, context } = await open();
  const bodies = bodiesOf(page);
  await promptOf(page).waitFor();
  await chooseModels(page, ['Nano Banana Pro']);
  await page.getByRole('button', { name: 'Roll a seed' }).click();
  await generate(page, 'a fox');
  await sees(page, 1);
  await page.getByRole('button', { name: 'Run again' }).click();
  await sees(page, 2);
  await page.getByRole('button', { name: 'Another seed' }).first().click();
  await sees(page, 3);
  const [first, again, other] = bodies.map(({ seed }) => seed);
  assert.equal(typeof first, 'number');
  assert.equal(again, first);
  assert.notEqual(other, first);
  await context.close();
});

test('a failure upstream says what happened and what to do', async () => {
  const { page, context } = await open();
  await generate(page, 'a boat sim:task-failed');
  const failure = page.getByRole('alert');
  await failure.getByText('Nothing was charged. Try again, or choose another model.').waitFor();
  assert.equal(await failure.getByRole('button', { name: 'Try again' }).count(), 1);

  await generate(page, 'a boat sim:moderated');
  await page.getByText('Say it in other words').waitFor();
  await context.close();
});

test('a picture of a group that failed is told beside those that came', async () => {
  const { page, context } = await open();
  await promptOf(page).waitFor();
  await chooseModels(page, ['Seedream 4.0']);
  await page.getByRole('radio', { name: '1K' }).check();
  await page.getByText('More settings').click();
  await page.getByLabel('Sequential image generation', { exact: true }).selectOption('auto');
  await page.getByLabel('Sequential image generation options').fill('{"max_images": 3}');
  await generate(page, 'three trees sim:moderated-output:1');
  await sees(page, 2);
  await page.getByText('Picture 2: The image service refused').waitFor();
  await context.close();
});

test('a session that ends keeps the prompt and the page', async () => {
  const { page, context, secret } = await open();
  await generate(page, 'the first one');
  await sees(page, 1);
  await page.getByRole('radio', { name: '16:9' }).check();
  await context.clearCookies();
  await generate(page, 'the second one');
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
  await page.getByLabel('Admin key or API key').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  assert.equal(await promptOf(page).inputValue(), 'the second one');
  assert.ok(await page.getByRole('radio', { name: '16:9' }).isChecked());
  await page.getByRole('button', { name: 'Try again' }).click();
  await sees(page, 2);
  await context.close();
});

test('a session that ends under an open dialog can be signed into again, and the dialog is still there', async () => {
  const { page, context, secret } = await open();
  await generate(page, 'a boat');
  await sees(page, 1);
  await context.clearCookies();
  await page.getByRole('button', { name: 'Add an image from the gallery' }).click();
  await page.getByLabel('Admin key or API key').fill(secret);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('dialog', { name: 'Add an image' }).getByRole('button', { name: 'a boat' }).click();
  await page.getByRole('list', { name: 'Input images' }).getByRole('img').waitFor();
  await context.close();
});

test('another key is shown nothing of what was made before it was chosen, which is there when it is back', async () => {
  const { page, context } = await openConsole(browser, easel, admin, '/');
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  await generate(page, 'held while another key acts');
  await until(() => hasNotedPicture(page), 30_000);
  const actingKey = page.getByLabel('Acting as key');
  const before = await actingKey.inputValue();
  await actingKey.selectOption({ label: 'env' });
  await page.getByText('Your pictures appear here').waitFor();
  assert.equal(await promptOf(page).inputValue(), '');
  resolve();
  await generate(page, 'made with another key');
  await sees(page, 1);
  await actingKey.selectOption(before);
  await page.getByRole('heading', { name: 'held while another key acts' }).waitFor();
  await sees(page, 1);
  await context.close();
});

test('without a network nothing is lost and nothing is made twice', async () => {
  const { page, context, secret } = await open();
  await promptOf(page).waitFor();
  await context.setOffline(true);
  await generate(page, 'a kite');
  await page.getByRole('alert').getByText('The gateway cannot be reached.').waitFor();
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await sees(page, 1);
  assert.equal((await recordsOf(secret)).length, 1);

  // The request arrives, its answer does not.
  await page.route(
    `**${create}`,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await generate(page, 'a second kite');
  await page.getByRole('alert').getByText('The gateway cannot be reached.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await sees(page, 2);
  assert.equal((await recordsOf(secret)).length, 2);
  await context.close();
});

test('a page that is left while a picture is made finds it again', async () => {
  const { page, context, secret } = await open();
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  await generate(page, 'held back for a while');
  await page.getByText('Working…').waitFor({ state: 'attached' });
  await until(() => hasNotedPicture(page), 30_000);
  await page.reload();
  await page.getByText('Working…').waitFor({ state: 'attached' });
  resolve();
  await sees(page, 1);
  // And once more, when it has long been done.
  await page.reload();
  await sees(page, 1);
  assert.equal((await recordsOf(secret)).length, 1);
  await context.close();
});

test('a prompt of markup and of marks that turn text around is shown as text', async () => {
  const { page, context, faults } = await open();
  const prompt = '<img src=x onerror="document.title=`run`"> \u202Edrow sdrawkcab <b>bold</b>';
  await generate(page, prompt);
  await sees(page, 1);
  const heading = page.getByRole('article').getByRole('heading', { level: 2 });
  assert.equal(await heading.textContent(), prompt);
  assert.equal(await heading.locator('*').count(), 0);
  assert.equal(
    await page.evaluate(`getComputedStyle(document.querySelector('.run-prompt')).unicodeBidi`),
    'isolate',
  );
  assert.match(await page.title(), /Easel/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('earlier prompts come back with the arrow keys and from a list', async () => {
  const { page, context } = await open();
  for (const [i, prompt] of ['an owl', 'a fox'].entries()) {
    await generate(page, prompt);
    await sees(page, i + 1);
  }
  await promptOf(page).fill('');
  await promptOf(page).press('ArrowUp');
  assert.equal(await promptOf(page).inputValue(), 'a fox');
  await promptOf(page).press('ArrowUp');
  assert.equal(await promptOf(page).inputValue(), 'an owl');
  await promptOf(page).press('ArrowDown');
  assert.equal(await promptOf(page).inputValue(), 'a fox');
  await page.getByRole('button', { name: 'Earlier prompts' }).click();
  await page.getByLabel('Search earlier prompts').fill('owl');
  await page.getByRole('dialog').getByRole('button', { name: 'an owl' }).click();
  assert.equal(await promptOf(page).inputValue(), 'an owl');
  await context.close();
});

test('the request is there as code, without a key in it', async () => {
  const { page, context, secret } = await open();
  await promptOf(page).fill("it's a kite");
  await page.getByRole('button', { name: 'As code' }).click();
  const dialog = page.getByRole('dialog');
  for (const [language, words] of [
    ['curl', `it'\\''s a kite`],
    ['TypeScript', 'easel.images.generate'],
    ['Python', 'os.environ["EASEL_API_KEY"]'],
  ] as const) {
    await dialog.getByRole('tab', { name: language }).click();
    await dialog.getByText(words).waitFor();
    assert.ok(!(await dialog.innerText()).includes(secret));
  }
  await context.close();
});

test('an API key sees its own screens only', async () => {
  const { page, context } = await open('/gallery');
  const links = page.getByRole('navigation').getByRole('link');
  await links.first().waitFor();
  const names = await links.allInnerTexts();
  assert.ok(names.includes('Create') && names.includes('Gallery') && names.includes('Usage'));
  assert.ok(!names.includes('Keys') && !names.includes('Activity'));
  await context.close();
});

test('all screens together are at most 120 KB of packed scripts, and no address is asked for but ours', async () => {
  const page = await (await fetch(`${easel.url}/`)).text();
  const folder = new URL('../../console/dist/assets/', import.meta.url);
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  assert.ok(scripts.length > 6);
  const sizes = await Promise.all(
    scripts.map(async (name) => gzipSync(await readFile(new URL(name, folder))).length),
  );
  assert.ok(sizes.reduce((sum, size) => sum + size) <= 120 * 1024);
  const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
  assert.ok(addresses.length > 1);
  for (const address of addresses) assert.match(String(address), /^\/assets\//);
});

describe('everybody can use it:', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`in ${colorScheme} colours, axe finds nothing`, async () => {
      const { page, context } = await open('/', { colorScheme, reducedMotion: 'reduce' });
      await promptOf(page).waitFor();
      assert.deepEqual(await complaintsOf(page), []);
      await generate(page, 'a boat');
      await sees(page, 1);
      await generate(page, 'a boat sim:task-failed');
      await page.getByRole('alert').waitFor();
      await page.getByText('More settings').click();
      assert.deepEqual(await complaintsOf(page), []);
      await page.getByRole('button', { name: /^Model/ }).click();
      await page.getByRole('dialog').getByRole('switch').check();
      assert.deepEqual(await complaintsOf(page), []);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Admin key or API key').waitFor();
      assert.deepEqual(await complaintsOf(page), []);
      await context.close();
    });
  }

  test('on a phone nothing is wider than the screen, and the results come into view', async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    const { page, context } = await open('/', phone);
    await generate(page, 'a boat');
    await sees(page, 1);
    await page.getByRole('radio', { name: 'Exact' }).check();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
    await context.close();
  });

  test('a picture is made with the keyboard alone', async () => {
    const { page, context } = await open();
    await promptOf(page).waitFor();
    // The field has the focus when the page opens.
    await page.keyboard.type('a kite');
    await page.keyboard.press('Control+Enter');
    await sees(page, 1);
    await context.close();
  });
});

/** The page knows the id of what is being made. (A string that the page itself evaluates again and again is refused by its CSP.) */
async function hasNotedPicture(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>(`Object.values(sessionStorage).some((text) => text.includes('img_'))`);
}
