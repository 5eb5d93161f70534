import assert from 'node:assert/strict';
import { isRefusal, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { CannotTry, type Case } from './run-cases.ts';

/** What a key with limits is told (public-api.md section 9), and where messages may be sent (section 4.6). */

const create = '/v1/images/generations';

type Post = (body: object, headers?: Record<string, string>) => Promise<Answer>;

/** Tried with the first of the keys that has a limit. Nothing is made. */
export function limitCases(keys: readonly Deployment[]): Case[] {
  const tell = async (what: string, ask: (of: Deployment) => Promise<Answer>): Promise<void> => {
    for (const key of keys) {
      const [limit, remaining, reset] = said(await ask(key), what);
      if (limit === null && remaining === null && reset === null) continue;
      assert.match(String(limit), /^[1-9]\d*$/);
      assert.match(String(remaining), /^\d+$/);
      assert.ok(Number(remaining) <= Number(limit));
      assert.match(String(reset), /^(0s|\d+ms|(\d+m)?\d+(\.\d+)?s)$/);
      return;
    }
    throw new CannotTry(`no key that was given has a limit of ${what} a minute`);
  };
  return [
    {
      name: 'a reply says what is left of the requests of this minute',
      run: async () => await tell('requests', (of) => of.ask('GET', '/v1/models')),
    },
    {
      name: 'a refusal says it too',
      run: async () => await tell('requests', (of) => of.ask('GET', '/v1/nothing')),
    },
    {
      name: 'a create, refused or not, says what is left of the images of this minute',
      run: async () => await tell('images', (of) => of.ask('POST', create, '{}')),
    },
  ];
}

function said(answer: Answer, what: string): (string | null)[] {
  return ['limit', 'remaining', 'reset'].map((fact) => answer.headers.get(`x-ratelimit-${fact}-${what}`));
}

/** Addresses that get no messages. Nothing is made. */
export function webhookRefusals({ id }: ModelCard, post: Post): Case[] {
  const inTime = { prefer: 'respond-async' };
  const wrong: [string, unknown][] = [
    ['plain http', 'http://example.com/told'],
    ['this very machine', 'https://127.0.0.1/told'],
    ['this very machine by name', 'https://localhost/told'],
    ['this very machine in IPv6', 'https://[::1]/told'],
    ['a private address in IPv6 clothes', 'https://[::ffff:10.0.0.1]/told'],
    ['a private address', 'https://10.0.0.1/told'],
    ['a private address as one number', 'https://2130706433/told'],
    ['a metadata address', 'https://169.254.169.254/latest'],
    ['a file', 'file:///etc/hostname'],
    ['no address', 'told'],
    ['nothing', ''],
    ['a number', 7],
    ['a list', ['https://example.com/told']],
  ];
  return [
    ...wrong.map(([what, url]) => ({
      name: `${id}: ${what} gets no messages`,
      run: async () =>
        isRefusal(await post({ webhook_url: url }, inTime), {
          status: 400,
          reason: ['invalid_value', 'invalid_type'],
          param: 'webhook_url',
        }),
    })),
    {
      name: `${id}: messages go with respond-async alone`,
      run: async () =>
        isRefusal(await post({ webhook_url: 'https://example.com/told' }), {
          status: 400,
          reason: 'invalid_value',
          param: 'webhook_url',
        }),
    },
  ];
}
