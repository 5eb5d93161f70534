import assert from 'node:assert/strict';
import { copyCases } from './copy-cases.ts';
import { isMade, isRefusal, send, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { CannotTry, type Case } from './run-cases.ts';

/** What happens to images after they were made. Each case makes its own, with a model that costs nothing. */
export function recordCases(easel: Deployment, card: ModelCard, other: Deployment | undefined): Case[] {
  const bench: Bench = { easel, make: (of = easel) => make(of, card) };
  return [
    ...listCases(bench),
    ...contentCases(bench),
    ...linkCases(bench),
    ...copyCases(easel, () => bench.make()),
    ...(other === undefined ? [] : ownershipCases(bench, other)),
  ];
}

interface Made {
  id: string;
  link: URL;
}

interface Bench {
  easel: Deployment;
  make: (of?: Deployment) => Promise<Made>;
}

const notFound = { status: 404, reason: 'not_found' };
/** A link whose end is further away is not waited for. */
const longestWaitMs = 60_000;

async function make(of: Deployment, { id: model }: ModelCard): Promise<Made> {
  const body = { model, prompt: 'conformance: a lighthouse', response_format: 'url' };
  const answer = await of.ask('POST', '/v1/images/generations', body);
  isMade(answer);
  return { id: String(answer.at('id')), link: new URL(String(answer.at('data.0.url'))) };
}

function listCases({ easel, make }: Bench): Case[] {
  const orders = ['desc', 'asc'] as const;
  return [
    ...orders.map((order) => ({
      name: `walking the list in ${order} order shows every record once while others are deleted`,
      async run() {
        const ids: string[] = [];
        for (let i = 0; i < 8; i += 1) ids.push((await make()).id);
        const inOrder = order === 'asc' ? ids : ids.toReversed();
        const [start = '', ...rest] = inOrder;
        const end = rest.at(-1) ?? '';
        const deleted = new Set<string>();
        const seen: string[] = [];
        let cursor = start;
        // Others may write to the same list meanwhile, so that there are more pages than ours.
        for (let pages = 0; pages < 1000 && !seen.includes(end); pages += 1) {
          const page = await easel.ask('GET', `/v1/images?order=${order}&limit=2&after=${cursor}`);
          const onPage = idsOf(page);
          assert.deepEqual([page.at('first_id'), page.at('last_id')], [onPage[0], onPage.at(-1)]);
          seen.push(...onPage.filter((id) => ids.includes(id)));
          cursor = String(onPage.at(-1));
          // The cursor itself, and one that is still to come.
          const ahead = rest.find((id) => !seen.includes(id) && id !== end && !deleted.has(id));
          for (const id of [ids.includes(cursor) ? cursor : undefined, ahead]) {
            if (id === undefined || deleted.has(id)) continue;
            assert.equal((await easel.ask('DELETE', `/v1/images/${id}`)).at('deleted'), true);
            deleted.add(id);
          }
          if (page.at('has_more') === false) break;
        }
        const expected = rest.filter((id) => seen.includes(id) || !deleted.has(id));
        assert.deepEqual(seen, expected);
        assert.ok(deleted.size >= 2);
      },
    })),
    ...orders.map((order) => ({
      name: `before gives the records just preceding, in ${order} order`,
      async run() {
        const ids: string[] = [];
        for (let i = 0; i < 4; i += 1) ids.push((await make()).id);
        const inOrder = order === 'asc' ? ids : ids.toReversed();
        const page = await easel.ask(
          'GET',
          `/v1/images?order=${order}&limit=100&before=${String(inOrder.at(-1))}`,
        );
        const ours = idsOf(page).filter((id) => ids.includes(id));
        assert.deepEqual(ours, inOrder.slice(0, -1));
      },
    })),
    {
      name: 'a record is readable, deletable once, and then gone with its link',
      async run() {
        const { id, link } = await make();
        const record = await easel.ask('GET', `/v1/images/${id}`);
        assert.deepEqual(
          ['id', 'object', 'status', 'error'].map((name) => record.at(name)),
          [id, 'image', 'completed', null],
        );
        assert.equal((await send(link.href)).status, 200);
        const deleted = await easel.ask('DELETE', `/v1/images/${id}`);
        assert.deepEqual(JSON.parse(deleted.text), { id, object: 'image', deleted: true });
        isRefusal(await easel.ask('DELETE', `/v1/images/${id}`), notFound);
        isRefusal(await easel.ask('GET', `/v1/images/${id}`), notFound);
        isRefusal(await send(link.href), notFound);
        const page = await easel.ask('GET', `/v1/images?after=${id}&limit=1`);
        assert.equal(page.status, 200, 'a cursor outlives its record');
      },
    },
  ];
}

function contentCases({ easel, make }: Bench): Case[] {
  const content = async (query: string) => {
    const { id } = await make();
    return { id, answer: await easel.ask('GET', `/v1/images/${id}/content${query}`) };
  };
  return [
    ...['', '?format=redirect', '?format=redirect&index=0'].map((query) => ({
      name: `content${query} is a redirect to a link that works`,
      async run() {
        const { answer } = await content(query);
        assert.equal(answer.status, 302, answer.text.slice(0, 200));
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        const place = new URL(answer.headers.get('location') ?? '', easel.origin);
        assert.equal((await send(place.href)).status, 200);
      },
    })),
    {
      name: 'content?format=url tells the link and its time',
      async run() {
        const { id, answer } = await content('?format=url');
        assert.equal(answer.status, 200);
        assert.deepEqual([answer.at('image_id'), answer.at('index')], [id, 0]);
        assert.ok(Number(answer.at('expires_in')) > 0);
        assert.equal((await send(String(answer.at('url')))).status, 200);
      },
    },
    {
      name: 'content?format=binary is the very file of the link',
      async run() {
        const { id, link } = await make();
        const answer = await easel.ask('GET', `/v1/images/${id}/content?format=binary`);
        const file = await send(link.href);
        assert.equal(answer.status, 200);
        assert.ok(Buffer.from(answer.bytes).equals(file.bytes));
        assert.equal(answer.headers.get('content-type'), file.headers.get('content-type'));
        assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="img_/);
      },
    },
    ...['?format=gif', '?format=', '?index=-1', '?index=x'].map((query) => ({
      name: `content${query} is refused`,
      run: async () =>
        isRefusal((await content(query)).answer, { status: 400, reason: ['invalid_value', 'invalid_type'] }),
    })),
    {
      name: 'content?index=99 is not there',
      run: async () => isRefusal((await content('?index=99')).answer, notFound),
    },
  ];
}

function linkCases({ easel, make }: Bench): Case[] {
  const tampered: [string, (link: URL) => void][] = [
    [
      'another signature',
      (link) => change(link, 'sig', (sig) => (sig.startsWith('0') ? '1' : '0') + sig.slice(1)),
    ],
    ['a shorter signature', (link) => change(link, 'sig', (sig) => sig.slice(0, -1))],
    ['no signature', (link) => link.searchParams.delete('sig')],
    ['a later end', (link) => change(link, 'exp', (exp) => String(Number(exp) + 1))],
    ['no end', (link) => link.searchParams.delete('exp')],
    ['another index', (link) => (link.pathname = link.pathname.replace('/0.', '/1.'))],
    ['another name', (link) => (link.pathname = link.pathname.replace(/\.\w+$/, '.gif'))],
    ['a width', (link) => link.searchParams.set('width', '10')],
  ];
  return [
    ...tampered.map(([what, tamper]) => ({
      name: `a link with ${what} is refused, by HEAD too`,
      async run() {
        const { link } = await make();
        tamper(link);
        const answer = await send(link.href);
        isRefusal(answer, { status: 403, reason: 'bad_signature' });
        assert.equal((await send(link.href, { method: 'HEAD' })).status, 403);
      },
    })),
    ...[undefined, easel.key, 'nonsense'].map((key) => ({
      name: `a link works with ${key === undefined ? 'no' : key === easel.key ? 'the' : 'a wrong'} Authorization`,
      async run() {
        const { link } = await make();
        const answer = await send(link.href, {
          headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        });
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('content-type') ?? '', /^image\//);
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        assert.match(answer.headers.get('cache-control') ?? '', /^private, max-age=\d+$/);
      },
    })),
    {
      name: 'a link gives a part, and nothing when nothing changed',
      async run() {
        const { link } = await make();
        const part = await send(link.href, { headers: { range: 'bytes=0-9' } });
        assert.deepEqual([part.status, part.bytes.length], [206, 10]);
        const etag = part.headers.get('etag') ?? '';
        assert.equal((await send(link.href, { headers: { 'if-none-match': etag } })).status, 304);
      },
    },
    {
      name: 'a link ends when its time is up',
      async run() {
        const { id, link } = await make();
        const told = await easel.ask('GET', `/v1/images/${id}/content?format=url`);
        const lifeMs = Number(told.at('expires_in')) * 1000;
        if (lifeMs > longestWaitMs)
          throw new CannotTry(
            `links live ${lifeMs / 1000} s here, and ${longestWaitMs / 1000} s is waited at most`,
          );
        const end = Date.now() + lifeMs + 5000;
        let answer = await send(link.href);
        while (answer.status === 200 && Date.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          answer = await send(link.href);
        }
        isRefusal(answer, { status: 403, reason: 'url_expired' });
      },
    },
  ];
}

/** What one key makes, another never sees. */
function ownershipCases({ easel, make }: Bench, other: Deployment): Case[] {
  const asked: [string, string, string][] = [
    ['reading', 'GET', ''],
    ['its content', 'GET', '/content'],
    ['its bytes', 'GET', '/content?format=binary'],
    ['deleting', 'DELETE', ''],
  ];
  return [
    ...asked.map(([what, method, rest]) => ({
      name: `${what} of another key's record is as if it had never been`,
      async run() {
        const { id } = await make();
        const foreign = await other.ask(method, `/v1/images/${id}${rest}`);
        isRefusal(foreign, notFound);
        const never = await other.ask(method, `/v1/images/img_${'0'.repeat(26)}${rest}`);
        assert.equal(foreign.at('error.message'), never.at('error.message'));
        assert.equal((await easel.ask('GET', `/v1/images/${id}`)).status, 200);
      },
    })),
    {
      name: "another key's records are in no list, whatever the cursor",
      async run() {
        const [before, theirs, after] = [await make(), await make(other), await make()];
        for (const cursor of ['', `&after=${theirs.id}`, `&before=${theirs.id}`]) {
          const page = await easel.ask('GET', `/v1/images?limit=100${cursor}`);
          assert.equal(page.status, 200);
          assert.ok(!idsOf(page).includes(theirs.id));
        }
        const page = await other.ask('GET', '/v1/images?limit=100');
        assert.ok(![before.id, after.id].some((id) => idsOf(page).includes(id)));
      },
    },
    {
      name: 'an Idempotency-Key counts for its own key alone',
      async run() {
        const headers = { 'idempotency-key': `conformance ${crypto.randomUUID()}` };
        const { id } = await make();
        const { at } = await easel.ask('GET', `/v1/images/${id}`);
        const body = { model: at('model'), prompt: at('prompt') };
        const first = await easel.ask('POST', '/v1/images/generations', body, headers);
        const second = await other.ask('POST', '/v1/images/generations', body, headers);
        assert.equal(second.headers.get('idempotency-replayed'), null);
        assert.notEqual(second.at('id'), first.at('id'));
      },
    },
  ];
}

function change(link: URL, name: string, to: (value: string) => string): void {
  link.searchParams.set(name, to(link.searchParams.get(name) ?? ''));
}

function idsOf(page: Answer): string[] {
  const data = page.at('data');
  assert.ok(Array.isArray(data), page.text.slice(0, 300));
  return data.map((record: unknown) => String(Object(record).id));
}
