import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Download, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { complaintsOf } from '../kit/accessibility.ts';
import { openBrowser } from '../kit/browser.ts';
import { signIn, testAdminKey, type ConsoleClient } from '../kit/console-client.ts';
import { openConsole, type ConsolePage } from '../kit/console-page.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { until } from '../kit/until.ts';

/** The console's gallery as a browser shows it, in front of a real gateway and its sandbox. */

let easel: TestGateway;
let browser: Browser;
let admin: ConsoleClient;
/** What pictures wait for whose prompt says so. */
let held: Promise<void> | undefined;
before(async () => {
  [easel, browser] = await Promise.all([
    startTestGateway({
      env: { EASEL_ADMIN_KEY: testAdminKey },
      sandbox: {
        delayMs: 1,
        async draw(request) {
          if (request.prompt.includes('slowly')) await held;
          return await fastDraw(request);
        },
      },
    }),
    openBrowser(),
  ]);
  admin = await signIn(easel);
});
after(async () => {
  await browser.close();
  await easel.close();
});

/** A key of its own for a test, with a browser session and what it has made. */
interface Owner {
  id: string;
  secret: string;
  client: ConsoleClient;
  /** Makes a picture; gives the record's id. */
  make(prompt: string, more?: Record<string, unknown>): Promise<string>;
  /** The status of GET /v1/images/{id}. */
  statusOf(id: string): Promise<number>;
}

async function makeOwner(name: string): Promise<Owner> {
  const made = await admin.ask('POST', '/admin/keys', { name });
  const secret = String(made.at('secret'));
  const headers = { authorization: `Bearer ${secret}` };
  return {
    id: String(made.at('id')),
    secret,
    client: await signIn(easel, { key: secret }),
    async make(prompt, more = {}) {
      const body = { model: 'seedream-4.0', size: '1024x1024', prompt, ...more };
      const answer = await easel.ask('POST', '/v1/images/generations', body, headers);
      assert.equal(answer.status, 200, answer.text);
      return String(answer.at('id'));
    },
    statusOf: async (id) => (await easel.ask('GET', `/v1/images/${id}`, undefined, headers)).status,
  };
}

const open = (owner: Pick<Owner, 'client'>, path = '/gallery', options = {}): Promise<ConsolePage> =>
  openConsole(browser, easel, owner.client, path, options);
const cells = (page: Page): Locator => page.getByRole('gridcell');
const cellOf = (page: Page, id: string): Locator => page.locator(`[data-id=${id}]`);
const idsOf = async (page: Page): Promise<(string | null)[]> =>
  await cells(page).evaluateAll((found) => found.map((cell) => cell.getAttribute('data-id')));

/** Waits until exactly these pictures are there, in this order. */
async function shows(page: Page, ids: readonly string[]): Promise<void> {
  const wanted = ids.join();
  await until(async () => (await idsOf(page)).join() === wanted, 15_000).catch(async () =>
    assert.deepEqual(await idsOf(page), ids),
  );
}

/** Waits until an image shows something. */
async function isDrawn(image: Locator): Promise<void> {
  // Of an image that is just being replaced nothing can be read: it is looked at again.
  const width = () =>
    image.evaluate((img: { naturalWidth?: number }) => img.naturalWidth ?? 0).catch(() => 0);
  await until(async () => (await width()) > 0, 15_000);
}

/** Waits until the cell of this picture has the focus. */
async function hasFocus(page: Page, id: string | undefined): Promise<void> {
  const focused = () => page.evaluate("document.activeElement?.getAttribute('data-id') ?? null");
  await until(async () => (await focused()) === id).catch(async () => assert.equal(await focused(), id));
}

/** As when the tab is come back to: the gallery then looks for new pictures at once. */
const comeBack = (page: Page): Promise<boolean> =>
  page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");

test('what was made is shown, newest first, and what is made meanwhile waits until it is asked for', async () => {
  const owner = await makeOwner('looks');
  const ids = [await owner.make('a red boat'), await owner.make('a blue boat')].reverse();
  const { page, context, faults } = await open(owner);
  await shows(page, ids);
  assert.match((await cells(page).first().getAttribute('aria-label')) ?? '', /^a blue boat, seedream-4.0, /);
  const image = cells(page).first().locator('img');
  await isDrawn(image);

  const newest = await owner.make('a green boat');
  await comeBack(page);
  const pill = page.getByRole('button', { name: '1 new' });
  await pill.waitFor();
  await shows(page, ids);
  await pill.click();
  await shows(page, [newest, ...ids]);
  assert.equal(await pill.count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test('an empty gallery says so, and fills by itself', async () => {
  const owner = await makeOwner('empty');
  const { page, context } = await open(owner);
  await page.getByRole('heading', { name: 'No pictures yet' }).waitFor();
  const id = await owner.make('the first one');
  await comeBack(page);
  await shows(page, [id]);
  await context.close();
});

test('words and filters narrow the list, live in the address, and back and forward undo them', async () => {
  const owner = await makeOwner('finds');
  const boat = await owner.make('a paper boat');
  const fox = await owner.make('a red fox');
  const other = await owner.make('another paper boat', { model: 'kling-image-o1', size: '1K' });
  const { page, context } = await open(owner);
  await shows(page, [other, fox, boat]);

  await page.getByRole('searchbox').fill('paper');
  await shows(page, [other, boat]);
  assert.match(page.url(), /\?q=paper$/);
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Model').selectOption('seedream-4.0');
  await shows(page, [boat]);
  assert.match(page.url(), /\?q=paper&model=seedream-4.0$/);

  await page.goBack();
  await shows(page, [other, boat]);
  await page.goBack();
  await shows(page, [other, fox, boat]);
  assert.equal(await page.getByRole('searchbox').inputValue(), '');
  await page.goForward();
  await shows(page, [other, boat]);

  await page.getByLabel('Status').selectOption('failed');
  await page.getByRole('heading', { name: 'No picture matches' }).waitFor();
  await page.getByRole('button', { name: /Status: Failed/ }).click();
  await shows(page, [other, boat]);

  // A link with all of it, as somebody else would open it.
  const today = new Date().toLocaleDateString('sv');
  await page.goto(`${easel.url}/gallery?q=boat&model=kling-image-o1&from=${today}&to=${today}`);
  await shows(page, [other]);
  await page.goto(`${easel.url}/gallery?q=boat&to=2020-01-01`);
  await page.getByRole('heading', { name: 'No picture matches' }).waitFor();
  await context.close();
});

test('a picture opens with everything that is kept of it, and the keys lead to its neighbours and back', async () => {
  const owner = await makeOwner('opens');
  const older = await owner.make('the older one');
  const middle = await owner.make('the middle one', { model: 'kling-image-o1', n: 2, size: '1360x768' });
  const newer = await owner.make('the newer one');
  const { page, context, faults } = await open(owner);
  await cellOf(page, middle).click();
  const dialog = page.getByRole('dialog', { name: 'Picture' });
  await dialog.getByText('the middle one').waitFor();
  assert.match(page.url(), new RegExp(`image=${middle}$`));
  const facts = await dialog.locator('.facts').innerText();
  for (const fact of [
    /Status\s+completed/,
    /Model\s+kling-image-o1/,
    /Served by\s+sandbox\/kling/,
    /Attempts\s+1/,
    /Cost\s+no price is known/,
    /Usage\s+2 images/,
    /size\s+1360x768/,
    /n\s+2/,
    /1360 × 768 px/,
    /SHA-256\s+[0-9a-f]{64}/,
    /Content credentials\s+None/,
  ])
    assert.match(facts, fact);
  await isDrawn(dialog.locator('.stage-large'));
  await dialog.getByRole('button', { name: 'Image 2' }).click();
  assert.match(page.url(), new RegExp(`image=${middle}&index=1$`));
  const edit = dialog.getByRole('link', { name: 'Edit in Create' });
  assert.equal(await edit.getAttribute('href'), `/?from=${middle}&index=1`);

  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await dialog.getByRole('button', { name: 'Copy link' }).click();
  await dialog.getByRole('button', { name: 'Copied' }).waitFor();
  const link = await page.evaluate('navigator.clipboard.readText()');
  assert.equal(link, `${easel.url}/gallery?image=${middle}&index=1`);
  await dialog.getByRole('button', { name: 'Copy prompt' }).click();
  await until(async () => (await page.evaluate('navigator.clipboard.readText()')) === 'the middle one');

  await page.keyboard.press('ArrowRight');
  await dialog.getByText('the older one').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await dialog.getByText('the newer one').waitFor();
  assert.match(page.url(), new RegExp(`image=${newer}$`));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '');
  await hasFocus(page, newer);

  // By its link, as somebody else would open it.
  await page.goto(`${easel.url}/gallery?image=${older}`);
  await dialog.getByText('the older one').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await shows(page, [newer, middle, older]);
  await page.goto(`${easel.url}/gallery/${middle}`);
  await dialog.getByText('the middle one').waitFor();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await shows(page, [newer, older]);
  await hasFocus(page, older);
  assert.equal(new URL(page.url()).pathname, '/gallery');
  await page.getByRole('button', { name: 'Undo' }).click();
  await shows(page, [newer, middle, older]);
  await hasFocus(page, middle);
  assert.deepEqual(faults, []);
  await context.close();
});

test('on a phone a finger drawn over an open picture leads to the next one', async () => {
  const owner = await makeOwner('swipes');
  const older = await owner.make('the older one');
  const newer = await owner.make('the newer one');
  const { page, context } = await open(owner, `/gallery?image=${newer}`, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const dialog = page.getByRole('dialog', { name: 'Picture' });
  await isDrawn(dialog.locator('.stage-large'));
  const fingers = await context.newCDPSession(page);
  const draw = async (from: number, to: number): Promise<void> => {
    const steps = [
      ['touchStart', [{ x: from, y: 200 }]],
      ['touchMove', [{ x: (from + to) / 2, y: 200 }]],
      ['touchMove', [{ x: to, y: 200 }]],
      ['touchEnd', []],
    ] as const;
    for (const [type, touchPoints] of steps)
      await fingers.send('Input.dispatchTouchEvent', { type, touchPoints: [...touchPoints] });
  };
  await draw(300, 100);
  await dialog.getByText('the older one').waitFor();
  assert.match(page.url(), new RegExp(`image=${older}$`));
  await isDrawn(dialog.locator('.stage-large'));
  await draw(100, 120);
  await draw(100, 300);
  await dialog.getByText('the newer one').waitFor();
  await context.close();
});

test('what failed is shown with its reason, as a whole or among others that were made', async () => {
  const owner = await makeOwner('fails');
  const ark = easel.gateway.sandbox?.simulators.get('ark')?.control;
  assert.ok(ark !== undefined);
  ark.inject({ on: 'submit', kind: 'status', error: 'moderated' });
  const headers = { authorization: `Bearer ${owner.secret}` };
  const body = { model: 'seedream-4.0', size: '1024x1024', prompt: 'all of it fails' };
  const refused = await easel.ask('POST', '/v1/images/generations', body, headers);
  assert.equal(refused.at('error.reason'), 'content_policy');
  const message = String(refused.at('error.message'));
  ark.inject({ on: 'submit', kind: 'status', error: 'moderated', skip: 1 });
  const partly = await owner.make('one of three fails', { n: 3 });

  const { page, context } = await open(owner);
  await cells(page).nth(1).waitFor();
  assert.match(await cellOf(page, partly).innerText(), /1 failed/);
  assert.match((await cellOf(page, partly).getAttribute('aria-label')) ?? '', /, 2 images, 1 failed, /);
  const whole = cells(page).nth(1);
  assert.ok((await whole.innerText()).startsWith(message.slice(0, 60)));
  await whole.click();
  const dialog = page.getByRole('dialog', { name: 'Picture' });
  await dialog.getByText(message).waitFor();
  assert.match(await dialog.innerText(), /It failed[^]*content_policy[^]*Status\s+failed/);
  assert.equal(await dialog.getByRole('link', { name: 'Edit in Create' }).count(), 0);

  await page.keyboard.press('ArrowLeft');
  await dialog.getByText('one of three fails').waitFor();
  assert.match(await dialog.locator('.facts').innerText(), /1 image failed\s+Image \d: .*content_policy/);
  await dialog.getByRole('button', { name: /^Image \d, failed$/ }).click();
  await dialog.getByRole('heading', { name: /^Image \d failed$/ }).waitFor();
  await context.close();
});

test('a picture in the making is shown as one, and completes under the eyes of who waits for it', async () => {
  const owner = await makeOwner('waits');
  const { promise, resolve: release } = Promise.withResolvers<void>();
  held = promise;
  const headers = { authorization: `Bearer ${owner.secret}`, prefer: 'respond-async' };
  const body = { model: 'seedream-4.0', size: '1024x1024', prompt: 'drawn slowly' };
  const begun = await easel.ask('POST', '/v1/images/generations', body, headers);
  assert.equal(begun.status, 202);
  const id = String(begun.at('id'));
  const { page, context } = await open(owner, '/gallery?status=in_progress');
  await shows(page, [id]);
  assert.match(await cellOf(page, id).innerText(), /In progress/);
  await cellOf(page, id).click();
  const dialog = page.getByRole('dialog', { name: 'Picture' });
  await dialog.getByText('It is being made.').waitFor();
  release();
  await isDrawn(dialog.locator('.stage-large'));
  await page.keyboard.press('Escape');
  await comeBack(page);
  await page.getByText('No longer in this list').waitFor();
  await context.close();
});

test('while the gateway cannot be reached the gallery says so, and shows everything when it is asked again', async () => {
  const owner = await makeOwner('offline');
  const id = await owner.make('out of reach');
  const list = '**/v1/images?limit=*';
  const { page, context } = await open(owner, '/gallery', {
    prepare: (page: Page) => page.route(list, (route) => route.abort()),
  });
  await page.getByRole('alert').getByText('The gateway cannot be reached').waitFor();
  await page.unroute(list);
  await page.getByRole('button', { name: 'Try again' }).click();
  await shows(page, [id]);
  await context.close();
});

test('a prompt full of markup and marks is text, and a picture that is a page or a drawing runs nothing', async () => {
  const owner = await makeOwner('markup');
  const prompt = '<img src=x onerror="ran=1"><script>ran=1</script> \u202Egnp.exe\u2066 مرحبا';
  const id = await owner.make(prompt);
  const { page, context } = await open(owner, '/gallery', {
    prepare: async (page: Page) => {
      const svg =
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="top.ran=1"><script>top.ran=1</script></svg>';
      await page.route('**/v1/files/**', (route) =>
        route.request().url().includes('.webp')
          ? route.fulfill({ contentType: 'image/svg+xml', body: svg })
          : route.fulfill({ contentType: 'text/html', body: '<script>top.ran=1</script>' }),
      );
    },
  });
  await isDrawn(cellOf(page, id).locator('img'));
  await cellOf(page, id).click();
  const text = page.getByRole('dialog').locator('.detail-prompt p');
  assert.equal(await text.innerText(), prompt);
  assert.equal(
    await page.evaluate("getComputedStyle(document.querySelector('.detail-prompt p')).unicodeBidi"),
    'isolate',
  );
  await page.getByText('This picture cannot be shown.').waitFor();
  assert.equal(await page.evaluate('typeof ran'), 'undefined');
  assert.equal(await page.locator('iframe, object, embed').count(), 0);
  await context.close();
});

test('a picture is downloaded as it was made, or smaller and in another format', async () => {
  const owner = await makeOwner('downloads');
  const id = await owner.make('a boat to keep');
  const { page, context } = await open(owner, `/gallery?image=${id}`);
  const form = page.getByRole('form', { name: 'Download' });
  const download = async (): Promise<Download> => {
    const begun = page.waitForEvent('download');
    await form.getByRole('button', { name: 'Download' }).click();
    return await begun;
  };
  await form.waitFor();
  const original = await download();
  assert.equal(original.suggestedFilename(), `${id}_0.jpg`);
  const sha256 = createHash('sha256')
    .update(await readFile(await original.path()))
    .digest('hex');
  assert.match(await page.locator('.facts').innerText(), new RegExp(sha256));

  await form.getByLabel('Format').selectOption('webp');
  await form.getByLabel('Width').selectOption('256');
  const copy = await download();
  assert.equal(copy.suggestedFilename(), `${id}_0.webp`);
  const { format, width } = await sharp(await readFile(await copy.path())).metadata();
  assert.deepEqual({ format, width }, { format: 'webp', width: 256 });
  await context.close();
});

/** The DELETEs that a page has sent. */
function watchDeletions(page: Page): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'DELETE') sent.push(new URL(request.url()).pathname);
  });
  return sent;
}

test('a deleted picture can be brought back, and is deleted when the time for that is over', async () => {
  const owner = await makeOwner('deletes');
  const ids = [await owner.make('one'), await owner.make('two'), await owner.make('three')].reverse();
  const [three = '', two = '', one = ''] = ids;
  const { page, context } = await open(owner, '/gallery', {
    prepare: (page: Page) => page.clock.install(),
  });
  const deletions = watchDeletions(page);
  await shows(page, ids);
  await cellOf(page, two).focus();
  await page.keyboard.press('Delete');
  await shows(page, [three, one]);
  await hasFocus(page, one);
  await page.getByRole('button', { name: 'Undo' }).click();
  await shows(page, ids);
  await page.clock.fastForward(60_000);
  await comeBack(page);
  await shows(page, ids);
  assert.deepEqual(deletions, []);
  assert.equal(await owner.statusOf(two), 200);

  await cellOf(page, two).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await shows(page, [three, one]);
  await page.getByText('1 picture deleted').waitFor();
  assert.deepEqual(deletions, []);
  await page.clock.fastForward(6100);
  await until(async () => (await owner.statusOf(two)) === 404);
  assert.deepEqual(deletions, [`/v1/images/${two}`]);
  await comeBack(page);
  await shows(page, [three, one]);

  // A tab that is left behind may never be looked at again.
  await cellOf(page, one).focus();
  await page.keyboard.press('Delete');
  await shows(page, [three]);
  await page.evaluate(
    "Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))",
  );
  await until(async () => (await owner.statusOf(one)) === 404);
  assert.equal(await owner.statusOf(three), 200);
  await context.close();
});

test('what was being deleted is deleted when the tab is closed', async () => {
  const owner = await makeOwner('closes');
  const ids: string[] = [];
  for (let made = 0; made < 12; made += 1) ids.unshift(await owner.make(`picture ${made}`));
  const { page, context } = await open(owner);
  await shows(page, ids);
  await cellOf(page, ids[0] ?? '').focus();
  await page.keyboard.press('Control+a');
  await page
    .getByRole('toolbar', { name: 'Chosen pictures' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await page.getByText('12 pictures deleted').waitFor();
  assert.equal(await owner.statusOf(ids[0] ?? ''), 200);
  await page.close({ runBeforeUnload: true });
  await until(async () => {
    const statuses = await Promise.all(ids.map((id) => owner.statusOf(id)));
    return statuses.every((status) => status === 404);
  });
  await context.close();
});

test('a deletion that fails brings the picture back and says why', async () => {
  const owner = await makeOwner('fails to delete');
  const id = await owner.make('stays');
  const { page, context } = await open(owner, '/gallery', {
    prepare: async (page: Page) => {
      await page.clock.install();
      await page.route('**/v1/images/img_*', (route) =>
        route.request().method() === 'DELETE' ? route.abort() : route.fallback(),
      );
    },
  });
  await shows(page, [id]);
  await cellOf(page, id).focus();
  await page.keyboard.press('Delete');
  await page.clock.fastForward(6100);
  await page.getByText('1 picture could not be deleted. The gateway cannot be reached').waitFor();
  await shows(page, [id]);
  await context.close();
});

test('the keys alone lead through the grid, choose, open and delete', async () => {
  const owner = await makeOwner('keys');
  const ids: string[] = [];
  for (let made = 0; made < 8; made += 1) ids.unshift(await owner.make(`picture ${made}`));
  const { page, context } = await open(owner);
  await shows(page, ids);
  await page.getByRole('button', { name: 'Filters' }).focus();
  await page.keyboard.press('Tab');
  await hasFocus(page, ids[0]);
  // One stop for the whole grid.
  assert.equal(await page.locator('[role=gridcell][tabindex="0"]').count(), 1);
  const columns = Number(await page.getByRole('grid').getAttribute('aria-colcount'));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await hasFocus(page, ids[Math.min(7, 1 + columns)]);
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await page.locator('[aria-selected=true]').count(), 3);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('[aria-selected=true]').count(), 0);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('picture 5').waitFor();
  await page.keyboard.press('Escape');
  await hasFocus(page, ids[2]);
  await page.keyboard.press('Delete');
  await shows(page, ids.toSpliced(2, 1));
  await hasFocus(page, ids[3]);
  await context.close();
});

test('chosen pictures are packed into one file, and what cannot be had is named', async () => {
  const owner = await makeOwner('packs');
  const one = await owner.make('one');
  const two = await owner.make('two', { model: 'kling-image-o1', n: 2 });
  const { page, context } = await open(owner);
  await shows(page, [two, one]);
  await cellOf(page, two).click({ modifiers: ['Control'] });
  await cellOf(page, one).click();
  const bar = page.getByRole('toolbar', { name: 'Chosen pictures' });
  const pack = async (): Promise<Map<string, Buffer>> => {
    const begun = page.waitForEvent('download');
    await bar.getByRole('button', { name: 'Download ZIP' }).click();
    return readZip(await readFile(await (await begun).path()));
  };
  const files = await pack();
  assert.deepEqual([...files.keys()], [`${two}_0.png`, `${two}_1.png`, `${one}_0.jpg`]);
  for (const bytes of files.values()) assert.equal((await sharp(bytes).metadata()).width, 1024);
  await page.getByText('3 images downloaded').waitFor();

  await page.route('**/content?*index=1*', (route) =>
    route.fulfill({ status: 503, json: { error: { message: 'Too busy just now.' } } }),
  );
  assert.deepEqual([...(await pack()).keys()], [`${two}_0.png`, `${one}_0.jpg`]);
  const dialog = page.getByRole('dialog', { name: '1 image not in the ZIP' });
  assert.match(await dialog.innerText(), new RegExp(`${two}_1\\s+Too busy just now`));
  await context.close();
});

/** The stored files of a ZIP without compression, by its central directory. */
function readZip(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [size, nameLength] = [bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28)];
    const more = bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    const start = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    files.set(name, bytes.subarray(data, data + size));
    at += 46 + nameLength + more;
  }
  return files;
}

test("a key's session shows its own pictures, and another key's not even by their links", async () => {
  const [mine, other] = [await makeOwner('mine'), await makeOwner('other')];
  const own = await mine.make('my own');
  const foreign = await other.make('not mine');
  const { page, context } = await open(mine);
  await shows(page, [own]);
  await page.goto(`${easel.url}/gallery?image=${foreign}`);
  await page.getByText('There is no such picture here.').waitFor();
  assert.doesNotMatch(await page.content(), /not mine/);
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Filters' }).click();
  assert.equal(await page.getByLabel('Key', { exact: true }).count(), 0);
  await context.close();
});

test("an admin sees every key's pictures with their keys, and narrows them to one", async () => {
  const [first, second] = [await makeOwner('first painter'), await makeOwner('second painter')];
  const a = await first.make('by the first painter');
  const b = await second.make('by the second painter');
  const { page, context } = await open({ client: admin }, '/gallery?q=painter');
  await shows(page, [b, a]);
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Key', { exact: true }).selectOption({ label: 'first painter' });
  await shows(page, [a]);
  assert.match(page.url(), new RegExp(`key=${first.id}`));
  await page.getByLabel('Cost from').fill('0.01');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No picture matches' }).waitFor();
  await page.getByRole('button', { name: 'Clear all' }).click();
  await shows(page, [b, a]);
  await cellOf(page, a).click();
  assert.match(await page.getByRole('dialog').locator('.facts').innerText(), /Key\s+first painter/);
  await page.getByRole('link', { name: 'Edit in Create' }).click();
  await page.getByRole('button', { name: 'Remove by the first painter' }).waitFor();
  await page.goBack();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.close({ runBeforeUnload: true });
  await until(async () => (await first.statusOf(a)) === 404);
  await context.close();
});

test('links that are over are made anew, and a session that is over leads to the sign-in and back', async () => {
  const owner = await makeOwner('returns');
  const id = await owner.make('a boat that stays');
  let refused = 0;
  const { page, context } = await open(owner, '/gallery', {
    prepare: (page: Page) =>
      page.route('**/v1/files/**', async (route) => {
        refused += 1;
        if (refused > 1) return await route.fallback();
        await route.fulfill({ status: 403, json: { error: { reason: 'url_expired' } } });
      }),
  });
  await isDrawn(cellOf(page, id).locator('img'));
  assert.equal(refused, 2);

  await cellOf(page, id).click();
  await page.getByRole('dialog').getByText('a boat that stays').waitFor();
  await owner.client.ask('DELETE', '/admin/session');
  await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
  const field = page.getByLabel(/key/i).first();
  await field.fill(owner.secret);
  await field.press('Enter');
  await page.getByRole('dialog').getByText('a boat that stays').waitFor();
  assert.match(page.url(), new RegExp(`image=${id}`));
  await page.keyboard.press('Escape');
  await shows(page, [id]);
  await context.close();
});

test('axe-core finds nothing wrong, light or dark, on a screen or a phone', async () => {
  const owner = await makeOwner('accessible');
  const ids = [
    await owner.make('one'),
    await owner.make('two', { model: 'kling-image-o1', n: 4 }),
    await owner.make('three'),
  ];
  const looks = [
    { colorScheme: 'light' },
    { colorScheme: 'dark', reducedMotion: 'reduce', viewport: { width: 390, height: 844 } },
  ] as const;
  for (const look of looks) {
    const { page, context } = await open(owner, '/gallery', look);
    await shows(page, ids.toReversed());
    assert.deepEqual(await complaintsOf(page), []);
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByLabel('Status').selectOption('completed');
    await shows(page, ids.toReversed());
    await cells(page)
      .first()
      .click({ modifiers: ['Control'] });
    await page.getByRole('toolbar').waitFor();
    assert.deepEqual(await complaintsOf(page), []);
    await page.keyboard.press('Escape');
    await cells(page).nth(1).click();
    await page.getByRole('dialog').getByText('completed').waitFor();
    assert.deepEqual(await complaintsOf(page), []);
    await page.goto(`${easel.url}/gallery?q=nothing+like+it`);
    await page.getByRole('heading', { name: 'No picture matches' }).waitFor();
    assert.deepEqual(await complaintsOf(page), []);
    await context.close();
  }
});
