import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/kit/made-up.ts';
import { hashJson } from './canonical-hash.ts';

const hashText = (text: string) => hashJson(JSON.parse(text));

test('order of fields, white space and spelling of numbers and characters do not matter', async () => {
  const plain = await hashText('{"model":"glm-image","n":1,"deep":{"a":[1,2],"b":"ö"}}');
  assert.equal(
    await hashText('{ "deep": {"b":"\\u00f6", "a":[1.0, 20e-1]}, "n": 1e0,\n"model":"glm-image" }'),
    plain,
  );
  assert.match(plain, /^[0-9a-f]{64}$/);
});

test('values that differ only in type, nesting or order of items have different hashes', async () => {
  const texts = [
    'null',
    '0',
    '"0"',
    '1e400',
    '-1e400',
    '""',
    '[]',
    '{}',
    '[[]]',
    '[1,2]',
    '[2,1]',
    '[12]',
    '["1,2"]',
  ];
  texts.push(
    '{"a":1}',
    '{"a":"1"}',
    '{"a":{"b":1}}',
    '{"a":1,"b":1}',
    '{"a":"1,b:1"}',
    '{"__proto__":1}',
    'true',
  );
  texts.push('"\\ud800"', '"\\udc00"', '"\\ufffd"');
  assert.equal(new Set(await Promise.all(texts.map(hashText))).size, texts.length);
});

test('two JSON values have the same hash exactly when they are equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (a, b) => {
      const isEqual = isSame(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
      assert.equal((await hashJson(a)) === (await hashJson(b)), isEqual);
      assert.equal(await hashJson(a), await hashText(JSON.stringify(a, undefined, 2)));
    }),
    { numRuns: 200 },
  );
});

test('a large picture in a body is hashed piece by piece, and every piece counts', async () => {
  const picture = 'ö'.repeat(3_000_001);
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const hash = await hashJson({ image: picture });
  clearInterval(timer);
  assert.ok(turns > 0);
  assert.notEqual(await hashJson({ image: `${picture.slice(0, -1)}x` }), hash);
});

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

test('the hash of a body stays the same from version to version: records know their requests by it', async () => {
  const body = { model: 'glm-image', prompt: 'ö "\u0001', n: 1.5, list: [1, { b: null, a: true }] };
  assert.equal(
    await hashJson({ body, native: false }),
    '0b99f8e8ac6866224cff942085fc47752cd49b2fd971c5ca9202893fc8d73793',
  );
});
