import assert from 'node:assert/strict';
import { imageSize } from 'image-size';
import { isRefusal, send, type Answer, type Deployment } from './deployment.ts';
import type { Case } from './run-cases.ts';

/** Copies in other sizes and formats, and how files are served (public-api.md section 8). All of one picture. */
export function copyCases(easel: Deployment, make: Make): Case[] {
  let made: ReturnType<Make> | undefined;
  const once: Make = () => {
    made ??= make();
    return made;
  };
  return [...contentCopies(easel, once), ...linkCopies(easel, once), ...fileCases(once)];
}

type Make = () => Promise<{ id: string; link: URL }>;

const formats = ['png', 'jpeg', 'webp', 'avif'] as const;

function contentCopies(easel: Deployment, make: Make): Case[] {
  const content = async (query: string): Promise<Answer> => {
    const { id } = await make();
    return await easel.ask('GET', `/v1/images/${id}/content?${query}`);
  };
  const boxes: [string, number, number][] = [
    ['width=64', 64, 64],
    ['height=48', 48, 48],
    ['width=64&height=32', 32, 32],
    ['width=64&height=32&fit=inside', 32, 32],
    ['width=64&height=32&fit=cover', 64, 32],
    ['width=64&height=32&fit=contain', 64, 32],
  ];
  const bad: [string, string][] = [
    ['width=0', 'width'],
    ['width=-1', 'width'],
    ['width=1.5', 'width'],
    ['width=wide', 'width'],
    ['width=4097', 'width'],
    ['height=4097', 'height'],
    ['height=', 'height'],
    ['width=64&fit=cover', 'fit'],
    ['width=64&height=64&fit=stretch', 'fit'],
    ['as=gif', 'as'],
    ['as=svg', 'as'],
    ['as=', 'as'],
  ];
  return [
    ...formats.map((as) => ({
      name: `content as=${as} is an image of that type`,
      async run() {
        const answer = await content(`format=binary&width=64&as=${as}`);
        assert.equal(answer.status, 200, answer.text.slice(0, 200));
        assert.equal(answer.headers.get('content-type'), `image/${as}`);
        assert.equal(answer.headers.get('content-length'), String(answer.bytes.length));
        assert.equal(imageSize(answer.bytes).type, as === 'jpeg' ? 'jpg' : as);
      },
    })),
    ...boxes.map(([query, width, height]) => ({
      name: `content ${query} fits a square picture as it should`,
      async run() {
        const answer = await content(`format=binary&as=png&${query}`);
        assert.equal(answer.status, 200, answer.text.slice(0, 200));
        const size = imageSize(answer.bytes);
        assert.deepEqual([size.width, size.height], [width, height]);
      },
    })),
    {
      name: 'a copy is never larger than its original',
      async run() {
        const { id } = await make();
        const record = await easel.ask('GET', `/v1/images/${id}`);
        const copy = await easel.ask('GET', `/v1/images/${id}/content?format=binary&as=png&width=4096`);
        assert.ok(imageSize(copy.bytes).width <= Number(record.at('images.0.width')));
      },
    },
    ...bad.map(([query, param]) => ({
      name: `content ${query} is refused by name`,
      run: async () =>
        isRefusal(await content(`format=binary&${query}`), {
          status: 400,
          reason: ['invalid_value', 'invalid_type'],
          param,
        }),
    })),
    {
      name: 'the thumbnail of a record is small and of the type that its link says',
      async run() {
        const { id } = await make();
        const record = await easel.ask('GET', `/v1/images/${id}`);
        const thumbnail = await send(String(record.at('images.0.thumbnail_url')));
        assert.equal(thumbnail.status, 200);
        const { width, height } = imageSize(thumbnail.bytes);
        assert.ok(width > 0 && width <= 320 && height <= 320, `${width}x${height}`);
      },
    },
  ];
}

/** The signature of a link to a copy covers what the copy is. */
function linkCopies(easel: Deployment, make: Make): Case[] {
  const linkTo = async (query: string): Promise<URL> => {
    const { id } = await make();
    const told = await easel.ask('GET', `/v1/images/${id}/content?format=url&${query}`);
    assert.equal(told.status, 200, told.text.slice(0, 200));
    return new URL(String(told.at('url')));
  };
  const tampered: [string, string, string][] = [
    ['a larger width', 'width', '640'],
    ['another format', 'as', 'png'],
    ['one more height', 'height', '10'],
  ];
  return [
    {
      name: 'a link to a copy gives the copy, to HEAD too, and the same one again',
      async run() {
        const link = await linkTo('width=64&as=webp');
        const [head, file, again] = [
          await send(link.href, { method: 'HEAD' }),
          await send(link.href),
          await send(link.href),
        ];
        assert.deepEqual([head.status, file.status], [200, 200]);
        assert.equal(file.headers.get('content-type'), 'image/webp');
        assert.equal(imageSize(file.bytes).width, 64);
        assert.equal(head.headers.get('content-length'), String(file.bytes.length));
        assert.equal(again.headers.get('etag'), file.headers.get('etag'));
      },
    },
    ...tampered.map(([what, name, value]) => ({
      name: `a link to a copy with ${what} is refused`,
      async run() {
        const link = await linkTo('width=64&as=webp');
        link.searchParams.set(name, value);
        isRefusal(await send(link.href), { status: 403, reason: 'bad_signature' });
      },
    })),
  ];
}

function fileCases(make: Make): Case[] {
  const get = async (headers: Record<string, string>, method = 'GET'): Promise<[Answer, Answer]> => {
    const { link } = await make();
    const whole = await send(link.href);
    const etag = whole.headers.get('etag') ?? '';
    const given = Object.entries(headers).map(([name, value]) => [name, value.replace('ETAG', etag)]);
    return [await send(link.href, { method, headers: Object.fromEntries(given) }), whole];
  };
  const ranges: [string, (size: number) => [number, number]][] = [
    ['bytes=0-0', () => [0, 1]],
    ['bytes=5-', (size) => [5, size]],
    ['bytes=-7', (size) => [size - 7, size]],
    ['bytes=0-999999999999', (size) => [0, size]],
  ];
  const wholes: Record<string, string>[] = [
    { range: 'bytes=5-2' },
    { range: 'items=0-1' },
    { range: 'bytes=0-1,4-5' },
    { range: 'bytes=0-1', 'if-range': '"another"' },
    { 'if-none-match': '"another"' },
  ];
  return [
    ...ranges.map(([range, slice]) => ({
      name: `a file gives ${range}`,
      async run() {
        const [part, whole] = await get({ range });
        const [from, to] = slice(whole.bytes.length);
        assert.equal(part.status, 206);
        assert.deepEqual(part.bytes, whole.bytes.subarray(from, to));
        assert.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/${whole.bytes.length}`);
      },
    })),
    {
      name: 'a file gives a part to whoever has the rest',
      async run() {
        const [part] = await get({ range: 'bytes=0-3', 'if-range': 'ETAG' });
        assert.deepEqual([part.status, part.bytes.length], [206, 4]);
      },
    },
    {
      name: 'a part behind the end of a file is none',
      async run() {
        const [part, whole] = await get({ range: 'bytes=999999999999-' });
        assert.equal(part.status, 416);
        assert.equal(part.headers.get('content-range'), `bytes */${whole.bytes.length}`);
      },
    },
    ...wholes.map((headers) => ({
      name: `a file is given whole for ${JSON.stringify(headers)}`,
      async run() {
        const [answer, whole] = await get(headers);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.bytes, whole.bytes);
      },
    })),
    ...['ETAG', 'W/ETAG', '"another", ETAG', '*'].flatMap((tag) =>
      ['GET', 'HEAD'].map((method) => ({
        name: `a file that If-None-Match ${tag} knows is not sent again, ${method}`,
        async run() {
          const [answer] = await get({ 'if-none-match': tag }, method);
          assert.deepEqual([answer.status, answer.bytes.length], [304, 0]);
        },
      })),
    ),
    {
      name: 'a file opened in a browser can do nothing',
      async run() {
        const [answer] = await get({});
        assert.equal(answer.headers.get('content-security-policy'), "sandbox; default-src 'none'");
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        assert.match(answer.headers.get('content-disposition') ?? 'inline', /^inline/);
      },
    },
  ];
}
