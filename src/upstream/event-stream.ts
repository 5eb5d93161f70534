/**
 * Server-sent events (HTML, section 9.2), read while they arrive: a picture in an event is one line of megabytes
 * and is passed on in pieces, never gathered.
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const done = '[DONE]';
/** Longer field names are none that matter here. */
const maxNameLength = 16;

/**
 * The data of each event, as bytes; several `data:` lines come joined by a line feed. Comments, other fields,
 * events without data and `[DONE]` are skipped. An event that the end of the stream cuts off is passed on all
 * the same: whether it is whole shows in what it says. Each event is to be read to its end before the next.
 */
export async function* splitEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const lines = createLines(chunks);
  for (;;) {
    const line = await lines.next();
    if (line === 'end') return;
    if (line === 'data') yield eventData(lines);
  }
}

/** The rest of an event whose first `data:` has been read. */
async function* eventData(lines: Lines): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield* lines.rest();
    let line = await lines.next();
    while (line === 'other') line = await lines.next();
    if (line !== 'data') return;
    yield Uint8Array.of(lineFeed);
  }
}

interface Lines {
  /** Goes to the next line; of a data line the value follows by `rest`, every other is behind us. */
  next(): Promise<'data' | 'other' | 'blank' | 'end'>;
  /** What is left of the line, without its end. */
  rest(): AsyncGenerator<Uint8Array>;
}

function createLines(chunks: AsyncIterable<Uint8Array>): Lines {
  const source = chunks[Symbol.asyncIterator]();
  let chunk: Buffer = Buffer.alloc(0);
  let at = 0;
  /** A line feed right behind a carriage return belongs to the same line end. */
  let mayFollow = false;
  /** The beginning of a value that was looked at. */
  let seen = '';

  /** The next byte without taking it; undefined at the end of the stream. */
  async function peek(): Promise<number | undefined> {
    for (;;) {
      if (at < chunk.length) {
        if (!mayFollow || chunk[at] !== lineFeed) break;
        at += 1;
        mayFollow = false;
        continue;
      }
      const { value, done: isOver } = await source.next();
      if (isOver === true) return undefined;
      chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      at = 0;
    }
    mayFollow = false;
    return chunk[at];
  }

  function takeLineEnd(byte: number | undefined): void {
    if (byte === undefined) return;
    at += 1;
    mayFollow = byte === carriageReturn;
  }

  async function* rest(): AsyncGenerator<Uint8Array> {
    if (seen !== '') yield Buffer.from(seen, 'latin1');
    seen = '';
    for (let byte = await peek(); !isLineEnd(byte); byte = await peek()) {
      const end = lineEndIn(chunk, at);
      const piece = chunk.subarray(at, end);
      at = end;
      yield piece;
    }
    takeLineEnd(chunk[at]);
  }

  async function skip(): Promise<void> {
    for await (const _ of rest());
  }

  return {
    rest,
    async next() {
      let name = '';
      let byte = await peek();
      if (byte === undefined) return 'end';
      if (isLineEnd(byte)) {
        takeLineEnd(byte);
        return 'blank';
      }
      while (!isLineEnd(byte) && byte !== colon && name.length < maxNameLength) {
        name += String.fromCharCode(byte ?? 0);
        at += 1;
        byte = await peek();
      }
      // A byte order mark may stand before the first line.
      if (!/^(?:\u00ef\u00bb\u00bf)?data$/.test(name)) {
        await skip();
        return 'other';
      }
      if (byte === colon) {
        at += 1;
        if ((await peek()) === 0x20) at += 1;
      }
      for (byte = await peek(); !isLineEnd(byte) && seen.length <= done.length; byte = await peek()) {
        seen += String.fromCharCode(byte ?? 0);
        at += 1;
      }
      // An empty value is no event; between other lines of one it would be white space.
      if (seen !== '' && seen.trimEnd() !== done) return 'data';
      seen = '';
      await skip();
      return 'other';
    },
  };
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === undefined || byte === lineFeed || byte === carriageReturn;
}

function lineEndIn(chunk: Buffer, from: number): number {
  const feed = chunk.indexOf(lineFeed, from);
  const end = feed === -1 ? chunk.length : feed;
  const back = chunk.subarray(from, end).indexOf(carriageReturn);
  return back === -1 ? end : from + back;
}
