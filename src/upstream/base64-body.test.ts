import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/kit/made-up.ts';
import { makeMemoryDraft, type MemoryDraft } from '../../test/kit/memory-draft.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { ObjectDraft } from '../core/object-store.ts';
import { readJsonBody } from './base64-body.ts';

function makeDrafts(failWrite?: Error) {
  const drafts: MemoryDraft[] = [];
  const create = async (): Promise<ObjectDraft> => {
    const draft = makeMemoryDraft({ encoding: 'base64' }, () => {
      if (failWrite !== undefined) throw failWrite;
    });
    drafts.push(draft);
    return draft;
  };
  return { drafts, create };
}

async function* inChunks(bytes: Uint8Array, borders: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const border of [...borders, bytes.length]) {
    yield bytes.subarray(from, border);
    from = border;
  }
}

type Read = { body: unknown; pictures: Buffer[] } | 'refused';

async function read(
  text: string | Uint8Array,
  options: { heldKeys?: string[]; borders?: readonly number[]; maxBytes?: number } = {},
): Promise<Read> {
  const { drafts, create } = makeDrafts();
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  try {
    const { body, held } = await readJsonBody(inChunks(bytes, options.borders ?? []), {
      heldKeys: options.heldKeys ?? ['b64_json', 'data'],
      create,
      maxBytes: options.maxBytes ?? 1e9,
    });
    for (const draft of drafts) assert.equal(draft.isDiscarded, !held.includes(draft));
    return { body, pictures: held.map((draft) => (draft as MemoryDraft).content) };
  } catch (error) {
    assert.ok(error instanceof UpstreamFault, String(error));
    assert.equal(error.kind, 'bad_reply');
    assert.ok(
      drafts.every((draft) => draft.isDiscarded),
      'a draft outlived the error',
    );
    return 'refused';
  }
}

/** What the reader must agree with: JSON.parse of the whole text and a strict decoder. */
function oracle(bytes: Uint8Array, heldKeys: readonly string[]): Read {
  const found: { value: { held: number }; picture: Buffer; at: number }[] = [];
  let isRefused = false;
  let parsed: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    parsed = JSON.parse(text);
    // Values of duplicate keys vanish in JSON.parse, but a bad one is still no picture: a second look at all of them.
    for (const value of heldStrings(text, heldKeys)) {
      if (Buffer.from(value, 'base64').toString('base64') !== value) isRefused = true;
    }
  } catch {
    return 'refused';
  }
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        if (!heldKeys.includes(key)) return [key, replace(member)];
        if (typeof member === 'object' && member !== null && Object.hasOwn(member, 'held')) isRefused = true;
        if (typeof member !== 'string') return [key, replace(member)];
        const place = { held: found.length };
        found.push({ value: place, picture: Buffer.from(member, 'base64'), at: found.length });
        return [key, place];
      }),
    );
  };
  const body = replace(parsed);
  return isRefused ? 'refused' : { body, pictures: found.map((one) => one.picture) };
}

function unquote(token: string): string {
  return JSON.parse(token) as string;
}

/** Every string value of a held key in a valid JSON text, duplicates too. */
function heldStrings(text: string, heldKeys: readonly string[]): string[] {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[:{}[\],]|[^\s:{}[\],"]+/g) ?? [];
  return tokens.flatMap((token, i) => {
    const key = tokens[i - 2];
    if (!token.startsWith('"') || tokens[i - 1] !== ':' || !key?.startsWith('"')) return [];
    return heldKeys.includes(unquote(key)) ? [unquote(token)] : [];
  });
}

/** The same pictures may come in another order where integer-like keys are enumerated first; numbers are compared by what they stand for. */
function resolved(read: Read): unknown {
  if (read === 'refused') return read;
  return JSON.stringify(read.body, (key, value: unknown) => {
    if (!['b64_json', 'data'].includes(key) || typeof value !== 'object' || value === null) return value;
    const number = (value as { held?: number }).held;
    return number === undefined ? value : `picture ${read.pictures[number]?.toString('hex')}`;
  });
}

const picture = Buffer.from('a picture, or at least some bytes of one');

test('decodes a held string into a draft and leaves everything else to JSON.parse', async () => {
  const text = JSON.stringify({
    created: 17,
    data: [{ b64_json: picture.toString('base64'), revised_prompt: 'eine "Möwe" \\ \n' }],
  });
  assert.deepEqual(await read(text), {
    body: { created: 17, data: [{ b64_json: { held: 0 }, revised_prompt: 'eine "Möwe" \\ \n' }] },
    pictures: [picture],
  });
});

test('gives the same result wherever the chunks are cut', async () => {
  const base64 = Buffer.from([251, 239, 190, 251, 239]).toString('base64'); // ++++++8= and the like
  const text = `{"a":"\\\\\\"","b64_json" :\n"${base64.replace('+', '\\u002b')}","d\\u0061ta":"\\/\\/\\/\\/","x":["data",":","\\u00e9é"]}`;
  const bytes = Buffer.from(text);
  const whole = await read(bytes);
  assert.notEqual(whole, 'refused');
  for (let a = 0; a <= bytes.length; a += 1) {
    assert.deepEqual(await read(bytes, { borders: [a] }), whole);
    assert.deepEqual(await read(bytes, { borders: [a, Math.min(a + 1, bytes.length)] }), whole);
  }
  const everyByte = Array.from({ length: bytes.length }, (_, i) => i);
  assert.deepEqual(await read(bytes, { borders: everyByte }), whole);
});

test('takes escapes in keys and in held strings for what they mean', async () => {
  assert.deepEqual(await read('{"b64\\u005fjson":"\\/\\u002b\\u0041\\u003d"}'), {
    body: { b64_json: { held: 0 } },
    pictures: [Buffer.from('/+A=', 'base64')],
  });
  // A key that only looks alike before its escapes are read.
  assert.deepEqual(await read('{"b64_json\\n":"not base64!"}'), {
    body: { 'b64_json\n': 'not base64!' },
    pictures: [],
  });
});

for (const [what, value] of [
  ['white space', 'AAAA AAAA'],
  ['an escaped newline', 'AAAA\\nAAAA'],
  ['the minus of the URL-safe alphabet', 'AA-AAAAA'],
  ['the underscore of the URL-safe alphabet', 'AA_AAAAA'],
  ['missing padding', 'AAAAAA'],
  ['padding in the middle', 'AA==AAAA'],
  ['too much padding', 'AAAA===='],
  ['one character', 'A'],
  ['bits that no byte needs', 'AB=='],
  ['an escaped quote', 'AAA\\"'],
  ['an escaped NUL', 'AAA\\u0000'],
  ['a wide character', 'AAAé'],
  ['an escaped wide character', 'AAA\\u0141'],
  ['an upper-case unicode escape', 'AAA\\U0041'],
  ['a cut-off escape', 'AAAA\\u00'],
  ['a data URL', 'data:image/png;base64,AAAA'],
]) {
  test(`refuses a picture with ${what}`, async () => {
    assert.equal(await read(`{"b64_json":"${value}"}`), 'refused');
    assert.equal(await read(`{"b64_json":"${'QUJD'.repeat(50_000)}${value}"}`), 'refused');
    assert.equal(await read(`{"b64_json":"${value}${'QUJD'.repeat(10)}"}`), 'refused');
  });
}

test('holds an empty string as an empty picture', async () => {
  assert.deepEqual(await read('{"b64_json":""}'), {
    body: { b64_json: { held: 0 } },
    pictures: [Buffer.alloc(0)],
  });
});

test('keeps the last of duplicate keys and discards the earlier picture', async () => {
  const text = '{"b64_json":"AAAA","list":[{"data":"AAAB"}],"b64_json":"AAAC","list":[{"data":"AAAD"}]}';
  assert.deepEqual(await read(text), {
    body: { b64_json: { held: 0 }, list: [{ data: { held: 1 } }] },
    pictures: [Buffer.from('AAAC', 'base64'), Buffer.from('AAAD', 'base64')],
  });
});

test('is not taken in by text that looks like a held string', async () => {
  const value = {
    prompt: '{"b64_json":"AAAA"}',
    list: ['b64_json', ':', 'AAAA'],
    'x"b64_json': 'no',
    data: [1],
  };
  assert.deepEqual(await read(JSON.stringify(value)), { body: value, pictures: [] });
  assert.equal(await read('{"b64_json":{"held":0},"data":"AAAA"}'), 'refused');
  assert.equal(await read('{"data":"AAAA","b64_json":"AAAA","b64_json":{"held":0}}'), 'refused');
  assert.deepEqual(await read('{"held":0,"other":{"held":1}}'), {
    body: { held: 0, other: { held: 1 } },
    pictures: [],
  });
});

test('refuses what JSON.parse would refuse around a good picture', async () => {
  for (const text of [
    '',
    '{"b64_json":"AAAA"',
    '{"b64_json":"AAAA',
    '{"b64_json":"AAAA"}x',
    '{"b64_json":"AAAA"}{"b64_json":"AAAA"}',
    '["b64_json":"AAAA"]',
    '{"b64_json"::"AAAA"}',
    '{"b64_json""AAAA"}',
    '{"b64_json":"AAAA" "b64_json"}',
    '{"b64_json":"AAAA":"AAAA"}',
    '"b64_json":"AAAA"',
    "{'b64_json':'AAAA'}",
    '{"b64_json":"AAAA","a":"\u0001"}',
  ]) {
    assert.equal(await read(text), 'refused', text);
  }
  assert.equal(await read(Buffer.from([...Buffer.from('{"a":"'), 0xc3, ...Buffer.from('"}')])), 'refused');
});

test('skips a byte order mark as fetch does', async () => {
  assert.deepEqual(await read('\ufeff{"b64_json":"AAAA"}'), {
    body: { b64_json: { held: 0 } },
    pictures: [Buffer.alloc(3)],
  });
});

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

function many(count: number): string {
  return `[${Array.from({ length: count }, () => '{"data":"AAAA"}').join()}]`;
}

test('bounds nesting, bytes and the number of pictures', async () => {
  assert.notEqual(await read(nested(200)), 'refused');
  assert.equal(await read(nested(201)), 'refused');
  assert.equal(await read('{"data":"AAAAAAAA"}', { maxBytes: 18 }), 'refused');
  assert.notEqual(await read('{"data":"AAAAAAAA"}', { maxBytes: 19 }), 'refused');
  assert.notEqual(await read(many(100)), 'refused');
  assert.equal(await read(many(101)), 'refused');
});

test('passes on what a draft or the sender throws, and discards every draft', async () => {
  const full = new Error('ENOSPC');
  const broken = makeDrafts(full);
  await assert.rejects(
    readJsonBody(inChunks(Buffer.from(`{"data":"AAAA","b64_json":"AAAA"}`), [12]), {
      heldKeys: ['data', 'b64_json'],
      create: broken.create,
      maxBytes: 100,
    }),
    full,
  );
  assert.ok(broken.drafts.every((draft) => draft.isDiscarded));

  const cut = new Error('cut');
  const { drafts, create } = makeDrafts();
  async function* sender() {
    yield Buffer.from('{"data":"AAAAAAAA');
    throw cut;
  }
  await assert.rejects(readJsonBody(sender(), { heldKeys: ['data'], create, maxBytes: 100 }), cut);
  assert.deepEqual(
    drafts.map((draft) => draft.isDiscarded),
    [true],
  );
});

test('reads pictures larger than a block without a byte changed', async () => {
  const large = Buffer.alloc(1_000_003, 'so many bytes that no block holds them');
  for (const step of [1000, 65_536, 100_001]) {
    const bytes = Buffer.from(`{"data":"${large.toString('base64')}"}`);
    const borders = Array.from({ length: Math.floor(bytes.length / step) }, (_, i) => (i + 1) * step);
    assert.deepEqual(await read(bytes, { borders }), { body: { data: { held: 0 } }, pictures: [large] });
    // Some encoders write every slash escaped.
    const escaped = Buffer.from(bytes.toString().replaceAll('d', '\\u0064').replaceAll('/', '\\/'));
    assert.deepEqual(await read(escaped, { borders }), { body: { data: { held: 0 } }, pictures: [large] });
  }
});

/** A string as JSON, with some characters written as escapes. */
function escaped(text: string, style: number): string {
  return JSON.stringify(text)
    .replaceAll('/', style & 1 ? '\\/' : '/')
    .replaceAll('+', style & 2 ? '\\u002b' : '+')
    .replaceAll('=', style & 4 ? '\\u003D' : '=')
    .replaceAll('A', style & 8 ? '\\u0041' : 'A');
}

/** JSON text with the oddities that matter here: escapes, white space, duplicate keys, broken pictures, damage. */
function jsonText(): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', ' ', '\n', '\t\r');
  const style = fc.integer({ min: 0, max: 15 });
  const base64 = fc
    .tuple(
      fc.uint8Array({ maxLength: 40 }),
      fc.oneof(
        { weight: 12, arbitrary: fc.constant('') },
        fc.constantFrom('-', '_', ' ', '=', 'A', 'é', '"', '\\', '\n'),
      ),
      fc.nat(),
    )
    .map(([bytes, damage, at]) => {
      const text = Buffer.from(bytes).toString('base64');
      const place = at % (text.length + 1);
      // Put in, or put in place of another.
      return text.slice(0, place) + damage + text.slice(place + (damage === '' ? 0 : at % 2));
    });
  const string = fc
    .tuple(
      fc.oneof(
        { weight: 6, arbitrary: base64 },
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.constantFrom('data', 'b64_json'),
      ),
      style,
    )
    .map(([text, how]) => escaped(text, how));
  const key = fc
    .tuple(
      fc.constantFrom('data', 'b64_json', 'data', 'b64_json', 'a', 'held', 'DATA', '1', '__proto__'),
      style,
      fc.boolean(),
    )
    .map(([name, how, coded]) => (coded ? escaped(name, how).replace('a', '\\u0061') : escaped(name, how)));
  const { object } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof({ weight: 5, arbitrary: string }, fc.constantFrom('1', '-0.5e3', 'true', 'null', '0')),
      tie('object'),
      tie('array'),
    ),
    array: fc
      .tuple(fc.array(tie('value'), { maxLength: 4 }), space)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},`)}]`),
    object: fc
      .tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }), space, space)
      .map(
        ([members, a, b]) =>
          `{${a}${members.map(([name, item]) => `${name}${a}:${b}${item}`).join(`,${b}`)}${a}}`,
      ),
  }));
  return object;
}

test('agrees with JSON.parse and a strict decoder on thousands of texts, whole and damaged', async () => {
  let accepted = 0;
  let withPictures = 0;
  await fc.assert(
    fc.asyncProperty(
      jsonText(),
      fc.option(fc.tuple(fc.nat(), fc.constantFrom('', '"', '\\', ':', ',', '{', '}', ' ', 'x', '\u00c3')), {
        freq: 2,
      }),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (text, damage, cuts) => {
        let bytes = Buffer.from(text);
        if (damage !== null) {
          // One byte taken out, changed or cut at: the text is then usually no JSON any more.
          const at = damage[0] % (bytes.length + 1);
          bytes = Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from(damage[1], 'latin1'),
            bytes.subarray(at + (damage[0] % 2)),
          ]);
        }
        const borders = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
        const expected = oracle(bytes, ['data', 'b64_json']);
        const actual = await read(bytes, { borders });
        assert.equal(resolved(actual), resolved(expected), JSON.stringify(bytes.toString()));
        if (actual !== 'refused') accepted += 1;
        if (actual !== 'refused' && actual.pictures.length > 0) withPictures += 1;
      },
    ),
    { numRuns: 6000 },
  );
  // A generator that makes only refused texts would prove nothing.
  assert.ok(accepted > 1000 && withPictures > 300, `${accepted} accepted, ${withPictures} with pictures`);
});
