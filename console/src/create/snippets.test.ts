import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { snippet } from './snippets.ts';

const body = {
  model: 'nano-banana-pro',
  prompt: `It's "quoted" \\ $HOME \`id\`\n<b>שלום</b> 😀`,
  images: ['asset://ua_1'],
  ratio: '16:9',
  watermark: false,
};
const origin = 'http://127.0.0.1:8080';

test('what a shell sends with the curl is the same request, whatever stands in the prompt', () => {
  const echo = snippet('curl', body, origin).replace(/^curl /, `printf '%s\\0' `);
  const { stdout, stderr } = spawnSync('sh', ['-c', echo], {
    encoding: 'utf8',
    env: { EASEL_API_KEY: 'sk-x' },
  });
  assert.equal(stderr, '');
  const words = stdout.split('\0');
  assert.equal(words[0], `${origin}/v1/images/generations`);
  assert.ok(words.includes('Authorization: Bearer sk-x'));
  assert.deepEqual(JSON.parse(words[words.indexOf('-d') + 1] ?? ''), body);
});

test('the TypeScript says the same request, with the key from the environment', () => {
  const code = snippet('typescript', body, origin);
  assert.match(code, /apiKey: process\.env\.EASEL_API_KEY/);
  const object = /const request = (\{[^]*?\n\});/.exec(code)?.[1] ?? '';
  assert.equal(runInNewContext(`JSON.stringify(${object})`), JSON.stringify(body));
});

test('the Python puts what its client does not know into extra_body', () => {
  assert.equal(
    snippet('python', body, origin).split('\n').slice(4).join('\n'),
    [
      'made = easel.images.generate(',
      '    model="nano-banana-pro",',
      `    prompt=${JSON.stringify(body.prompt)},`,
      '    extra_body={',
      '        "images": ["asset://ua_1"],',
      '        "ratio": "16:9",',
      '        "watermark": False,',
      '    },',
      ')',
      'print([image.url for image in made.data])',
    ].join('\n'),
  );
});
