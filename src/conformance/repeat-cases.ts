import assert from 'node:assert/strict';
import { isMade, isRefusal, send, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { pictureUrl } from './picture.ts';
import { CannotTry, type Case } from './run-cases.ts';

/** Requests that are sent again (public-api.md section 10). `card` costs nothing. */
export function repeatCases(easel: Deployment, card: ModelCard, editor: ModelCard | undefined): Case[] {
  return [
    ...keyCases(easel, card),
    ...(editor === undefined ? [] : formCases(easel, editor)),
    ...joinCases(easel, card),
  ];
}

const create = '/v1/images/generations';
/** A closed connection is seen to be closed after this long, behind a proxy too. */
const noticedMs = 300;

function freshKey(): Record<string, string> {
  return { 'idempotency-key': `conformance ${crypto.randomUUID()}` };
}

function isReplay(again: Answer, first: Answer): void {
  const seen = `got ${again.status} ${again.text.slice(0, 200)}`;
  assert.equal(again.headers.get('idempotency-replayed'), 'true', seen);
  assert.equal(again.at('id'), first.at('id'), seen);
}

function keyCases(easel: Deployment, { id: model }: ModelCard): Case[] {
  const body = { model, prompt: 'conformance: a twin', response_format: 'url' };
  const post = (given: unknown, headers: Record<string, string>) => easel.ask('POST', create, given, headers);
  const others: [string, unknown, Record<string, string>][] = [
    ['another prompt', { ...body, prompt: 'conformance: no twin' }, {}],
    ['a field more', { ...body, n: 1 }, {}],
    ['lenient handling', body, { prefer: 'handling=lenient' }],
    ['respond-async', body, { prefer: 'respond-async' }],
    ['native parameters', body, { 'native-params': 'true' }],
  ];
  return [
    {
      name: 'an Idempotency-Key is replayed for the same JSON in another order and with other white space',
      async run() {
        const headers = freshKey();
        const first = await post(body, headers);
        isMade(first);
        const turned = Object.fromEntries(Object.entries(body).toReversed());
        const again = await post(JSON.stringify(turned, null, 4), {
          ...headers,
          'content-type': 'application/json',
        });
        isReplay(again, first);
        assert.equal((await send(String(again.at('data.0.url')))).status, 200, 'its links are fresh');
      },
    },
    ...others.map(([what, given, extra]) => ({
      name: `an Idempotency-Key with ${what} is refused`,
      async run() {
        const headers = freshKey();
        isMade(await post(body, headers));
        isRefusal(await post(given, { ...headers, ...extra }), {
          status: 400,
          reason: 'idempotency_key_reused',
        });
      },
    })),
    {
      name: 'two requests at once with one Idempotency-Key make one generation',
      async run() {
        const headers = freshKey();
        const [one, two] = await Promise.all([post(body, headers), post(body, headers)]);
        isMade(one);
        assert.equal(two.at('id'), one.at('id'));
      },
    },
    {
      name: 'an Idempotency-Key whose record was deleted is 404',
      async run() {
        const headers = freshKey();
        const first = await post(body, headers);
        isMade(first);
        assert.equal((await easel.ask('DELETE', `/v1/images/${String(first.at('id'))}`)).status, 200);
        isRefusal(await post(body, headers), { status: 404, reason: 'not_found' });
      },
    },
    {
      name: 'the same request without an Idempotency-Key is made anew',
      async run() {
        const [one, two] = [await post(body, {}), await post(body, {})];
        isMade(one);
        assert.notEqual(two.at('id'), one.at('id'));
        assert.equal(two.headers.get('idempotency-replayed'), null);
      },
    },
    {
      name: 'a retry of what was delivered is made anew, since equality is not intent',
      async run() {
        const own = { ...body, prompt: `conformance: delivered ${crypto.randomUUID()}` };
        const first = await post(own, {});
        isMade(first);
        const again = await post(own, { 'x-stainless-retry-count': '1' });
        assert.notEqual(again.at('id'), first.at('id'));
      },
    },
  ];
}

/** Equal fields and equal files are equal, in whatever order and under whatever name. */
function formCases(easel: Deployment, { id: model }: ModelCard): Case[] {
  const form = (side: number, name: string, reversed = false): FormData => {
    const bytes = Buffer.from(pictureUrl(side).split(',', 2)[1] ?? '', 'base64');
    const fields: [string, string | File][] = [
      ['model', model],
      ['prompt', 'conformance: a twin'],
      ['image', new File([bytes], name, { type: 'image/png' })],
    ];
    const made = new FormData();
    for (const [field, value] of reversed ? fields.toReversed() : fields) made.append(field, value);
    return made;
  };
  const post = (given: FormData, headers: Record<string, string>) =>
    easel.ask('POST', '/v1/images/edits', given, headers);
  return [
    {
      name: 'a form is replayed for equal fields and files, and refused for another file',
      async run() {
        const headers = freshKey();
        const first = await post(form(512, 'a.png'), headers);
        isMade(first);
        isReplay(await post(form(512, 'a.png', true), headers), first);
        isRefusal(await post(form(256, 'a.png'), headers), {
          status: 400,
          reason: 'idempotency_key_reused',
        });
      },
    },
    {
      name: 'an Idempotency-Key of edits is another than one of generations',
      async run() {
        const headers = freshKey();
        isMade(await post(form(512, 'a.png'), headers));
        const other = await easel.ask('POST', create, { model, prompt: 'conformance: a twin' }, headers);
        isMade(other);
        assert.equal(other.headers.get('idempotency-replayed'), null);
      },
    },
  ];
}

/** A caller who hangs up and sends again gets what was begun. */
function joinCases(easel: Deployment, { id: model }: ModelCard): Case[] {
  const attempts = [
    ['that says so', { 'x-stainless-retry-count': '1' }],
    ['within a minute, also without saying so', {}],
  ] as const;
  return attempts.map(([what, headers]) => ({
    name: `a retry ${what} joins what its caller hung up on`,
    async run() {
      // A quick answer may be written before the caller is seen to be gone; then it was delivered.
      for (let tries = 0; tries < 8; tries += 1) {
        const word = crypto.randomUUID().replaceAll('-', '');
        const body = { model, prompt: `conformance: left ${word}` };
        const id = await leave(easel, body, word);
        if (id === undefined) continue;
        const again = await easel.ask('POST', create, body, headers);
        isMade(again);
        if (again.at('id') !== id) continue;
        assert.equal(again.headers.get('idempotency-replayed'), 'joined');
        const next = await easel.ask('POST', create, body, headers);
        isMade(next);
        assert.notEqual(next.at('id'), id, 'what was delivered is joined no more');
        return;
      }
      throw new CannotTry('each answer was there before it could be left');
    },
  }));
}

/** Sends a request and hangs up while it is made. Its id; undefined: it was made too quickly. */
async function leave(easel: Deployment, body: object, word: string): Promise<string | undefined> {
  const left = new AbortController();
  const first = fetch(`${easel.origin}${create}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${easel.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: left.signal,
  });
  first.catch(() => undefined);
  for (let tries = 0; tries < 200; tries += 1) {
    const page = await easel.ask('GET', `/v1/images?status=all&q=${word}`);
    const id = page.at('data.0.id');
    if (typeof id !== 'string') continue;
    easel.made.add(id);
    if (page.at('data.0.status') !== 'in_progress') break;
    left.abort();
    // Only a caller who is known to be gone is joined by one who does not say that it retries.
    await new Promise((resolve) => setTimeout(resolve, noticedMs));
    return id;
  }
  left.abort();
  return undefined;
}
