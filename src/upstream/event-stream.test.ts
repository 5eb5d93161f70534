import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/kit/made-up.ts';
import { splitEvents } from './event-stream.ts';

async function* inPieces(text: string, sizes: readonly number[] = [text.length || 1]) {
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield new Uint8Array(bytes.subarray(at, at + size));
    at += size;
  }
}

async function eventsOf(text: string, sizes?: readonly number[]): Promise<string[]> {
  const events: string[] = [];
  for await (const data of splitEvents(inPieces(text, sizes))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of data) pieces.push(new Uint8Array(piece));
    events.push(Buffer.concat(pieces).toString());
  }
  return events;
}

test('reads the data of each event and nothing else', async () => {
  const text = [
    ': a heartbeat',
    '',
    'event: image_generation.completed',
    'data: {"a":1}',
    'id: 7',
    '',
    '',
    'data:{"b":2}',
    '',
    'retry: 10',
    '',
    'data',
    '',
    'data:',
    '',
    'database: no',
    '',
    'data: [DONE]',
    '',
    '',
  ].join('\n');
  assert.deepEqual(await eventsOf(text), ['{"a":1}', '{"b":2}']);
});

test('joins the lines of one event, and takes away one space only', async () => {
  assert.deepEqual(await eventsOf('data: {\ndata:   "a":\n: in between\ndata:1}\n\n'), ['{\n  "a":\n1}']);
});

test('takes every line end, a byte order mark, and an event without its end', async () => {
  assert.deepEqual(await eventsOf('data: 1\r\n\r\ndata: 2\r\rdata: 3\n\ndata: 4'), ['1', '2', '3', '4']);
  assert.deepEqual(await eventsOf('\ufeffdata: 1\n\n'), ['1']);
  assert.deepEqual(await eventsOf('data: 1\n\ndata: [DO'), ['1', '[DO']);
  assert.deepEqual(await eventsOf('data: [DONE]'), []);
  assert.deepEqual(await eventsOf(''), []);
});

test('reads the same however the bytes are cut', async () => {
  const value = fc.constantFrom(
    '{"b64_json":"iVBORw0KGgo="}',
    '{}',
    '[DONE] ',
    '[DONE]x',
    '"[DONE]"',
    'é',
    ':',
  );
  const line = fc.oneof(
    value.map((text) => `data: ${text}`),
    value.map((text) => `data:${text}`),
    fc.constantFrom('event: x', ': ping', 'id', 'datax: 1', ''),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n')))
    .map((lines) => lines.flat().join(''));
  await fc.assert(
    fc.asyncProperty(
      stream,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (text, sizes) => {
        assert.deepEqual(await eventsOf(text, sizes), await eventsOf(text));
        // Against a reading by whole lines.
        const expected = text
          .replaceAll(/\r\n|\r/g, '\n')
          .split('\n\n')
          .map((block) => block.split('\n').flatMap((each) => /^data: ?(.*)$/s.exec(each)?.[1] ?? []))
          .map((lines) => lines.filter((each) => each !== '' && each.trimEnd() !== '[DONE]').join('\n'))
          .filter((data) => data !== '');
        assert.deepEqual(await eventsOf(text, sizes), expected);
      },
    ),
    { numRuns: 500 },
  );
});
