import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAnswerHead } from './answer-head.ts';

function logged(answer: string, sent: Record<string, string> = {}): string {
  const head = makeAnswerHead(sent);
  head.keep(Buffer.from(answer));
  return head.text();
}

test('secrets that were sent are not in the head of an answer that repeats them', () => {
  const text = logged('you sent sk-very-secret-key', { authorization: 'Bearer sk-very-secret-key' });
  assert.equal(text, 'you sent [secret]');
});

const kept = 'hush-0123456789';
const answers: readonly [what: string, answer: string, told: string][] = [
  [
    'cookies of a raw answer',
    `HTTP/9 200 OK\r\nSet-Cookie: session=${kept}; Path=/\r\nServer: nginx\r\n`,
    'nginx',
  ],
  ['a header that a proxy repeats', `<pre>Authorization: Bearer ${kept}\nVia: proxy</pre>`, 'Via: proxy'],
  ['an API key header', `X-Goog-Api-Key: ${kept}\r\nDate: today`, 'Date: today'],
  ['a token in prose', `The token Bearer ${kept} has expired.`, 'has expired'],
  ['a cookie in JSON', `{"headers":{"set-cookie":"a=${kept}; HttpOnly","server":"x"}`, '"server":"x"'],
  ['a cookie list in JSON', `{"set-cookie":["a=1","b=${kept}"],"server":"x"`, '"server":"x"'],
  ['a key in JSON', `{"api_key": "${kept}\\"more", "model": "m"`, '"model": "m"'],
  ['a token in JSON', `{"accessToken":"${kept}","usage":{"output_tokens":16384}`, '"output_tokens":16384'],
  [
    'the query of a signed link',
    `{"url":"https://cdn.example.com/a.png?X-Amz-Signature=${kept}&e=1","n":1`,
    'https://cdn.example.com/a.png',
  ],
  [
    'the query of an escaped link',
    `{"url":"https:\\/\\/cdn.example.com\\/a.png?sig=${kept}"`,
    'cdn.example.com',
  ],
  ['the query of a request line', `Cannot GET /v1/models?key=${kept} HTTP/1.1`, 'Cannot GET /v1/models'],
  [
    'the password of an address',
    `via http://someone:${kept}@proxy.example.com:3128`,
    '@proxy.example.com:3128',
  ],
  ['a value that is cut off', `{"status":"odd","secret":"${kept}`, '"status":"odd"'],
];

for (const [what, answer, told] of answers) {
  test(`what the upstream says is logged without ${what}`, () => {
    const text = logged(answer);
    assert.ok(!text.includes('hush'), text);
    assert.ok(text.includes(told), text);
  });
}

test('what is no credential stays as it is', () => {
  for (const answer of [
    '<html><title>502 Bad Gateway</title><center>nginx/1.25</center></html>',
    '{"data":[{"url":"https://cdn.example.com/a.png"}],"usage":{"output_tokens":16384,"total_tokens":16384',
    'Is it broken? a = b, and the keyword: none.',
  ])
    assert.equal(logged(answer), answer);
});

test('a credential that begins within the head and ends behind it is not logged in part', () => {
  const text = logged(`${'x'.repeat(2030)} Bearer ${kept}${'y'.repeat(100)}`);
  assert.ok(!text.includes('hush'));
  assert.ok(text.length <= 2048);
});
