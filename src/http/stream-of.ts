import { Readable } from 'node:stream';

/**
 * What is yielded, as a stream to be sent. `close` is called when the stream ends, however it ends: a generator
 * whose first piece was never asked for, because the client had left by then, runs no `finally` of its own.
 */
export function streamOf(chunks: AsyncIterable<Uint8Array | string>, close: () => Promise<void>): Readable {
  const stream = Readable.from(chunks);
  stream.once('close', () => {
    close().catch(() => {});
  });
  return stream;
}
